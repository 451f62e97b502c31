package examapi

import (
	"context"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// listed is the reply of a stretch of the catalogue.
func listed(rows ports.Slice[exam.Summary]) web.Kept[web.List[examReply]] {
	version := rows.Version
	if version == "" {
		version = exam.ListVersion(rows.Items, rows.Next)
	}
	return web.Kept[web.List[examReply]]{Key: version, Make: func() (web.List[examReply], error) {
		return web.ListOf(rows, toExamReply), nil
	}}
}

// told is the reply about an exam.
func told(s exam.Summary) web.Kept[examReply] {
	return web.Kept[examReply]{Key: s.RevisionID.String(), Make: func() (examReply, error) { return toExamReply(s), nil }}
}

// WarmList keeps the reply that clients begin with: the first exams.
func WarmList(ctx context.Context, api *web.API, uc UseCases) error {
	rows, err := uc.List(ctx, ports.ExamFilter{}, ports.Page{Limit: web.DefaultLimit})
	if err != nil {
		return err
	}
	return web.Keep(ctx, api, listPath, listed(rows))
}

// Warm keeps the reply about an exam.
func Warm(ctx context.Context, api *web.API, s exam.Summary) error {
	return web.Keep(ctx, api, onePath, told(s))
}
