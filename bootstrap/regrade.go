package bootstrap

import (
	"context"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/regradeapi"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/application/regradeapp"
	"github.com/toeic-app/toeic/ports"
)

// regradeCases are the use cases of wrong keys.
type regradeCases struct {
	regrade   regradeapp.Regrade
	question  regradeapp.ShowQuestion
	questions regradeapp.ListQuestions
	history   regradeapp.History
}

func wireRegrade(c *core, recorder ports.Recorder) regradeCases {
	secrecy, catalogue := regradeapp.Secrecy{Attempts: c.store.AttemptReads()}, c.store.Catalogue()
	return regradeCases{
		regrade: regradeapp.Regrade{
			Clock: c.clock, IDs: c.ids, Questions: c.store.Questions(), Catalogue: catalogue, Revisions: c.remembered.revisions, Conversions: c.store.Conversions(),
			Scored: c.store.ScoredAttempts(), Recorder: recorder, Work: c.regrading(), Secrecy: secrecy,
		},
		question:  regradeapp.ShowQuestion{Questions: c.store.Questions(), Catalogue: catalogue, Revisions: c.remembered.revisions, Secrecy: secrecy},
		questions: regradeapp.ListQuestions{Catalogue: catalogue, Revisions: c.remembered.revisions, Secrecy: secrecy},
		history:   regradeapp.History{Catalogue: catalogue, Regrades: c.store.RegradeReads(), Secrecy: secrecy},
	}
}

func (r regradeCases) routes() regradeapi.UseCases {
	return regradeapi.UseCases{
		Question: r.question.Execute, Questions: r.questions.Execute, Regrade: r.regrade.Execute, OfExam: r.history.OfExam, One: r.history.One,
	}
}

// former reads the results that a corrected key replaced.
func (c *core) former() attemptapp.Former {
	return attemptapp.Former{Reads: c.store.AttemptReads(), Regrades: c.store.RegradeReads(), Sight: c.sight()}
}

// inForce reads forms with the keys that are in force.
func (c *core) inForce() ports.Revisions {
	return regradeapp.InForce{Corrections: c.store.Corrections(), Revisions: c.remembered.revisions}
}

// indexQuestions makes the questions findable of exams that older programs published.
func (c *core) indexQuestions(ctx context.Context) error {
	index := examapp.IndexQuestions{Gaps: c.store.QuestionGaps(), Revisions: c.remembered.revisions, Work: c.store.Practice()}
	n, err := index.Execute(ctx)
	if n > 0 {
		c.log.Info("indexed the questions of exams that were published before", zap.Int("exams", n))
	}
	return err
}
