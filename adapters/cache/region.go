package cache

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// Region is a part of a family whose values are of one type. Its keys are "<family>:<name>.<schema>:<id>".
//
// Ids hold no braces, by which a cluster would put a value and its lease in different places. Values are shared by all who
// read them and must not be changed.
type Region[T any] struct{ region }

// region is what a Region does whatever its type.
type region struct {
	engine *Engine
	family *family
	prefix string
	far    bool // kept in Redis as well
	seed   maphash.Seed
	absent []*fault.Error

	size   func(value any) int64
	tags   func(id string, value any) []string // nil for none
	about  func(id, tag string) bool           // whether a tag may be one of those of an id; nil for any
	encode func(value any) ([]byte, error)
	decode func(data []byte) (any, error)
}

// RegionOptions describe a region. Family and Name are required, and Codec for families that are kept in Redis.
type RegionOptions[T any] struct {
	Family string
	Name   string // without colons; unique within the family
	Schema int    // to be raised whenever what Codec writes, or what it means, changes
	Codec  Codec[T]

	// Local keeps the region out of Redis although its family is there: because of secrets, or because what it holds is more
	// quickly read from the store than from Redis.
	Local bool

	// Size estimates the memory that a value takes beyond what all entries do, in bytes; nil means that it is next to none.
	Size func(value T) int64

	// Tags are what else a value depends on, such as "exam:<id>"; see [Engine.EvictTags]. Nil for a region without.
	Tags func(id string, value T) []string

	// Concerns reports whether a tag that is evicted may be one of those of an id, of which the value is on its way; nil
	// for any. Where it says no, the value is kept.
	Concerns func(id, tag string) bool

	// Absent are the faults that say that there is no such thing. They are remembered for as long as the family remembers
	// them, without fields and cause. Other errors never are.
	Absent []*fault.Error
}

// NewRegion adds a region to an engine. It fails if there is no such family, or such a region already.
func NewRegion[T any](e *Engine, o RegionOptions[T]) (*Region[T], error) {
	r := &Region[T]{region{seed: maphash.MakeSeed(), absent: o.Absent, about: o.Concerns}}
	r.size = func(value any) int64 {
		if o.Size == nil {
			return 0
		}
		v, _ := value.(T)
		return o.Size(v)
	}
	if o.Tags != nil {
		r.tags = func(id string, value any) []string {
			v, _ := value.(T)
			return o.Tags(id, v)
		}
	}
	if o.Codec != nil {
		r.encode = func(value any) ([]byte, error) {
			v, _ := value.(T)
			return o.Codec.Encode(v)
		}
		r.decode = func(data []byte) (any, error) { return o.Codec.Decode(data) }
	}
	if err := e.register(&r.region, o.Family, o.Name, o.Schema, o.Local); err != nil {
		return nil, err
	}
	if r.far && o.Codec == nil {
		return nil, errors.New("cache: a region that is kept in Redis needs a codec")
	}
	return r, nil
}

// Get returns the value of an id, from the near tier, or the far one, or else from load. Many who ask for the same at
// once share one load, over all processes. It goes on, for a time of its own, when they give up; its context carries the
// values of that of the first of them. A panic of load is an error.
//
// A hit allocates nothing here. A function that refers to variables around it is allocated by the caller, though; where
// that counts, ask [Region.Cached] first, or use [Region.GetUUID] with a function that was made once.
func (r *Region[T]) Get(ctx context.Context, id string, load func(ctx context.Context) (T, error)) (T, error) {
	hash := r.hash(id)
	if en := r.engine.near.get(hash); en != nil && en.region == &r.region && en.id == id && r.give(en) {
		return valueOf[T](en.value), en.fault()
	}
	return r.miss(ctx, id, hash, load)
}

// Cached returns the value of an id if it is near by; otherwise nothing is counted.
func (r *Region[T]) Cached(id string) (value T, err error, ok bool) { //nolint:revive // the error belongs to the value
	if en := r.engine.near.get(r.hash(id)); en != nil && en.region == &r.region && en.id == id && r.give(en) {
		return valueOf[T](en.value), en.fault(), true
	}
	return value, nil, false
}

// GetUUID is Get for an id that is a UUID, which is written out only when it is not near by.
func (r *Region[T]) GetUUID(ctx context.Context, id uuid.UUID, load func(ctx context.Context, id uuid.UUID) (T, error)) (T, error) {
	var text [36]byte
	writeUUID(&text, id)
	hash := maphash.Bytes(r.seed, text[:])
	if en := r.engine.near.get(hash); en != nil && en.region == &r.region && en.id == string(text[:]) && r.give(en) {
		return valueOf[T](en.value), en.fault()
	}
	return r.missUUID(ctx, id, hash, load)
}

// CachedUUID is Cached for an id that is a UUID.
func (r *Region[T]) CachedUUID(id uuid.UUID) (value T, err error, ok bool) { //nolint:revive // the error belongs to the value
	var text [36]byte
	writeUUID(&text, id)
	if en := r.engine.near.get(maphash.Bytes(r.seed, text[:])); en != nil && en.region == &r.region && en.id == string(text[:]) && r.give(en) {
		return valueOf[T](en.value), en.fault(), true
	}
	return value, nil, false
}

func (r *Region[T]) missUUID(ctx context.Context, id uuid.UUID, hash uint64, load func(ctx context.Context, id uuid.UUID) (T, error)) (T, error) {
	return r.miss(ctx, id.String(), hash, func(ctx context.Context) (T, error) { return load(ctx, id) })
}

func (r *Region[T]) miss(ctx context.Context, id string, hash uint64, load func(ctx context.Context) (T, error)) (T, error) {
	value, err := r.fetch(ctx, id, hash, func(ctx context.Context) (any, error) { return load(ctx) })
	return valueOf[T](value), err
}

// valueOf is the value in an interface, or the zero value.
func valueOf[T any](value any) T {
	v, _ := value.(T)
	return v
}

// Evict forgets ids, in all processes and in Redis, because what they stand for changed. Call it after the change is
// committed, or may have been, and before whoever made it is told so.
//
// When it returns, nobody in this process is given anything that was loaded before; those in other processes are not
// after a moment. It never fails: see the package's documentation for what holds while Redis is out of reach.
func (r *Region[T]) Evict(ctx context.Context, ids ...string) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = r.key(id)
	}
	r.engine.Evict(ctx, keys...)
}

// Key is the key of an id.
func (r *Region[T]) Key(id string) string { return r.key(id) }

func (r *region) key(id string) string { return r.prefix + id }

func (r *region) hash(id string) uint64 { return maphash.String(r.seed, id) }

// give counts a hit, if an entry may be given out.
func (r *region) give(en *entry) bool {
	e := r.engine
	now := e.clock.about()
	left := en.left(e.rules.Load(), now)
	if left <= 0 {
		return false
	}
	if e.given(en, left, now)%notedHits == 0 {
		e.near.note(en.hash)
		e.near.bring(en)
	}
	return true
}

// given counts a hit and returns its number within a part of the hits.
func (e *Engine) given(en *entry, left, now int64) uint64 {
	f := en.region.family
	n := f.hit(en.hash, left)
	if en.negative {
		f.negative.Add(1)
	}
	if sampled(n) {
		e.clock.advance()
		e.top.add(en.region, en.id, en.hash)
	}
	if en.hash <= f.bound.Load() && e.wants(f, en.hash) {
		e.watcher.Reference(f.place, en.hash, en.bytes, e.clock.start.Add(time.Duration(now)))
	}
	return n
}

// left is what is left of the life of an entry.
func (en *entry) left(r *rules, now int64) int64 {
	life := r.ttls[en.region.family.place]
	if en.negative {
		life = min(life, int64(en.region.family.Negative))
	}
	left := en.loadedAt + life - life/1280*int64(en.spread) - now
	if r.apart != 0 {
		left = min(left, max(r.apart, en.gotAt)+int64(apartTime)-int64(apartTime)/256*int64(en.spread)-now)
	}
	return left
}

// usable reports whether an entry may be given out for want of a better one: because it is being loaded anew, or cannot
// be.
func (en *entry) usable(r *rules, now int64) bool {
	f := en.region.family
	life := r.ttls[f.place]
	if en.negative {
		return now-en.loadedAt < min(life, int64(f.Negative))
	}
	if en.loadedAt < r.cut[f.place] {
		return now-en.loadedAt < life
	}
	return now-en.loadedAt < life+int64(f.Stale)
}

// isAbsent returns the fault that says that there is no such thing, or nil.
func (r *region) isAbsent(err error) *fault.Error {
	if r.family.Negative <= 0 {
		return nil
	}
	for _, f := range r.absent {
		if errors.Is(err, f) {
			return f
		}
	}
	return nil
}

// absentBy is the fault with a code.
func (r *region) absentBy(code string) *fault.Error {
	if i := slices.IndexFunc(r.absent, func(f *fault.Error) bool { return f.Code == code }); i >= 0 {
		return r.absent[i]
	}
	return nil
}

// failed counts an error of the far tier; that it is left alone is none.
func (r *region) failed(err error) {
	if !errors.Is(err, errApart) {
		r.family.farErrors.Add(1)
	}
}

// writeUUID writes a UUID out as its String does.
func writeUUID(to *[36]byte, id uuid.UUID) {
	const digits = "0123456789abcdef"
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			to[at] = '-'
			at++
		}
		to[at], to[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
}
