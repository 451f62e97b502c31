package attemptapp_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// desk is a room with a teacher, and the use cases of conditions.
type desk struct {
	*room
	teacher identity.Caller
	sitting attemptapp.Start
	pause   attemptapp.Pause
	resume  attemptapp.Resume
	claim   attemptapp.Claim
	release attemptapp.Release
	grants  attemptapp.Accommodations
	policy  *fixedPolicy
}

// fixedPolicy is the same for every exam.
type fixedPolicy struct{ is attempt.DevicePolicy }

func (p *fixedPolicy) Policy(_ context.Context, id uuid.UUID) (exam.Policy, error) {
	policy := exam.DefaultPolicy(id)
	policy.Device = exam.DeviceRule(p.is)
	return policy, nil
}

type plainKey struct{}

func (plainKey) Digest(content []byte) string { return exam.Hash(content) }

func enterDesk(t *testing.T) *desk {
	t.Helper()
	r := enter(t)
	work, reads := r.store.Attempts(), r.store.AttemptReads()
	recorder := identityapp.Recorder{Clock: r.clock, Key: plainKey{}}
	d := &desk{
		room: r, policy: &fixedPolicy{attempt.TakeOver},
		teacher: identity.Caller{Actor: identity.Actor{UserID: r.account("teacher@example.com")}, RequestID: "r1"},
		pause:   attemptapp.Pause{Clock: r.clock, Work: work, Reads: reads},
		resume:  attemptapp.Resume{Clock: r.clock, Work: work, Reads: reads},
		release: attemptapp.Release{Clock: r.clock, Recorder: recorder, Work: work},
		grants:  attemptapp.Accommodations{Clock: r.clock, Stored: r.store.Accommodations(), Reads: reads, Recorder: recorder, Work: work},
	}
	d.sitting, d.claim = r.start, attemptapp.Claim{Clock: r.clock, Policies: d.policy, Work: work, Reads: reads}
	d.sitting.Policies = d.policy
	return d
}

// sit starts an exam in a session.
func (d *desk) sit(session uuid.UUID) attemptapp.View {
	d.t.Helper()
	v, err := d.sitting.Execute(d.t.Context(), attemptapp.StartCommand{User: d.learner, Session: session, Exam: d.exam.ExamID, Mode: attempt.ExamMode})
	d.must(err)
	return v
}

// practise starts a practice attempt that takes ten minutes.
func (d *desk) practise() attemptapp.View {
	d.t.Helper()
	cmd := attemptapp.StartCommand{User: d.learner, Exam: d.exam.ExamID, Mode: attempt.PracticeMode, Limit: 10 * time.Minute}
	v, err := d.sitting.Execute(d.t.Context(), cmd)
	d.must(err)
	return v
}

func (d *desk) grant(to attempt.Accommodation) attemptapp.Granted {
	d.t.Helper()
	g, err := d.grants.Grant(d.t.Context(), attemptapp.GrantCommand{By: d.teacher, User: d.learner, To: to})
	d.must(err)
	return g
}

func (d *desk) me() attemptapp.Taker { return attemptapp.Taker{User: d.learner} }

// trail returns what the audit log has, the newest first.
func (d *desk) trail() []audit.Entry {
	d.t.Helper()
	rows, err := d.store.AuditReader().Newest(d.t.Context(), ports.AuditFilter{}, 0, 100)
	d.must(err)
	return rows
}

func TestWhatIsGrantedIsInForceOnTheNextAttemptAndOnOpenOnes(t *testing.T) {
	d := enterDesk(t)
	usual := d.sit(uuid.Nil)
	length := usual.DeadlineAt.Sub(noon)
	d.clock.advance(time.Minute)
	got := d.grant(attempt.Accommodation{MoreTime: 100})
	open, err := d.get.Execute(t.Context(), d.learner, usual.ID)
	d.must(err)
	if !open.DeadlineAt.Equal(noon.Add(2*length)) || len(got.Open) != 1 || !got.Open[0].DeadlineAt.Equal(*open.DeadlineAt) {
		t.Errorf("the deadline of the open attempt is %s, told %+v", open.DeadlineAt, got.Open)
	}
	d.clock.advance(length + attempt.Grace) // when it would have been over
	if n, err := d.expire.Execute(t.Context()); n != 0 || err != nil {
		t.Errorf("%d attempts expired, %v", n, err)
	}
	_, err = d.put(usual.ID, 1, 'A', d.exam.Outline.Only([]exam.Part{5})[0].First)
	d.must(err)
	_, err = d.submit.Execute(t.Context(), d.learner, usual.ID)
	d.must(err)
	next := d.sit(uuid.Nil)
	if got := next.DeadlineAt.Sub(next.StartedAt); got != 2*length {
		t.Errorf("the next attempt takes %s, want %s", got, 2*length)
	}
}

func TestAnEditThatShortensAnAttemptDoesNotEndItUnannounced(t *testing.T) {
	d := enterDesk(t)
	d.grant(attempt.Accommodation{MoreTime: 200})
	v := d.sit(uuid.Nil)
	d.clock.advance(v.DeadlineAt.Sub(noon) - 2*attempt.Notice)
	d.must(d.grants.Withdraw(t.Context(), attemptapp.GrantCommand{By: d.teacher, User: d.learner}))
	if n, err := d.expire.Execute(t.Context()); n != 0 || err != nil {
		t.Errorf("%d attempts expired, %v", n, err)
	}
	got, err := d.get.Execute(t.Context(), d.learner, v.ID)
	d.must(err)
	if *got.Remaining != attempt.Notice {
		t.Errorf("%s remain", got.Remaining)
	}
	d.clock.advance(attempt.Notice + attempt.Grace)
	if n, err := d.expire.Execute(t.Context()); n != 1 || err != nil {
		t.Errorf("%d attempts expired, %v", n, err)
	}
}

func TestWithListeningOmittedThereIsAReadingScoreAndNoTotal(t *testing.T) {
	for name, before := range map[string]bool{"from the beginning": true, "in the middle": false} {
		t.Run(name, func(t *testing.T) {
			d := enterDesk(t)
			omit := attempt.Accommodation{ListeningOmitted: true}
			if before {
				d.grant(omit)
			}
			v := d.sit(uuid.Nil)
			if !before {
				_, err := d.put(v.ID, 1, examtest.Key(exam.Photographs, 1), 1)
				d.must(err)
				d.grant(omit)
			}
			reading := d.exam.Outline.Only([]exam.Part{5})[0].First
			_, err := d.put(v.ID, 2, 'A', 1)
			d.wants(err, attempt.ErrAnswersDenied)
			_, err = d.put(v.ID, 2, examtest.Key(exam.IncompleteSentences, reading), reading)
			d.must(err)
			sheet, err := d.questions.Execute(t.Context(), d.learner, v.ID, 0)
			d.must(err)
			if len(sheet.Groups) == 0 || sheet.Groups[0].Part != exam.IncompleteSentences {
				t.Errorf("the questions begin with part %d", sheet.Groups[0].Part)
			}
			res, err := d.submit.Execute(t.Context(), d.learner, v.ID)
			d.must(err)
			_, listening := res.Sections[exam.Listening]
			if r := res.Sections[exam.Reading]; listening || res.Total != nil || r.Scaled == nil || r.Raw != 1 {
				t.Errorf("%+v", res)
			}
		})
	}
}

func TestAccommodationsAreVersionedAndAudited(t *testing.T) {
	d := enterDesk(t)
	ctx := t.Context()
	cmd := attemptapp.GrantCommand{By: d.teacher, User: d.learner, To: attempt.Accommodation{MoreTime: 25, Extra: time.Minute}}
	d.refusesGrant(cmd, 1, ports.ErrStale) // there is none yet
	first, err := d.grants.Grant(ctx, cmd)
	d.must(err)
	cmd.To.MoreTime = 50
	cmd.Version = first.Version
	_, err = d.grants.Grant(ctx, cmd)
	d.must(err)
	d.refusesGrant(cmd, first.Version, ports.ErrStale)
	d.wants(d.grants.Withdraw(ctx, attemptapp.GrantCommand{By: d.teacher, User: d.learner, Version: first.Version}), ports.ErrStale)
	own, err := d.grants.Own(ctx, d.learner)
	d.must(err)
	if own.Accommodation != cmd.To || own.Version != 2 {
		t.Errorf("%+v", own)
	}
	withdraw := attemptapp.GrantCommand{By: d.teacher, User: d.learner, Version: 2}
	d.must(d.grants.Withdraw(ctx, withdraw))
	d.wants(d.grants.Withdraw(ctx, attemptapp.GrantCommand{By: d.teacher, User: d.learner}), attempt.ErrNoAccommodation)
	bad := attemptapp.GrantCommand{By: d.teacher, User: d.learner, To: attempt.Accommodation{MoreTime: 201}}
	d.refusesGrant(bad, 0, attempt.ErrInvalidAccommodation)
	d.refusesGrant(attemptapp.GrantCommand{By: d.teacher, User: uuid.Must(uuid.NewV7())}, 0, identity.ErrUserNotFound)

	type line struct {
		Action        audit.Action
		Before, After string
	}
	var got []line
	for _, e := range d.trail() {
		got = append(got, line{e.Action, e.Before, e.After})
		if e.UserID != d.teacher.Actor.UserID || e.Object != "user:"+d.learner.String() {
			t.Errorf("%+v", e)
		}
	}
	quarter := `{"more_time_percent":25,"extra_seconds":60,"more_pause_percent":0,"listening_omitted":false}`
	half := `{"more_time_percent":50,"extra_seconds":60,"more_pause_percent":0,"listening_omitted":false}`
	want := []line{{audit.AccommodationsWithdrawn, half, ""}, {audit.AccommodationsChanged, quarter, half}, {audit.AccommodationsChanged, "", quarter}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// refusesGrant checks that a command, decided on a version, fails in that way.
func (d *desk) refusesGrant(cmd attemptapp.GrantCommand, version int, want error) {
	d.t.Helper()
	cmd.Version = version
	_, err := d.grants.Grant(d.t.Context(), cmd)
	d.wants(err, want)
}

func TestTheExportHasWhatWasGranted(t *testing.T) {
	d := enterDesk(t)
	part := attemptapp.ExportAccommodations{Stored: d.store.Accommodations()}
	for _, want := range []string{
		`[]`, `[{"more_time_percent":50,"extra_seconds":0,"more_pause_percent":0,"listening_omitted":false,"updated_at":"2027-03-14T12:00:00Z"}]`,
	} {
		got, err := part.Execute(t.Context(), d.learner)
		d.must(err)
		encoded, err := json.Marshal(got)
		d.must(err)
		if string(encoded) != want {
			t.Errorf("%s, want %s", encoded, want)
		}
		d.grant(attempt.Accommodation{MoreTime: 50})
	}
}

func TestAPauseIsNotCountedAndAPausedAttemptDoesNotExpire(t *testing.T) {
	d := enterDesk(t)
	v := d.practise()
	ctx := t.Context()
	d.clock.advance(4 * time.Minute)
	paused, err := d.pause.Execute(ctx, d.me(), v.ID)
	d.must(err)
	if paused.PausedSince == nil || *paused.Remaining != 6*time.Minute {
		t.Errorf("%+v", paused)
	}
	_, err = d.put(v.ID, 1, 'A', 1)
	d.wants(err, attempt.ErrPaused)
	_, err = d.questions.Execute(ctx, d.learner, v.ID, 0)
	d.wants(err, attempt.ErrPaused)
	d.clock.advance(3 * time.Hour)
	if n, err := d.expire.Execute(ctx); n != 0 || err != nil {
		t.Errorf("%d attempts expired, %v", n, err)
	}
	resumed, err := d.resume.Execute(ctx, d.me(), v.ID)
	d.must(err)
	if resumed.PausedSince != nil || !resumed.DeadlineAt.Equal(v.DeadlineAt.Add(3*time.Hour)) {
		t.Errorf("%+v", resumed)
	}
	_, err = d.put(v.ID, 1, 'A', 1)
	d.must(err)
	_, err = d.pause.Execute(ctx, d.me(), v.ID)
	d.must(err)
	d.clock.advance(attempt.MaxPause + 6*time.Minute + attempt.Grace)
	if n, err := d.expire.Execute(ctx); n != 1 || err != nil {
		t.Errorf("once the longest pause is over %d attempts expire, %v", n, err)
	}
	over, err := d.get.Execute(ctx, d.learner, v.ID)
	d.must(err)
	if over.Status != attempt.Expired || over.Paused != 3*time.Hour+attempt.MaxPause {
		t.Errorf("%+v", over)
	}
}

func TestAPausedAttemptIsSubmittedAsItIs(t *testing.T) {
	d := enterDesk(t)
	v := d.practise()
	_, err := d.put(v.ID, 1, examtest.Key(exam.Photographs, 1), 1)
	d.must(err)
	_, err = d.pause.Execute(t.Context(), d.me(), v.ID)
	d.must(err)
	res, err := d.submit.Execute(t.Context(), d.learner, v.ID)
	d.must(err)
	if res.Sections[exam.Listening].Raw != 1 {
		t.Errorf("%+v", res)
	}
}

func TestAnotherDeviceGoesOnOnlyOnceItHasClaimedTheAttempt(t *testing.T) {
	d := enterDesk(t)
	ctx := t.Context()
	phone, laptop := d.device(), d.device()
	v := d.sit(phone.Session)
	if !v.Held(phone.Session) || v.Held(laptop.Session) {
		t.Error("the attempt tells the wrong device that it is held there")
	}
	d.refusesAll(laptop, v.ID, attempt.ErrOtherDevice)
	claimed, err := d.claim.Execute(ctx, laptop, v.ID)
	d.must(err)
	if !claimed.Held(laptop.Session) {
		t.Error("the claim is not told")
	}
	d.refusesAll(phone, v.ID, attempt.ErrTakenOver)
	_, err = d.advance(ctx, laptop, v.ID)
	d.must(err)
	_, err = d.submit(ctx, laptop, v.ID)
	d.must(err)
	if _, err := d.submit(ctx, phone, v.ID); err != nil {
		t.Errorf("once it is over the result is refused elsewhere: %v", err)
	}
	_, err = d.claim.Execute(ctx, attemptapp.Taker{User: d.other}, v.ID)
	d.wants(err, attempt.ErrNotFound)
}

// device signs the learner in.
func (d *desk) device() attemptapp.Taker {
	d.t.Helper()
	s := identity.OpenSession(ids{}.New(), d.learner, identity.Proof{}, identity.Device{}, d.clock.Now())
	d.must(d.store.Identity().Do(d.t.Context(), func(ctx context.Context, r ports.IdentityRepos) error { return r.Sessions.Add(ctx, s) }))
	return attemptapp.Taker{User: d.learner, Session: s.ID}
}

func (d *desk) refusesAll(by attemptapp.Taker, id uuid.UUID, want error) {
	d.t.Helper()
	ctx := d.t.Context()
	_, err := d.questions(ctx, by, id, 0)
	d.wants(err, want)
	_, err = d.advance(ctx, by, id)
	d.wants(err, want)
	_, err = d.abandon(ctx, by, id)
	d.wants(err, want)
	_, err = d.submit(ctx, by, id)
	d.wants(err, want)
}

func TestALockedAttemptMovesWhenItsDeviceSignsOutOrATeacherReleasesIt(t *testing.T) {
	d := enterDesk(t)
	ctx := t.Context()
	d.policy.is = attempt.OneDevice
	phone, laptop := d.device(), d.device()
	v := d.sit(phone.Session)
	_, err := d.claim.Execute(ctx, laptop, v.ID)
	d.wants(err, attempt.ErrDeviceLocked)
	d.must(d.store.Identity().Do(ctx, func(ctx context.Context, r ports.IdentityRepos) error {
		_, err := r.Sessions.Revoke(ctx, ports.SessionFilter{ID: phone.Session}, identity.LoggedOut, d.clock.Now())
		return err
	}))
	_, err = d.claim.Execute(ctx, laptop, v.ID)
	d.must(err)

	tablet := d.device()
	_, err = d.claim.Execute(ctx, tablet, v.ID)
	d.wants(err, attempt.ErrDeviceLocked)
	d.must(d.release.Execute(ctx, d.teacher, v.ID))
	d.wants(d.release.Execute(ctx, d.teacher, v.ID), attempt.ErrNotHeld)
	d.wants(d.release.Execute(ctx, d.teacher, ids{}.New()), attempt.ErrNotFound)
	_, err = d.claim.Execute(ctx, tablet, v.ID)
	d.must(err)
	d.refusesAll(laptop, v.ID, attempt.ErrTakenOver)
	entries := d.trail()
	if len(entries) != 1 || entries[0].Action != audit.AttemptReleased || entries[0].Object != "attempt:"+v.ID.String() ||
		entries[0].Before != `{"session_id":"`+laptop.Session.String()+`"}` || entries[0].After != `{"session_id":null}` {
		t.Errorf("%+v", entries)
	}
}

func TestOfManyDevicesThatClaimAtOnceOneHoldsTheAttempt(t *testing.T) {
	d := enterDesk(t)
	v := d.sit(d.device().Session)
	devices := make([]attemptapp.Taker, 8)
	for i := range devices {
		devices[i] = d.device()
	}
	var wait sync.WaitGroup
	for _, by := range devices {
		wait.Go(func() {
			if _, err := d.claim.Execute(context.WithoutCancel(t.Context()), by, v.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got, err := d.get.Execute(t.Context(), d.learner, v.ID)
	d.must(err)
	holders := 0
	for _, by := range devices {
		if got.Held(by.Session) {
			holders++
		}
	}
	if holders != 1 || got.Version != 1+len(devices) {
		t.Errorf("%d devices hold it after %d changes", holders, got.Version-1)
	}
}
