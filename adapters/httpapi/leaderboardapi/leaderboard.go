// Package leaderboardapi is the REST face of leaderboards. Its replies have no place for anything of a learner but
// their pseudonym, score, rank and day.
package leaderboardapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/leaderboardapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/leaderboard"
)

// UseCases is what the routes call.
type UseCases struct {
	Membership func(ctx context.Context, user uuid.UUID) (leaderboard.Entry, error)
	Join       func(ctx context.Context, user uuid.UUID, pseudonym string) (leaderboard.Entry, error)
	Leave      func(ctx context.Context, user uuid.UUID) error
	Show       func(ctx context.Context, user, exam uuid.UUID, window leaderboard.Window) (leaderboardapp.Board, error)
}

const (
	membership = "/api/v1/users/me/leaderboard"
	tag        = "Leaderboards"
)

type membershipReply struct {
	Pseudonym *string    `json:"pseudonym" description:"null for an account that is on no leaderboard."`
	JoinedAt  *time.Time `json:"joined_at"`
}

type joinRequest struct {
	Pseudonym string `json:"pseudonym" validate:"required,max=200" description:"2 to 30 letters and digits of one writing system, with single separators between them."`
}

type boardQuery struct {
	ID     uuid.UUID `path:"id" json:"-"`
	Window string    `query:"window" json:"-" validate:"omitempty,oneof=7d 30d all" description:"How far back results count; all unless said otherwise."`
}

type boardReply struct {
	Window leaderboard.Window `json:"window" enum:"7d,30d,all"`
	Items  []rowReply         `json:"items" description:"The first hundred places."`
	Me     *rowReply          `json:"me" description:"One's own place, wherever it is; null without one."`
}

type rowReply struct {
	Rank      int    `json:"rank"`
	Pseudonym string `json:"pseudonym"`
	Total     int    `json:"total" description:"The best total, of an attempt in exam mode on the whole form."`
	Day       string `json:"day" description:"When it was reached, in UTC."`
}

func toRowReply(r leaderboard.Row) rowReply {
	return rowReply{Rank: r.Rank, Pseudonym: r.Pseudonym, Total: r.Total, Day: r.ClosedAt.Format(time.DateOnly)}
}

func toMembershipReply(e leaderboard.Entry, err error) (membershipReply, error) {
	if err != nil {
		return membershipReply{}, err
	}
	return membershipReply{Pseudonym: &e.Pseudonym.Shown, JoinedAt: &e.JoinedAt}, nil
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.None, membershipReply]{
		Method: http.MethodGet, Path: membership, Permission: identity.OwnAccount,
		Tag: tag, Summary: "Read one's own pseudonym",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (membershipReply, error) {
			e, err := uc.Membership(ctx, r.Actor.UserID)
			if errors.Is(err, leaderboard.ErrNotJoined) {
				return membershipReply{}, nil
			}
			return toMembershipReply(e, err)
		},
	})
	web.Register(api, web.Endpoint[joinRequest, membershipReply]{
		Method: http.MethodPut, Path: membership, Permission: identity.OwnAccount,
		Tag: tag, Summary: "Go on leaderboards under a pseudonym", Description: "Or change it. Nobody is on a leaderboard who did not ask to be.",
		Faults: web.Faults(leaderboard.ErrInvalidPseudonym, leaderboard.ErrPseudonymTaken),
		Handle: func(ctx context.Context, r web.Request, in joinRequest) (membershipReply, error) {
			return toMembershipReply(uc.Join(ctx, r.Actor.UserID, in.Pseudonym))
		},
	})
	web.Register(api, web.Endpoint[web.None, web.None]{
		Method: http.MethodDelete, Path: membership, Permission: identity.OwnAccount,
		Tag: tag, Summary: "Leave all leaderboards", Description: "At once, and the pseudonym is free again.",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (web.None, error) {
			return web.None{}, uc.Leave(ctx, r.Actor.UserID)
		},
	})
	web.Register(api, web.Endpoint[boardQuery, boardReply]{
		Method: http.MethodGet, Path: "/api/v1/exams/{id}/leaderboard", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read the leaderboard of an exam",
		Description: "The best total of each learner who joined, of attempts in exam mode that the server scored. Of equal totals the one that was reached first is ahead.",
		Faults:      web.Faults(exam.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in boardQuery) (boardReply, error) {
			window := leaderboard.Window(in.Window)
			if window == "" {
				window = leaderboard.AllTime
			}
			board, err := uc.Show(ctx, r.Actor.UserID, in.ID, window)
			out := boardReply{Window: window, Items: make([]rowReply, len(board.Rows))}
			for i, row := range board.Rows {
				out.Items[i] = toRowReply(row)
			}
			if board.Mine != nil {
				mine := toRowReply(*board.Mine)
				out.Me = &mine
			}
			return out, err
		},
	})
}
