package entstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

// constraints gives meaning to the unique constraints whose violation a caller can cause. PostgreSQL names
// the constraint, SQLite its columns. A constraint that is not here is a fault of ours and stays internal.
var constraints = []struct {
	postgres, sqlite string
	fault            *fault.Error
}{
	{"users_email_key", "users.email", identity.ErrEmailTaken},
	{"roles_pkey", "roles.name", identity.ErrRoleExists},
	{"totp_devices_user_id_key", "totp_devices.user_id", identity.ErrFactorExists},
	{"passkeys_credential_key", "passkeys.credential", identity.ErrPasskeyKnown},
	{"external_identities_person", "external_identities.issuer, external_identities.subject", identity.ErrLinkTaken},
	{"attempts_one_open", "attempts.user_id, attempts.exam_id", attempt.ErrAlreadyOpen},
	{"leaderboard_entries_folded_key", "leaderboard_entries.folded", leaderboard.ErrPseudonymTaken},
	{"exam_revisions_number", "exam_revisions.exam_id, exam_revisions.number", ports.ErrStale},
	{"exams_slug_key", "exams.slug", ports.ErrStale},
	{"jobs_once", "jobs.once", job.ErrAlreadyQueued},
}

// translate is the one reader of driver errors. It turns known ones into faults, around the original, and leaves the rest.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if named := violated(err); named != nil {
		return named.Because(err)
	}
	if full(err) {
		return ports.ErrFull.Because(err)
	}
	if unreachable(err) {
		return ports.ErrUnavailable.Because(err)
	}
	return err
}

// full reports whether the database has no room left. SQLite takes back what it could not store whole; it says so in two
// ways, the second where the file that its processes share could not grow.
func full(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Code == "53100" // disk full
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code()&0xff == sqlite3.SQLITE_FULL || s.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
	}
	return false
}

// violated returns the fault of the unique constraint that err reports, or nil.
func violated(err error) *fault.Error {
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "23505" {
		for _, c := range constraints {
			if c.postgres == p.Constraint {
				return c.fault
			}
		}
	}
	var s *sqlite.Error
	if errors.As(err, &s) && (s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) {
		_, columns, _ := strings.Cut(s.Error(), "UNIQUE constraint failed: ")
		columns, _, _ = strings.Cut(columns, " (")
		for _, c := range constraints {
			if c.sqlite == columns {
				return c.fault
			}
		}
	}
	return nil
}

// unreachable reports whether the database, rather than the statement, is the trouble. A caller who gave up is not.
func unreachable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code.Class() {
		case "08", "53", "57", "58": // connection, resources, operator intervention, system
			return true
		}
		return false
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff { // the primary code
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, errDown)
}

// busy reports whether SQLite gave up waiting for another connection's lock.
func busy(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code()&0xff == sqlite3.SQLITE_BUSY
}

// retryable reports whether the same transaction may succeed when it is run again: a serialization
// failure or a deadlock on PostgreSQL.
func retryable(err error) bool {
	var p *pq.Error
	return errors.As(err, &p) && (p.Code == "40001" || p.Code == "40P01")
}
