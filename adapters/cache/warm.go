package cache

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

// Warmer fills the caches with what is said of the exams that are published: themselves, their forms, their leaderboards and
// their statistics. It implements [ports.Warmer].
type Warmer struct {
	Clock      ports.Clock
	Published  ports.Catalogue // which exams there are, as the store says
	Catalogue  *Catalogue
	Revisions  *Revisions
	Boards     *Boards
	Statistics *Statistics

	PageSize  int // of the list of exams, as clients ask for it
	BoardSize int // places of a leaderboard, as clients are shown it
}

var _ ports.Warmer = Warmer{}

// planned is how many exams are listed at a time.
const planned = 100

// Plan implements ports.Warmer.
func (w Warmer) Plan(ctx context.Context, family caching.Family, limit int) ([]ports.WarmStep, error) {
	var steps []ports.WarmStep
	if family.Name == caching.Content {
		first := ports.Page{Limit: w.PageSize}
		steps = append(steps, ports.WarmStep{Key: w.Catalogue.lists.Key(listID(ports.ExamFilter{}, first)), Run: func(ctx context.Context) error {
			_, err := w.Catalogue.List(ctx, ports.ExamFilter{}, first)
			return err
		}})
	}
	for page := (ports.Page{Limit: planned}); len(steps) < limit; {
		exams, err := w.Published.List(ctx, ports.ExamFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range exams.Items {
			steps = append(steps, w.of(family, s)...)
		}
		if page.After = exams.Next; page.After == uuid.Nil {
			break
		}
	}
	return steps[:min(limit, len(steps))], nil
}

// of lists what is kept of an exam.
func (w Warmer) of(family caching.Family, s exam.Summary) []ports.WarmStep {
	switch family.Name {
	case caching.Content:
		return []ports.WarmStep{
			{Key: w.Catalogue.exams.Key(s.ExamID.String()), Run: func(ctx context.Context) error {
				_, err := w.Catalogue.Exam(ctx, s.ExamID)
				return err
			}},
			{Key: w.Revisions.region.Key(s.RevisionID.String()), Run: func(ctx context.Context) error {
				_, err := w.Revisions.Revision(ctx, s.RevisionID)
				return err
			}},
		}
	case caching.Leaderboards:
		var out []ports.WarmStep
		for _, window := range leaderboard.Windows() {
			q := ports.BoardQuery{Exam: s.ExamID, Since: window.Since(w.Clock.Now()), Limit: w.BoardSize}
			out = append(out, ports.WarmStep{Key: w.Boards.region.Key(boardID(q)), Run: func(ctx context.Context) error {
				_, err := w.Boards.Board(ctx, q)
				return err
			}})
		}
		return out
	case caching.Statistics:
		return []ports.WarmStep{{Key: w.Statistics.forms.Key(s.FormID().String()), Run: func(ctx context.Context) error {
			_, err := w.Statistics.OfForm(ctx, s.FormID())
			if w.Statistics.forms.isAbsent(err) != nil { // which is remembered as well
				return nil
			}
			return err
		}}}
	default:
		return nil
	}
}
