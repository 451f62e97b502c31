package regradeapi

import (
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/regradeapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

type questionReply struct {
	ID         uuid.UUID    `json:"id"`
	ExamID     uuid.UUID    `json:"exam_id"`
	RevisionID uuid.UUID    `json:"revision_id" description:"The newest revision that has the question."`
	Number     int          `json:"number"`
	Part       exam.Part    `json:"part"`
	Ability    exam.Ability `json:"ability"`
	Key        string       `json:"key"`
	Options    int          `json:"options" description:"How many there are."`
	Current    bool         `json:"current" description:"Whether it is on the form that learners take now; only then its key can be corrected."`
}

func toQuestionReply(q regradeapp.Question) questionReply {
	return questionReply{
		ID: q.ID, ExamID: q.ExamID, RevisionID: q.Revision, Number: q.Number, Part: q.Part, Ability: q.Ability,
		Key: q.Key.String(), Options: q.Options, Current: q.Current,
	}
}

type questionsReply struct {
	Items []questionReply `json:"items"`
}

type regradeBase struct {
	ExamID     uuid.UUID  `json:"exam_id"`
	QuestionID uuid.UUID  `json:"question_id"`
	Number     int        `json:"number" description:"Of the question."`
	From       string     `json:"from_key"`
	To         string     `json:"to_key"`
	Reason     string     `json:"reason"`
	Attempts   int        `json:"attempts" description:"Scored attempts on the form, in either mode."`
	Changed    int        `json:"changed" description:"Those of them whose result changes."`
	By         *uuid.UUID `json:"by_user_id" description:"null for the command line."`
}

func toRegradeBase(g exam.Regrade) regradeBase {
	out := regradeBase{
		ExamID: g.ExamID, QuestionID: g.Question, Number: g.Number, From: g.From.String(), To: g.To.String(), Reason: g.Reason,
		Attempts: g.Attempts, Changed: g.Changed,
	}
	if g.By != uuid.Nil {
		out.By = &g.By
	}
	return out
}

type regradeReply struct {
	ID uuid.UUID `json:"id"`
	regradeBase
	FromRevision uuid.UUID `json:"from_revision_id"`
	ToRevision   uuid.UUID `json:"to_revision_id"`
	At           time.Time `json:"at"`
}

func toRegradeReply(g exam.Regrade) regradeReply {
	return regradeReply{ID: g.ID, regradeBase: toRegradeBase(g), FromRevision: g.FromRevision, ToRevision: g.ToRevision, At: g.At}
}

type regradeDetail struct {
	regradeReply
	Changes []changeReply `json:"changes" description:"At most 1,000. Of accounts that were erased nothing is left."`
}

type outcomeReply struct {
	DryRun bool `json:"dry_run" description:"true when nothing was changed."`
	regradeBase
	ID       *uuid.UUID    `json:"regrade_id" description:"null after a dry run."`
	Revision int           `json:"revision" description:"Number of the exam's current revision."`
	Changes  []changeReply `json:"changes" description:"At most 1,000, the oldest attempts first; changed counts all."`
}

// StateVersion implements web.Versioned.
func (r outcomeReply) StateVersion() int { return r.Revision }

func toOutcomeReply(o regradeapp.Outcome, dry bool) outcomeReply {
	out := outcomeReply{DryRun: dry, regradeBase: toRegradeBase(o.Regrade), Revision: o.Revision, Changes: toChangeReplies(o.Changes)}
	if !dry {
		out.ID = &o.ID
	}
	return out
}

type changeReply struct {
	AttemptID uuid.UUID    `json:"attempt_id"`
	UserID    uuid.UUID    `json:"user_id"`
	Before    figuresReply `json:"before"`
	After     figuresReply `json:"after"`
}

type figuresReply struct {
	Listening *sectionReply `json:"listening" description:"null when nothing of the section was taken."`
	Reading   *sectionReply `json:"reading"`
	Total     *int          `json:"total" description:"null unless both sections were taken whole."`
}

type sectionReply struct {
	Raw    int  `json:"raw"`
	Scaled *int `json:"scaled" description:"null unless the section was taken whole."`
}

func toChangeReplies(changes []ports.ScoreChange) []changeReply {
	out := make([]changeReply, len(changes))
	for i, c := range changes {
		out[i] = changeReply{AttemptID: c.Attempt, UserID: c.User, Before: toFigures(c.Before), After: toFigures(c.After)}
	}
	return out
}

func toFigures(r score.Result) figuresReply {
	var out figuresReply
	for code, into := range map[exam.Section]**sectionReply{exam.Listening: &out.Listening, exam.Reading: &out.Reading} {
		s, taken := r.Sections[code]
		if !taken {
			continue
		}
		*into = &sectionReply{Raw: s.Raw}
		if s.Scaled != nil {
			(*into).Scaled = &s.Scaled.Score
		}
	}
	if r.Total != nil {
		out.Total = &r.Total.Score
	}
	return out
}
