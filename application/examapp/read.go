// Package examapp holds the use cases of published exams and of the content packs they come from.
package examapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// List lists published exams.
type List struct{ Catalogue ports.Catalogue }

// Execute returns one stretch of the catalogue, in order of first publication.
func (uc List) Execute(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error) {
	return uc.Catalogue.List(ctx, which, page)
}

// Get reads one published exam.
type Get struct{ Catalogue ports.Catalogue }

// Execute returns exam.ErrNotFound when there is none.
func (uc Get) Execute(ctx context.Context, id uuid.UUID) (exam.Summary, error) {
	return uc.Catalogue.Exam(ctx, id)
}

// Media reads a media file of any published exam.
type Media struct{ Files ports.MediaFiles }

// Execute returns exam.ErrMediaNotFound when there is no file of that hash.
func (uc Media) Execute(ctx context.Context, hash string) (exam.Media, []byte, error) {
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
		return exam.Media{}, nil, exam.ErrMediaNotFound
	}
	return uc.Files.File(ctx, hash)
}
