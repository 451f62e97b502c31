package attempt

import (
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
	Number  int
	Choice  exam.Choice // NoChoice clears the answer
	Seq     int64       // 1–MaxSeq
	Elapsed int64       // milliseconds spent on the item so far, 0 when unknown
	MadeAt  *time.Time  // by the client's clock, which decides nothing; nil when unknown
	At      time.Time   // when the server took it
}

// Accept judges a batch at now. It returns what to store: at most one answer an item, the newest, in item
// order. It returns ErrClosed when the attempt takes nothing any more, and ErrAnswersDenied naming each
// answer that is not of this form, part or section, or not a choice of its item; then none is to be stored.
func (a *Attempt) Accept(batch []Answer, now time.Time) ([]Answer, error) {
	if err := a.open(now); err != nil {
		return nil, err
	}
	type change struct {
		number int
		seq    int64
	}
	var (
		fields []fault.Field
		newest = make(map[int]Answer, len(batch))
		chosen = make(map[change]exam.Choice, len(batch)) // so that what is refused does not depend on the order
	)
	for i, ans := range batch {
		if f := a.refuse(ans, now); f != nil {
			f.Name = fmt.Sprintf("answers[%d].%s", i, f.Name)
			fields = append(fields, *f)
			continue
		}
		ans.At = now
		this := change{number: ans.Number, seq: ans.Seq}
		if choice, seen := chosen[this]; !seen {
			chosen[this] = ans.Choice
		} else if choice != ans.Choice {
			fields = append(fields, fault.Field{Name: fmt.Sprintf("answers[%d].seq", i), Code: "seq_reused", Detail: "Two different choices for one item have the same seq."})
		}
		if prev, seen := newest[ans.Number]; !seen || ans.Seq > prev.Seq {
			newest[ans.Number] = ans
		}
	}
	if len(fields) > 0 {
		return nil, ErrAnswersDenied.WithFields(fields...)
	}
	out := make([]Answer, 0, len(newest))
	for _, ans := range newest {
		out = append(out, ans)
	}
	slices.SortFunc(out, func(x, y Answer) int { return x.Number - y.Number })
	return out, nil
}

// refuse returns what is wrong with one answer, or nil.
func (a *Attempt) refuse(ans Answer, now time.Time) *fault.Field {
	part, ok := a.s.Taken.PartOf(ans.Number)
	switch {
	case !ok:
		return &fault.Field{Name: "number", Code: "not_in_attempt", Detail: "The attempt has no item of this number."}
	case !a.takes(part.Section(), now):
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

// Merge takes answers in, the highest Seq of an item winning, and returns how many it took.
func (s Sheet) Merge(answers []Answer) int {
	taken := 0
	for _, a := range answers {
		if prev, seen := s[a.Number]; !seen || a.Seq > prev.Seq {
			s[a.Number] = a
			taken++
		}
	}
	return taken
}

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
