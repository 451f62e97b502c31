package cache

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

// loader loads a value.
type loader func(ctx context.Context) (any, error)

// flight is one fetching of a value, for all who ask for it meanwhile.
type flight struct {
	region  *region
	id      string
	hash    uint64
	refresh *entry // what it is to replace, when nobody waits for it
	done    chan struct{}

	// Whether what it brings must not be kept, as it was evicted meanwhile, and whether nobody can join any more. They are
	// set with the lock of the shard.
	lost, over atomic.Bool

	// Of whoever goes on with it: whether Redis was looked into, whether it may be asked more, whether that was enough, and the
	// state of the tags then.
	looked, answered, found bool
	damaged                 bool // what was found is not ours; it is counted once, however often it is looked at
	stamp                   stamp

	// Written before done is closed.
	value any
	err   error
	bytes int64
	stale bool // what it brought is past its time
}

// mayCarry reports whether what a flight brings may carry one of the tags.
func (f *flight) mayCarry(tags []string) bool {
	r := f.region
	return r.tags != nil && (r.about == nil || slices.ContainsFunc(tags, func(tag string) bool { return r.about(f.id, tag) }))
}

// fetch returns what is not to be had the quick way.
func (r *region) fetch(ctx context.Context, id string, hash uint64, load loader) (any, error) {
	e := r.engine
	if e.near.closed.Load() {
		return load(ctx)
	}
	f, en, own := e.near.shard(hash).join(r, id, hash), (*entry)(nil), false
	if f == nil {
		f, en, own = e.board(r, id, hash)
	}
	if en == nil {
		e.missed(r, id, hash)
	}
	switch {
	case f == nil: // it has just come
		return en.value, en.fault()
	case en != nil: // it is given out once more while it is loaded anew
		if own {
			r.family.refreshes.Add(1)
			go e.fly(context.WithoutCancel(ctx), f, load)
		}
		return en.value, en.fault()
	case own:
		e.begin(ctx, f, load)
	default:
		r.family.shared.Add(1)
	}
	select {
	case <-f.done: // it may be already
	default:
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", r.key(id), ctx.Err())
		case <-f.done:
		}
	}
	e.watched(r, hash, f.bytes)
	return f.value, f.err
}

// watched tells the watcher of a miss.
func (e *Engine) watched(r *region, hash uint64, bytes int64) {
	if e.wants(r.family, hash) {
		e.watcher.Reference(r.family.place, hash, bytes, time.Now())
	}
}

// wants reports whether the watcher should hear of a read.
func (e *Engine) wants(f *family, hash uint64) bool {
	return e.watcher != nil && e.watcher.Wants(f.place, hash)
}

// board finds the flight that brings a value, or begins one, which is the caller's own then. With an entry, that is what
// to give out; without a flight it is fresh.
func (e *Engine) board(r *region, id string, hash uint64) (f *flight, en *entry, own bool) {
	now, rules := e.clock.about(), e.rules.Load()
	s := e.near.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if en = s.index[hash]; en != nil && (en.region != r || en.id != id) {
		en = nil
	}
	if en != nil {
		if left := en.left(rules, now); left > 0 {
			e.given(en, left, now)
			return nil, en, false
		}
	}
	f = s.flights[hash]
	mine := f != nil && f.region == r && f.id == id
	if en != nil && en.absent == nil && rules.apart == 0 && r.family.Stale > 0 && en.usable(rules, now) {
		r.family.stale.Add(1)
		e.given(en, 0, now)
		if mine || now < en.retryAt {
			return f, en, false
		}
		f = newFlight(r, id, hash)
		f.refresh = en
		s.add(f)
		return f, en, true
	}
	if mine {
		return f, nil, false
	}
	f = newFlight(r, id, hash)
	s.add(f)
	return f, nil, true
}

// missed counts a miss.
func (e *Engine) missed(r *region, id string, hash uint64) {
	n := r.family.misses.Add(1)
	if n%notedMisses == 0 {
		e.near.note(hash)
	}
	if sampled(n) {
		e.top.add(r, id, hash)
	}
}

// join returns the flight that began last in the shard, if it brings what is asked for. When thousands ask for the same at
// once, they do not wait for the lock one after the other.
func (s *shard) join(r *region, id string, hash uint64) *flight {
	f := s.latest.Load()
	if f == nil || f.hash != hash || f.region != r || f.id != id || f.refresh != nil || f.lost.Load() || f.over.Load() {
		return nil
	}
	return f
}

func newFlight(r *region, id string, hash uint64) *flight {
	return &flight{region: r, id: id, hash: hash, done: make(chan struct{})}
}

// add makes a flight known, unless another key has the same hash and one on its way: then what it brings is not kept.
func (s *shard) add(f *flight) {
	if s.flights[f.hash] != nil {
		f.lost.Store(true)
		return
	}
	s.flights[f.hash] = f
	s.latest.Store(f)
}

// begin looks into Redis, which takes a moment at most and is done where the caller is: to hand it to another goroutine
// takes about as long as the look. Whatever else is to be done goes on without the caller.
func (e *Engine) begin(ctx context.Context, f *flight, load loader) {
	if !e.guarded(f, func() { e.look(ctx, f) }) || f.found {
		e.land(f)
		return
	}
	go e.fly(context.WithoutCancel(ctx), f, load)
}

// fly brings a value that is not in Redis, or was not looked for there yet. It runs in a goroutine of its own.
func (e *Engine) fly(ctx context.Context, f *flight, load loader) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	e.guarded(f, func() {
		if !f.looked {
			e.look(ctx, f)
		}
		switch {
		case f.found:
		case f.answered:
			e.lead(ctx, f, load)
		default:
			e.load(ctx, f, nil, load)
		}
	})
	e.land(f)
}

// guarded runs a part of a flight and reports whether it ended as it should. A panic in a goroutine of ours would end the
// program, as no caller's recovery reaches it; here it is an error of those who wait.
func (e *Engine) guarded(f *flight, part func()) (ended bool) {
	defer func() {
		if p := recover(); p != nil {
			f.value, f.err = nil, fmt.Errorf("load %s: panic: %v\n%s", f.region.key(f.id), p, debug.Stack())
		}
	}()
	part()
	return true
}

// land gives what a flight brought to those who wait.
func (e *Engine) land(f *flight) {
	if !f.over.Load() || f.refresh != nil { // it brought nothing that is kept
		s := e.near.shard(f.hash)
		s.mu.Lock()
		s.end(f)
		if f.refresh != nil && f.err != nil {
			f.refresh.retryAt = e.clock.exact() + int64(retryTime)
		}
		s.mu.Unlock()
	}
	close(f.done)
	if f.stale && f.refresh == nil {
		f.region.family.stale.Add(1)
	}
}

// look looks for the value in Redis, unless it is not kept there or being evicted, or Redis does not answer.
func (e *Engine) look(ctx context.Context, f *flight) {
	f.looked = true
	r := f.region
	key := r.key(f.id)
	if !r.far || e.far.pending.blocks(r, key) {
		return
	}
	asked := e.clock.about() // or a little later, and so it counts as older
	got, err := e.far.read(ctx, r, key)
	if err != nil {
		f.answered = slow(err) // it may be at the next question
		return
	}
	f.answered, f.stamp = true, got.stamp
	e.damaged(f, got.damaged)
	if f.found = got.found && e.accept(f, key, got.frame, asked); f.found {
		r.family.farHits.Add(1)
		if f.refresh != nil {
			r.family.refreshHits.Add(1)
		}
	} else {
		r.family.farMisses.Add(1)
	}
}

// damaged counts what is under our key and is not ours, or not whole.
func (e *Engine) damaged(f *flight, err error) {
	if err == nil || f.damaged {
		return
	}
	f.damaged = true
	f.region.family.farErrors.Add(1)
	e.far.gate.note(caching.Corrupt, fmt.Errorf("region %s: %w", f.region.prefix, err))
}

// accept takes a value over that Redis was asked for, if it is of use, and keeps it near by. One that is past its time is
// good enough for now, where that is allowed; the next who asks has it loaded anew.
func (e *Engine) accept(f *flight, key string, got frame, asked int64) bool {
	r, now := f.region, e.clock.about()
	if e.far.recent.outdated(key, got.tags, got.loadedAt) {
		return false
	}
	en := &entry{region: r, id: f.id, hash: f.hash, loadedAt: e.clock.since1970(got.loadedAt, now), gotAt: asked, tags: got.tags}
	if got.negative {
		absent := r.absentBy(string(got.value))
		if absent == nil {
			e.damaged(f, errFrame)
			return false
		}
		en.absent = absent
	} else {
		value, err := r.decode(got.value)
		if err != nil {
			e.damaged(f, fmt.Errorf("%w: %w", errFrame, err))
			return false
		}
		en.value = value
	}
	e.weigh(en)
	rules := e.rules.Load()
	if !en.usable(rules, now) {
		return false
	}
	stale := en.left(rules, now) <= 0
	if stale && (en.absent != nil || f.refresh != nil || r.family.Stale <= 0 || rules.apart != 0) {
		return false
	}
	f.stale = stale
	f.value, f.err, f.bytes = en.value, en.fault(), en.bytes
	if en.absent != nil {
		r.family.negative.Add(1)
	}
	e.near.put(f, en)
	return true
}

// weigh says what an entry takes, and how its life differs from that of others.
func (e *Engine) weigh(en *entry) {
	en.bytes = entryBytes + int64(len(en.id)) + tagBytes*int64(len(en.tags))
	if en.absent == nil {
		en.bytes += max(0, en.region.size(en.value))
	}
	en.spread = uint8(mix(en.hash^uint64(en.loadedAt)) & 127)
	en.negative = en.absent != nil
}
