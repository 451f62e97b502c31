package cache

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ports"
)

// Statistics keeps item statistics near by. They tell how often each option was chosen, and with that the keys, so they stay
// out of Redis.
type Statistics struct {
	inner  ports.Statistics
	engine *Engine
	forms  *Region[itemstat.Statistics]
	exams  *Region[[]itemstat.Statistics]
}

var _ ports.Statistics = (*Statistics)(nil)

// itemBytes is the memory that the statistics of an item take, about.
const itemBytes = 1 << 10

// NewStatistics returns a cache before inner.
func NewStatistics(e *Engine, inner ports.Statistics) (*Statistics, error) {
	size := func(s itemstat.Statistics) int64 { return itemBytes * int64(len(s.Report.Items)) }
	forms, err := NewRegion(e, RegionOptions[itemstat.Statistics]{
		Family: caching.Statistics, Name: "form", Schema: 1, Local: true, Size: size, Absent: []*fault.Error{itemstat.ErrNotComputed},
		Tags:     func(id string, _ itemstat.Statistics) []string { return []string{"statistics:" + id} },
		Concerns: func(id, tag string) bool { return tag == "statistics:"+id },
	})
	if err != nil {
		return nil, err
	}
	exams, err := NewRegion(e, RegionOptions[[]itemstat.Statistics]{
		Family: caching.Statistics, Name: "exam", Schema: 1, Local: true,
		Size: func(all []itemstat.Statistics) int64 {
			sum := int64(0)
			for _, s := range all {
				sum += size(s)
			}
			return sum
		},
	})
	return &Statistics{inner: inner, engine: e, forms: forms, exams: exams}, err
}

// Put implements ports.Statistics.
func (s *Statistics) Put(ctx context.Context, stats itemstat.Statistics) error {
	defer func() {
		ctx := context.WithoutCancel(ctx)
		s.forms.Evict(ctx, stats.Form.String())
		s.exams.Evict(ctx, stats.Exam.String())
	}()
	return s.inner.Put(ctx, stats)
}

// OfForm implements ports.Statistics.
func (s *Statistics) OfForm(ctx context.Context, form uuid.UUID) (itemstat.Statistics, error) {
	return s.forms.GetUUID(ctx, form, s.inner.OfForm)
}

// OfExam implements ports.Statistics.
func (s *Statistics) OfExam(ctx context.Context, id uuid.UUID) ([]itemstat.Statistics, error) {
	return s.exams.GetUUID(ctx, id, s.inner.OfExam)
}
