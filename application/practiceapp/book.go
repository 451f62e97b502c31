package practiceapp

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// BookItem is one question of the book of wrong answers.
type BookItem struct {
	ports.BookEntry
	Due bool // to answer it right now would count
}

// Book lists a learner's book of wrong answers.
type Book struct {
	Clock     ports.Clock
	OpenExams ports.OpenExams
	Histories ports.HistoryReads
}

// Execute returns one stretch of the book, in the order in which the learner first met the questions. Questions of an exam
// that the learner is taking in exam mode are left out until it is over, and those that no exam has any more for good.
func (uc Book) Execute(ctx context.Context, user uuid.UUID, part exam.Part, page ports.Page) (ports.Slice[BookItem], error) {
	open, err := uc.OpenExams.OpenExams(ctx, user)
	if err != nil {
		return ports.Slice[BookItem]{}, err
	}
	rows, err := uc.Histories.Histories(ctx, ports.HistoryFilter{User: user, Part: part, InBook: true, Without: open}, page)
	if err != nil {
		return ports.Slice[BookItem]{}, err
	}
	now := uc.Clock.Now()
	out := ports.Slice[BookItem]{Items: make([]BookItem, len(rows.Items)), Next: rows.Next}
	for i, e := range rows.Items {
		out.Items[i] = BookItem{BookEntry: e, Due: e.Due(now)}
	}
	return out, nil
}

// Stats is what a learner did so far with some questions.
type Stats struct {
	Seen    int // questions
	Answers int // to them, blanks of scored attempts included
	Right   int // of these
	InBook  int // questions in the book of wrong answers
}

func (s *Stats) add(t ports.PracticeTally) {
	s.Seen, s.Answers, s.Right, s.InBook = s.Seen+t.Seen, s.Answers+t.Answers, s.Right+t.Right, s.InBook+t.InBook
}

// Percent is the share of right answers to the nearest integer.
func (s Stats) Percent() int {
	if s.Answers == 0 {
		return 0
	}
	return int(math.Round(100 * float64(s.Right) / float64(s.Answers)))
}

// PartStats are the stats of one part.
type PartStats struct {
	Part exam.Part
	Stats
}

// AbilityStats are the stats of one ability.
type AbilityStats struct {
	Ability exam.Ability
	Stats
}

// ProgressReport is what a learner did so far: all seven parts and all ten abilities, also those with nothing.
type ProgressReport struct {
	Stats
	Parts     []PartStats
	Abilities []AbilityStats
}

// Progress sums up what a learner did.
type Progress struct {
	Histories ports.HistoryReads
	Withheld  Withheld
}

// Execute counts what is counted: attempts a moment after they are scored, practice as it is answered or finished. Exams
// whose rules hide what was right are left out for as long as they do.
func (uc Progress) Execute(ctx context.Context, user uuid.UUID) (ProgressReport, error) {
	hidden, err := uc.Withheld.Exams(ctx)
	if err != nil {
		return ProgressReport{}, err
	}
	tallies, err := uc.Histories.Progress(ctx, user, hidden)
	if err != nil {
		return ProgressReport{}, err
	}
	var out ProgressReport
	parts, abilities := map[exam.Part]*Stats{}, map[exam.Ability]*Stats{}
	for _, p := range exam.Parts() {
		parts[p] = new(Stats)
	}
	for _, a := range exam.Abilities() {
		abilities[a] = new(Stats)
	}
	for _, t := range tallies {
		out.add(t)
		if s := parts[t.Part]; s != nil {
			s.add(t)
		}
		if s := abilities[t.Ability]; s != nil {
			s.add(t)
		}
	}
	for _, p := range exam.Parts() {
		out.Parts = append(out.Parts, PartStats{p, *parts[p]})
	}
	for _, a := range exam.Abilities() {
		out.Abilities = append(out.Abilities, AbilityStats{a, *abilities[a]})
	}
	return out, nil
}

// Export gathers a learner's sets with every answer, and what is counted of each question.
type Export struct {
	Reads     ports.PracticeReads
	Histories ports.HistoryReads
	Withheld  Withheld
}

type exportedSet struct {
	ID         uuid.UUID        `json:"id"`
	Status     string           `json:"status"`
	Feedback   string           `json:"feedback"`
	CreatedAt  time.Time        `json:"created_at"`
	FinishedAt *time.Time       `json:"finished_at"`
	Questions  []uuid.UUID      `json:"questions"`
	Answers    []exportedAnswer `json:"answers"`
}

type exportedAnswer struct {
	Number  int       `json:"number"`
	Choice  string    `json:"choice"` // "" for an answer that was cleared
	Elapsed int64     `json:"elapsed_ms"`
	At      time.Time `json:"answered_at"`
}

type exportedHistory struct {
	Question    uuid.UUID    `json:"question_id"`
	Exam        uuid.UUID    `json:"exam_id"`
	Part        exam.Part    `json:"part"`
	Ability     exam.Ability `json:"ability"`
	Seen        int          `json:"seen"`
	Wrong       *int         `json:"wrong"` // nil, like InBookSince, while the rules of the exam hide what was right
	LastAt      time.Time    `json:"last_at"`
	InBookSince *time.Time   `json:"in_book_since"`
}

type exported struct {
	Sets      []exportedSet     `json:"sets"`
	Questions []exportedHistory `json:"questions"`
}

// Execute returns the sets, newest first, and the questions in the order in which the learner first met them.
func (uc Export) Execute(ctx context.Context, user uuid.UUID) (any, error) {
	out := exported{Sets: []exportedSet{}, Questions: []exportedHistory{}}
	err := each(func(p ports.Page) (ports.Slice[ports.PracticeView], error) { return uc.Reads.List(ctx, user, p) }, func(v ports.PracticeView) error {
		s, err := uc.set(ctx, v)
		out.Sets = append(out.Sets, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	hidden, err := uc.Withheld.Exams(ctx)
	if err != nil {
		return nil, err
	}
	which := ports.HistoryFilter{User: user}
	err = each(func(p ports.Page) (ports.Slice[ports.BookEntry], error) { return uc.Histories.Histories(ctx, which, p) }, func(e ports.BookEntry) error {
		row := exportedHistory{Question: e.ID, Exam: e.ExamID, Part: e.Part, Ability: e.Ability, Seen: e.Seen, LastAt: e.LastAt}
		if !slices.Contains(hidden, e.ExamID) {
			row.Wrong, row.InBookSince = &e.Wrong, e.InBookSince
		}
		out.Questions = append(out.Questions, row)
		return nil
	})
	return out, err
}

func (uc Export) set(ctx context.Context, v ports.PracticeView) (exportedSet, error) {
	out := exportedSet{
		ID: v.ID, Status: string(v.Status), Feedback: string(v.Feedback), CreatedAt: v.CreatedAt, FinishedAt: v.FinishedAt,
		Questions: []uuid.UUID{}, Answers: []exportedAnswer{},
	}
	sheet, err := uc.Reads.Sheet(ctx, v.ID)
	for i, item := range v.Items {
		out.Questions = append(out.Questions, item.Question)
		if a, answered := sheet[i+1]; answered {
			out.Answers = append(out.Answers, exportedAnswer{Number: a.Number, Choice: a.Choice.String(), Elapsed: a.Elapsed, At: a.At})
		}
	}
	return out, err
}

// each calls fn for everything in a list.
func each[T any](read func(ports.Page) (ports.Slice[T], error), fn func(T) error) error {
	page := ports.Page{Limit: 100}
	for {
		s, err := read(page)
		if err != nil {
			return err
		}
		for _, item := range s.Items {
			if err := fn(item); err != nil {
				return err
			}
		}
		if s.Next == uuid.Nil {
			return nil
		}
		page.After = s.Next
	}
}
