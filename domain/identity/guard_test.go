package identity_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/identity"
)

func TestTheFifthFailureBlocksAndEachFurtherOneForTwiceAsLong(t *testing.T) {
	var g identity.Guard
	now := noon
	var blocks []time.Duration
	for range 11 {
		g = g.Failed(now)
		blocks = append(blocks, g.Blocked(now)/time.Minute)
		now = now.Add(g.Blocked(now)) // whoever guesses waits as long as they must
		if g.Blocked(now) != 0 {
			t.Fatal("a block does not end")
		}
	}
	if want := []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15}; !slices.Equal(blocks, want) {
		t.Errorf("minutes blocked: %v, want %v", blocks, want)
	}
}

func TestFailuresAreForgivenAfterADay(t *testing.T) {
	g := identity.Guard{Failures: 9, UpdatedAt: noon}
	if got := g.Failed(noon.Add(identity.GuardLifetime)); got.Failures != 10 {
		t.Errorf("within a day: %d failures", got.Failures)
	}
	if got := g.Failed(noon.Add(identity.GuardLifetime + tick)); got.Failures != 1 || got.BlockedUntil != nil {
		t.Errorf("after a day: %+v", got)
	}
}

func TestNoBlockIsLongerThanTheLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g identity.Guard
		now := noon
		for range rapid.IntRange(0, 100).Draw(t, "failures") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds")) * time.Second)
			g = g.Failed(now)
			if b := g.Blocked(now); b < 0 || b > identity.MaxBlock || (g.Failures >= identity.FreeFailures && b < time.Minute) {
				t.Fatalf("after %d failures blocked for %s", g.Failures, b)
			}
		}
	})
}

func TestAFlowIsOpenForItsPurposeUntilItIsDoneOrOver(t *testing.T) {
	f := identity.OpenFlow(id, user, identity.PasswordReset, nil, noon, identity.CodeLifetime)
	done, tried := f, f
	done.DoneAt, tried.Tries = &noon, identity.MaxCodeTries
	last := f
	last.Tries = identity.MaxCodeTries - 1
	for name, tc := range map[string]struct {
		flow identity.Flow
		p    identity.Purpose
		at   time.Time
		want bool
	}{
		"at once":            {f, identity.PasswordReset, noon, true},
		"just in time":       {f, identity.PasswordReset, noon.Add(identity.CodeLifetime - tick), true},
		"too late":           {f, identity.PasswordReset, noon.Add(identity.CodeLifetime), false},
		"for something else": {f, identity.Registration, noon, false},
		"done":               {done, identity.PasswordReset, noon, false},
		"the last try":       {last, identity.PasswordReset, noon, true},
		"after the last try": {tried, identity.PasswordReset, noon, false},
	} {
		if got := tc.flow.Open(tc.p, tc.at); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
