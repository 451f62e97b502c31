// Package audit holds the log of administrative changes: a chain in which each entry's hash covers the one before,
// so that a changed, missing or inserted entry is noticed.
package audit

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Action names what was done.
type Action string

// The actions.
const (
	UserSuspended       Action = "user.suspend"
	UserReinstated      Action = "user.reinstate"
	UserRolesChanged    Action = "user.roles"
	UserPasswordExpired Action = "user.require_password_change"
	UserFactorsReset    Action = "user.reset_second_factors"
	UserSessionsEnded   Action = "user.end_sessions"
	UserErased          Action = "user.erase"
	AdminCreated        Action = "admin.create"
	SessionEnded        Action = "session.end"
	TokenCreated        Action = "token.create"
	TokenRevoked        Action = "token.revoke"
	RoleDefined         Action = "role.define"
	RoleChanged         Action = "role.change"
	RoleDeleted         Action = "role.delete"
	KeysRotated         Action = "keys.rotate"

	AccommodationsChanged   Action = "learner.accommodations"
	AccommodationsWithdrawn Action = "learner.withdraw_accommodations"
	AttemptReleased         Action = "attempt.release"
	ConversionImported      Action = "conversion.import"
	ConversionActivated     Action = "conversion.activate"
	QuestionRegraded        Action = "question.regrade"
	JobRetried              Action = "job.retry"
	JobRemoved              Action = "job.remove"
	ScheduleRun             Action = "schedule.run"
	PolicyChanged           Action = "exam.policy"
	StatisticsRefreshed     Action = "statistics.refresh"
	CacheTTLChanged         Action = "cache.ttl"
	CacheCleared            Action = "cache.clear"
	CacheWarmed             Action = "cache.warm"
	CacheWarmingCancelled   Action = "cache.cancel_warming"
)

// Entry is one change: who did what to what, from where.
type Entry struct {
	Seq       int64 // counted from 1 without gaps
	At        time.Time
	UserID    uuid.UUID // the nil UUID for the command line, which answers to whoever runs the machine
	TokenID   uuid.UUID // the nil UUID unless an API token was used
	IP        string
	RequestID string
	Action    Action
	Object    string // such as user:0190…
	Before    string // JSON, secrets left out; "" when there was nothing
	After     string
	Hash      string // of this entry and the hash of the one before
}

// content is what the hash covers. Each part is preceded by its length, so that no two entries share one.
func (e Entry) content(previous string) []byte {
	var b strings.Builder
	for _, part := range []string{
		previous, strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.UserID.String(), e.TokenID.String(),
		e.IP, e.RequestID, string(e.Action), e.Object, e.Before, e.After,
	} {
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return []byte(b.String())
}

// Digest returns the keyed hash of some bytes. Without its key nobody can make a chain that verifies.
type Digest func([]byte) string

// Head is the end of the chain; the zero Head is that of an empty one.
type Head struct {
	Seq  int64
	Hash string
}

// Append returns e as the next link of the chain, and the new head.
func (h Head) Append(e Entry, digest Digest) (Entry, Head) {
	e.Seq = h.Seq + 1
	e.Hash = digest(e.content(h.Hash))
	return e, Head{Seq: e.Seq, Hash: e.Hash}
}

// Verify checks that e follows h and returns the new head; otherwise it says what is wrong.
func (h Head) Verify(e Entry, digest Digest) (Head, error) {
	if e.Seq != h.Seq+1 {
		return h, fmt.Errorf("entry %d is missing: %d follows %d", h.Seq+1, e.Seq, h.Seq)
	}
	if e.Hash != digest(e.content(h.Hash)) {
		return h, fmt.Errorf("entry %d was changed", e.Seq)
	}
	return Head{Seq: e.Seq, Hash: e.Hash}, nil
}

// VerifyEnd checks that the chain ends where its stored head says.
func (h Head) VerifyEnd(stored Head) error {
	switch {
	case h.Seq < stored.Seq:
		return fmt.Errorf("entries %d to %d are missing at the end", h.Seq+1, stored.Seq)
	case h != stored:
		return fmt.Errorf("the stored end of the chain (%d) does not belong to its last entry (%d)", stored.Seq, h.Seq)
	default:
		return nil
	}
}
