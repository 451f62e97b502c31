package cache_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/tests/cachespeed"
)

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

func BenchmarkNearHitBesideABareRistretto(b *testing.B) {
	for _, keys := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			report(b, func() (cachespeed.Result, error) { return cachespeed.Near(b.Context(), keys, 2<<10, max(b.N, 100)) })
		})
	}
}

func BenchmarkFarHitBesideABareGet(b *testing.B) {
	server := newRedis(b)
	for _, size := range []int{2 << 10, 74 << 10} {
		for name, value := range map[string][]byte{"random": cachespeed.Random(size), "text": cachespeed.Text(size)} {
			b.Run(fmt.Sprintf("%d KiB of %s", size>>10, name), func(b *testing.B) {
				client := connect(b, server.URL())
				report(b, func() (cachespeed.Result, error) { return cachespeed.Far(b.Context(), client, value, max(b.N, 10)) })
			})
		}
	}
}

// report shows a comparison of b.N rounds.
func report(b *testing.B, run func() (cachespeed.Result, error)) {
	b.Helper()
	got, err := run()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(got.Ours.Nanoseconds()), "ns/ours")
	b.ReportMetric(float64(got.Reference.Nanoseconds()), "ns/reference")
	b.ReportMetric(got.Quotient, "quotient")
	b.ReportMetric(got.Allocations, "allocs/ours")
	b.ReportMetric(0, "ns/op")
}
