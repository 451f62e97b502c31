package identityapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// ExportCases is what the routes of exports call.
type ExportCases struct {
	Request func(ctx context.Context, user uuid.UUID) (ports.Export, error)
	Get     func(ctx context.Context, user, id uuid.UUID) (ports.Export, error)
	File    func(ctx context.Context, user, id uuid.UUID) ([]byte, error)
}

type exportReply struct {
	ID        uuid.UUID          `json:"id"`
	Status    ports.ExportStatus `json:"status" enum:"pending,ready,failed"`
	Size      int64              `json:"size" description:"Bytes of the file, once it is ready."`
	CreatedAt time.Time          `json:"created_at"`
	ReadyAt   *time.Time         `json:"ready_at"`
	ExpiresAt time.Time          `json:"expires_at" description:"When the file is removed."`
}

func toExportReply(e ports.Export) exportReply {
	return exportReply{ID: e.ID, Status: e.Status, Size: e.Size, CreatedAt: e.CreatedAt, ReadyAt: e.ReadyAt, ExpiresAt: e.ExpiresAt}
}

type exportPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

func exportRoutes(api *web.API, uc ExportCases) {
	web.Register(api, web.Endpoint[web.None, exportReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/exports", Permission: identity.OwnAccount, Idempotent: true,
		Tag: tag, Summary: "Ask for a copy of all that the account holds", Status: http.StatusAccepted,
		Description: "It is made in the background; a letter tells when it is ready.", Faults: web.Faults(identity.ErrTooManyExports),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (exportReply, error) {
			e, err := uc.Request(ctx, r.Actor.UserID)
			return toExportReply(e), err
		},
	})
	web.Register(api, web.Endpoint[exportPath, exportReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me/exports/{id}", Permission: identity.OwnAccount,
		Tag: tag, Summary: "Read how far a copy is", Faults: web.Faults(identity.ErrExportNotFound),
		Handle: func(ctx context.Context, r web.Request, in exportPath) (exportReply, error) {
			e, err := uc.Get(ctx, r.Actor.UserID, in.ID)
			return toExportReply(e), err
		},
	})
	web.Register(api, web.Endpoint[exportPath, web.File]{
		Method: http.MethodGet, Path: "/api/v1/users/me/exports/{id}/file", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Fetch a copy", Description: "A zip of JSON files.", Faults: web.Faults(identity.ErrExportNotFound, identity.ErrExportNotReady),
		Handle: func(ctx context.Context, r web.Request, in exportPath) (web.File, error) {
			data, err := uc.File(ctx, r.Actor.UserID, in.ID)
			return web.File{Type: "application/zip", Name: "toeic-export-" + in.ID.String() + ".zip", Data: data}, err
		},
	})
}
