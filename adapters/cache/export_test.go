package cache

import (
	"fmt"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

// LoadTime is how long a load may take.
const LoadTime = loadTime

// Patient are options for tests of other things than a slow Redis.
func (o Options) Patient() Options {
	o.patience = 20 * time.Second
	return o
}

// WaitForActors returns when what was loaded before is remembered: the cache stores behind its callers' backs.
func WaitForActors(a *Actors) { Settle(a.engine) }

// Settle returns when ristretto has heeded all that it was told.
func Settle(e *Engine) {
	e.near.flush()
	e.near.cache.Wait()
}

// Audit returns what is wrong with the books of the near tier, once it has settled.
func Audit(e *Engine) error {
	keys, bytes, tagged := map[string]int64{}, int64(0), 0
	for i := range e.near.shards {
		for hash, en := range e.near.shards[i].index {
			keys[en.region.family.Name]++
			bytes += en.bytes
			tagged += len(en.tags)
			if en.gone.Load() != 0 || en.hash != hash {
				return fmt.Errorf("%s is in the index though it is gone, or under another hash", en.region.key(en.id))
			}
			if got, ok := e.near.cache.Get(hash); !ok || got != en {
				return fmt.Errorf("%s is in the index, but ristretto does not have it", en.region.key(en.id))
			}
		}
		if n := len(e.near.shards[i].flights); n > 0 {
			return fmt.Errorf("%d flights never landed", n)
		}
	}
	carried := 0
	for _, all := range e.near.tagged {
		carried += len(all)
	}
	for i := range e.near.front {
		if en := e.near.front[i].Load(); en != nil && e.near.shard(en.hash).index[en.hash] != en {
			return fmt.Errorf("%s is in front, but not in the index", en.region.key(en.id))
		}
	}
	used := e.near.cache.MaxCost() - e.near.cache.RemainingCost()
	if bytes != e.near.bytes.Load() || bytes != used || e.near.waiting.Load() != 0 || carried != tagged {
		return fmt.Errorf("the index holds %d bytes, %d are counted, ristretto counts %d; %d tags, %d are listed", bytes, e.near.bytes.Load(), used, tagged, carried)
	}
	for _, f := range e.families {
		if f.keys.Load() != keys[f.Name] {
			return fmt.Errorf("family %s: %d keys, %d are counted", f.Name, keys[f.Name], f.keys.Load())
		}
	}
	return nil
}

// EntryBytes and TagBytes are what an entry costs beside its value, and what each tag of it does.
const (
	EntryBytes = entryBytes
	TagBytes   = tagBytes
)

// Limits of time that tests wait for.
const (
	ApartTime  = apartTime
	FollowTime = followTime
	LeaseTime  = leaseTime
)

// Sampling is how many reads one stands for in the sketch.
const Sampling = sampling

// Own are the figures of a process, without what it asks others and Redis for.
func Own(e *Engine) caching.Figures { return e.own() }

// ForgetNear forgets a key in this process only, as if it had made room.
func ForgetNear(e *Engine, key string) {
	if r, id, ok := e.regionOf(key); ok {
		e.near.evict(r.hash(id), capacity)
	}
}

// InFront is how many entries are found without ristretto.
func InFront(e *Engine) (n int) {
	for i := range e.near.front {
		if e.near.front[i].Load() != nil {
			n++
		}
	}
	return n
}

// Pending is how many evictions Redis has not heard of.
func Pending(e *Engine) int64 { return e.far.pending.n.Load() }

// Frame is a frame, for tests.
type Frame struct {
	LoadedAt int64
	Negative bool
	Stamp    string
	Tags     []string
	Value    []byte
}

// EncodeFrame encodes a frame.
func EncodeFrame(f Frame) []byte {
	return frame{loadedAt: f.LoadedAt, negative: f.Negative, stamp: stamp(f.Stamp), tags: f.Tags, value: f.Value}.encode()
}

// DecodeFrame decodes one.
func DecodeFrame(data []byte) (Frame, error) {
	f, err := decodeFrame(data)
	return Frame{LoadedAt: f.loadedAt, Negative: f.negative, Stamp: string(f.stamp), Tags: f.tags, Value: f.value}, err
}
