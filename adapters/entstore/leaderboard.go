package entstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/leaderboardentry"
	"github.com/toeic-app/toeic/ports"
)

// Pseudonyms keeps who is on leaderboards.
func (s *Store) Pseudonyms() ports.Pseudonyms { return pseudonyms{s} }

// Leaderboards reads leaderboards.
func (s *Store) Leaderboards() ports.Leaderboards { return leaderboards{s.client} }

type pseudonyms struct{ s *Store }

// change runs fn and notes that leaderboards changed.
func (r pseudonyms) change(ctx context.Context, fn func(c *ent.LeaderboardEntryClient) error) error {
	work := unit[*ent.Client]{store: r.s, bind: func(tx session) *ent.Client { return tx.Client() }}
	return work.Do(ctx, func(ctx context.Context, c *ent.Client) error {
		if err := fn(c.LeaderboardEntry); err != nil {
			return translate(err)
		}
		return changed(ctx, c, ofLeaderboards)
	})
}

// Put implements ports.Pseudonyms.
func (r pseudonyms) Put(ctx context.Context, e leaderboard.Entry) error {
	return r.change(ctx, func(c *ent.LeaderboardEntryClient) error {
		return c.Create().SetID(e.ID).SetUserID(e.UserID).SetPseudonym(e.Pseudonym.Shown).SetFolded(e.Pseudonym.Folded).
			SetJoinedAt(e.JoinedAt).OnConflictColumns(leaderboardentry.FieldUserID).Update(func(u *ent.LeaderboardEntryUpsert) {
			u.UpdatePseudonym().UpdateFolded()
		}).Exec(ctx)
	})
}

// Of implements ports.Pseudonyms.
func (r pseudonyms) Of(ctx context.Context, user uuid.UUID) (leaderboard.Entry, error) {
	row, err := r.s.client.LeaderboardEntry.Query().Where(leaderboardentry.UserID(user)).Only(ctx)
	if err != nil {
		return leaderboard.Entry{}, orNotFound(err, leaderboard.ErrNotJoined)
	}
	return leaderboard.Entry{
		ID: row.ID, UserID: row.UserID, Pseudonym: leaderboard.Pseudonym{Shown: row.Pseudonym, Folded: row.Folded}, JoinedAt: row.JoinedAt.UTC(),
	}, nil
}

// Remove implements ports.Pseudonyms.
func (r pseudonyms) Remove(ctx context.Context, user uuid.UUID) error {
	return r.change(ctx, func(c *ent.LeaderboardEntryClient) error {
		_, err := c.Delete().Where(leaderboardentry.UserID(user)).Exec(ctx)
		return err
	})
}

type leaderboards struct{ c *ent.Client }

// board ranks the best score of each learner. Its conditions on attempts are those of the index attempts_scored, word
// for word, without which SQLite would not use it.
const board = `
WITH best AS (
  SELECT a.id, a.user_id, e.pseudonym, r.total, a.closed_at,
    ROW_NUMBER() OVER (PARTITION BY a.user_id ORDER BY r.total DESC, a.closed_at, a.id) AS nth
  FROM attempts AS a
  JOIN leaderboard_entries AS e ON e.user_id = a.user_id
  JOIN users AS u ON u.id = a.user_id
  JOIN results AS r ON r.attempt_id = a.id
  WHERE a.exam_id = $1 AND mode = 'exam' AND (status = 'submitted' OR status = 'expired') AND a.closed_at >= $2
    AND r.total IS NOT NULL AND u.suspended_at IS NULL AND u.deleted_at IS NULL
), ranked AS (
  SELECT id, user_id, pseudonym, total, closed_at, ROW_NUMBER() OVER (ORDER BY total DESC, closed_at, id) AS place
  FROM best WHERE nth = 1
)
SELECT id, user_id, pseudonym, total, closed_at, place FROM ranked WHERE place <= $3 OR user_id = $4 ORDER BY place`

// Board implements ports.Leaderboards.
func (r leaderboards) Board(ctx context.Context, q ports.BoardQuery) ([]leaderboard.Row, error) {
	rows, err := r.c.QueryContext(ctx, board, q.Exam, q.Since.UTC(), q.Limit, q.User)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []leaderboard.Row
	for rows.Next() {
		var (
			row leaderboard.Row
			at  moment
		)
		if err := rows.Scan(&row.Attempt, &row.User, &row.Pseudonym, &row.Total, &at, &row.Rank); err != nil {
			return nil, translate(err)
		}
		row.ClosedAt = at.In(time.UTC)
		out = append(out, row)
	}
	return out, translate(rows.Err())
}
