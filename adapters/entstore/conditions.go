package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/accommodation"
	"github.com/toeic-app/toeic/ent/user"
	"github.com/toeic-app/toeic/ent/usersession"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// usual is what a percentage is without an accommodation.
const usual = 100

// Accommodations reads what learners are granted.
func (s *Store) Accommodations() ports.AccommodationReads { return accommodationReads{s.client} }

type accommodationReads struct{ c *ent.Client }

func (r accommodationReads) Grant(ctx context.Context, id uuid.UUID) (attempt.Grant, error) {
	known, err := r.c.User.Query().Where(user.ID(id)).Exist(ctx)
	switch {
	case err != nil:
		return attempt.Grant{}, translate(err)
	case !known:
		return attempt.Grant{}, identity.ErrUserNotFound
	}
	return grantOf(ctx, r.c, id)
}

type accommodations struct{ tx session }

func (r accommodations) ForStart(ctx context.Context, id uuid.UUID) (attempt.Grant, error) {
	return r.locked(ctx, id, (*ent.UserQuery).ForShare)
}

func (r accommodations) ForChange(ctx context.Context, id uuid.UUID) (attempt.Grant, error) {
	return r.locked(ctx, id, (*ent.UserQuery).ForUpdate)
}

// locked takes the lock on the account, not on the grant: most learners have none whose row could be locked.
func (r accommodations) locked(ctx context.Context, id uuid.UUID, lock func(*ent.UserQuery, ...sql.LockOption) *ent.UserQuery) (attempt.Grant, error) {
	q := r.tx.User.Query().Where(user.ID(id))
	if r.tx.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q = lock(q)
	}
	if _, err := q.Select(user.FieldID).Only(ctx); err != nil {
		return attempt.Grant{}, orNotFound(err, identity.ErrUserNotFound)
	}
	return grantOf(ctx, r.tx.Client(), id)
}

func (r accommodations) Save(ctx context.Context, g attempt.Grant) error {
	more, extra, pause := usual+g.MoreTime, int(g.Extra/time.Second), usual+g.MorePause
	if g.Version == 1 {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		return translate(r.tx.Accommodation.Create().SetID(id).SetUserID(g.UserID).SetTimePercent(more).SetExtraSeconds(extra).
			SetPausePercent(pause).SetListeningOmitted(g.ListeningOmitted).SetUpdatedAt(g.UpdatedAt).SetVersion(g.Version).Exec(ctx))
	}
	n, err := r.tx.Accommodation.Update().Where(accommodation.UserID(g.UserID), accommodation.Version(g.Version-1)).
		SetTimePercent(more).SetExtraSeconds(extra).SetPausePercent(pause).SetListeningOmitted(g.ListeningOmitted).
		SetUpdatedAt(g.UpdatedAt).SetVersion(g.Version).Save(ctx)
	return one(n, err, ports.ErrStale)
}

func grantOf(ctx context.Context, c *ent.Client, id uuid.UUID) (attempt.Grant, error) {
	row, err := c.Accommodation.Query().Where(accommodation.UserID(id)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return attempt.Grant{UserID: id}, nil
	case err != nil:
		return attempt.Grant{}, translate(err)
	}
	return attempt.Grant{
		UserID: id, UpdatedAt: row.UpdatedAt.UTC(), Version: row.Version,
		Accommodation: accommodationOf(row.TimePercent, row.ExtraSeconds, row.PausePercent, row.ListeningOmitted),
	}, nil
}

// accommodationOf reads the columns that accommodations and attempts share.
func accommodationOf(time100, extra, pause100 int, omitted bool) attempt.Accommodation {
	return attempt.Accommodation{
		MoreTime: time100 - usual, Extra: time.Duration(extra) * time.Second, MorePause: pause100 - usual, ListeningOmitted: omitted,
	}
}

type liveSessions struct{ c *ent.UserSessionClient }

func (r liveSessions) Live(ctx context.Context, id uuid.UUID, now time.Time) (bool, error) {
	live, err := r.c.Query().Where(usersession.ID(id), usersession.RevokedAtIsNil(), usersession.ExpiresAtGT(now)).Exist(ctx)
	return live, translate(err)
}
