package examapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// manifest is the file of a pack that holds the form.
const manifest = "exam.json"

// Validate checks a content pack without storing anything.
type Validate struct {
	Packs       ports.Packs
	Conversions ports.Conversions
}

// Execute returns the pack and all its faults, ordered by file and place. The error is about reading it at all.
func (uc Validate) Execute(ctx context.Context, path string) (ports.Pack, []ports.PackIssue, error) {
	pack, issues, err := uc.Packs.Read(ctx, path)
	if err != nil {
		return ports.Pack{}, nil, err
	}
	if !unreadable(issues) {
		more, err := uc.rules(ctx, pack.Form, issues)
		if err != nil {
			return ports.Pack{}, nil, err
		}
		issues = append(issues, more...)
	}
	slices.SortStableFunc(issues, func(a, b ports.PackIssue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code))
	})
	return pack, issues, nil
}

// rules judges the form by the rules of the format, except at places where something is wrong already: there a
// rule would only repeat it.
func (uc Validate) rules(ctx context.Context, form exam.Form, known []ports.PackIssue) ([]ports.PackIssue, error) {
	wrong := map[string]bool{}
	for _, i := range known {
		wrong[i.Pointer] = i.File == manifest
	}
	var issues []ports.PackIssue
	for _, i := range form.Check() {
		if !wrong[i.Pointer] {
			issues = append(issues, ports.PackIssue{File: manifest, Pointer: i.Pointer, Code: i.Code, Detail: i.Detail})
		}
	}
	if wrong["/conversion"] {
		return issues, nil
	}
	_, err := uc.Conversions.Table(ctx, form.Conversion)
	if errors.Is(err, score.ErrTableNotFound) {
		return append(issues, ports.PackIssue{
			File: manifest, Pointer: "/conversion", Code: "unknown",
			Detail: fmt.Sprintf("There is no conversion table %q.", form.Conversion),
		}), nil
	}
	return issues, err
}

// unreadable reports whether the form as a whole could not be read, so that its rules cannot be judged.
func unreadable(issues []ports.PackIssue) bool {
	return slices.ContainsFunc(issues, func(i ports.PackIssue) bool { return i.File == manifest && i.Pointer == "" })
}

// Outcome tells what an import did.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"   // a new exam
	Revised   Outcome = "revised"   // a new revision of an exam that was there
	Unchanged Outcome = "unchanged" // the newest revision has the very same content, or an older one that is not to come back
)

// Imported is a pack's published revision.
type Imported struct {
	Summary exam.Summary
	Outcome Outcome
}

// Import publishes a content pack as the current revision of its exam.
type Import struct {
	Clock    ports.Clock
	IDs      ports.IDs
	Validate Validate
	Work     ports.UnitOfWork[ports.PublicationRepos]
	// OnlyNew leaves an exam alone that once had this very content: who revised it since meant to. So a restart does
	// not undo an operator's correction, nor does the older of two versions of the program that of the newer.
	OnlyNew bool
}

// Execute returns exam.ErrInvalidPack together with all issues when there is any; then nothing is stored.
func (uc Import) Execute(ctx context.Context, path string) (Imported, []ports.PackIssue, error) {
	pack, issues, err := uc.Validate.Execute(ctx, path)
	switch {
	case err != nil:
		return Imported{}, nil, err
	case len(issues) > 0:
		return Imported{}, issues, exam.ErrInvalidPack
	}
	done, err := uc.publish(ctx, pack)
	return done, nil, err
}

// maxTries bounds how often a publication that another one overtook is tried again, on top of that one.
const maxTries = 3

func (uc Import) publish(ctx context.Context, pack ports.Pack) (Imported, error) {
	content := exam.Content{Form: pack.Form, Media: map[string]exam.Media{}}
	for name, f := range pack.Files {
		content.Media[name] = f.Media
	}
	encoded, err := content.Encode()
	if err != nil {
		return Imported{}, err
	}
	var done Imported
	for range maxTries {
		err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PublicationRepos) error {
			done, err = uc.store(ctx, repos.Publication, pack, content, encoded)
			return err
		})
		if !errors.Is(err, ports.ErrStale) {
			break
		}
	}
	return done, err
}

func (uc Import) store(ctx context.Context, repo ports.Publication, pack ports.Pack, content exam.Content, encoded []byte) (Imported, error) {
	hash, now := exam.Hash(encoded), uc.Clock.Now()
	latest, err := repo.Latest(ctx, content.Form.Slug)
	outcome := Revised
	switch {
	case errors.Is(err, exam.ErrNotFound):
		outcome = Created
		latest = exam.Summary{ExamID: uc.IDs.New()}
	case err != nil:
		return Imported{}, err
	case latest.Hash == hash:
		return Imported{Summary: latest, Outcome: Unchanged}, nil
	}
	if uc.OnlyNew && outcome == Revised {
		if known, err := repo.Published(ctx, content.Form.Slug, hash); known || err != nil {
			return Imported{Summary: latest, Outcome: Unchanged}, err
		}
	}
	form := content.Form
	for _, name := range form.MediaFiles() {
		if err := repo.PutMedia(ctx, pack.Files[name].Media, pack.Files[name].Data); err != nil {
			return Imported{}, err
		}
	}
	r := exam.Revision{Content: content, Summary: exam.Summary{
		ExamID: latest.ExamID, RevisionID: uc.IDs.New(), Revision: latest.Revision + 1, Slug: form.Slug, Title: form.Title,
		Kind: form.Kind, Format: form.Format, Hash: hash, Outline: form.Outline(), PublishedAt: now,
	}}
	return Imported{Summary: r.Summary, Outcome: outcome}, repo.Publish(ctx, r, encoded)
}

// ImportTable stores a conversion table.
type ImportTable struct {
	Work ports.UnitOfWork[ports.PublicationRepos]
}

// Execute reads the CSV form of a table and reports whether it was new. It returns score.ErrInvalidTable, and
// score.ErrTableChanged when the version exists with other figures.
func (uc ImportTable) Execute(ctx context.Context, version string, csv io.Reader) (bool, error) {
	table, err := score.ReadTable(version, csv)
	if err != nil {
		return false, err
	}
	var added bool
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PublicationRepos) error {
		added, err = repos.Publication.PutTable(ctx, table)
		return err
	})
	return added, err
}
