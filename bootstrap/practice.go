package bootstrap

import (
	"context"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/examapi"
	"github.com/toeic-app/toeic/adapters/httpapi/practiceapi"
	"github.com/toeic-app/toeic/adapters/system"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/application/practiceapp"
)

// practiceCases are the use cases of practice.
func practiceCases(c *core) practiceapi.UseCases {
	work, reads, exams := c.store.Practice(), c.store.PracticeReads(), practiceapp.Secret{Clock: c.clock, Taking: c.store.OpenExams(), Policies: c.store.PolicyList()}
	create := practiceapp.Create{
		Clock: c.clock, IDs: c.ids, Seeds: system.Seeds{}, OpenExams: exams, Pool: c.store.QuestionPool(), Revisions: c.remembered.revisions, Work: work,
	}
	answer := practiceapp.Answer{Clock: c.clock, Reads: reads, OpenExams: exams, Revisions: c.inForce(), Work: work}
	finish := practiceapp.Finish{Clock: c.clock, Reads: reads, OpenExams: exams, Revisions: c.inForce(), Work: work}
	return practiceapi.UseCases{
		Create:    create.Execute,
		List:      practiceapp.List{Reads: reads}.Execute,
		Get:       practiceapp.Get{Reads: reads}.Execute,
		Questions: practiceapp.Questions{Reads: reads, Revisions: c.remembered.revisions}.Execute,
		Answer:    answer.Execute,
		Finish:    finish.Execute,
		Review:    practiceapp.Review{Reads: reads, OpenExams: exams, Revisions: c.inForce()}.Execute,
		Book:      practiceapp.Book{Clock: c.clock, OpenExams: exams, Histories: c.store.HistoryReads()}.Execute,
		Progress:  practiceapp.Progress{Histories: c.store.HistoryReads(), Withheld: withheld(c)}.Execute,
		MediaPath: examapi.MediaPath,
	}
}

func withheld(c *core) practiceapp.Withheld {
	return practiceapp.Withheld{Clock: c.clock, Policies: c.store.PolicyList()}
}

// countAttempts does the jobs that scored attempts leave.
func countAttempts(c *core) practiceapp.Count {
	return practiceapp.Count{Clock: c.clock, Attempts: c.store.AttemptReads(), Revisions: c.inForce(), Work: c.store.Practice()}
}

// exportPractice is the part of an account's export that is about practice.
func exportPractice(c *core) identityapp.ExportPart {
	export := practiceapp.Export{Reads: c.store.PracticeReads(), Histories: c.store.HistoryReads(), Withheld: withheld(c)}
	return identityapp.ExportPart{Name: "practice", Read: export.Execute}
}

// fillPractice looks once, as the program begins to serve, for what was stored before there was practice.
func (a *App) fillPractice(ctx context.Context) {
	c := a.core
	fill := practiceapp.Fill{Gaps: c.store.PracticeGaps(), Count: countAttempts(c)}
	done, err := fill.Execute(ctx)
	if done.Attempts > 0 {
		a.log.Info("prepared for practice what was stored before", zap.Int("attempts", done.Attempts))
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("preparing for practice what was stored before failed", zap.Error(err))
	}
}
