package bootstrap

import (
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/ports"
)

// sight decides what learners see of their attempts.
func (c *core) sight() attemptapp.Sight {
	return attemptapp.Sight{Clock: c.clock, Policies: c.store.Policies()}
}

func wireReview(c *core) attemptapp.Review {
	return attemptapp.Review{
		Reads: c.store.AttemptReads(), Scores: c.store.ScoreReads(), Corrections: c.store.Corrections(), Revisions: c.remembered.revisions, Log: c.store.AnswerLog(), Statistics: c.remembered.statistics, Sight: c.sight(),
	}
}

func wirePolicies(c *core, recorder ports.Recorder) examapp.Policy {
	return examapp.Policy{Clock: c.clock, Catalogue: c.store.Catalogue(), Policies: c.store.Policies(), Recorder: recorder, Work: c.store.PolicyWork()}
}
