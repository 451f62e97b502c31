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
	ListeningTime time.Duration // 0 in practice mode or without Listening
	ReadingTime   time.Duration // likewise
	AdvancedAt    *time.Time    // when the learner left Listening before its time was up
	DeadlineAt    *time.Time    // end of the last section; nil in practice mode
	ClosedAt      *time.Time
	Version       int // grows with each stored change
}

// Attempt is one sitting. Its methods change it only when they return nil.
type Attempt struct{ s Snapshot }

// Start begins an attempt on a published form. Parts choose what is practised; an exam always takes the whole form.
func Start(id, user uuid.UUID, form exam.Summary, mode Mode, parts []exam.Part, now time.Time) (*Attempt, error) {
	s := Snapshot{
		ID: id, UserID: user, ExamID: form.ExamID, RevisionID: form.RevisionID,
		Mode: mode, Status: InProgress, StartedAt: now, Version: 1,
	}
	switch mode {
	case ExamMode:
		if len(parts) > 0 {
			return nil, invalid("parts", "exam_is_whole", "An attempt in exam mode takes the whole form.")
		}
		s.Taken = slices.Clone(form.Outline)
		s.ListeningTime, s.ReadingTime = form.Outline.Time(exam.Listening), form.Outline.Time(exam.Reading)
		deadline := now.Add(s.ListeningTime + s.ReadingTime)
		s.DeadlineAt = &deadline
	case PracticeMode:
		for _, p := range parts {
			if !form.Outline.HasPart(p) {
				return nil, invalid("parts", "not_on_form", "The form does not have one of these parts.")
			}
		}
		s.Taken = slices.Clone(form.Outline.Only(parts))
	default:
		return nil, invalid("mode", "one_of", "The mode is exam or practice.")
	}
	return &Attempt{s: s}, nil
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
	return s
}

func copied(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// Owned reports whether the attempt is that user's.
func (a *Attempt) Owned(user uuid.UUID) bool { return a.s.UserID == user }

// Scored reports whether the attempt ended in a way that gives a result.
func (a *Attempt) Scored() bool { return a.s.Status == Submitted || a.s.Status == Expired }

// timed reports whether the clock rules.
func (a *Attempt) timed() bool { return a.s.Mode == ExamMode }

// listeningEnd is when Listening ends if the learner does not advance before.
func (a *Attempt) listeningEnd() time.Time { return a.s.StartedAt.Add(a.s.ListeningTime) }

// Section returns the section in which a timed attempt is at now; "" in practice mode, where all is open.
func (a *Attempt) Section(now time.Time) exam.Section {
	switch {
	case !a.timed():
		return ""
	case a.s.ReadingTime == 0:
		return exam.Listening
	case a.s.ListeningTime == 0 || a.s.AdvancedAt != nil || !now.Before(a.listeningEnd()):
		return exam.Reading
	default:
		return exam.Listening
	}
}

// SectionDeadline returns when the section of now ends; nil in practice mode.
func (a *Attempt) SectionDeadline(now time.Time) *time.Time {
	if a.timed() && a.s.ReadingTime > 0 && a.Section(now) == exam.Listening {
		end := a.listeningEnd()
		return &end
	}
	return copied(a.s.DeadlineAt)
}

// Overdue reports whether the deadline and its grace are over, so that nothing but scoring is left to do.
func (a *Attempt) Overdue(now time.Time) bool {
	return a.s.DeadlineAt != nil && !now.Before(a.s.DeadlineAt.Add(Grace))
}

// open returns ErrClosed unless the attempt still takes changes at now.
func (a *Attempt) open(now time.Time) error {
	if a.s.Status != InProgress || a.Overdue(now) {
		return ErrClosed
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
// Reading, by itself or by the clock, it changes nothing.
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
	deadline := now.Add(a.s.ReadingTime)
	a.s.AdvancedAt, a.s.DeadlineAt = &now, &deadline
	a.s.Version++
	return nil
}

// Submit closes the attempt for scoring: as Expired when it was overdue, else as Submitted. It reports whether
// it changed anything; an attempt that was scored before stays as it is.
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
	if err := a.open(now); err != nil {
		return false, err
	}
	a.close(Abandoned, now)
	return true, nil
}

func (a *Attempt) close(s Status, now time.Time) {
	a.s.Status, a.s.ClosedAt = s, &now
	a.s.Version++
}
