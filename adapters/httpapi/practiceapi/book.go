package practiceapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
)

type bookQuery struct {
	web.PageQuery
	Part *int `query:"part" json:"-" validate:"omitempty,min=1,max=7" description:"Only this part."`
}

// part is the part that is asked for, or all.
func (q bookQuery) part() exam.Part {
	if q.Part == nil {
		return 0
	}
	return exam.Part(*q.Part)
}

type bookItemReply struct {
	QuestionID uuid.UUID    `json:"question_id"`
	ExamID     uuid.UUID    `json:"exam_id"`
	Part       exam.Part    `json:"part"`
	Ability    exam.Ability `json:"ability"`
	WrongCount int          `json:"wrong_count" description:"How often it was answered wrong, or left blank in a scored attempt."`
	Since      time.Time    `json:"since" description:"When it came into the book this time."`
	RightDays  int          `json:"right_days" description:"Days on which it was answered right since then without a wrong answer after; at two it leaves the book. Days are those of UTC."`
	Due        bool         `json:"due" description:"Whether to answer it right now would count."`
}

func toBookItemReply(i practiceapp.BookItem) bookItemReply {
	out := bookItemReply{
		QuestionID: i.ID, ExamID: i.ExamID, Part: i.Part, Ability: i.Ability, WrongCount: i.Wrong, RightDays: i.RightDays, Due: i.Due,
	}
	if i.InBookSince != nil {
		out.Since = *i.InBookSince
	}
	return out
}

type progressReply struct {
	statsReply
	Parts     []partStatsReply    `json:"parts"`
	Abilities []abilityStatsReply `json:"abilities"`
}

type statsReply struct {
	Seen    int `json:"seen" description:"Different questions."`
	Answers int `json:"answers" description:"Answers to them, and blanks of scored attempts."`
	Percent int `json:"percent" description:"Right ones among these; 0 when there are none."`
	InBook  int `json:"in_book" description:"Questions in the book of wrong answers."`
}

type partStatsReply struct {
	Number exam.Part `json:"number"`
	statsReply
}

type abilityStatsReply struct {
	Code exam.Ability `json:"code"`
	statsReply
}

func toStatsReply(s practiceapp.Stats) statsReply {
	return statsReply{Seen: s.Seen, Answers: s.Answers, Percent: s.Percent(), InBook: s.InBook}
}

func bookRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[bookQuery, web.List[bookItemReply]]{
		Method: http.MethodGet, Path: "/api/v1/practice/wrong-book", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read the book of wrong answers",
		Description: "Questions that were answered wrong, or left blank in a scored attempt, until they are answered right on two days. " +
			"Those of an exam that the learner is taking in exam mode are left out until it is over.",
		Handle: func(ctx context.Context, r web.Request, in bookQuery) (web.List[bookItemReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[bookItemReply]{}, err
			}
			rows, err := uc.Book(ctx, r.Actor.UserID, in.part(), page)
			return web.ListOf(rows, toBookItemReply), err
		},
	})
	web.Register(api, web.Endpoint[web.None, progressReply]{
		Method: http.MethodGet, Path: "/api/v1/practice/progress", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read one's own progress", Description: "By part and by ability. Attempts count a moment after they are scored, practice at once. " +
			"Exams whose rules hide what was right are left out meanwhile.",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (progressReply, error) {
			p, err := uc.Progress(ctx, r.Actor.UserID)
			out := progressReply{statsReply: toStatsReply(p.Stats)}
			for _, s := range p.Parts {
				out.Parts = append(out.Parts, partStatsReply{s.Part, toStatsReply(s.Stats)})
			}
			for _, s := range p.Abilities {
				out.Abilities = append(out.Abilities, abilityStatsReply{s.Ability, toStatsReply(s.Stats)})
			}
			return out, err
		},
	})
}
