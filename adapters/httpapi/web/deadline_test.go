package web

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type keyed struct{}

func TestADeadlineIsAContextLikeThatOfTheLibrary(t *testing.T) {
	for name, c := range map[string]struct {
		waits bool // for the end, before it comes
		act   func(d *deadline, cancel func())
		want  error
	}{
		"nothing happens":                     {false, func(*deadline, func()) {}, nil},
		"nothing happens to who waits":        {true, func(*deadline, func()) {}, nil},
		"its time is over":                    {false, func(*deadline, func()) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		"its time is over for who waits":      {true, func(*deadline, func()) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		"it is ended":                         {false, func(d *deadline, _ func()) { d.end() }, context.Canceled},
		"it is ended for who waits":           {true, func(d *deadline, _ func()) { d.end() }, context.Canceled},
		"it is ended twice":                   {true, func(d *deadline, _ func()) { d.end(); d.end() }, context.Canceled},
		"what it is part of ends":             {false, func(_ *deadline, cancel func()) { cancel() }, context.Canceled},
		"what it is part of ends for waiters": {true, func(_ *deadline, cancel func()) { cancel() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outer, cancel := context.WithCancel(context.WithValue(t.Context(), keyed{}, "value"))
				defer cancel()
				d := &deadline{Context: outer, at: time.Now().Add(time.Minute)}
				defer d.end()
				var derived context.Context
				if c.waits {
					var stop func()
					derived, stop = context.WithCancel(d)
					defer stop()
				}
				c.act(d, cancel)
				synctest.Wait()
				for range 2 {
					if err := d.Err(); !errors.Is(err, c.want) {
						t.Errorf("its error is %v", err)
					}
				}
				select {
				case <-d.Done():
					if c.want == nil {
						t.Error("it is done")
					}
				default:
					if c.want != nil {
						t.Error("it is not done")
					}
				}
				if derived != nil && !errors.Is(derived.Err(), c.want) {
					t.Errorf("what is derived of it has the error %v", derived.Err())
				}
				if d.Value(keyed{}) != "value" {
					t.Error("its value is lost")
				}
			})
		})
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	d := &deadline{Context: short, at: time.Now().Add(time.Hour)}
	if at, ok := d.Deadline(); !ok || time.Until(at) > time.Second {
		t.Errorf("it ends at %s, %v", at, ok)
	}
}

func TestWhatIsDerivedOfADeadlineKnowsItsEnd(t *testing.T) {
	errShut := errors.New("the server shuts down")
	for name, c := range map[string]struct {
		act         func(d *deadline, cancel context.CancelCauseFunc)
		want, cause error
	}{
		"its time is over":       {func(*deadline, context.CancelCauseFunc) { time.Sleep(time.Minute) }, context.DeadlineExceeded, context.DeadlineExceeded},
		"it is ended":            {func(d *deadline, _ context.CancelCauseFunc) { d.end() }, context.Canceled, context.Canceled},
		"what it is part of was": {func(_ *deadline, cancel context.CancelCauseFunc) { cancel(errShut) }, context.Canceled, errShut},
	} {
		for _, waits := range []bool{false, true} { // before the end comes
			t.Run(fmt.Sprintf("%s, somebody waited: %v", name, waits), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					outer, cancel := context.WithCancelCause(context.WithValue(t.Context(), keyed{}, "value"))
					defer cancel(nil)
					d := &deadline{Context: outer, at: time.Now().Add(time.Minute)}
					defer d.end()
					early, never := make(chan struct{}), make(chan struct{})
					if waits {
						defer context.AfterFunc(d, func() { close(early) })()
						stop := context.AfterFunc(d, func() { close(never) })
						if !stop() {
							t.Error("what was to be done afterwards cannot be called off")
						}
					} else {
						close(early)
					}
					kept := context.WithoutCancel(d)
					c.act(d, cancel)
					synctest.Wait()
					if err := d.Err(); !errors.Is(err, c.want) {
						t.Errorf("its error is %v", err)
					}
					if cause := context.Cause(d); !errors.Is(cause, c.cause) {
						t.Errorf("its cause is %v", cause)
					}
					child, stop := context.WithCancel(d)
					defer stop()
					if cause := context.Cause(child); child.Err() == nil || !errors.Is(cause, c.cause) {
						t.Errorf("what is derived afterwards has the error %v of the cause %v", child.Err(), cause)
					}
					late := make(chan struct{})
					defer context.AfterFunc(d, func() { close(late) })()
					synctest.Wait()
					if !closed(early) || !closed(late) || closed(never) {
						t.Errorf("what is to be done afterwards: asked for before %v, after %v, called off %v", closed(early), closed(late), closed(never))
					}
					if err, cause := kept.Err(), context.Cause(kept); err != nil || cause != nil || kept.Done() != nil || kept.Value(keyed{}) != "value" {
						t.Errorf("what goes on without it has the error %v, the cause %v, the value %v", err, cause, kept.Value(keyed{}))
					}
					if at, ok := kept.Deadline(); ok {
						t.Errorf("what goes on without it ends at %s", at)
					}
				})
			})
		}
	}
}

// closed reports whether a channel is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestADeadlineMayBeAskedAndEndedByManyAtOnce(t *testing.T) {
	for range 200 {
		outer, cancel := context.WithCancel(context.WithValue(t.Context(), keyed{}, "value"))
		d := &deadline{Context: outer, at: time.Now().Add(time.Hour)}
		begin := make(chan struct{})
		var all sync.WaitGroup
		for _, act := range []func(){
			d.end, d.end, cancel,
			func() { <-d.Done() },
			func() {
				for d.Err() == nil {
					runtime.Gosched()
				}
			},
			func() {
				derived, stop := context.WithTimeout(d, time.Hour)
				defer stop()
				<-derived.Done()
			},
			func() {
				done := make(chan struct{})
				context.AfterFunc(d, func() { close(done) })
				<-done
			},
			func() {
				if context.WithoutCancel(d).Value(keyed{}) != "value" || d.Value(keyed{}) != "value" {
					t.Error("its value is lost")
				}
				_ = context.Cause(d)
			},
		} {
			all.Go(func() {
				<-begin
				act()
			})
		}
		close(begin)
		all.Wait()
		if !errors.Is(d.Err(), context.Canceled) || !errors.Is(context.Cause(d), context.Canceled) || d.Value(keyed{}) != "value" {
			t.Fatalf("in the end its error is %v, its cause %v", d.Err(), context.Cause(d))
		}
	}
}

func TestADeadlineThatNobodyWaitsForHasNoTimer(t *testing.T) {
	ctx, at := t.Context(), time.Now().Add(time.Hour)
	if n := testing.AllocsPerRun(100, func() {
		d := deadline{Context: ctx, at: at}
		if d.Err() != nil || d.Value(keyed{}) != nil {
			t.Error("it ended")
		}
		d.end()
	}); n > 1 { // itself
		t.Errorf("%v allocations", n)
	}
}
