package bootstrap

import (
	"github.com/toeic-app/toeic/adapters/gather"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/ports"
)

// examCases are the use cases of exams.
type examCases struct {
	list        examapp.List
	get         examapp.Get
	media       examapp.Media
	importPack  examapp.Import
	importTable examapp.ImportTable
}

func wireExams(c *core, packs ports.Packs) examCases {
	work := c.publication()
	return examCases{
		list:        examapp.List{Catalogue: c.remembered.catalogue},
		get:         examapp.Get{Catalogue: c.remembered.catalogue},
		media:       examapp.Media{Files: c.store.MediaFiles()},
		importTable: examapp.ImportTable{Work: work},
		importPack: examapp.Import{Clock: c.clock, IDs: c.ids, Work: work, Validate: examapp.Validate{
			Packs: packs, Conversions: c.store.Conversions(),
		}},
	}
}

// attemptCases are the use cases of attempts.
type attemptCases struct {
	start     attemptapp.Start
	list      attemptapp.List
	get       attemptapp.Get
	questions attemptapp.Questions
	print     attemptapp.Print
	answer    *gather.Gatherer[attemptapp.AnswerCommand, attemptapp.Verdict]
	sync      attemptapp.Sync
	advance   attemptapp.Advance
	abandon   attemptapp.Abandon
	submit    attemptapp.Submit
	result    attemptapp.Result
	former    attemptapp.Former
	review    attemptapp.Review
	expire    attemptapp.Expire
	rescore   attemptapp.Rescore

	conditions conditionCases
}

func wireAttempts(c *core) attemptCases {
	work, reads := c.remembered.heads.Evicting(c.store.Attempts()), c.store.AttemptReads()
	scoring := attemptapp.Scoring{
		Clock: c.clock, Revisions: c.remembered.revisions, Conversions: c.remembered.tables, Reads: reads, Closings: c.store.Closings(), Work: work,
	}
	return attemptCases{
		start:     attemptapp.Start{Clock: c.clock, IDs: c.ids, Catalogue: c.store.Catalogue(), Policies: c.store.Policies(), Work: work},
		list:      attemptapp.List{Clock: c.clock, Reads: reads},
		get:       attemptapp.Get{Clock: c.clock, Reads: reads},
		questions: attemptapp.Questions{Clock: c.clock, Reads: c.remembered.heads},
		print:     attemptapp.Print{Revisions: c.remembered.revisions},
		answer:    gatherAnswers(attemptapp.Answer{Clock: c.clock, Work: c.store.AnswerSheets()}, c.config.answerWriters()),
		sync:      attemptapp.Sync{Clock: c.clock, Reads: reads},
		advance:   attemptapp.Advance{Clock: c.clock, Work: work, Reads: reads},
		abandon:   attemptapp.Abandon{Clock: c.clock, Work: work, Reads: reads},
		submit:    attemptapp.Submit{Scoring: scoring, Sight: c.sight()},
		result:    attemptapp.Result{Reads: reads, Scores: c.store.ScoreReads(), Sight: c.sight()},
		former:    c.former(),
		review:    wireReview(c),
		expire:    attemptapp.Expire{Scoring: scoring},
		rescore:   attemptapp.Rescore{Scoring: scoring, Scores: c.store.ScoreReads()},

		conditions: wireConditions(c),
	}
}
