package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

const (
	// firstPause is how long a process waits at first for the load of another, and longestPause between two looks later.
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond

	// loadTime bounds a load, which no caller's context does.
	loadTime = 30 * time.Second

	// followTime is how long a process waits for the load of another before it loads by itself: that one may be stuck.
	followTime = 10 * time.Second

	// retryTime is how long a value that is past its time is given out without trying again to load it, after a failure.
	retryTime = time.Second
)

// lead loads for all processes, or waits for the one that does.
func (e *Engine) lead(ctx context.Context, f *flight, load loader) {
	r := f.region
	key := r.key(f.id)
	if r.tags != nil && !f.stamp.valid() {
		var err error
		if f.stamp, err = e.far.stampNow(ctx); err != nil {
			r.failed(err)
			e.load(ctx, f, nil, load)
			return
		}
	}
	began := e.clock.exact()
	since := e.clock.wall(began - e.rules.Load().ttls[r.family.place])
	token := randomName()
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		asked := e.clock.exact()
		data, l, err := e.far.take(ctx, key, token, since)
		switch {
		case err != nil:
			r.failed(err)
			e.load(ctx, f, nil, load)
			return
		case l != nil:
			e.load(ctx, f, l, load)
			return
		case data != nil:
			if e.follow(ctx, f, key, data, asked) {
				return
			}
			since = never // it is of no use: the next look asks for the lease
		case asked-began > int64(followTime):
			e.load(ctx, f, nil, load)
			return
		}
		select {
		case <-ctx.Done():
			f.err = fmt.Errorf("wait for another process to load %s: %w", key, ctx.Err())
			return
		case <-time.After(pause):
		}
	}
}

// never is later than any load.
const never = 1 << 52

// follow takes over what another process loaded meanwhile.
func (e *Engine) follow(ctx context.Context, f *flight, key string, data []byte, asked int64) bool {
	got, err := e.far.open(ctx, f.region, data, f.stamp)
	e.damaged(f, got.damaged)
	if err != nil || !got.found || !e.accept(f, key, got.frame, asked) {
		return false
	}
	f.region.family.shared.Add(1)
	return true
}

// load loads the value and keeps it: near by, and in Redis if it holds the lease.
func (e *Engine) load(ctx context.Context, f *flight, l *lease, load loader) {
	r := f.region
	f.stale = false
	began := e.clock.exact()
	value, err := e.loadHeld(ctx, r, l, load, began)
	absent := r.isAbsent(err)
	if err != nil && absent == nil {
		f.value, f.err = nil, err
		e.fallBack(f, err)
		if l != nil {
			_ = l.drop(context.WithoutCancel(ctx)) // the gate reports it, and the lease ends by itself
		}
		return
	}
	en := &entry{region: r, id: f.id, hash: f.hash, loadedAt: began, gotAt: began}
	if absent != nil {
		en.absent, f.err = absent, err
	} else {
		en.value, f.value, f.err = value, value, nil
	}
	if r.tags != nil {
		en.tags = append([]string{}, r.tags(f.id, en.value)...)
	}
	e.weigh(en)
	f.bytes = en.bytes
	if l != nil {
		e.keep(ctx, l, en, f.stamp)
	}
	e.near.put(f, en)
}

// loadHeld loads, and holds the lease meanwhile, which it gives back if the load ends in a panic.
func (e *Engine) loadHeld(ctx context.Context, r *region, l *lease, load loader, began int64) (value any, err error) {
	if l == nil {
		return e.loadNow(ctx, r, load, began)
	}
	release, ended := l.hold(ctx), false
	defer func() {
		release()
		if !ended {
			_ = l.drop(context.WithoutCancel(ctx)) // or it ends by itself
		}
	}()
	value, err = e.loadNow(ctx, r, load, began)
	ended = true
	return value, err
}

// loadNow loads, and counts it whatever happens.
func (e *Engine) loadNow(ctx context.Context, r *region, load loader, began int64) (value any, err error) {
	failed := true
	defer func() { r.family.loaded(e.clock.exact()-began, failed) }()
	value, err = load(ctx)
	failed = err != nil && !r.tells(err)
	return value, err
}

// tells reports whether an error is an answer rather than a failure.
func (r *region) tells(err error) bool {
	for _, f := range r.absent {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}

// keep puts a value in Redis.
func (e *Engine) keep(ctx context.Context, l *lease, en *entry, at stamp) {
	r, rules := en.region, e.rules.Load()
	kept := frame{loadedAt: e.clock.wall(en.loadedAt), stamp: at, tags: en.tags}
	life := time.Duration(rules.ttls[r.family.place])
	life = life - life/1280*time.Duration(en.spread) + r.family.Stale
	if en.absent != nil {
		kept.negative, kept.value = true, []byte(en.absent.Code)
		life = min(life, r.family.Negative)
	} else {
		var err error
		if kept.value, err = r.encode(en.value); err != nil {
			e.far.gate.note(caching.OtherFault, fmt.Errorf("encode %s: %w", r.key(en.id), err))
			r.failed(err)
			_ = l.drop(ctx)
			return
		}
	}
	if err := l.fill(ctx, kept, life); err != nil {
		r.failed(err)
	}
}

// fallBack gives out what is past its time when the store does not answer. What was evicted is not there any more.
func (e *Engine) fallBack(f *flight, err error) {
	if f.region.family.Stale <= 0 || f.refresh != nil || !errors.Is(err, ports.ErrUnavailable) {
		return
	}
	now, rules := e.clock.exact(), e.rules.Load()
	s := e.near.shard(f.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	en := s.index[f.hash]
	if en != nil && !f.lost.Load() && en.region == f.region && en.id == f.id && en.absent == nil && en.usable(rules, now) {
		f.value, f.err, f.bytes, f.stale = en.value, nil, en.bytes, true
	}
}
