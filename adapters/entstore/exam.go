package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/conversiontable"
	entexam "github.com/toeic-app/toeic/ent/exam"
	"github.com/toeic-app/toeic/ent/examrevision"
	"github.com/toeic-app/toeic/ent/mediaobject"
	entquestion "github.com/toeic-app/toeic/ent/question"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Publication runs units of work on content.
func (s *Store) Publication() ports.UnitOfWork[ports.PublicationRepos] {
	return unit[ports.PublicationRepos]{store: s, bind: func(tx session) ports.PublicationRepos {
		return ports.PublicationRepos{Publication: publication{tx.Client(), tx.dialect}}
	}}
}

// Catalogue reads what is published.
func (s *Store) Catalogue() ports.Catalogue { return catalogue{s.client} }

// Revisions reads published forms.
func (s *Store) Revisions() ports.Revisions { return revisions{s.client} }

// Questions finds questions.
func (s *Store) Questions() ports.Questions { return questions{s.client.Question} }

// MediaFiles reads stored media.
func (s *Store) MediaFiles() ports.MediaFiles { return mediaFiles{s.client} }

// Conversions reads conversion tables.
func (s *Store) Conversions() ports.Conversions { return conversions{s.client, s.dialect} }

type catalogue struct{ c *ent.Client }

func (r catalogue) List(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error) {
	q := r.c.Exam.Query().Where(entexam.CurrentRevisionIDNotNil())
	if which.Kind != "" {
		q.Where(entexam.Kind(string(which.Kind)))
	}
	if page.After != uuid.Nil {
		q.Where(entexam.IDGT(page.After))
	}
	rows, err := q.Order(entexam.ByID(sql.OrderAsc())).Limit(page.Limit + 1).WithCurrent(summaryColumns).All(ctx)
	if err != nil {
		return ports.Slice[exam.Summary]{}, translate(err)
	}
	return slice(rows, page, summaryFromExam, func(s exam.Summary) uuid.UUID { return s.ExamID })
}

func (r catalogue) Exam(ctx context.Context, id uuid.UUID) (exam.Summary, error) {
	row, err := r.c.Exam.Query().Where(entexam.ID(id), entexam.CurrentRevisionIDNotNil()).WithCurrent(summaryColumns).Only(ctx)
	if err != nil {
		return exam.Summary{}, orNotFound(err, exam.ErrNotFound)
	}
	return summaryFromExam(row)
}

// summaryColumns leaves the content, which may be large and holds the keys, in the database.
func summaryColumns(q *ent.ExamRevisionQuery) {
	q.Select(slices.DeleteFunc(slices.Clone(examrevision.Columns), func(column string) bool {
		return column == examrevision.FieldContent
	})...)
}

func summaryFromExam(row *ent.Exam) (exam.Summary, error) {
	current, err := row.Edges.CurrentOrErr()
	if err != nil {
		return exam.Summary{}, fmt.Errorf("current revision of exam %s: %w", row.ID, err)
	}
	return summaryFromRow(row.Slug, current)
}

func summaryFromRow(slug string, r *ent.ExamRevision) (exam.Summary, error) {
	var outline exam.Outline
	if err := json.Unmarshal(r.Outline, &outline); err != nil {
		return exam.Summary{}, fmt.Errorf("outline of revision %s: %w", r.ID, err)
	}
	var corrects uuid.UUID
	if r.CorrectsID != nil {
		corrects = *r.CorrectsID
	}
	return exam.Summary{
		Corrects: corrects, ExamID: r.ExamID, RevisionID: r.ID, Revision: r.Number, Slug: slug, Title: r.Title, Kind: exam.Kind(r.Kind),
		Format: r.Format, Hash: r.Hash, Outline: outline, PublishedAt: r.PublishedAt.UTC(),
	}, nil
}

type revisions struct{ c *ent.Client }

func (r revisions) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	row, err := r.c.ExamRevision.Query().Where(examrevision.ID(id)).WithExam().Only(ctx)
	if err != nil {
		return nil, orNotFound(err, exam.ErrNotFound)
	}
	owner, err := row.Edges.ExamOrErr()
	if err != nil {
		return nil, fmt.Errorf("exam of revision %s: %w", id, err)
	}
	summary, err := summaryFromRow(owner.Slug, row)
	if err != nil {
		return nil, err
	}
	content, err := exam.DecodeContent(row.Content)
	if err != nil {
		return nil, fmt.Errorf("revision %s: %w", id, err)
	}
	return &exam.Revision{Summary: summary, Content: content}, nil
}

type mediaFiles struct{ c *ent.Client }

func (r mediaFiles) File(ctx context.Context, hash string) (exam.Media, []byte, error) {
	row, err := r.c.MediaObject.Get(ctx, hash)
	if err != nil {
		return exam.Media{}, nil, orNotFound(err, exam.ErrMediaNotFound)
	}
	return exam.Media{Hash: row.ID, Type: row.Type, Size: row.Size}, row.Data, nil
}

type conversions struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r conversions) Table(ctx context.Context, version string) (score.Table, error) {
	row, err := r.c.ConversionTable.Get(ctx, version)
	if err != nil {
		return score.Table{}, orNotFound(err, score.ErrTableNotFound)
	}
	return tableFromRow(row)
}

func tableFromRow(row *ent.ConversionTable) (score.Table, error) {
	t := score.Table{Version: row.ID}
	if copy(t.Listening[:], row.Listening) != len(t.Listening) || copy(t.Reading[:], row.Reading) != len(t.Reading) {
		return score.Table{}, fmt.Errorf("conversion table %s has %d and %d figures", row.ID, len(row.Listening), len(row.Reading))
	}
	return t, nil
}

type publication struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r publication) Latest(ctx context.Context, slug string) (exam.Summary, error) {
	row, err := r.c.ExamRevision.Query().Where(examrevision.HasExamWith(entexam.Slug(slug))).
		Order(examrevision.ByNumber(sql.OrderDesc())).First(ctx)
	if err != nil {
		return exam.Summary{}, orNotFound(err, exam.ErrNotFound)
	}
	return summaryFromRow(slug, row)
}

func (r publication) Published(ctx context.Context, slug, hash string) (bool, error) {
	known, err := r.c.ExamRevision.Query().Where(examrevision.Hash(hash), examrevision.HasExamWith(entexam.Slug(slug))).Exist(ctx)
	return known, translate(err)
}

func (r publication) Publish(ctx context.Context, rev exam.Revision, encoded []byte) error {
	outline, err := json.Marshal(rev.Outline)
	if err != nil {
		return fmt.Errorf("encode the outline: %w", err)
	}
	if rev.Revision == 1 {
		err := r.c.Exam.Create().SetID(rev.ExamID).SetSlug(rev.Slug).SetKind(string(rev.Kind)).SetCreatedAt(rev.PublishedAt).Exec(ctx)
		if err != nil {
			return translate(err)
		}
	}
	create := r.c.ExamRevision.Create().SetID(rev.RevisionID).SetExamID(rev.ExamID).SetNumber(rev.Revision).SetHash(rev.Hash).
		SetTitle(rev.Title).SetKind(string(rev.Kind)).SetFormat(rev.Format).SetOutline(outline).SetContent(encoded).
		SetPublishedAt(rev.PublishedAt)
	if rev.Corrects != uuid.Nil {
		create.SetCorrectsID(rev.Corrects)
	}
	if err := create.Exec(ctx); err != nil {
		return translate(err)
	}
	if err := r.index(ctx, rev); err != nil {
		return err
	}
	n, err := r.c.Exam.Update().Where(entexam.ID(rev.ExamID), entexam.Slug(rev.Slug)).
		SetCurrentRevisionID(rev.RevisionID).SetKind(string(rev.Kind)).Save(ctx)
	if err := one(n, err, ports.ErrStale); err != nil {
		return err
	}
	return changed(ctx, r.c, ofCatalogue)
}

// index makes the questions of a revision the current ones of its exam.
func (r publication) index(ctx context.Context, rev exam.Revision) error {
	items, err := rev.Items()
	if err != nil {
		return err
	}
	err = r.c.Question.Update().Where(entquestion.ExamID(rev.ExamID), entquestion.Current(true)).SetCurrent(false).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	rows := make([]*ent.QuestionCreate, len(items))
	for i, q := range items {
		rows[i] = r.c.Question.Create().SetID(q.ID).SetExamID(q.ExamID).SetRevisionID(q.Revision).SetNumber(q.Number).
			SetPart(int(q.Part)).SetAbility(string(q.Ability)).SetCurrent(true)
	}
	return translate(r.c.Question.CreateBulk(rows...).OnConflictColumns(entquestion.FieldID).Update(func(u *ent.QuestionUpsert) {
		u.UpdateRevisionID().UpdateNumber().UpdateAbility().UpdateCurrent()
	}).Exec(ctx))
}

type questions struct{ c *ent.QuestionClient }

// Question implements ports.Questions.
func (r questions) Question(ctx context.Context, id uuid.UUID) (exam.Item, error) {
	row, err := r.c.Get(ctx, id)
	if err != nil {
		return exam.Item{}, orNotFound(err, exam.ErrQuestionNotFound)
	}
	return exam.Item{
		ID: row.ID, ExamID: row.ExamID, Revision: row.RevisionID, Number: row.Number, Part: exam.Part(row.Part), Ability: exam.Ability(row.Ability),
	}, nil
}

func (r publication) PutMedia(ctx context.Context, m exam.Media, data []byte) error {
	_, err := insertNew(ctx, r.c, r.dialect, mediaobject.Table,
		[]string{mediaobject.FieldID, mediaobject.FieldType, mediaobject.FieldSize, mediaobject.FieldData},
		[]any{m.Hash, m.Type, m.Size, data})
	return err
}

func (r publication) PutTable(ctx context.Context, t score.Table) (bool, error) {
	listening, err := json.Marshal(t.Listening)
	if err != nil {
		return false, fmt.Errorf("encode a conversion table: %w", err)
	}
	reading, err := json.Marshal(t.Reading)
	if err != nil {
		return false, fmt.Errorf("encode a conversion table: %w", err)
	}
	added, err := insertNew(ctx, r.c, r.dialect, conversiontable.Table,
		[]string{conversiontable.FieldID, conversiontable.FieldListening, conversiontable.FieldReading},
		[]any{t.Version, listening, reading})
	if added || err != nil {
		return added, err
	}
	row, err := r.c.ConversionTable.Get(ctx, t.Version)
	if err != nil {
		return false, translate(err)
	}
	stored, err := tableFromRow(row)
	if err == nil && stored != t {
		err = score.ErrTableChanged
	}
	return false, err
}
