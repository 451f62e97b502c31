package cache_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/cachespeed"
)

func TestWhatIsNotOursUnderOurKeysIsAMissAndReplaced(t *testing.T) {
	server := newRedis(t)
	client := connect(t, server.URL())
	s := &shelf{}
	textsOf(s)
	const key = "content:text.1:a"
	writer := newProcess(t, connect(t, server.URL()), s, cache.Options{})
	writer.reads("first", "a", "text of a", 1)
	good, err := client.Get(t.Context(), key).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	flipped, version, untagged := slices.Clone(good), slices.Clone(good), slices.Clone(good)
	flipped[len(flipped)-3] ^= 4
	version[2]++
	untagged[3] = 0
	garbage := map[string]any{
		"half of it": good[:len(good)/2], "the head only": good[:16], "less than the head": good[:5], "a flipped bit": flipped, "another version": version,
		"other flags": untagged, "a text": strings.Repeat("garbage ", 100), "a number": 7,
	}
	p := newProcess(t, connect(t, server.URL()), s, cache.Options{})
	loads, errors := s.loads.Load(), uint64(0)
	replaced := func(what string) {
		t.Helper()
		loads++
		errors++
		p.reads(what, "a", "text of a", loads)
		cache.ForgetNear(p.engine, key)
		p.reads(what+", replaced", "a", "text of a", loads)
		cache.ForgetNear(p.engine, key)
		if n := p.figures().Far.Errors; n != errors {
			t.Errorf("%s: %d errors are counted, want %d", what, n, errors)
		}
	}
	for what, value := range garbage {
		if err := client.Set(t.Context(), key, value, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		replaced(what)
	}
	if err := client.Del(t.Context(), key).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.SAdd(t.Context(), key, "a member of a set").Err(); err != nil {
		t.Fatal(err)
	}
	replaced("another type")
	if n := p.diary.count("fault of Redis: corrupt"); n != 1 || p.faults(caching.Corrupt) != errors || p.diary.count("do without") > 0 {
		t.Errorf("it is logged %d times, counted %d times", n, p.faults(caching.Corrupt))
	}
}

func TestGarbageInPlaceOfALeaseOrTheTagsIsPutRight(t *testing.T) {
	server := newRedis(t)
	client := connect(t, server.URL())
	s := &shelf{}
	textsOf(s)
	p := newProcess(t, connect(t, server.URL()), s, cache.Options{})
	for _, key := range []string{"{content:text.1:a}!lease", "toeic:cache:tags"} {
		if err := client.SAdd(t.Context(), key, "garbage").Err(); err != nil {
			t.Fatal(err)
		}
	}
	p.reads("first", "a", "text of a", 1)
	if client.Exists(t.Context(), "content:text.1:a").Val() != 1 {
		t.Error("it is not kept")
	}
}

func TestARedisWithoutRoomIsReadAndEvictedFrom(t *testing.T) {
	server := newRedis(t)
	client := connect(t, server.URL())
	s := &shelf{}
	s.put("a", "#exam one")
	s.put("b", "#exam one")
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	a.reads("with room", "a", "#exam one", 1)
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	b.reads("without room, what is there", "a", "#exam one", 1)
	a.reads("without room, what is not", "b", "#exam one", 2)
	a.reads("near by", "b", "#exam one", 2)
	if a.faults(caching.OutOfMemory) == 0 || a.diary.count("fault of Redis: memory") != 1 || a.diary.count("do without") > 0 {
		t.Errorf("%v", a.diary.lines)
	}
	s.put("a", "#exam two")
	a.engine.EvictTags(t.Context(), "#exam")
	a.reads("evicted", "a", "#exam two", 3)
	eventually(t, "the other process forgets", func() bool { return b.figures().Near.Keys == 0 })
	b.reads("evicted, in the other", "a", "#exam two", 4)
	s.put("a", "#exam three")
	a.region.Evict(t.Context(), "a")
	a.reads("evicted by id", "a", "#exam three", 5)
	if err := client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	a.region.Evict(t.Context(), "a")
	a.reads("with room again", "a", "#exam three", 6)
	eventually(t, "the other process takes it from Redis", func() bool {
		got, err := b.region.Get(t.Context(), "a", s.load("a"))
		return got == "#exam three" && err == nil
	})
	if n := s.loads.Load(); n != 6 {
		t.Errorf("%d loads", n)
	}
}

// What could not be deleted from Redis must not be read there, and is deleted as soon as that can be done.
func TestWhatWasEvictedWhileRedisWasOutOfReachIsNotReadThereAfterwards(t *testing.T) {
	server := newRedis(t)
	way := newGateway(t, server.URL())
	s := &shelf{}
	ids := make([]string, 12_000) // more than are remembered one by one
	for i := range ids {
		ids[i] = strings.Repeat("x", 1+i%7) + string(rune('a'+i%26)) + time.Duration(i).String()
	}
	for _, id := range append([]string{"a", "tagged"}, ids...) {
		s.put(id, "#exam one")
	}
	a, b := asShipped(t, connect(t, way.url()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	for _, evict := range []struct {
		what string
		do   func()
	}{
		{"by id", func() { a.region.Evict(t.Context(), "a") }},
		{"by tag", func() { a.engine.EvictTags(t.Context(), "#exam") }},
		{"many at once", func() { a.region.Evict(t.Context(), append(slices.Clone(ids), "a")...) }},
	} {
		s.put("a", "#exam one")
		mustClear(t, b.engine, ports.CacheScope{})
		eventually(t, "both are empty", func() bool { return a.figures().Near.Keys+b.figures().Near.Keys == 0 })
		s.loads.Store(0)
		b.reads(evict.what+": first", "a", "#exam one", 1)
		a.reads(evict.what+": first, from Redis", "a", "#exam one", 1)
		way.shutDown(true)
		s.put("a", "#exam two")
		evict.do()
		a.reads(evict.what+": cut off", "a", "#exam two", 2)
		cache.ForgetNear(a.engine, "content:text.1:a")
		way.shutDown(false)
		a.reads(evict.what+": just when Redis is back", "a", "#exam two", 3)
		eventually(t, "what was left is evicted", func() bool { return cache.Pending(a.engine) == 0 })
		eventually(t, evict.what+": the other process reads what is new", func() bool {
			got, err := b.region.Get(t.Context(), "a", s.load("a"))
			return got == "#exam two" && err == nil
		})
		eventually(t, "the process hears the others", func() bool { return !a.apart() })
	}
}

func TestAProcessThatHearsNothingKeepsNothingForLong(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	way := newGateway(t, server.URL())
	s := &shelf{}
	s.put("a", "one")
	a := asShipped(t, connect(t, way.url()), s, cache.Options{})
	a.reads("first", "a", "one", 1)
	way.shutDown(true)
	eventually(t, "it notices", a.apart)
	s.put("a", "two") // by another process, which cannot tell
	a.reads("at first", "a", "one", 1)
	time.Sleep(cache.ApartTime)
	a.reads("after a while", "a", "two", 2)
}

// reply is what is kept of a reply over HTTP: the bytes as they are sent.
type reply struct {
	ETag                 string
	Identity, Gzip, Zstd []byte
}

// replies is the codec of replies.
func replies() cache.Codec[*reply] {
	return cache.Parts[*reply]{
		Split: func(r *reply) [][]byte { return [][]byte{[]byte(r.ETag), r.Identity, r.Gzip, r.Zstd} },
		Join: func(p [][]byte) (*reply, error) {
			if len(p) != 4 {
				return nil, errDown
			}
			return &reply{ETag: string(p[0]), Identity: p[1], Gzip: p[2], Zstd: p[3]}, nil
		},
	}
}

func TestAnEncodedReplyIsKeptWithItsVariants(t *testing.T) {
	server := newRedis(t)
	want := reply{ETag: `"abc"`, Identity: cachespeed.Text(5000), Gzip: cachespeed.Random(900), Zstd: cachespeed.Random(800)}
	for n := range 2 {
		e := newEngine(t, cache.Options{Redis: connect(t, server.URL())}.Patient())
		r, err := cache.NewRegion(e, cache.RegionOptions[*reply]{
			Family: caching.Content, Name: "reply", Schema: 1, Codec: replies(),
			Size: func(r *reply) int64 { return int64(len(r.Identity) + len(r.Gzip) + len(r.Zstd)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		loads := 0
		got, err := r.Get(t.Context(), "/exams?page=1", func(context.Context) (*reply, error) {
			loads++
			return &want, nil
		})
		if err != nil || got.ETag != want.ETag || !slices.Equal(got.Identity, want.Identity) || !slices.Equal(got.Gzip, want.Gzip) || !slices.Equal(got.Zstd, want.Zstd) || loads != 1-n {
			t.Errorf("engine %d: %v after %d loads", n, err, loads)
		}
	}
}
