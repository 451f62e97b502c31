package ports

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
)

// Takers reads what everybody answered on a form: a revision and the corrections of its keys.
type Takers interface {
	// Newest returns the revision of a form whose keys are in force; exam.ErrNotFound when there is no such form.
	Newest(ctx context.Context, form uuid.UUID) (uuid.UUID, error)
	// Each gives every scored attempt in exam mode on a form of an exam to fn, each once, until fn fails. How many there are
	// does not matter to the memory it takes. fn must not keep what it is given.
	Each(ctx context.Context, examID, form uuid.UUID, fn func(taken exam.Outline, given []itemstat.Response) error) error
	// Progress lists every form of which attempts were scored or statistics are stored; with an exam, its forms only.
	Progress(ctx context.Context, examID uuid.UUID) ([]itemstat.Progress, error)
}

// Statistics stores the statistics of forms.
type Statistics interface {
	// Put stores the statistics of a form, and with them the difficulty of its questions. It does nothing when younger ones
	// are stored.
	Put(ctx context.Context, s itemstat.Statistics) error
	// OfForm returns itemstat.ErrNotComputed when there are none.
	OfForm(ctx context.Context, form uuid.UUID) (itemstat.Statistics, error)
	// OfExam returns the statistics of all forms of an exam, the youngest form first.
	OfExam(ctx context.Context, id uuid.UUID) ([]itemstat.Statistics, error)
}
