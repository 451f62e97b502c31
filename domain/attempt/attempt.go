// Package attempt is one learner's sitting of a form: what may be answered when, by the server's clock alone.
package attempt

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of this context.
var (
	ErrNotFound      = fault.New(fault.NotFound, "attempt.not_found", "There is no such attempt.")
	ErrAlreadyOpen   = fault.New(fault.Conflict, "attempt.already_open", "There is an open attempt on this exam already; continue, submit or abandon it first.")
	ErrClosed        = fault.New(fault.Conflict, "attempt.closed", "The attempt is closed and takes no more changes.")
	ErrAbandoned     = fault.New(fault.Conflict, "attempt.abandoned", "The attempt was abandoned and has no result.")
	ErrNotSubmitted  = fault.New(fault.Conflict, "attempt.not_submitted", "The attempt has no result before it is submitted.")
	ErrReviewLocked  = fault.New(fault.Conflict, "attempt.review_locked", "The review is locked while another attempt on the same exam is open.")
	ErrScoreWithheld = fault.New(fault.Forbidden, "attempt.score_withheld", "The score of this exam is not shown yet.")
	ErrNoSections    = fault.New(fault.Conflict, "attempt.no_sections", "Only an attempt in exam mode with both sections moves from Listening to Reading.")
	ErrInvalid       = fault.New(fault.Invalid, "attempt.invalid", "The attempt cannot be started this way.")
	ErrAnswersDenied = fault.New(fault.Invalid, "attempt.answers_refused", "Some answers cannot be accepted; none of this request was stored.")
)

// Mode is how an attempt is taken.
type Mode string

// The modes.
const (
	ExamMode     Mode = "exam"     // the whole form, against the clock, Listening before Reading
	PracticeMode Mode = "practice" // chosen parts in any order, without a clock
)

// Status is where an attempt is in its life.
type Status string

// The statuses. Only InProgress can change.
const (
	InProgress Status = "in_progress"
	Submitted  Status = "submitted" // by the learner; scored
	Expired    Status = "expired"   // by the clock; scored
	Abandoned  Status = "abandoned" // given up; never scored
)

// Grace is how long after a deadline answers that were under way are still taken.
const Grace = 5 * time.Second

// Snapshot is the stored state of an attempt.
type Snapshot struct {
	ID            uuid.UUID
	UserID        uuid.UUID
	ExamID        uuid.UUID
	RevisionID    uuid.UUID
	Mode          Mode
	Status        Status
	Taken         exam.Outline // the parts taken
	StartedAt     time.Time
	ListeningTime time.Duration // the usual limit; 0 in practice mode or without Listening
	ReadingTime   time.Duration // likewise
	Limit         time.Duration // the limit that a learner set in practice mode; 0 without
	Granted       Accommodation // what the limits are changed by
	AdvancedAt    *time.Time    // when Reading begins, if not when the time of Listening is up
	DeadlineAt    *time.Time    // end of the last section, or of the limit; nil without. During a pause, as if it lasted MaxPause
	PausedAt      *time.Time    // nil unless the clock stands
	Paused        time.Duration // of pauses that are over, in whole milliseconds
	Pauses        int           // how many there were
	Holder        *uuid.UUID    // the only session that may change the attempt, the nil UUID for API tokens; nil leaves it to all
	FormerHolder  *uuid.UUID    // the one before
	Answered      int           // items with a choice; kept by Take
	Position      int64         // of the last answer that was taken, see Answer
	ClosedAt      *time.Time
	Version       int // grows with each stored change of the attempt itself, which answers are not
}

// Attempt is one sitting. Its methods change it only when they return nil.
type Attempt struct {
	s       Snapshot
	resumed *time.Time // see PauseEnded
}

// Terms are what an attempt is taken under.
type Terms struct {
	Mode    Mode
	Parts   []exam.Part   // practice mode: the parts to take, all when empty
	Limit   time.Duration // practice mode: time for all of them, 0 for any
	Granted Accommodation
	Holder  *uuid.UUID // exam mode: the session that holds the attempt; nil for none
}

// Bounds of the limit in practice mode.
const (
	MinLimit = time.Minute
	MaxLimit = 4 * time.Hour
)

// Start begins an attempt on a published form; ErrInvalid when the terms do not fit it. Parts choose what is practised;
// an exam always takes the whole form, without Listening where that is granted.
func Start(id, user uuid.UUID, form exam.Summary, t Terms, now time.Time) (*Attempt, error) {
	a := Attempt{s: Snapshot{
		ID: id, UserID: user, ExamID: form.ExamID, RevisionID: form.RevisionID,
		Mode: t.Mode, Status: InProgress, StartedAt: now, Granted: t.Granted, Version: 1,
	}}
	var err error
	switch t.Mode {
	case ExamMode:
		err = a.startExam(form.Outline, t)
	case PracticeMode:
		err = a.startPractice(form.Outline, t)
	default:
		err = invalid("mode", "one_of", "The mode is exam or practice.")
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

func (a *Attempt) startExam(form exam.Outline, t Terms) error {
	switch {
	case len(t.Parts) > 0:
		return invalid("parts", "exam_is_whole", "An attempt in exam mode takes the whole form.")
	case t.Limit != 0:
		return invalid("time_limit_seconds", "exam_is_timed", "An attempt in exam mode has the limits of the test.")
	}
	taken := form
	if t.Granted.ListeningOmitted {
		if taken = readingOf(form); len(taken) == 0 {
			return invalid("exam_id", "only_listening", "The exam has nothing but Listening, which is omitted for this learner.")
		}
	}
	a.s.Taken = slices.Clone(taken)
	a.s.ListeningTime, a.s.ReadingTime = taken.Time(exam.Listening), taken.Time(exam.Reading)
	deadline := a.s.StartedAt.Add(t.Granted.listening(a.s.ListeningTime) + t.Granted.limit(a.s.ReadingTime))
	a.s.DeadlineAt, a.s.Holder = &deadline, copied(t.Holder)
	return nil
}

func (a *Attempt) startPractice(form exam.Outline, t Terms) error {
	for _, p := range t.Parts {
		if !form.HasPart(p) {
			return invalid("parts", "not_on_form", "The form does not have one of these parts.")
		}
	}
	if t.Limit != 0 && (t.Limit < MinLimit || t.Limit > MaxLimit || t.Limit%time.Second != 0) {
		return invalid("time_limit_seconds", "range", "The limit is 60 to 14400 seconds.")
	}
	a.s.Taken = slices.Clone(form.Only(t.Parts))
	a.s.Granted.ListeningOmitted = false
	if a.s.Limit = t.Limit; t.Limit > 0 {
		deadline := a.s.StartedAt.Add(t.Granted.limit(t.Limit))
		a.s.DeadlineAt = &deadline
	}
	return nil
}

func invalid(name, code, detail string) error {
	return ErrInvalid.WithFields(fault.Field{Name: name, Code: code, Detail: detail})
}

// Restore brings a stored attempt back. It applies no rule, so every stored row loads.
func Restore(s Snapshot) *Attempt { return &Attempt{s: s.clone()} }

// Snapshot returns the state to store.
func (a *Attempt) Snapshot() Snapshot { return a.s.clone() }

// clone returns a copy that shares nothing with s, so that neither can change the other.
func (s Snapshot) clone() Snapshot {
	s.Taken = slices.Clone(s.Taken)
	s.AdvancedAt, s.DeadlineAt, s.ClosedAt = copied(s.AdvancedAt), copied(s.DeadlineAt), copied(s.ClosedAt)
	s.PausedAt, s.Holder, s.FormerHolder = copied(s.PausedAt), copied(s.Holder), copied(s.FormerHolder)
	return s
}

func copied[T any](t *T) *T {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// Owned reports whether the attempt is that user's.
func (a *Attempt) Owned(user uuid.UUID) bool { return a.s.UserID == user }

// Progress returns how many items have a choice, and the position of the last answer.
func (a *Attempt) Progress() (answered int, position int64) { return a.s.Answered, a.s.Position }

// Deadline returns when the last section ends; nil without one.
func (a *Attempt) Deadline() *time.Time { return copied(a.s.DeadlineAt) }

// ID names the attempt.
func (a *Attempt) ID() uuid.UUID { return a.s.ID }

// Scored reports whether the attempt ended in a way that gives a result.
func (a *Attempt) Scored() bool { return a.s.Status == Submitted || a.s.Status == Expired }

// timed reports whether the clock rules.
func (a *Attempt) timed() bool { return a.s.Mode == ExamMode }

// listeningEnd is when Listening ends and Reading begins.
func (a *Attempt) listeningEnd() time.Time {
	if a.s.AdvancedAt != nil {
		return *a.s.AdvancedAt
	}
	return a.s.StartedAt.Add(a.s.Granted.listening(a.s.ListeningTime))
}

// Section returns the section in which a timed attempt is at now; "" in practice mode, where all is open.
func (a *Attempt) Section(now time.Time) exam.Section {
	switch {
	case !a.timed():
		return ""
	case a.s.ReadingTime == 0:
		return exam.Listening
	case a.s.ListeningTime == 0 || !now.Before(a.listeningEnd()):
		return exam.Reading
	default:
		return exam.Listening
	}
}

// SectionDeadline returns when the section of now ends; nil in practice mode.
func (a *Attempt) SectionDeadline(now time.Time) *time.Time {
	switch {
	case !a.timed():
		return nil
	case a.s.ReadingTime > 0 && a.Section(now) == exam.Listening:
		end := a.listeningEnd()
		return &end
	default:
		return copied(a.s.DeadlineAt)
	}
}

// Remaining returns what is left on the clock that runs, or stands, at now; nil when there is none.
func (a *Attempt) Remaining(now time.Time) *time.Duration {
	if a.s.DeadlineAt == nil {
		return nil
	}
	if a.paused(now) {
		now = a.s.PausedAt.Add(MaxPause)
	}
	left := max(0, a.s.DeadlineAt.Sub(now))
	return &left
}

// Overdue reports whether the deadline and its grace are over, so that nothing but scoring is left to do.
func (a *Attempt) Overdue(now time.Time) bool {
	return a.s.DeadlineAt != nil && !now.Before(a.s.DeadlineAt.Add(Grace))
}

// live returns ErrClosed unless the attempt still goes on at now.
func (a *Attempt) live(now time.Time) error {
	if a.s.Status != InProgress || a.Overdue(now) {
		return ErrClosed
	}
	return nil
}

// open returns ErrClosed unless the attempt still goes on at now, and ErrPaused when its clock stands.
func (a *Attempt) open(now time.Time) error {
	if err := a.live(now); err != nil {
		return err
	}
	if a.paused(now) {
		return ErrPaused
	}
	return nil
}

// takes reports whether an answer in that section is taken at now: the section of the moment, and
// Listening for the length of the grace after its time ran out on a learner who had not left it.
func (a *Attempt) takes(s exam.Section, now time.Time) bool {
	at := a.Section(now)
	if at == "" || at == s {
		return true
	}
	return s == exam.Listening && a.s.AdvancedAt == nil && now.Before(a.listeningEnd().Add(Grace))
}

// Advance leaves Listening for Reading, for good; Reading then has its full time from now. Once in
// Reading, by itself or by the clock, it changes nothing. Only practice has pauses, so none is in its way.
func (a *Attempt) Advance(now time.Time) error {
	if err := a.open(now); err != nil {
		return err
	}
	if !a.timed() || a.s.ListeningTime == 0 || a.s.ReadingTime == 0 {
		return ErrNoSections
	}
	if a.Section(now) == exam.Reading {
		return nil
	}
	deadline := now.Add(a.s.Granted.limit(a.s.ReadingTime))
	a.s.AdvancedAt, a.s.DeadlineAt = &now, &deadline
	a.s.Version++
	return nil
}

// Submit closes the attempt for scoring: as Expired when it was overdue, else as Submitted. It reports whether
// it changed anything; an attempt that was scored before stays as it is. A pause ends with the attempt.
func (a *Attempt) Submit(now time.Time) (bool, error) {
	switch {
	case a.Scored():
		return false, nil
	case a.s.Status == Abandoned:
		return false, ErrAbandoned
	case a.s.Status != InProgress:
		return false, ErrClosed
	}
	status := Submitted
	if a.Overdue(now) {
		status = Expired
	}
	a.close(status, now)
	return true, nil
}

// Abandon gives the attempt up without a result. Again, it changes nothing.
func (a *Attempt) Abandon(now time.Time) (bool, error) {
	if a.s.Status == Abandoned {
		return false, nil
	}
	if err := a.live(now); err != nil {
		return false, err
	}
	a.close(Abandoned, now)
	return true, nil
}

func (a *Attempt) close(s Status, now time.Time) {
	a.endPause(now)
	a.s.Status, a.s.ClosedAt = s, &now
	a.s.Version++
}
