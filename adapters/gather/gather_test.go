package gather_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/gather"
	"github.com/toeic-app/toeic/ports"
)

// bench is work that waits until it is let go, and tells what it was given.
type bench struct {
	given chan []int
	goOn  chan error
}

func newBench() bench { return bench{given: make(chan []int), goOn: make(chan error)} }

func (b bench) work(_ context.Context, calls []int, _ func()) ([]int, error) {
	b.given <- slices.Clone(calls)
	if err := <-b.goOn; err != nil {
		return nil, err
	}
	return doubled(calls), nil
}

func doubled(calls []int) []int {
	out := make([]int, len(calls))
	for i, c := range calls {
		out[i] = 2 * c
	}
	return out
}

func small() gather.Config {
	return gather.Config{Workers: 1, Queue: 8, Weight: 8, Timeout: time.Minute}
}

func one(int) int { return 1 }

// ask calls in the background, after the call is known to wait when started says so.
func ask(t *testing.T, g *gather.Gatherer[int, int], call int) <-chan reply {
	t.Helper()
	out := make(chan reply, 1)
	go func() {
		got, err := g.Do(t.Context(), call)
		out <- reply{got, err}
	}()
	return out
}

type reply struct {
	got int
	err error
}

// line asks for several calls in a row, each of which waits before the next comes.
func line(t *testing.T, g *gather.Gatherer[int, int], calls ...int) []<-chan reply {
	t.Helper()
	var out []<-chan reply
	for i, c := range calls {
		out = append(out, ask(t, g, c))
		for gather.Waiting(g) != i+1 {
			time.Sleep(time.Microsecond) // until it waits; there is no other sign of that
		}
	}
	return out
}

func TestALoneCallIsWorkedOnAtOnceAndOthersGatherMeanwhile(t *testing.T) {
	b := newBench()
	g := gather.New(small(), one, b.work)
	defer g.Close()
	first := ask(t, g, 1)
	if got := <-b.given; !slices.Equal(got, []int{1}) {
		t.Fatalf("first worked on %v", got)
	}
	rest := line(t, g, 2, 3, 4)
	b.goOn <- nil
	if got := <-b.given; !slices.Equal(got, []int{2, 3, 4}) {
		t.Fatalf("then worked on %v", got)
	}
	b.goOn <- nil
	for i, c := range append([]<-chan reply{first}, rest...) {
		if r := <-c; r.err != nil || r.got != 2*(i+1) {
			t.Errorf("call %d: %+v", i+1, r)
		}
	}
}

func TestTheNextWorkBeginsWhenTheLastLetsIt(t *testing.T) {
	begun, end := make(chan int), make(chan struct{})
	c := small()
	c.Workers = 2
	g := gather.New(c, one, func(_ context.Context, calls []int, next func()) ([]int, error) {
		begun <- calls[0]
		next()
		next() // again changes nothing
		<-end
		return calls, nil
	})
	defer g.Close()
	one := ask(t, g, 1)
	<-begun
	two := ask(t, g, 2)
	if got := <-begun; got != 2 { // though the first waits
		t.Fatalf("began %d", got)
	}
	close(end)
	<-one
	<-two
}

func TestWeightBoundsABatchAndLosesNoCall(t *testing.T) {
	b := newBench()
	g := gather.New(small(), func(c int) int { return c }, b.work)
	defer g.Close()
	first := ask(t, g, 1)
	<-b.given
	rest := line(t, g, 5, 3, 4, 20, 2)
	for _, want := range [][]int{{5, 3}, {4}, {20}, {2}} {
		b.goOn <- nil
		if got := <-b.given; !slices.Equal(got, want) {
			t.Fatalf("worked on %v, want %v", got, want)
		}
	}
	b.goOn <- nil
	for _, c := range append(rest, first) {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	b, c := newBench(), small()
	c.Queue = 2
	g := gather.New(c, one, b.work)
	defer g.Close()
	first := ask(t, g, 1)
	<-b.given
	rest := line(t, g, 2, 3)
	if _, err := g.Do(t.Context(), 4); !errors.Is(err, ports.ErrBusy) {
		t.Errorf("%v, want to be told that it is busy", err)
	}
	b.goOn <- nil
	<-b.given
	b.goOn <- nil
	for _, c := range append(rest, first) {
		<-c
	}
}

func TestACallThatBreaksTheWorkHarmsNoOther(t *testing.T) {
	broken := errors.New("broken")
	for name, work := range map[string]gather.Work[int, int]{
		"an error": func(_ context.Context, calls []int, _ func()) ([]int, error) {
			if slices.Contains(calls, 13) {
				return nil, broken
			}
			return doubled(calls), nil
		},
		"a panic": func(_ context.Context, calls []int, _ func()) ([]int, error) {
			if slices.Contains(calls, 13) {
				panic("broken")
			}
			return doubled(calls), nil
		},
		"too few replies": func(_ context.Context, calls []int, _ func()) ([]int, error) {
			if slices.Contains(calls, 13) {
				return doubled(calls)[1:], nil
			}
			return doubled(calls), nil
		},
	} {
		hold, held := make(chan struct{}), make(chan struct{})
		var once sync.Once
		g := gather.New(small(), one, func(ctx context.Context, calls []int, next func()) ([]int, error) {
			once.Do(func() { close(held); <-hold })
			return work(ctx, calls, next)
		})
		first := ask(t, g, 1)
		<-held
		rest := line(t, g, 12, 13, 14)
		close(hold)
		<-first
		for i, want := range []bool{true, false, true} {
			if r := <-rest[i]; (r.err == nil) != want || (want && r.got != 2*(12+i)) {
				t.Errorf("%s: call %d: %+v", name, 12+i, r)
			}
		}
		g.Close()
	}
}

func TestAnUnreachableStoreIsNotAskedForEachAlone(t *testing.T) {
	b := newBench()
	g := gather.New(small(), one, b.work)
	defer g.Close()
	first := ask(t, g, 1)
	<-b.given
	rest := line(t, g, 2, 3)
	b.goOn <- nil
	<-first
	<-b.given
	b.goOn <- ports.ErrUnavailable.Because(errors.New("no route"))
	for _, c := range rest {
		if r := <-c; !errors.Is(r.err, ports.ErrUnavailable) {
			t.Errorf("%+v", r)
		}
	}
}

func TestWhoGaveUpIsNotWorkedFor(t *testing.T) {
	b := newBench()
	g := gather.New(small(), one, b.work)
	defer g.Close()
	first := ask(t, g, 1)
	<-b.given
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := g.Do(ctx, 2)
		gone <- err
	}()
	for gather.Waiting(g) != 1 {
		time.Sleep(time.Microsecond)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	third := ask(t, g, 3)
	for gather.Waiting(g) != 2 {
		time.Sleep(time.Microsecond)
	}
	b.goOn <- nil
	if got := <-b.given; !slices.Equal(got, []int{3}) {
		t.Errorf("worked on %v", got)
	}
	b.goOn <- nil
	<-first
	<-third
}

func TestClosingFinishesWhatWaits(t *testing.T) {
	b := newBench()
	g := gather.New(small(), one, b.work)
	first := ask(t, g, 1)
	<-b.given
	rest := line(t, g, 2)
	closed := make(chan struct{})
	go func() { g.Close(); close(closed) }()
	b.goOn <- nil
	<-b.given
	b.goOn <- nil
	<-closed
	for _, c := range append(rest, first) {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}
}

func TestEveryoneGetsTheirOwnReplyAndIsWorkedForOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := gather.Config{
			Workers: rapid.IntRange(1, 3).Draw(rt, "workers"), Queue: 1000, Weight: rapid.IntRange(1, 20).Draw(rt, "weight"), Timeout: time.Minute,
		}
		var worked sync.Map
		var together atomic.Int32
		g := gather.New(c, func(call int) int { return call%4 + 1 }, func(_ context.Context, calls []int, next func()) ([]int, error) {
			if together.Add(1) > 1 {
				rt.Error("two began at once")
			}
			for _, call := range calls {
				if _, again := worked.LoadOrStore(call, true); again {
					rt.Errorf("%d was worked on twice", call)
				}
			}
			together.Add(-1)
			next()
			return doubled(calls), nil
		})
		var all sync.WaitGroup
		for call := range rapid.IntRange(1, 200).Draw(rt, "calls") {
			all.Go(func() {
				if got, err := g.Do(t.Context(), call); err != nil || got != 2*call {
					rt.Errorf("%d: %d, %v", call, got, err)
				}
			})
		}
		all.Wait()
		g.Close()
	})
}
