package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/examrevision"
	"github.com/toeic-app/toeic/ent/formstatistics"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Takers reads what everybody answered.
func (s *Store) Takers() ports.Takers { return takers{s.client, s.dialect} }

type takers struct {
	c       *ent.Client
	dialect migrations.Dialect
}

// takersPage is how many attempts are read at once: with 200 answers each, less than a megabyte.
const takersPage = 200

// scoredExams is the condition of the index attempts_scored, written out as there: SQLite uses such an index for
// statements that say the same, and sees through no parameter.
const scoredExams = "mode = 'exam' AND (status = 'submitted' OR status = 'expired')"

// ofForm selects a revision and its corrections.
func ofForm(form uuid.UUID) predicate.ExamRevision {
	return examrevision.Or(examrevision.ID(form), examrevision.CorrectsID(form))
}

func (r takers) Newest(ctx context.Context, form uuid.UUID) (uuid.UUID, error) {
	id, err := r.c.ExamRevision.Query().Where(ofForm(form)).Order(examrevision.ByNumber(sql.OrderDesc())).FirstID(ctx)
	if err != nil {
		return uuid.Nil, orNotFound(err, exam.ErrNotFound)
	}
	return id, nil
}

// Each reads the attempts in the order in which they were closed, so that none is read twice however many are scored
// meanwhile.
func (r takers) Each(ctx context.Context, examID, form uuid.UUID, fn func(exam.Outline, []itemstat.Response) error) error {
	revisions, err := r.c.ExamRevision.Query().Where(ofForm(form)).IDs(ctx)
	if err != nil {
		return translate(err)
	}
	var last *ent.Attempt
	for {
		page, err := r.page(ctx, examID, revisions, last)
		if err != nil || len(page) == 0 {
			return err
		}
		sheets, err := r.sheets(ctx, page)
		if err != nil {
			return err
		}
		var given []itemstat.Response
		for _, row := range page {
			var taken exam.Outline
			if err := json.Unmarshal(row.Taken, &taken); err != nil {
				return fmt.Errorf("outline of attempt %s: %w", row.ID, err)
			}
			if given, err = parseSheet(sheets[row.ID], given[:0]); err != nil {
				return fmt.Errorf("answers of attempt %s: %w", row.ID, err)
			}
			if err := fn(taken, given); err != nil {
				return err
			}
		}
		last = page[len(page)-1]
	}
}

func (r takers) page(ctx context.Context, examID uuid.UUID, revisions []uuid.UUID, last *ent.Attempt) ([]*ent.Attempt, error) {
	q := r.c.Attempt.Query().Where(entattempt.ExamID(examID), entattempt.RevisionIDIn(revisions...), entattempt.ClosedAtNotNil(), func(s *sql.Selector) {
		s.Where(sql.ExprP(scoredExams))
	})
	if last != nil {
		q.Where(entattempt.ClosedAtGTE(*last.ClosedAt), entattempt.Or(entattempt.ClosedAtGT(*last.ClosedAt), entattempt.IDGT(last.ID)))
	}
	rows, err := q.Order(entattempt.ByClosedAt(), entattempt.ByID()).Limit(takersPage).
		Select(entattempt.FieldID, entattempt.FieldTaken, entattempt.FieldClosedAt).All(ctx)
	return rows, translate(err)
}

// sheets lets the database put the answers of each attempt into one text: a row for each answer would cost many times
// the reading itself.
func (r takers) sheets(ctx context.Context, page []*ent.Attempt) (map[uuid.UUID]string, error) {
	ids := make([]any, len(page))
	for i, row := range page {
		ids[i] = row.ID
	}
	join := "group_concat"
	if r.dialect == migrations.Postgres {
		join = "string_agg"
	}
	query, args := sql.Dialect(entDialect(r.dialect)).
		SelectExpr(sql.Expr(answer.FieldAttemptID), sql.Expr(join+"(number || ':' || choice || ':' || elapsed_ms, ',')")).
		From(sql.Table(answer.Table)).Where(sql.In(answer.FieldAttemptID, ids...)).GroupBy(answer.FieldAttemptID).Query()
	rows, err := r.c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := make(map[uuid.UUID]string, len(page))
	for rows.Next() {
		var (
			id    uuid.UUID
			sheet string
		)
		if err := rows.Scan(&id, &sheet); err != nil {
			return nil, translate(err)
		}
		out[id] = sheet
	}
	return out, translate(rows.Err())
}

// parseSheet appends the responses of a text such as "1:A:1500,2::0".
func parseSheet(sheet string, given []itemstat.Response) ([]itemstat.Response, error) {
	if sheet == "" {
		return given, nil
	}
	for one := range strings.SplitSeq(sheet, ",") {
		number, rest, _ := strings.Cut(one, ":")
		letter, elapsed, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("number %q: %w", number, err)
		}
		ms, err := strconv.ParseInt(elapsed, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("elapsed time of item %d: %w", n, err)
		}
		choice, ok := exam.ParseChoice(letter)
		if !ok {
			return nil, fmt.Errorf("item %d has choice %q", n, letter)
		}
		given = append(given, itemstat.Response{Number: n, Choice: choice, Elapsed: ms})
	}
	return given, nil
}

const progressQuery = `SELECT COALESCE(r.corrects_id, r.id), r.exam_id, COUNT(a.id), MAX(r.published_at)
FROM exam_revisions r LEFT JOIN attempts a ON a.revision_id = r.id AND ` + scoredExams + `
GROUP BY COALESCE(r.corrects_id, r.id), r.exam_id`

func (r takers) Progress(ctx context.Context, examID uuid.UUID) ([]itemstat.Progress, error) {
	q := r.c.FormStatistics.Query()
	if examID != uuid.Nil {
		q.Where(formstatistics.ExamID(examID))
	}
	computed, err := q.Select(formstatistics.FieldID, formstatistics.FieldTakers, formstatistics.FieldComputedAt).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	known := make(map[uuid.UUID]*ent.FormStatistics, len(computed))
	for _, row := range computed {
		known[row.ID] = row
	}
	rows, err := r.c.QueryContext(ctx, progressQuery)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []itemstat.Progress
	for rows.Next() {
		var (
			p  itemstat.Progress
			at moment
		)
		if err := rows.Scan(&p.Form, &p.Exam, &p.Scored, &at); err != nil {
			return nil, translate(err)
		}
		p.CorrectedAt = at.UTC()
		if row := known[p.Form]; row != nil {
			p.Takers, p.ComputedAt = row.Takers, new(time.Time)
			*p.ComputedAt = row.ComputedAt.UTC()
		}
		if (p.Scored > 0 || p.ComputedAt != nil) && (examID == uuid.Nil || p.Exam == examID) {
			out = append(out, p)
		}
	}
	return out, translate(rows.Err())
}
