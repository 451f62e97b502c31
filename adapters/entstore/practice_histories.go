package entstore

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/learneritem"
	entuser "github.com/toeic-app/toeic/ent/user"
	"github.com/toeic-app/toeic/migrations"
)

// chunk is how many histories are read or written by one statement. A row has nine values, and SQLite takes 32,766.
const chunk = 1000

type histories struct{ tx session }

// ForChange holds the row of the account in a way that lets others refer to it, because histories that are not there yet
// cannot be held.
func (r histories) ForChange(ctx context.Context, user uuid.UUID, questions []uuid.UUID) (map[uuid.UUID]practice.History, bool, error) {
	q := r.tx.User.Query().Where(entuser.ID(user))
	if r.tx.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.Modify(func(s *sql.Selector) { s.For("NO KEY UPDATE") })
	}
	ids, err := q.IDs(ctx)
	if err != nil || len(ids) == 0 {
		return nil, false, translate(err)
	}
	out := make(map[uuid.UUID]practice.History, len(questions))
	for some := range slices.Chunk(questions, chunk) {
		rows, err := r.tx.LearnerItem.Query().Where(learneritem.UserID(user), learneritem.QuestionIDIn(some...)).All(ctx)
		if err != nil {
			return nil, false, translate(err)
		}
		for _, row := range rows {
			out[row.QuestionID] = historyFromRow(row)
		}
	}
	return out, true, nil
}

func historyFromRow(r *ent.LearnerItem) practice.History {
	return practice.History{
		Seen: r.Seen, Wrong: r.Wrong, LastCorrect: r.LastCorrect, LastAt: r.LastAt.UTC(), RightDays: r.RightDays, RightOn: r.RightOn,
		InBookSince: utc(r.InBookSince),
	}
}

// Put writes whole rows: who does holds all histories of the learner, and has reckoned with what they were.
func (r histories) Put(ctx context.Context, user uuid.UUID, all map[uuid.UUID]practice.History) error {
	ids := slices.SortedFunc(maps.Keys(all), func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	changing := []string{
		learneritem.FieldSeen, learneritem.FieldWrong, learneritem.FieldLastCorrect, learneritem.FieldLastAt, learneritem.FieldRightDays,
		learneritem.FieldRightOn, learneritem.FieldInBookSince,
	}
	for some := range slices.Chunk(ids, chunk) {
		insert := sql.Dialect(entDialect(r.tx.dialect)).Insert(learneritem.Table).
			Columns(append([]string{learneritem.FieldUserID, learneritem.FieldQuestionID}, changing...)...)
		for _, id := range some {
			h := all[id]
			var since any
			if h.InBookSince != nil {
				since = *h.InBookSince
			}
			insert.Values(user, id, h.Seen, h.Wrong, h.LastCorrect, h.LastAt, h.RightDays, h.RightOn, since)
		}
		insert.OnConflict(sql.ConflictColumns(learneritem.FieldUserID, learneritem.FieldQuestionID), sql.ResolveWith(func(u *sql.UpdateSet) {
			for _, column := range changing {
				u.SetExcluded(column)
			}
		}))
		query, args := insert.Query()
		if _, err := r.tx.Client().ExecContext(ctx, query, args...); err != nil {
			return translate(err)
		}
	}
	return nil
}
