package entstore_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/ports"
)

// Ent's Only asks for two rows whatever the limit, and fails when it gets them.
func TestTheLatestOfSeveralRevisionsIsTheNewest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		form, id := examtest.Mini(), uuid.Must(uuid.NewV7())
		content := exam.Content{Form: form, Media: map[string]exam.Media{}}
		encoded, err := content.Encode()
		must(t, err)
		for number := range 4 {
			want := exam.Summary{
				ExamID: id, RevisionID: uuid.Must(uuid.NewV7()), Revision: number + 1, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
				Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
			}
			must(t, s.Publication().Do(t.Context(), func(ctx context.Context, r ports.PublicationRepos) error {
				if err := r.Publication.Publish(ctx, exam.Revision{Summary: want, Content: content}, encoded); err != nil {
					return err
				}
				got, err := r.Publication.Latest(ctx, form.Slug)
				same(t, got, err, want)
				return nil
			}))
		}
	})
}
