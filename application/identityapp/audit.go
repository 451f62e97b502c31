package identityapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Recorder = Recorder{}

// Recorder writes administrative changes into the audit log, in the unit of work of the change itself.
type Recorder struct {
	Clock ports.Clock
	Key   ports.AuditKey
}

// Record implements ports.Recorder.
func (r Recorder) Record(ctx context.Context, log ports.AuditLog, by identity.Caller, what audit.Action, object string, before, after any) error {
	e := audit.Entry{
		At: r.Clock.Now(), UserID: by.Actor.UserID, TokenID: by.Actor.TokenID, IP: by.Device.IP, RequestID: by.RequestID,
		Action: what, Object: object,
	}
	for _, side := range []struct {
		value any
		text  *string
	}{{before, &e.Before}, {after, &e.After}} {
		if side.value == nil {
			continue
		}
		encoded, err := json.Marshal(side.value)
		if err != nil {
			return fmt.Errorf("encode an audit entry: %w", err)
		}
		*side.text = string(encoded)
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	e, _ = head.Append(e, r.Key.Digest)
	return log.Append(ctx, e)
}

// objectOf names an account in the audit log.
func objectOf(user uuid.UUID) string { return "user:" + user.String() }

// state is what the audit log keeps of an account: nothing that only its owner should know.
type state struct {
	Roles              []identity.Role `json:"roles"`
	Suspended          bool            `json:"suspended"`
	SuspendedFor       string          `json:"suspended_for,omitempty"`
	MustChangePassword bool            `json:"must_change_password"`
}

func stateOf(u identity.User) state {
	return state{Roles: u.Roles, Suspended: u.SuspendedAt != nil, SuspendedFor: u.SuspendedFor, MustChangePassword: u.MustChange}
}

// AuditQuery selects entries; a zero field selects all.
type AuditQuery struct {
	User   uuid.UUID
	Object string
	Action audit.Action
	Before int64 // sequence number of the last entry of the stretch before; zero for the newest
	Limit  int
}

// ListAudit reads the audit log, newest first.
type ListAudit struct{ Log ports.AuditReader }

// Execute returns one stretch, and the sequence number to continue before; zero at the end.
func (uc ListAudit) Execute(ctx context.Context, q AuditQuery) ([]audit.Entry, int64, error) {
	rows, err := uc.Log.Newest(ctx, ports.AuditFilter{User: q.User, Object: q.Object, Action: q.Action}, q.Before, q.Limit+1)
	if err != nil || len(rows) <= q.Limit {
		return rows, 0, err
	}
	return rows[:q.Limit], rows[q.Limit-1].Seq, nil
}

// VerifyAudit checks the whole chain.
type VerifyAudit struct {
	Log ports.AuditReader
	Key ports.AuditKey
}

// ErrTampered says that the audit log is not what was written.
var ErrTampered = errors.New("the audit log was tampered with")

const verifyBatch = 500

// Execute returns the end of the chain; ErrTampered with the first entry that was changed, is missing, or is too many.
// known is a head of before, as FormatHead writes it, or "": the chain must continue it, which tells a chain that was
// replaced whole, or cut and continued.
func (uc VerifyAudit) Execute(ctx context.Context, known string) (audit.Head, error) {
	before, err := parseHead(known)
	if err != nil {
		return audit.Head{}, err
	}
	stored, err := uc.Log.End(ctx)
	if err != nil {
		return audit.Head{}, err
	}
	if err := uc.continues(ctx, before); err != nil {
		return stored, err
	}
	head, err := uc.walk(ctx, stored)
	if err != nil {
		return head, err
	}
	if err := head.VerifyEnd(stored); err != nil {
		return head, errors.Join(ErrTampered, err)
	}
	return head, uc.nothingBeyond(ctx, stored)
}

// walk follows the chain up to the stored end.
func (uc VerifyAudit) walk(ctx context.Context, stored audit.Head) (audit.Head, error) {
	var head audit.Head
	for head.Seq < stored.Seq {
		rows, err := uc.Log.Oldest(ctx, head.Seq, verifyBatch)
		if err != nil || len(rows) == 0 {
			return head, err
		}
		for _, e := range rows {
			if e.Seq > stored.Seq { // appended since we began, or the end is missing
				return head, nil
			}
			if head, err = head.Verify(e, uc.Key.Digest); err != nil {
				return head, errors.Join(ErrTampered, err)
			}
		}
	}
	return head, nil
}

// nothingBeyond tells entries that were slipped in after the end from those that were appended since we began.
func (uc VerifyAudit) nothingBeyond(ctx context.Context, stored audit.Head) error {
	beyond, err := uc.Log.Oldest(ctx, stored.Seq, 1)
	if err != nil || len(beyond) == 0 {
		return err
	}
	now, err := uc.Log.End(ctx)
	if err == nil && now.Seq <= stored.Seq {
		return errors.Join(ErrTampered, fmt.Errorf("entry %d was slipped in after the end of the chain", beyond[0].Seq))
	}
	return err
}

// FormatHead writes a head so that it can be kept elsewhere and given to VerifyAudit later.
func FormatHead(h audit.Head) string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

func parseHead(s string) (audit.Head, error) {
	var h audit.Head
	if s == "" {
		return h, nil
	}
	seq, hash, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || n < 0 {
		return h, fmt.Errorf("%q is no head such as 12:0a1b…", s)
	}
	return audit.Head{Seq: n, Hash: hash}, nil
}

// continues checks that the entry at the end of an earlier chain is still the same.
func (uc VerifyAudit) continues(ctx context.Context, before audit.Head) error {
	if before.Seq == 0 {
		return nil
	}
	rows, err := uc.Log.Oldest(ctx, before.Seq-1, 1)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].Seq != before.Seq || rows[0].Hash != before.Hash {
		return errors.Join(ErrTampered, fmt.Errorf("entry %d is not the one that was the last then", before.Seq))
	}
	return nil
}
