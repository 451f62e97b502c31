package examapp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/ports"
)

// gap is an exam that was published before questions had identifiers, until it is indexed.
type gap struct {
	revision exam.Revision
	indexed  []exam.Item
	fails    error
}

func (g *gap) Unindexed(context.Context) ([]uuid.UUID, error) {
	if len(g.indexed) > 0 {
		return nil, nil
	}
	return []uuid.UUID{g.revision.RevisionID}, nil
}

func (g *gap) Revision(context.Context, uuid.UUID) (*exam.Revision, error) { return &g.revision, nil }

func (g *gap) Do(ctx context.Context, fn func(context.Context, ports.PracticeRepos) error) error {
	return fn(ctx, ports.PracticeRepos{Questions: g})
}

func (g *gap) AddMissing(context.Context, []exam.Item) error { return errors.New("not asked for") }

func (g *gap) MakeCurrent(_ context.Context, items []exam.Item) error {
	if g.fails == nil {
		g.indexed = append(g.indexed, items...)
	}
	return g.fails
}

func TestExamsFromBeforeThereWereQuestionsAreIndexedOnce(t *testing.T) {
	g := &gap{revision: exam.Revision{Summary: exam.Summary{RevisionID: uuid.UUID{1}}, Content: exam.Content{Form: examtest.Mini()}}, fails: errors.New("broken")}
	index := examapp.IndexQuestions{Gaps: g, Revisions: g, Work: g}
	if n, err := index.Execute(t.Context()); n != 0 || !errors.Is(err, g.fails) {
		t.Errorf("%d, %v", n, err)
	}
	g.fails = nil
	for _, want := range []int{1, 0} {
		if n, err := index.Execute(t.Context()); n != want || err != nil {
			t.Errorf("%d exams, want %d: %v", n, want, err)
		}
	}
	want, err := g.revision.Items()
	if err != nil || len(g.indexed) != len(want) || g.indexed[21] != want[21] {
		t.Errorf("%d of %d questions, %v", len(g.indexed), len(want), err)
	}
}
