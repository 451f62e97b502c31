package porttest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func conditionTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"TheConditionsOfAnAttemptComeBackAsTheyWereStored":   conditionRoundTrip,
		"WhatIsGrantedComesBackAsItWasStored":                grantRoundTrip,
		"TheOpenAttemptsOfALearnerAreTheirsAndOpen":          openOf,
		"NoAttemptMissesWhatIsGrantedWhileItStarts":          grantDuringStart,
		"OfGrantsPausesAndTakeOversAtOnceNoneIsLost":         conditionsAtOnce,
		"AnswersAndGrantsAtOnceLeaveBothWhole":               answersDuringGrants,
		"ASessionIsLiveUntilItEnds":                          liveSession,
		"ALimitThatStandsIsOverdueOnceTheLongestPauseIsOver": overdueDuringPause,
	}
}

// terms starts an attempt under terms.
func (f *fixture) terms(user uuid.UUID, form exam.Summary, t attempt.Terms) uuid.UUID {
	f.Helper()
	a, err := attempt.Start(f.id(), user, form, t, noon)
	f.must(err)
	f.must(f.add(a))
	f.stored(a)
	return a.Snapshot().ID
}

// alter changes a stored attempt.
func (f *fixture) alter(id uuid.UUID, fn func(*attempt.Attempt) error) error {
	return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		a, err := r.Attempts.ForChange(ctx, id)
		if err != nil {
			return err
		}
		before := a.Snapshot().Version
		if err := fn(a); err != nil || a.Snapshot().Version == before {
			return err
		}
		return r.Attempts.Save(ctx, a)
	})
}

// stored checks that an attempt is stored as it is.
func (f *fixture) stored(a *attempt.Attempt) {
	f.Helper()
	got, err := f.store.AttemptReads().Snapshot(f.ctx, a.Snapshot().ID)
	f.must(err)
	f.equal("attempt", plain(got), plain(a.Snapshot()))
}

func conditionRoundTrip(f *fixture) {
	form, u := f.exam(), f.user().ID
	session, other := f.id(), f.id()
	most := attempt.Accommodation{MoreTime: attempt.MaxMore, Extra: attempt.MaxExtra, MorePause: 1}
	held := f.terms(u, form, attempt.Terms{Mode: attempt.ExamMode, Granted: most, Holder: &session})
	for _, fn := range []func(*attempt.Attempt) error{
		func(a *attempt.Attempt) error { return a.Claim(other, attempt.TakeOver, false, noon) },
		func(a *attempt.Attempt) error { return a.Release(noon) },
		func(a *attempt.Attempt) error { return a.Claim(uuid.Nil, attempt.TakeOver, false, noon) }, // by API tokens
		func(a *attempt.Attempt) error {
			a.Grant(attempt.Accommodation{ListeningOmitted: true}, noon.Add(time.Second))
			return nil
		},
	} {
		f.changes(held, fn)
	}
	paused := f.terms(f.user().ID, form, attempt.Terms{Mode: attempt.PracticeMode, Limit: attempt.MinLimit, Granted: most})
	for _, fn := range []func(*attempt.Attempt) error{
		func(a *attempt.Attempt) error { return a.Pause(noon) },
		func(a *attempt.Attempt) error { a.Grant(attempt.Accommodation{}, noon.Add(time.Second)); return nil },
		func(a *attempt.Attempt) error { return a.Resume(noon.Add(1500 * time.Millisecond)) },
		func(a *attempt.Attempt) error { return a.Pause(noon.Add(2 * time.Second)) },
		func(a *attempt.Attempt) error { _, err := a.Submit(noon.Add(time.Hour)); return err },
	} {
		f.changes(paused, fn)
	}
}

// changes makes a change that has to be one, and checks that it is stored.
func (f *fixture) changes(id uuid.UUID, fn func(*attempt.Attempt) error) {
	f.Helper()
	var changed *attempt.Attempt
	f.must(f.alter(id, func(a *attempt.Attempt) error {
		before := a.Snapshot().Version
		changed = a
		err := fn(a)
		f.equal("version", a.Snapshot().Version, before+1)
		return err
	}))
	f.stored(changed)
}

// grants stores what fn makes of what a learner is granted, with their open attempts, as teachers do.
func (f *fixture) grants(user uuid.UUID, to attempt.Accommodation, at time.Time) error {
	return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		g, err := r.Accommodations.ForChange(ctx, user)
		if err != nil {
			return err
		}
		open, err := r.Attempts.OpenOf(ctx, user)
		if err != nil {
			return err
		}
		if g, err = g.Changed(to, at); err != nil {
			return err
		}
		if err := r.Accommodations.Save(ctx, g); err != nil {
			return err
		}
		for _, a := range open {
			if a.Grant(to, at) {
				if err := r.Attempts.Save(ctx, a); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func grantRoundTrip(f *fixture) {
	u := f.user().ID
	read := func(want attempt.Grant) {
		f.Helper()
		got, err := f.store.Accommodations().Grant(f.ctx, u)
		f.must(err)
		f.equal("grant", got, want)
	}
	read(attempt.Grant{UserID: u})
	first := attempt.Accommodation{MoreTime: 50, Extra: 90 * time.Second, MorePause: 100, ListeningOmitted: true}
	f.must(f.grants(u, first, noon))
	read(attempt.Grant{UserID: u, Accommodation: first, UpdatedAt: noon, Version: 1})
	f.must(f.grants(u, attempt.Accommodation{}, noon.Add(time.Hour)))
	read(attempt.Grant{UserID: u, UpdatedAt: noon.Add(time.Hour), Version: 2})

	stale := attempt.Grant{UserID: u, UpdatedAt: noon, Version: 2}
	err := f.attempts(func(ctx context.Context, r ports.AttemptRepos) error { return r.Accommodations.Save(ctx, stale) })
	f.wants(err, ports.ErrStale)
	f.wants(f.grants(f.id(), first, noon), identity.ErrUserNotFound)
	_, err = f.store.Accommodations().Grant(f.ctx, f.id())
	f.wants(err, identity.ErrUserNotFound)
	err = f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		_, err := r.Accommodations.ForStart(ctx, f.id())
		return err
	})
	f.wants(err, identity.ErrUserNotFound)
	if f.grants(u, attempt.Accommodation{MoreTime: attempt.MaxMore + 1}, noon) == nil {
		f.Error("more is granted than may be")
	}
}

func openOf(f *fixture) {
	u := f.user().ID
	one, two, over := f.start(u, f.exam(), attempt.ExamMode), f.start(u, f.exam(), attempt.PracticeMode), f.start(u, f.exam(), attempt.ExamMode)
	f.start(f.user().ID, f.exam(), attempt.ExamMode)
	_, err := over.Submit(noon)
	f.must(err)
	f.must(f.save(over))
	f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		open, err := r.Attempts.OpenOf(ctx, u)
		f.must(err)
		var got []uuid.UUID
		for _, a := range open {
			got = append(got, a.Snapshot().ID)
		}
		f.equal("open attempts", got, []uuid.UUID{one.Snapshot().ID, two.Snapshot().ID})
		none, err := r.Attempts.OpenOf(ctx, f.id())
		f.equal("of nobody", len(none), 0)
		return err
	}))
}

// grantDuringStart: whichever comes first, the attempt is under what is granted in the end.
func grantDuringStart(f *fixture) {
	form := f.exam()
	for round := range 20 {
		u := f.user().ID
		to := attempt.Accommodation{MoreTime: round + 1}
		f.together(2, func(i int) bool {
			if i == 0 {
				f.must(f.grants(u, to, noon))
				return true
			}
			f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
				g, err := r.Accommodations.ForStart(ctx, u)
				if err != nil {
					return err
				}
				a, err := attempt.Start(f.id(), u, form, attempt.Terms{Mode: attempt.ExamMode, Granted: g.Accommodation}, noon)
				if err != nil {
					return err
				}
				return r.Attempts.Add(ctx, a)
			}))
			return true
		})
		open, err := f.store.AttemptReads().List(f.ctx, ports.AttemptFilter{User: u}, ports.Page{Limit: 1})
		f.must(err)
		f.equal("granted", open.Items[0].Granted, to)
	}
}

// conditionsAtOnce: everybody who changes an attempt takes turns, so each change is made to what the others left.
func conditionsAtOnce(f *fixture) {
	u := f.user().ID
	id := f.terms(u, f.exam(), attempt.Terms{Mode: attempt.PracticeMode, Limit: time.Hour})
	const writers, rounds = 4, 5
	f.together(2*writers, func(i int) bool {
		for round := range rounds {
			if i < writers {
				f.must(f.grants(u, attempt.Accommodation{MoreTime: i + 1, MorePause: round + 1}, noon))
				continue
			}
			// Pauses of one second, all at the same time by the clock.
			f.must(f.alter(id, func(a *attempt.Attempt) error { return a.Pause(noon) }))
			f.must(f.alter(id, func(a *attempt.Attempt) error { return a.Resume(noon.Add(time.Second)) }))
		}
		return true
	})
	got, err := f.store.AttemptReads().Snapshot(f.ctx, id)
	f.must(err)
	grant, err := f.store.Accommodations().Grant(f.ctx, u)
	f.must(err)
	f.equal("versions of the grant", grant.Version, writers*rounds)
	f.equal("granted", got.Granted, grant.Accommodation)
	end := noon.Add(time.Hour + time.Hour*time.Duration(grant.MoreTime)/100 + got.Paused)
	if got.PausedAt != nil || got.Paused != time.Duration(got.Pauses)*time.Second || !got.DeadlineAt.Equal(end) {
		f.Errorf("after %d pauses %s are not counted, the deadline is %s, want %s", got.Pauses, got.Paused, got.DeadlineAt, end)
	}
}

// answersDuringGrants: answers share an attempt with each other, but not with whoever changes it.
func answersDuringGrants(f *fixture) {
	u := f.user().ID
	id := f.terms(u, f.exam(), attempt.Terms{Mode: attempt.ExamMode})
	const writers, rounds = 4, 6
	f.together(writers+2, func(i int) bool {
		for round := range rounds {
			var err error
			switch i {
			case writers:
				err = f.grants(u, attempt.Accommodation{MoreTime: 10 * (round + 1)}, noon)
			case writers + 1:
				err = f.alter(id, func(a *attempt.Attempt) error { return a.Advance(noon) })
			default:
				_, err = f.hand(id, attempt.Answer{Number: 13, Choice: 'A', Seq: int64(rounds*i + round + 1)})
				if errors.Is(err, attempt.ErrAnswersDenied) {
					err = nil // it is too early for Reading
				}
			}
			f.must(err)
		}
		return true
	})
	got, err := f.store.AttemptReads().Snapshot(f.ctx, id)
	f.must(err)
	want := noon.Add((got.ReadingTime*16/10 + time.Second - 1).Truncate(time.Second))
	if got.Granted.MoreTime != 60 || got.AdvancedAt == nil || !got.DeadlineAt.Equal(want) {
		f.Errorf("%+v, deadline %s, want %s", got, got.DeadlineAt, want)
	}
}

func liveSession(f *fixture) {
	u := f.user().ID
	s := f.session(u, "192.0.2.1")
	live := func(id uuid.UUID, at time.Time) bool {
		var out bool
		f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
			var err error
			out, err = r.Sessions.Live(ctx, id, at)
			return err
		}))
		return out
	}
	f.equal("live", live(s.ID, noon), true)
	f.equal("unknown", live(f.id(), noon), false)
	f.equal("expired", live(s.ID, s.ExpiresAt), false)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		_, err := r.Sessions.Revoke(ctx, ports.SessionFilter{ID: s.ID}, identity.LoggedOut, noon)
		return err
	}))
	f.equal("revoked", live(s.ID, noon), false)
}

func overdueDuringPause(f *fixture) {
	id := f.terms(f.user().ID, f.exam(), attempt.Terms{Mode: attempt.PracticeMode, Limit: attempt.MinLimit})
	f.must(f.alter(id, func(a *attempt.Attempt) error { return a.Pause(noon) }))
	due := func(at time.Time) int {
		rows, err := f.store.AttemptReads().List(f.ctx, ports.AttemptFilter{OverdueAt: at}, ports.Page{Limit: 10})
		f.must(err)
		return len(rows.Items)
	}
	end := noon.Add(attempt.MinLimit + attempt.MaxPause + attempt.Grace)
	f.equal("due during the pause", due(noon.Add(attempt.MaxPause)), 0)
	f.equal("due just before", due(end.Add(-time.Microsecond)), 0)
	f.equal("due", due(end), 1)
}
