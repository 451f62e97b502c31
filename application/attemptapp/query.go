package attemptapp

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// Get reads one attempt.
type Get struct {
	Clock ports.Clock
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound unless the attempt is the user's.
func (uc Get) Execute(ctx context.Context, user, id uuid.UUID) (View, error) {
	return view(ctx, uc.Reads, user, id, uc.Clock.Now())
}

// ListQuery selects attempts of one learner; a zero field selects all.
type ListQuery struct {
	User   uuid.UUID
	Exam   uuid.UUID
	Mode   attempt.Mode
	Status attempt.Status
	Page   ports.Page
}

// List lists a learner's attempts, newest first.
type List struct {
	Clock ports.Clock
	Reads ports.AttemptReads
}

// Execute returns one stretch of the list.
func (uc List) Execute(ctx context.Context, q ListQuery) (ports.Slice[View], error) {
	rows, err := uc.Reads.List(ctx, ports.AttemptFilter{User: q.User, Exam: q.Exam, Mode: q.Mode, Status: q.Status}, q.Page)
	if err != nil {
		return ports.Slice[View]{}, err
	}
	now := uc.Clock.Now()
	out := ports.Slice[View]{Items: make([]View, len(rows.Items)), Next: rows.Next}
	for i, v := range rows.Items {
		out.Items[i] = viewOf(v, now)
	}
	return out, nil
}

// Sheet is what a learner is shown of the items of an attempt. Its types have no place for a key, a rationale,
// an explanation, a transcript, a description, or anything that is only heard.
type Sheet struct{ Groups []Group }

// Group is a set of items that are shown together.
type Group struct {
	ID        string
	Part      exam.Part
	Stimuli   []Stimulus
	Questions []Question
}

// Stimulus is something that the items of a group refer to.
type Stimulus struct {
	Kind  exam.StimulusKind
	Style string
	Title string
	Text  string
	Media *exam.Media // nil for a text
}

// Question is one item as printed in the test book.
type Question struct {
	Number  int
	Prompt  string   // "" when nothing is printed
	Options []string // by label A, B, C, D; empty strings when nothing is printed
}

// Shown says which items somebody may look at. What is shown of equal ones is the same, for ever.
type Shown struct {
	Revision uuid.UUID
	Parts    []exam.Part // in test order
}

// Key names what is shown.
func (s Shown) Key() string {
	var room [36 + 1 + 7]byte // a UUID, and all parts
	key := append(room[:0], s.Revision.String()...)
	key = append(key, '/')
	for _, p := range s.Parts {
		key = append(key, '0'+byte(p))
	}
	return string(key)
}

// Questions decides which items of an attempt its learner may look at.
type Questions struct {
	Clock ports.Clock
	Reads ports.AttemptReads
}

// Execute returns the items of the parts that are taken, or of one of them. It returns attempt.ErrNotFound, and
// attempt.ErrPaused, attempt.ErrOtherDevice or attempt.ErrTakenOver where the items may not be looked at now.
func (uc Questions) Execute(ctx context.Context, by Taker, id uuid.UUID, part exam.Part) (Shown, error) {
	head, err := snapshot(ctx, uc.Reads, by.User, id)
	if err != nil {
		return Shown{}, err
	}
	if err := head.Shows(by.Session, uc.Clock.Now()); err != nil {
		return Shown{}, err
	}
	out := Shown{Revision: head.RevisionID, Parts: make([]exam.Part, 0, len(head.Taken))}
	for _, span := range head.Taken {
		if part == 0 || part == span.Part {
			out.Parts = append(out.Parts, span.Part)
		}
	}
	return out, nil
}

// Print shows items as a test book does.
type Print struct{ Revisions ports.Revisions }

// Execute returns the printed items.
func (uc Print) Execute(ctx context.Context, which Shown) (Sheet, error) {
	r, err := uc.Revisions.Revision(ctx, which.Revision)
	if err != nil {
		return Sheet{}, err
	}
	var sheet Sheet
	for _, p := range r.Content.Form.Parts {
		if !slices.Contains(which.Parts, p.Number) {
			continue
		}
		for i, g := range p.Groups {
			sheet.Groups = append(sheet.Groups, printed(p.Number, i, g, r.Content.Media))
		}
	}
	return sheet, nil
}

// printed shows a group. Its identifier is its place: the author's own name for it may say what it is about.
func printed(p exam.Part, index int, g exam.Group, media map[string]exam.Media) Group {
	out := Group{ID: fmt.Sprintf("p%d-%d", p, index+1), Part: p}
	for _, s := range g.Stimuli {
		st := Stimulus{Kind: s.Kind, Style: s.Style, Title: s.Title, Text: s.Text}
		if m, ok := media[s.Media]; ok {
			st.Media = &m
		}
		out.Stimuli = append(out.Stimuli, st)
	}
	for _, q := range g.Questions {
		item := Question{Number: q.Number, Options: make([]string, len(q.Options))}
		if p.Printed() {
			item.Prompt = q.Prompt
			for i, o := range q.Options {
				item.Options[i] = o.Text
			}
		}
		out.Questions = append(out.Questions, item)
	}
	return out
}

// snapshot reads a learner's attempt without what is counted about it.
func snapshot(ctx context.Context, reads ports.AttemptReads, user, id uuid.UUID) (attempt.Snapshot, error) {
	head, err := reads.Snapshot(ctx, id)
	switch {
	case err != nil:
		return attempt.Snapshot{}, err
	case head.UserID != user:
		return attempt.Snapshot{}, attempt.ErrNotFound
	}
	return head, nil
}

// Result reads the score report of an attempt.
type Result struct {
	Reads  ports.AttemptReads
	Scores ports.ScoreReads
	Sight  Sight
}

// Execute returns attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, and attempt.ErrScoreWithheld.
func (uc Result) Execute(ctx context.Context, user, id uuid.UUID) (ports.ScoreRecord, error) {
	a, err := scored(ctx, uc.Reads, user, id)
	if err != nil {
		return ports.ScoreRecord{}, err
	}
	if err := uc.Sight.Score(ctx, a.Snapshot()); err != nil {
		return ports.ScoreRecord{}, err
	}
	return uc.Scores.Record(ctx, id)
}

// scored reads a learner's attempt that has a result.
func scored(ctx context.Context, reads ports.AttemptReads, user, id uuid.UUID) (*attempt.Attempt, error) {
	head, err := snapshot(ctx, reads, user, id)
	if err != nil {
		return nil, err
	}
	a := attempt.Restore(head)
	switch {
	case head.Status == attempt.Abandoned:
		return nil, attempt.ErrAbandoned
	case !a.Scored():
		return nil, attempt.ErrNotSubmitted
	}
	return a, nil
}
