package identityapi

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// SecurityCases is what the routes of the audit log and of failed log-ins call.
type SecurityCases struct {
	Audit        func(context.Context, identityapp.AuditQuery) ([]audit.Entry, int64, error)
	FailedLogins func(context.Context, identityapp.FailedLoginsQuery) ([]identityapp.FailedLogin, error)
}

type auditQuery struct {
	web.PageQuery
	User   uuid.UUID `query:"user" json:"-" description:"Only what this account did."`
	Object string    `query:"object" json:"-" validate:"omitempty,max=100" description:"Only what was done to this, such as user:0190…"`
	Action string    `query:"action" json:"-" validate:"omitempty,max=60"`
}

type auditReply struct {
	Seq       int64           `json:"seq" description:"Counted from 1 without gaps."`
	At        time.Time       `json:"at"`
	UserID    *uuid.UUID      `json:"user_id" description:"Who did it; null for the command line."`
	TokenID   *uuid.UUID      `json:"token_id" description:"The API token that was used; null for a session."`
	IP        string          `json:"ip"`
	RequestID string          `json:"request_id"`
	Action    audit.Action    `json:"action"`
	Object    string          `json:"object"`
	Before    json.RawMessage `json:"before" description:"null when there was nothing."`
	After     json.RawMessage `json:"after"`
	Hash      string          `json:"hash" description:"Of this entry and the hash of the one before."`
}

func toAuditReply(e audit.Entry) auditReply {
	return auditReply{
		Seq: e.Seq, At: e.At, UserID: orNull(e.UserID), TokenID: orNull(e.TokenID), IP: e.IP, RequestID: e.RequestID, Action: e.Action,
		Object: e.Object, Before: raw(e.Before), After: raw(e.After), Hash: e.Hash,
	}
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func raw(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("null")
	}
	return json.RawMessage(text)
}

// cursor packs a sequence number where lists keep an identifier.
func cursor(seq int64) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(seq)) //nolint:gosec // sequence numbers are positive
	return id
}

func seqOf(cursor uuid.UUID) int64 {
	return int64(binary.BigEndian.Uint64(cursor[8:])) //nolint:gosec // a made-up cursor finds nothing
}

type failuresQuery struct {
	Group string `query:"group" json:"-" validate:"omitempty,oneof=ip account" description:"By network address, unless said otherwise, or by account."`
	Hours *int   `query:"hours" json:"-" validate:"omitempty,min=1,max=2160" description:"How far to look back; 24 unless said otherwise."`
	Limit *int   `query:"limit" json:"-" validate:"omitempty,min=1,max=100" description:"How many groups to give, 20 unless said otherwise."`
}

type failureReply struct {
	IP       string         `json:"ip,omitempty"`
	UserID   *uuid.UUID     `json:"user_id,omitempty" description:"null stands for addresses without an account."`
	Email    identity.Email `json:"email,omitempty"`
	Failures int            `json:"failures"`
	LastAt   time.Time      `json:"last_at"`
}

type failuresReply struct {
	Group string         `json:"group" enum:"ip,account"`
	Items []failureReply `json:"items" description:"The most frequent first."`
}

func securityRoutes(api *web.API, uc SecurityCases) {
	web.Register(api, web.Endpoint[auditQuery, web.List[auditReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/audit", Permission: identity.ReadAudit,
		Tag: adminTag, Summary: "Read the log of administrative changes", Description: "Newest first. toeic audit verify proves that nothing was changed or removed.",
		Handle: func(ctx context.Context, _ web.Request, in auditQuery) (web.List[auditReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[auditReply]{}, err
			}
			rows, next, err := uc.Audit(ctx, identityapp.AuditQuery{
				User: in.User, Object: in.Object, Action: audit.Action(in.Action), Before: seqOf(page.After), Limit: page.Limit,
			})
			return web.ListOf(ports.Slice[audit.Entry]{Items: rows, Next: cursor(next)}, toAuditReply), err
		},
	})
	web.Register(api, web.Endpoint[failuresQuery, failuresReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/security/failed-logins", Permission: identity.ReadSecurity,
		Tag: adminTag, Summary: "Count failed log-ins",
		Handle: func(ctx context.Context, _ web.Request, in failuresQuery) (failuresReply, error) {
			q := identityapp.FailedLoginsQuery{ByAccount: in.Group == "account", Window: 24 * time.Hour, Limit: 20}
			if in.Hours != nil {
				q.Window = time.Duration(*in.Hours) * time.Hour
			}
			if in.Limit != nil {
				q.Limit = *in.Limit
			}
			rows, err := uc.FailedLogins(ctx, q)
			out := failuresReply{Group: "ip", Items: make([]failureReply, len(rows))}
			if q.ByAccount {
				out.Group = "account"
			}
			for i, f := range rows {
				out.Items[i] = failureReply{IP: f.IP, UserID: orNull(f.UserID), Email: f.Email, Failures: f.Failures, LastAt: f.Last}
			}
			return out, err
		},
	})
}
