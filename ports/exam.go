package ports

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// ExamFilter selects exams; a zero field selects all.
type ExamFilter struct {
	Kind exam.Kind
}

// Catalogue reads what is published, in order of first publication.
type Catalogue interface {
	List(ctx context.Context, which ExamFilter, page Page) (Slice[exam.Summary], error)
	// Exam returns the current revision of an exam; exam.ErrNotFound when there is none.
	Exam(ctx context.Context, id uuid.UUID) (exam.Summary, error)
}

// Revisions reads published forms, keys included. What it returns is shared: callers must not change it.
type Revisions interface {
	// Revision returns exam.ErrNotFound when there is none.
	Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error)
}

// Questions finds questions by their identifiers.
type Questions interface {
	// Question returns exam.ErrQuestionNotFound when no revision has, or had, a question of that identifier.
	Question(ctx context.Context, id uuid.UUID) (exam.Item, error)
}

// MediaFiles reads stored media.
type MediaFiles interface {
	// File returns exam.ErrMediaNotFound when there is none of that hash.
	File(ctx context.Context, hash string) (exam.Media, []byte, error)
}

// Conversions reads conversion tables.
type Conversions interface {
	// Table returns score.ErrTableNotFound when there is none of that version.
	Table(ctx context.Context, version string) (score.Table, error)
}

// Publication stores content. Within one unit of work it is all or nothing.
type Publication interface {
	// Latest returns the newest revision of the exam with that slug; exam.ErrNotFound when there is none.
	Latest(ctx context.Context, slug string) (exam.Summary, error)
	// Published reports whether any revision of the exam with that slug has that hash.
	Published(ctx context.Context, slug, hash string) (bool, error)
	// Publish stores a revision and makes it the current one of its exam, which it creates when it is new.
	// ErrStale when somebody else published a revision of that number meanwhile.
	Publish(ctx context.Context, r exam.Revision, encoded []byte) error
	// PutMedia stores a file under its hash; to store it again is harmless.
	PutMedia(ctx context.Context, m exam.Media, data []byte) error
	// PutTable stores a conversion table and reports whether it was new; score.ErrTableChanged when the
	// version exists with other figures.
	PutTable(ctx context.Context, t score.Table) (bool, error)
}

// PublicationRepos is what a unit of work on content may touch.
type PublicationRepos struct {
	Publication Publication
}

// Pack is a content pack as read: a form and the files beside it.
type Pack struct {
	Form  exam.Form
	Files map[string]PackFile // by the name that the form uses
}

// PackFile is one media file of a pack.
type PackFile struct {
	Media exam.Media
	Data  []byte
}

// PackIssue is one fault of a pack.
type PackIssue struct {
	File    string // path inside the pack
	Pointer string // JSON pointer, "" for the file as a whole
	Code    string
	Detail  string
}

// Packs reads content packs.
type Packs interface {
	// Read returns the pack and every fault that can be found without the rules of the form. With faults the
	// pack holds what could be read. The error is exam.ErrUnreadable or exam.ErrPackTooLarge around the reason.
	Read(ctx context.Context, path string) (Pack, []PackIssue, error)
}
