package identityapp

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// ExportLifetime is how long a finished export can be fetched.
const ExportLifetime = 7 * 24 * time.Hour

// ExportLimit is how many exports an account may ask for.
func ExportLimit() ports.Limit { return ports.Limit{Burst: 3, Window: 24 * time.Hour} }

// RequestExport orders a copy of all that an account holds.
type RequestExport struct {
	Clock  ports.Clock
	IDs    ports.IDs
	Limits ports.Limits
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// order is the payload of an export's job.
type order struct {
	Export uuid.UUID
	User   uuid.UUID
}

// Execute returns the export that will be made; identity.ErrTooManyExports.
func (uc RequestExport) Execute(ctx context.Context, user uuid.UUID) (ports.Export, error) {
	if v := uc.Limits.Take(ctx, "export:"+user.String(), ExportLimit()); !v.Allowed {
		return ports.Export{}, identity.ErrTooManyExports.After(v.RetryAfter)
	}
	now := uc.Clock.Now()
	e := ports.Export{ID: uc.IDs.New(), UserID: user, Status: ports.ExportPending, CreatedAt: now, ExpiresAt: now.Add(ExportLifetime)}
	payload, err := json.Marshal(order{e.ID, user})
	if err != nil {
		return e, fmt.Errorf("encode an export: %w", err)
	}
	return e, uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Exports.Add(ctx, e); err != nil {
			return err
		}
		_, err := repos.Jobs.Add(ctx, job.New(uc.IDs.New(), job.ExportData, payload, now, now))
		return err
	})
}

// ExportPart is one file of an export: its name without .json, and what is in it.
type ExportPart struct {
	Name string
	Read func(ctx context.Context, user uuid.UUID) (any, error)
}

// MakeExport gathers all that an account holds into a zip of JSON files.
type MakeExport struct {
	Clock   ports.Clock
	Exports ports.Exports
	Users   ports.Users
	Parts   []ExportPart
	Post    Post
	Work    ports.UnitOfWork[ports.IdentityRepos]
}

// Execute does one job of the kind job.ExportData. The file, the letter about it and the end of the job are stored
// together, so that there is one of each wherever a process dies.
func (uc MakeExport) Execute(ctx context.Context, j job.Job) error {
	var o order
	if err := json.Unmarshal(j.Payload, &o); err != nil {
		return fmt.Errorf("decode an export: %w: %w", job.ErrHopeless, err)
	}
	e, err := uc.Exports.Get(ctx, o.User, o.Export)
	if errors.Is(err, identity.ErrExportNotFound) {
		return nil // the account was erased
	}
	if err != nil {
		return err
	}
	u, err := uc.Users.ByID(ctx, o.User)
	if err != nil {
		return err
	}
	file, err := uc.zip(ctx, o.User)
	if err != nil {
		return err
	}
	now := uc.Clock.Now()
	e.Status, e.Size, e.ReadyAt, e.ExpiresAt = ports.ExportReady, int64(len(file)), &now, now.Add(ExportLifetime)
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Exports.Fill(ctx, e, file); err != nil {
			return err
		}
		if err := uc.Post.about(ctx, repos, u, identity.LetterExportReady, &e.ExpiresAt); err != nil {
			return err
		}
		return repos.Jobs.Done(ctx, j, now)
	})
}

func (uc MakeExport) zip(ctx context.Context, user uuid.UUID) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range uc.Parts {
		content, err := part.Read(ctx, user)
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", part.Name, err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.Name + ".json", Method: zip.Deflate, Modified: uc.Clock.Now()})
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", part.Name, err)
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(content); err != nil {
			return nil, fmt.Errorf("export %s: %w", part.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("close an export: %w", err)
	}
	return b.Bytes(), nil
}

// GetExport reads how far an export is.
type GetExport struct {
	Clock   ports.Clock
	Exports ports.Exports
}

// Execute returns identity.ErrExportNotFound unless it is the user's and still kept.
func (uc GetExport) Execute(ctx context.Context, user, id uuid.UUID) (ports.Export, error) {
	e, err := uc.Exports.Get(ctx, user, id)
	if err == nil && !uc.Clock.Now().Before(e.ExpiresAt) {
		return ports.Export{}, identity.ErrExportNotFound
	}
	return e, err
}

// File returns the zip; identity.ErrExportNotReady until it is made.
func (uc GetExport) File(ctx context.Context, user, id uuid.UUID) ([]byte, error) {
	e, err := uc.Execute(ctx, user, id)
	if err != nil {
		return nil, err
	}
	if e.Status != ports.ExportReady {
		return nil, identity.ErrExportNotReady
	}
	return uc.Exports.Data(ctx, user, id)
}
