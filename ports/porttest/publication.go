package porttest

import (
	"context"
	"errors"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

func publicationTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"ARevisionComesBackAsItWasPublished":             revisionRoundTrip,
		"ANewRevisionBecomesTheCurrentOneAndTheOldStays": secondRevision,
		"ARevisionNumberIsTakenOnce":                     oneNumber,
		"APublicationThatFailsLeavesNothing":             allOrNothing,
		"AMediaFileIsStoredOnceHoweverOften":             mediaOnce,
		"AConversionTableNeverChanges":                   tableForEver,
	}
}

func revisionRoundTrip(f *fixture) {
	r, encoded := f.revision(examtest.Full(), 1, f.id())
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, r, encoded) }))
	got, err := f.store.Revisions().Revision(f.ctx, r.RevisionID)
	f.must(err)
	f.equal("revision", *got, r)
	summary, err := f.store.Catalogue().Exam(f.ctx, r.ExamID)
	f.must(err)
	f.equal("summary", summary, r.Summary)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error {
		latest, err := p.Latest(ctx, r.Slug)
		f.equal("latest", latest, r.Summary)
		f.must(err)
		_, err = p.Latest(ctx, "unknown")
		f.wants(err, exam.ErrNotFound)
		return nil
	}))
	_, err = f.store.Revisions().Revision(f.ctx, f.id())
	f.wants(err, exam.ErrNotFound)
	_, err = f.store.Catalogue().Exam(f.ctx, f.id())
	f.wants(err, exam.ErrNotFound)
}

func secondRevision(f *fixture) {
	first := f.exam()
	form := examtest.Mini()
	form.Slug, form.Title = first.Slug, "Corrected"
	second, encoded := f.revision(form, 2, first.ExamID)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, second, encoded) }))
	current, err := f.store.Catalogue().Exam(f.ctx, first.ExamID)
	f.must(err)
	f.equal("current", current, second.Summary)
	old, err := f.store.Revisions().Revision(f.ctx, first.RevisionID)
	f.must(err)
	f.equal("old", old.Summary, first)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error {
		for hash, want := range map[string]bool{first.Hash: true, second.Hash: true, "unknown": false} {
			known, err := p.Published(ctx, first.Slug, hash)
			f.must(err)
			f.equal("published "+hash, known, want)
		}
		elsewhere, err := p.Published(ctx, "unknown", first.Hash)
		f.equal("published under another slug", elsewhere, false)
		return err
	}))
}

func oneNumber(f *fixture) {
	form := examtest.Mini()
	id := f.id()
	won := f.together(8, func(int) bool {
		r, encoded := f.revision(form, 1, id)
		err := f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, r, encoded) })
		if err != nil && !errors.Is(err, ports.ErrStale) {
			// The exam itself was made by somebody else meanwhile: its identifier is taken, which is no race that
			// a caller with its own identifier can have.
			return false
		}
		return err == nil
	})
	f.equal("published", won, 1)
	r, encoded := f.revision(form, 1, f.id()) // another exam under the same slug
	f.wants(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, r, encoded) }), ports.ErrStale)
	second, encoded := f.revision(form, 2, id)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, second, encoded) }))
	again, encoded := f.revision(form, 2, id)
	f.wants(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, again, encoded) }), ports.ErrStale)
}

var errChanged = errors.New("changed my mind")

func allOrNothing(f *fixture) {
	r, encoded := f.revision(examtest.Mini(), 1, f.id())
	data := []byte("<svg/>")
	err := f.publish(func(ctx context.Context, p ports.Publication) error {
		f.must(p.PutMedia(ctx, exam.Media{Hash: exam.Hash(data), Type: "image/svg+xml", Size: 6}, data))
		_, err := p.PutTable(ctx, table("gone-1"))
		f.must(err)
		f.must(p.Publish(ctx, r, encoded))
		return errChanged
	})
	f.wants(err, errChanged)
	_, err = f.store.Catalogue().Exam(f.ctx, r.ExamID)
	f.wants(err, exam.ErrNotFound)
	_, _, err = f.store.MediaFiles().File(f.ctx, exam.Hash(data))
	f.wants(err, exam.ErrMediaNotFound)
	_, err = f.store.Conversions().Table(f.ctx, "gone-1")
	f.wants(err, score.ErrTableNotFound)
}

func mediaOnce(f *fixture) {
	data := []byte{0, 1, 2, 0xff, 0}
	m := exam.Media{Hash: exam.Hash(data), Type: "audio/mpeg", Size: 5}
	f.equal("writers that failed", 8-f.together(8, func(int) bool {
		err := f.publish(func(ctx context.Context, p ports.Publication) error { return p.PutMedia(ctx, m, data) })
		if err != nil {
			f.Error(err)
		}
		return err == nil
	}), 0)
	got, bytes, err := f.store.MediaFiles().File(f.ctx, m.Hash)
	f.must(err)
	f.equal("file", []any{got, bytes}, []any{m, data})
}

func tableForEver(f *fixture) {
	put := func(t score.Table) (added bool, err error) {
		err = f.publish(func(ctx context.Context, p ports.Publication) error {
			added, err = p.PutTable(ctx, t)
			return err
		})
		return added, err
	}
	won := f.together(8, func(int) bool {
		added, err := put(table("t-1"))
		if err != nil {
			f.Error(err)
		}
		return added
	})
	f.equal("writers that added it", won, 1)
	got, err := f.store.Conversions().Table(f.ctx, "t-1")
	f.must(err)
	f.equal("table", got, table("t-1"))
	other := table("t-1")
	other.Reading[50] += 5
	_, err = put(other)
	f.wants(err, score.ErrTableChanged)
	got, err = f.store.Conversions().Table(f.ctx, "t-1")
	f.must(err)
	f.equal("table after that", got, table("t-1"))
}
