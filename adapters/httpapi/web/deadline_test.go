package web

import (
	"context"
	"errors"
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
