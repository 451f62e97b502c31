package cache

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// tick is how old the time that a hit goes by may be. To ask the processor for it costs as much as the rest of a hit.
	tick = 5 * time.Millisecond

	// idleTicks is after how many ticks without a hit the clock rests.
	idleTicks = 200
)

// clock is a monotonic clock that costs next to nothing to read while it runs, and is exact while it does not. Times are
// nanoseconds since its start.
type clock struct {
	start  time.Time
	coarse atomic.Int64 // zero while it rests
	used   atomic.Bool
	wake   chan struct{}
}

func newClock() *clock { return &clock{start: time.Now(), wake: make(chan struct{}, 1)} }

// exact is the time now.
func (c *clock) exact() int64 { return int64(time.Since(c.start)) }

// about is the time now or one up to a tick earlier, or more when the machine is so busy that ticks are late.
func (c *clock) about() int64 {
	now := c.coarse.Load()
	if now == 0 {
		return c.begin()
	}
	if !c.used.Load() {
		c.used.Store(true)
	}
	return now
}

// begin asks for ticks.
func (c *clock) begin() int64 {
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return c.exact()
}

// advance makes up for late ticks.
func (c *clock) advance() {
	if old := c.coarse.Load(); old != 0 {
		c.coarse.CompareAndSwap(old, c.exact()) // or it would go on after it was put to rest
	}
}

// run ticks while there are hits, until ctx ends.
func (c *clock) run(ctx context.Context) {
	defer c.coarse.Store(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
			c.ticking(ctx)
		}
	}
}

func (c *clock) ticking(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	defer c.coarse.Store(0)
	for idle := 0; idle < idleTicks; idle++ {
		c.coarse.Store(max(c.exact(), 1))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if c.used.Swap(false) {
			idle = 0
		}
	}
}

// wall is the time of day of a time of the clock, in milliseconds since 1970.
func (c *clock) wall(at int64) int64 { return c.start.Add(time.Duration(at)).UnixMilli() }

// since1970 is the time of the clock at a time of day; one that is in the future, as clocks differ, is now.
func (c *clock) since1970(ms, now int64) int64 {
	return min(now, now-(c.wall(now)-ms)*int64(time.Millisecond))
}
