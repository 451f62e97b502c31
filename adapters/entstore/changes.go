package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
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

	// ofClearing begins the subject of a clearing, which tells what to forget.
	ofClearing = "cache-clear:"
)

// clearing is what the subject of a clearing tells. As families are few and a tag is short, it is short.
type clearing struct {
	By       string   `json:"by"`
	Families []string `json:"families,omitempty"` // none: all of them
	Tag      string   `json:"tag,omitempty"`
}

func subjectOf(scope ports.CacheScope, by string) (string, error) {
	c := clearing{By: by, Tag: scope.Tag}
	for _, f := range scope.Families {
		c.Families = append(c.Families, f.Name)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode what is cleared: %w", err)
	}
	return ofClearing + string(text), nil
}

// ClearingOf reads the subject of a change that a clearing made: what to forget, and the name of the process that does so
// itself. Of families that this version of the program does not know there is nothing to forget; a scope of nothing but
// these, and every other subject, is none.
func ClearingOf(subject string) (scope ports.CacheScope, by string, ok bool) {
	text, ok := strings.CutPrefix(subject, ofClearing)
	if !ok {
		return ports.CacheScope{}, "", false
	}
	var c clearing
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return ports.CacheScope{}, "", false
	}
	for _, name := range c.Families {
		if f, err := caching.Named(name); err == nil {
			scope.Families = append(scope.Families, f)
		}
	}
	scope.Tag = c.Tag
	return scope, c.By, len(c.Families) == 0 || len(scope.Families) > 0
}

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
