package bootstrap

import (
	"context"

	"github.com/toeic-app/toeic/adapters/httpapi/itemstatapi"
	"github.com/toeic-app/toeic/application/itemstatapp"
	"github.com/toeic-app/toeic/ports"
)

// itemstatCases are the use cases of item statistics.
type itemstatCases struct {
	compute    itemstatapp.Compute
	enqueue    itemstatapp.EnqueueStatistics
	refresh    itemstatapp.Refresh
	ofExam     itemstatapp.OfExam
	ofQuestion itemstatapp.OfQuestion
}

func wireStatistics(c *core, recorder ports.Recorder) itemstatCases {
	work, takers, secrecy := c.store.Attempts(), c.store.Takers(), itemstatapp.Secrecy{Attempts: c.store.AttemptReads()}
	return itemstatCases{
		compute:    computeStatistics(c),
		enqueue:    itemstatapp.EnqueueStatistics{Clock: c.clock, IDs: c.ids, Takers: takers, Work: work},
		refresh:    itemstatapp.Refresh{Clock: c.clock, IDs: c.ids, Catalogue: c.store.Catalogue(), Takers: takers, Recorder: recorder, Work: work},
		ofExam:     itemstatapp.OfExam{Catalogue: c.remembered.catalogue, Statistics: c.remembered.statistics, Secrecy: secrecy},
		ofQuestion: itemstatapp.OfQuestion{Questions: c.store.Questions(), Statistics: c.remembered.statistics, Secrecy: secrecy},
	}
}

// computeStatistics is wired before the rest, as it is a job.
func computeStatistics(c *core) itemstatapp.Compute {
	return itemstatapp.Compute{Clock: c.clock, Takers: c.store.Takers(), Revisions: c.remembered.revisions, Statistics: c.remembered.statistics}
}

func (s itemstatCases) routes() itemstatapi.UseCases {
	return itemstatapi.UseCases{OfExam: s.ofExam.Execute, OfQuestion: s.ofQuestion.Execute, Refresh: s.refresh.Execute}
}

// orderStatistics orders the statistics that are out of date.
func (c *core) orderStatistics(ctx context.Context) error {
	_, err := c.itemstat.enqueue.Execute(ctx)
	return err
}
