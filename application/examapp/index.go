package examapp

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ports"
)

// IndexQuestions makes the questions of exams findable that were published before questions had identifiers. It costs one
// look when there is nothing to do.
type IndexQuestions struct {
	Gaps      ports.QuestionGaps
	Revisions ports.Revisions
	Work      ports.UnitOfWork[ports.PracticeRepos]
}

// Execute returns how many exams it indexed. Any number of processes may do so at once.
func (uc IndexQuestions) Execute(ctx context.Context) (int, error) {
	revisions, err := uc.Gaps.Unindexed(ctx)
	if err != nil {
		return 0, err
	}
	for i, id := range revisions {
		if err := uc.index(ctx, id); err != nil {
			return i, fmt.Errorf("index revision %s: %w", id, err)
		}
	}
	return len(revisions), nil
}

func (uc IndexQuestions) index(ctx context.Context, id uuid.UUID) error {
	r, err := uc.Revisions.Revision(ctx, id)
	if err != nil {
		return err
	}
	items, err := r.Items()
	if err != nil {
		return err
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error {
		return repos.Questions.MakeCurrent(ctx, items)
	})
}
