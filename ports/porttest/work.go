package porttest

import (
	"context"
	"errors"
	"time"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func replyTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AKeyIsAnsweredOnceAndThenRepeatsItsReply": replyOnce,
		"OfManyClaimsOfOneKeyOneIsGranted":         claimOnce,
		"AReleasedOrExpiredKeyIsFreeAgain":         releasing,
		"AClaimWhoseOwnerDiedIsTakenOver":          takingOver,
	}
}

const (
	stale = time.Minute
	keep  = 24 * time.Hour
)

func (f *fixture) claim(key, print string, at time.Time) ([]byte, error) {
	return f.store.Replies().Claim(f.ctx, key, print, at, stale, keep)
}

func replyOnce(f *fixture) {
	got, err := f.claim("k", "p", noon)
	f.must(err)
	f.equal("reply to a new key", got == nil, true)
	_, err = f.claim("k", "p", noon)
	f.wants(err, ports.ErrKeyInProgress)
	_, err = f.claim("k", "other", noon)
	f.wants(err, ports.ErrKeyReused)
	f.must(f.store.Replies().Keep(f.ctx, "k", []byte{0, 1, 0xff}))
	for range 2 {
		got, err = f.claim("k", "p", noon.Add(keep-time.Microsecond))
		f.must(err)
		f.equal("stored reply", got, []byte{0, 1, 0xff})
	}
	_, err = f.claim("k", "other", noon)
	f.wants(err, ports.ErrKeyReused)
	if f.store.Replies().Keep(f.ctx, "unclaimed", nil) == nil {
		f.Error("a reply is kept for a key that nobody claimed")
	}
	f.must(f.store.Replies().Release(f.ctx, "k")) // too late: it was answered
	got, err = f.claim("k", "p", noon)
	f.must(err)
	f.equal("reply after a late release", got, []byte{0, 1, 0xff})
}

func claimOnce(f *fixture) {
	won := f.together(20, func(int) bool {
		_, err := f.claim("k", "p", noon)
		if err != nil && !errors.Is(err, ports.ErrKeyInProgress) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("granted claims", won, 1)
}

func releasing(f *fixture) {
	_, err := f.claim("k", "p", noon)
	f.must(err)
	f.must(f.store.Replies().Release(f.ctx, "k"))
	_, err = f.claim("k", "other", noon)
	f.must(err)
	f.must(f.store.Replies().Keep(f.ctx, "k", []byte("r")))
	got, err := f.claim("k", "third", noon.Add(keep)) // expired
	f.must(err)
	f.equal("reply to an expired key", got == nil, true)
	f.must(f.store.Replies().Forget(f.ctx, noon.Add(3*keep)))
	_, err = f.claim("k", "fourth", noon)
	f.must(err)
}

func takingOver(f *fixture) {
	_, err := f.claim("k", "p", noon)
	f.must(err)
	_, err = f.claim("k", "p", noon.Add(stale-time.Microsecond))
	f.wants(err, ports.ErrKeyInProgress)
	won := f.together(10, func(int) bool {
		_, err := f.claim("k", "p", noon.Add(stale))
		if err != nil && !errors.Is(err, ports.ErrKeyInProgress) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("who took it over", won, 1)
}

func unitTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"WhatIsDoneTogetherIsSeenAfterwards": committed,
		"AFailureUndoesEverything":           rolledBack,
		"APanicUndoesEverythingAndGoesOn":    panicking,
		"AnEndedContextStopsTheWork":         cancelled,
		"ReadModifyWriteLosesNothing":        readModifyWrite,
	}
}

func committed(f *fixture) {
	u := f.user()
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		next, err := r.Users.ByID(ctx, u.ID)
		f.must(err)
		next.Version, next.Profile.DisplayName = 2, "inside"
		f.must(r.Users.Save(ctx, next))
		seen, err := r.Users.ByID(ctx, u.ID) // one's own writes are seen
		f.equal("inside", seen.Profile.DisplayName, "inside")
		return err
	}))
	seen, err := f.store.Users().ByID(f.ctx, u.ID)
	f.must(err)
	f.equal("outside", seen.Profile.DisplayName, "inside")
}

func rolledBack(f *fixture) {
	u := f.user()
	err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.must(r.Sessions.Add(ctx, identity.OpenSession(f.id(), u.ID, identity.Proof{}, identity.Device{}, noon)))
		return errChanged
	})
	f.wants(err, errChanged)
	f.equal("sessions", len(f.live(u.ID)), 0)
}

func panicking(f *fixture) {
	u := f.user()
	func() {
		defer func() { f.equal("panic", recover(), "on purpose") }()
		_ = f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
			f.must(r.Sessions.Add(ctx, identity.OpenSession(f.id(), u.ID, identity.Proof{}, identity.Device{}, noon)))
			panic("on purpose")
		})
	}()
	f.equal("sessions", len(f.live(u.ID)), 0)
	f.session(u.ID, "192.0.2.1") // and the store is not locked
}

func cancelled(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	ran := false
	err := f.store.Identity().Do(ctx, func(context.Context, ports.IdentityRepos) error {
		ran = true
		return nil
	})
	f.wants(err, context.Canceled)
	f.equal("ran", ran, false)
}

// readModifyWrite: units of work that read a thing and write it back take turns.
func readModifyWrite(f *fixture) {
	u := f.user()
	const writers, rounds = 8, 25
	won := f.together(writers, func(int) bool {
		for done := 0; done < rounds; {
			err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
				next, err := r.Users.ByID(ctx, u.ID)
				if err != nil {
					return err
				}
				next.Version++
				return r.Users.Save(ctx, next)
			})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ports.ErrStale): // somebody was faster: that is an answer, being busy is not
				f.Error(err)
				return false
			}
		}
		return true
	})
	f.equal("writers that got through", won, writers)
	got, err := f.store.Users().ByID(f.ctx, u.ID)
	f.must(err)
	f.equal("version", got.Version, 1+writers*rounds)
}
