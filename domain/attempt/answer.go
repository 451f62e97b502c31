package attempt

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// Limits of one answer.
const (
	MaxSeq     = 1<<53 - 1          // what every client can count exactly
	MaxElapsed = 24 * 3600 * 1000   // milliseconds on one item
	MaxBatch   = 4 * exam.MaxNumber // a form's answers with a few changes of each
)

// Answer is the choice a learner made for one item. Seq orders the changes of one item: the client counts
// up, and the highest number wins, whatever order the changes arrive in and however often.
type Answer struct {
	Number   int
	Choice   exam.Choice // NoChoice clears the answer
	Seq      int64       // 1–MaxSeq
	Elapsed  int64       // milliseconds spent on the item so far, 0 when unknown
	MadeAt   *time.Time  // by the client's clock, which decides nothing; nil when unknown
	At       time.Time   // when the server took it
	Position int64       // where it stands among the attempt's answers in the order in which they were taken, from 1
}

// Outcome is what became of a change.
type Outcome string

// The outcomes.
const (
	Applied    Outcome = "applied"    // it became the item's answer
	Superseded Outcome = "superseded" // a newer one had arrived before it
	Late       Outcome = "late"       // the time of its section, or of the attempt, was over
)

// Change is one line of the log of answers.
type Change struct {
	Answer
	Replaced exam.Choice // the item's choice before
	Outcome  Outcome
}

// lateLogTime is how long after its end late changes of an attempt are logged; later ones are refused without a trace.
const lateLogTime = 24 * time.Hour

// Taken is what became of a batch of answers.
type Taken struct {
	Accepted int // items whose answer is now one of the batch
	Ignored  int // changes that were not newer than the item's answer
	Late     int // changes of a section whose time was over
	Changes  []Change
}

// Take judges a batch at now and puts its answers on the sheet, which holds what was answered before for the items of the
// batch at least. Answers whose section is over are late: they are not taken, and keep nothing else from being taken.
//
// It returns ErrAnswersDenied naming each answer that is not of this form or part, or of a section that has not begun, or
// not a choice of its item; then nothing was changed. It returns ErrClosed when the attempt takes nothing any more; the
// changes are then those that came too late, for the log.
func (a *Attempt) Take(sheet Sheet, batch []Answer, now time.Time) (Taken, error) {
	if err := a.check(batch, now); err != nil {
		return Taken{}, err
	}
	closed := a.open(now)
	if closed != nil && !a.logsLate(now) {
		return Taken{}, closed
	}
	ordered := slices.Clone(batch)
	slices.SortStableFunc(ordered, func(x, y Answer) int {
		return cmp.Or(cmp.Compare(x.Number, y.Number), cmp.Compare(x.Seq, y.Seq))
	})
	out := Taken{Changes: make([]Change, 0, len(ordered))}
	last := 0
	for _, ans := range ordered {
		ans.At = now
		part, _ := a.s.Taken.PartOf(ans.Number)
		before := sheet[ans.Number]
		change := Change{Answer: ans, Replaced: before.Choice, Outcome: Superseded}
		switch {
		case closed != nil || !a.takes(part.Section(), now):
			change.Outcome = Late
			out.Late++
		case ans.Seq == before.Seq: // it has been logged
			continue
		case ans.Seq > before.Seq:
			change.Outcome = Applied
			change.Answer = a.put(sheet, ans)
			if last != ans.Number {
				last = ans.Number
				out.Accepted++
			}
		}
		out.Changes = append(out.Changes, change)
	}
	out.Ignored = len(batch) - out.Accepted - out.Late
	return out, closed
}

// put makes an answer the newest of its item.
func (a *Attempt) put(sheet Sheet, ans Answer) Answer {
	a.s.Position++
	ans.Position = a.s.Position
	if had := sheet[ans.Number].Choice != exam.NoChoice; had != (ans.Choice != exam.NoChoice) {
		if had {
			a.s.Answered--
		} else {
			a.s.Answered++
		}
	}
	sheet[ans.Number] = ans
	return ans
}

// logsLate reports whether what comes after the clock closed the attempt is worth a line.
func (a *Attempt) logsLate(now time.Time) bool {
	return a.s.DeadlineAt != nil && (a.s.Status == Expired || a.Overdue(now) && a.s.Status == InProgress) && now.Before(a.s.DeadlineAt.Add(lateLogTime))
}

// check returns ErrAnswersDenied naming every answer that no client should send.
func (a *Attempt) check(batch []Answer, now time.Time) error {
	type change struct {
		number int
		seq    int64
	}
	var (
		fields []fault.Field
		chosen map[change]exam.Choice // so that what is refused does not depend on the order
	)
	for i, ans := range batch {
		if f := a.refuse(ans, now); f != nil {
			f.Name = fmt.Sprintf("answers[%d].%s", i, f.Name)
			fields = append(fields, *f)
			continue
		}
		if len(batch) == 1 {
			break
		}
		if chosen == nil {
			chosen = make(map[change]exam.Choice, len(batch))
		}
		this := change{number: ans.Number, seq: ans.Seq}
		if choice, seen := chosen[this]; !seen {
			chosen[this] = ans.Choice
		} else if choice != ans.Choice {
			fields = append(fields, fault.Field{Name: fmt.Sprintf("answers[%d].seq", i), Code: "seq_reused", Detail: "Two different choices for one item have the same seq."})
		}
	}
	if len(fields) > 0 {
		return ErrAnswersDenied.WithFields(fields...)
	}
	return nil
}

// refuse returns what is wrong with one answer, or nil.
func (a *Attempt) refuse(ans Answer, now time.Time) *fault.Field {
	part, ok := a.s.Taken.PartOf(ans.Number)
	switch {
	case !ok:
		return &fault.Field{Name: "number", Code: "not_in_attempt", Detail: "The attempt has no item of this number."}
	case part.Section() == exam.Reading && a.Section(now) == exam.Listening:
		return &fault.Field{Name: "number", Code: "not_in_section", Detail: "The item is not in the section that is open now."}
	case ans.Choice != exam.NoChoice && ans.Choice.Index() >= part.Options():
		return &fault.Field{Name: "choice", Code: "not_an_option", Detail: "The item has no such option."}
	case ans.Seq < 1 || ans.Seq > MaxSeq:
		return &fault.Field{Name: "seq", Code: "range", Detail: "The seq is 1 to 9007199254740991."}
	case ans.Elapsed < 0 || ans.Elapsed > MaxElapsed:
		return &fault.Field{Name: "elapsed_ms", Code: "range", Detail: "The elapsed time is 0 to 86400000 ms."}
	}
	return nil
}

// Sheet holds the newest answer of each item, by item number.
type Sheet map[int]Answer

// Answered counts the items with a choice.
func (s Sheet) Answered() int {
	n := 0
	for _, a := range s {
		if a.Choice != exam.NoChoice {
			n++
		}
	}
	return n
}
