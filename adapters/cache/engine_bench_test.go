package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// bytesRegion is a region of bytes.
func bytesRegion(tb testing.TB, e *cache.Engine) *cache.Region[[]byte] {
	tb.Helper()
	r, err := cache.NewRegion(e, cache.RegionOptions[[]byte]{
		Family: caching.Content, Name: "bytes", Schema: 1, Codec: cache.Raw{}, Size: func(b []byte) int64 { return int64(len(b)) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// running runs an engine until the test ends.
func running(tb testing.TB, e *cache.Engine) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	tb.Cleanup(func() {
		cancel()
		<-done
	})
}

// side is one of two things that are compared. It does something n times.
type side func(n int)

// compare lets two things take turns, in short rounds, so that whatever else the machine does hits both, and reports the
// time of each and the quotient of their medians.
func compare(b *testing.B, round int, ours, theirs side) {
	b.Helper()
	b.ReportAllocs()
	var mine, others []float64
	for b.Loop() {
		mine, others = append(mine, timed(round, ours)), append(others, timed(round, theirs))
	}
	m, o := median(mine), median(others)
	b.ReportMetric(m, "ns/ours")
	b.ReportMetric(o, "ns/reference")
	b.ReportMetric(m/o, "quotient")
	b.ReportMetric(0, "ns/op")
}

func timed(n int, s side) float64 {
	began := time.Now()
	s(n)
	return float64(time.Since(began).Nanoseconds()) / float64(n)
}

var sink int

func BenchmarkNearHitBesideABareRistretto(b *testing.B) {
	for _, keys := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			e := newEngine(b, cache.Options{})
			running(b, e)
			r := bytesRegion(b, e)
			bare, err := ristretto.NewCache(&ristretto.Config[string, []byte]{NumCounters: 1e6, MaxCost: 64 << 20, BufferItems: 64, IgnoreInternalCost: true})
			if err != nil {
				b.Fatal(err)
			}
			defer bare.Close()
			ids, full := make([]string, keys), make([]string, keys)
			load := func(context.Context) ([]byte, error) { return make([]byte, 2048), nil }
			for i := range ids {
				ids[i] = uuid.NewString()
				full[i] = r.Key(ids[i])
				bare.Set(full[i], make([]byte, 2048), 2048)
				if _, err := r.Get(b.Context(), ids[i], load); err != nil {
					b.Fatal(err)
				}
			}
			bare.Wait()
			cache.Settle(e)
			ctx := b.Context()
			compare(b, 20_000, func(n int) {
				for i := range n {
					v, _ := r.Get(ctx, ids[i%keys], load)
					sink += len(v)
				}
			}, func(n int) {
				for i := range n {
					v, _ := bare.Get(full[i%keys])
					sink += len(v)
				}
			})
		})
	}
}

func BenchmarkFarHitBesideABareGet(b *testing.B) {
	server := newRedis(b)
	for _, size := range []int{2 << 10, 74 << 10} {
		for name, value := range map[string][]byte{"random": randomBytes(size), "text": textBytes(size)} {
			b.Run(fmt.Sprintf("%d KiB of %s", size>>10, name), func(b *testing.B) {
				client := connect(b, server.URL())
				e := newEngine(b, cache.Options{Redis: connect(b, server.URL())})
				running(b, e)
				r := bytesRegion(b, e)
				load := func(context.Context) ([]byte, error) { return value, nil }
				id := uuid.NewString()
				if _, err := r.Get(b.Context(), id, load); err != nil {
					b.Fatal(err)
				}
				if err := client.Set(b.Context(), "bare", value, 0).Err(); err != nil {
					b.Fatal(err)
				}
				ctx := b.Context()
				compare(b, 50, func(n int) {
					for range n {
						cache.ForgetNear(e, r.Key(id))
						v, err := r.Get(ctx, id, nil)
						if err != nil {
							b.Fatal(err)
						}
						sink += len(v)
					}
				}, func(n int) {
					for range n {
						v, err := bareGet(ctx, client)
						if err != nil {
							b.Fatal(err)
						}
						sink += len(v)
					}
				})
			})
		}
	}
}

func bareGet(ctx context.Context, client redis.UniversalClient) ([]byte, error) {
	return client.Get(ctx, "bare").Bytes()
}

func randomBytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rand.Uint32())
	}
	return out
}

func textBytes(n int) []byte {
	var out []byte
	for len(out) < n {
		out = fmt.Appendf(out, `{"id":%q,"number":%d,"text":"Where is the meeting?"},`, uuid.NewString(), rand.IntN(200))
	}
	return out[:n]
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
