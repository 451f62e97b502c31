package practiceapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.OpenExams = Secret{}

// Secret adds to the exams that a learner is taking those whose rules hide something of their items: practice tells all
// about an item once it was answered, so neither may be practised, nor may anything be told of sets made before.
type Secret struct {
	Clock    ports.Clock
	Taking   ports.OpenExams
	Policies ports.PolicyList
}

// OpenExams implements ports.OpenExams.
func (s Secret) OpenExams(ctx context.Context, user uuid.UUID) ([]uuid.UUID, error) {
	out, err := s.Taking.OpenExams(ctx, user)
	if err != nil {
		return nil, err
	}
	hidden, err := Withheld{Clock: s.Clock, Policies: s.Policies}.Exams(ctx)
	return append(out, hidden...), err
}

// Withheld finds the exams whose rules hide something of their items. What is counted of a scored attempt on one of them
// tells what was right in it.
type Withheld struct {
	Clock    ports.Clock
	Policies ports.PolicyList
}

// Exams returns those whose rules do so now.
func (w Withheld) Exams(ctx context.Context) ([]uuid.UUID, error) {
	all, err := w.Policies.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []uuid.UUID
	now := w.Clock.Now()
	for _, p := range all {
		if p.Withholds(now) {
			out = append(out, p.ExamID)
		}
	}
	return out, nil
}
