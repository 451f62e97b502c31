package entstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/actorchange"
	"github.com/toeic-app/toeic/ports"
)

// Subjects of changes.
func ofUser(id uuid.UUID) string    { return "user:" + id.String() }
func ofSession(id uuid.UUID) string { return "session:" + id.String() }
func ofToken(id uuid.UUID) string   { return "token:" + id.String() }

const (
	ofRoles         = "roles"
	ofCacheSettings = "cache-settings"
	ofCatalogue     = "catalogue"
	ofLeaderboards  = "leaderboards"
)

// changed notes, in the transaction of the change itself, that what was remembered about a subject is out of date.
func changed(ctx context.Context, c *ent.Client, subject string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an identifier: %w", err)
	}
	return translate(c.ActorChange.Create().SetID(id).SetSubject(subject).SetAt(time.Now().UTC()).Exec(ctx))
}

// ActorChanges tells what changed lately.
func (s *Store) ActorChanges() ports.ActorChanges { return actorChanges{s.client.ActorChange} }

type actorChanges struct{ c *ent.ActorChangeClient }

func (r actorChanges) Since(ctx context.Context, at time.Time) ([]ports.ActorChange, error) {
	rows, err := r.c.Query().Where(actorchange.AtGT(at)).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.ActorChange, len(rows))
	for i, row := range rows {
		out[i] = ports.ActorChange{ID: row.ID, Subject: row.Subject}
	}
	return out, nil
}
