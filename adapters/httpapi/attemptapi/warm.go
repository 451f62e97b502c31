package attemptapi

import (
	"context"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/exam"
)

// printed is the reply with the questions that somebody may look at.
func printed(ctx context.Context, uc UseCases, which attemptapp.Shown) web.Kept[sheetReply] {
	return web.Kept[sheetReply]{Key: which.Key(), Make: func() (sheetReply, error) {
		sheet, err := uc.Print(context.WithoutCancel(ctx), which) // others may wait for it as well
		return toSheetReply(sheet, uc.MediaPath), err
	}}
}

// Warm keeps the questions of a whole exam, as most who take it ask for them.
func Warm(ctx context.Context, api *web.API, uc UseCases, s exam.Summary) error {
	which := attemptapp.Shown{Revision: s.RevisionID}
	for _, span := range s.Outline {
		which.Parts = append(which.Parts, span.Part)
	}
	return web.Keep(ctx, api, questionsPath, printed(ctx, uc, which))
}
