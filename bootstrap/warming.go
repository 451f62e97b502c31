package bootstrap

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/adapters/httpapi/examapi"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// warmers lists what is worth having in advance of what is published, for one run, the most wanted first.
func (c *core) warmers(published ports.Catalogue) []cacheapp.Source {
	once := &listing{Catalogue: published, pages: map[place]ports.Slice[exam.Summary]{}}
	return []cacheapp.Source{{Name: "exams", Warmer: c.warmer(once)}, {Name: "replies", Warmer: replyWarmer{c, once}}}
}

// listing lists exams, and each part of the list once. It is for one goroutine at a time, and for as long as a list may be
// old: what is kept is loaded, or named, by the revision that the list tells.
type listing struct {
	ports.Catalogue

	pages map[place]ports.Slice[exam.Summary]
}

// place is a part of the list.
type place struct {
	which ports.ExamFilter
	page  ports.Page
}

// List implements ports.Catalogue.
func (l *listing) List(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error) {
	at := place{which, page}
	if known, ok := l.pages[at]; ok {
		return known, nil
	}
	found, err := l.Catalogue.List(ctx, which, page)
	if err == nil {
		l.pages[at] = found
	}
	return found, err
}

// replyWarmer keeps the replies about content that most clients ask for, encoded. It implements ports.Warmer.
type replyWarmer struct {
	core      *core
	published ports.Catalogue
}

// warmedPage is how many exams are listed at a time, by all warmers: they share what was listed page by page.
const warmedPage = 100

// Plan implements ports.Warmer.
func (w replyWarmer) Plan(ctx context.Context, family caching.Family, limit int) ([]ports.WarmStep, error) {
	api := w.core.api
	if family.Name != caching.Content || api == nil { // a command has no routes
		return nil, nil
	}
	steps := []ports.WarmStep{{Key: "the reply with the first exams", Run: func(ctx context.Context) error {
		return examapi.WarmList(ctx, api, w.core.exams.routes())
	}}}
	for page := (ports.Page{Limit: warmedPage}); len(steps) < limit; {
		exams, err := w.published.List(ctx, ports.ExamFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range exams.Items {
			steps = append(steps, w.of(s)...)
		}
		if page.After = exams.Next; page.After == uuid.Nil {
			break
		}
	}
	return steps[:min(limit, len(steps))], nil
}

// of lists the replies about an exam.
func (w replyWarmer) of(s exam.Summary) []ports.WarmStep {
	return []ports.WarmStep{
		{Key: "the reply about exam " + s.Slug, Run: func(ctx context.Context) error { return examapi.Warm(ctx, w.core.api, s) }},
		{Key: "the questions of exam " + s.Slug, Run: func(ctx context.Context) error {
			return attemptapi.Warm(ctx, w.core.api, w.core.attempts.routes(w.core.scoring), s)
		}},
	}
}
