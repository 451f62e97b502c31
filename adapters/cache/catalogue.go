package cache

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/ports"
)

// CatalogueTag is carried by everything that depends on which exams are published.
const CatalogueTag = "catalogue"

// examTag begins the tag of what is said of an exam.
const examTag = "exam:"

// Catalogue keeps what is said of published exams. The keys of exams are not among it.
type Catalogue struct {
	inner ports.Catalogue
	exams *Region[exam.Summary]
	lists *Region[ports.Slice[exam.Summary]]
}

var _ ports.Catalogue = (*Catalogue)(nil)

// summaryBytes is the memory that a summary takes, about.
const summaryBytes = 1 << 10

// NewCatalogue returns a cache before inner.
func NewCatalogue(e *Engine, inner ports.Catalogue) (*Catalogue, error) {
	exams, err := NewRegion(e, RegionOptions[exam.Summary]{
		Family: caching.Content, Name: "exam", Schema: 1, Codec: JSON[exam.Summary]{},
		Size:     func(exam.Summary) int64 { return summaryBytes },
		Tags:     func(id string, _ exam.Summary) []string { return []string{CatalogueTag, examTag + id} },
		Concerns: func(id, tag string) bool { return tag == CatalogueTag || tag == examTag+id },
		Absent:   []*fault.Error{exam.ErrNotFound},
	})
	if err != nil {
		return nil, err
	}
	lists, err := NewRegion(e, RegionOptions[ports.Slice[exam.Summary]]{
		Family: caching.Content, Name: "exams", Schema: 2, Codec: JSON[ports.Slice[exam.Summary]]{},
		Size:     func(s ports.Slice[exam.Summary]) int64 { return summaryBytes * int64(len(s.Items)) },
		Tags:     func(string, ports.Slice[exam.Summary]) []string { return []string{CatalogueTag} },
		Concerns: func(_, tag string) bool { return tag == CatalogueTag },
	})
	return &Catalogue{inner: inner, exams: exams, lists: lists}, err
}

// Exam implements ports.Catalogue.
func (c *Catalogue) Exam(ctx context.Context, id uuid.UUID) (exam.Summary, error) {
	return c.exams.GetUUID(ctx, id, c.inner.Exam)
}

// List implements ports.Catalogue.
func (c *Catalogue) List(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error) {
	id := listID(which, page)
	if list, err, ok := c.lists.Cached(id); ok {
		return list, err
	}
	return c.lists.Get(ctx, id, func(ctx context.Context) (ports.Slice[exam.Summary], error) {
		list, err := c.inner.List(ctx, which, page)
		list.Version = exam.ListVersion(list.Items, list.Next)
		return list, err
	})
}

// listID names a stretch of the catalogue.
func listID(which ports.ExamFilter, page ports.Page) string {
	var room [64]byte
	id := append(append(room[:0], which.Kind...), '/')
	if page.After != uuid.Nil {
		id = append(id, page.After.String()...)
	}
	return string(strconv.AppendInt(append(id, '/'), int64(page.Limit), 10))
}
