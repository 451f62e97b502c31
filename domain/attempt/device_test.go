package attempt_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
)

var (
	first, second, third = uuid.UUID{15: 11}, uuid.UUID{15: 12}, uuid.UUID{15: 13}
	tokens               = uuid.Nil
)

func held(t require, p attempt.DevicePolicy) *attempt.Attempt {
	t.Helper()
	return begin(t, attempt.Terms{Mode: attempt.ExamMode, Holder: p.Holder(first)})
}

func TestAnExamIsHeldByTheDeviceThatStartedIt(t *testing.T) {
	for _, p := range []attempt.DevicePolicy{attempt.TakeOver, attempt.OneDevice} {
		a := held(t, p)
		must(t, a.HeldBy(first))
		for _, other := range []uuid.UUID{second, tokens} {
			if err := a.HeldBy(other); !errors.Is(err, attempt.ErrOtherDevice) {
				t.Errorf("%s: %v", p, err)
			}
			if err := a.Shows(other, noon); !errors.Is(err, attempt.ErrOtherDevice) {
				t.Errorf("%s: the questions are shown elsewhere: %v", p, err)
			}
		}
	}
	a := held(t, attempt.AnyDevice)
	must(t, a.HeldBy(first))
	must(t, a.HeldBy(second))
}

func TestPracticeIsHeldByNobody(t *testing.T) {
	a := begin(t, attempt.Terms{Mode: attempt.PracticeMode, Holder: &first})
	must(t, a.HeldBy(second))
	unchanged(t, a, nil, func() error { return a.Claim(second, attempt.OneDevice, false, noon) })
	unchanged(t, a, attempt.ErrNotHeld, func() error { return a.Release(noon) })
}

func TestAfterATakeOverTheFormerDeviceIsToldSo(t *testing.T) {
	a := held(t, attempt.TakeOver)
	must(t, a.Claim(second, attempt.TakeOver, false, noon))
	must(t, a.HeldBy(second))
	for device, want := range map[uuid.UUID]error{first: attempt.ErrTakenOver, third: attempt.ErrOtherDevice} {
		if err := a.HeldBy(device); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	unchanged(t, a, nil, func() error { return a.Claim(second, attempt.TakeOver, false, noon) })
	must(t, a.Claim(first, attempt.TakeOver, false, noon)) // and back
	if err := a.HeldBy(second); !errors.Is(err, attempt.ErrTakenOver) {
		t.Error(err)
	}
	if v := a.Snapshot().Version; v != 3 {
		t.Errorf("version %d", v)
	}
}

func TestALockedAttemptMovesOnceItsHolderIsGoneOrItIsReleased(t *testing.T) {
	a := held(t, attempt.OneDevice)
	unchanged(t, a, attempt.ErrDeviceLocked, func() error { return a.Claim(second, attempt.OneDevice, false, noon) })
	must(t, a.Claim(second, attempt.OneDevice, true, noon))
	must(t, a.HeldBy(second))

	b := held(t, attempt.OneDevice)
	must(t, b.Release(noon))
	must(t, b.HeldBy(first)) // until one claims it
	must(t, b.HeldBy(third))
	unchanged(t, b, attempt.ErrNotHeld, func() error { return b.Release(noon) })
	must(t, b.Claim(second, attempt.OneDevice, false, noon))
	for device, want := range map[uuid.UUID]error{first: attempt.ErrTakenOver, third: attempt.ErrOtherDevice} {
		if err := b.HeldBy(device); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func TestAClaimPutsAPolicyThatWasRelaxedIntoForce(t *testing.T) {
	a := held(t, attempt.OneDevice)
	must(t, a.Claim(second, attempt.AnyDevice, false, noon))
	for _, device := range []uuid.UUID{first, second, third} {
		must(t, a.HeldBy(device))
	}
	unchanged(t, a, nil, func() error { return a.Claim(third, attempt.AnyDevice, false, noon) })
}

func TestAnAttemptThatIsOverHasNoDevices(t *testing.T) {
	a := held(t, attempt.OneDevice)
	if _, err := a.Submit(noon); err != nil {
		t.Fatal(err)
	}
	must(t, a.HeldBy(second))
	unchanged(t, a, attempt.ErrClosed, func() error { return a.Claim(second, attempt.OneDevice, true, noon) })
	unchanged(t, a, attempt.ErrClosed, func() error { return a.Release(noon) })
	b := held(t, attempt.TakeOver)
	overdue := b.Snapshot().DeadlineAt.Add(attempt.Grace)
	unchanged(t, b, attempt.ErrClosed, func() error { return b.Claim(second, attempt.TakeOver, false, overdue) })
}

func TestWhateverIsClaimedAtMostOneDeviceHoldsAnAttempt(t *testing.T) {
	devices := []uuid.UUID{first, second, third, tokens}
	rapid.Check(t, func(t *rapid.T) {
		a := held(t, attempt.TakeOver)
		for range rapid.IntRange(1, 12).Draw(t, "claims") {
			by := rapid.SampledFrom(devices).Draw(t, "device")
			p := rapid.SampledFrom([]attempt.DevicePolicy{attempt.TakeOver, attempt.OneDevice}).Draw(t, "policy")
			err := a.Claim(by, p, rapid.Bool().Draw(t, "gone"), noon.Add(time.Minute))
			holders := slices.DeleteFunc(slices.Clone(devices), func(d uuid.UUID) bool { return a.HeldBy(d) != nil })
			if len(holders) != 1 || (err == nil) != (holders[0] == by) {
				t.Fatalf("claim %v; held by %v", err, holders)
			}
		}
	})
}
