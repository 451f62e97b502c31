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

// warmers lists what is worth having in advance, the most wanted first.
func (c *core) warmers() []cacheapp.Source {
	return []cacheapp.Source{{Name: "exams", Warmer: c.warmer()}, {Name: "replies", Warmer: replyWarmer{c}}}
}

// replyWarmer keeps the replies about content that most clients ask for, encoded. It implements ports.Warmer.
type replyWarmer struct{ core *core }

// warmedPage is how many exams are listed at a time.
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
		exams, err := w.core.store.Catalogue().List(ctx, ports.ExamFilter{}, page)
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
