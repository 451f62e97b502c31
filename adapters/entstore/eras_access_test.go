package entstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// readAccess reads the rows of the tables that came with identityEra.
func readAccess(t *testing.T, s *entstore.Store) {
	t.Helper()
	ann := row(1, 1)
	tokens, err := s.APITokens().List(t.Context(), ann, ports.Page{Limit: 10})
	same(t, tokens.Items, err, []identity.APIToken{{
		ID: row(3, 1), UserID: ann, Name: "backup", Hash: "era-token", Scopes: []identity.Scope{"sessions:*", "exams:read"},
		CreatedAt: early, ExpiresAt: last, UsedAt: &later,
	}})
	factors, err := s.Factors().Of(t.Context(), ann)
	same(t, factors, err, identity.Factors{
		TOTP:          &identity.TOTP{ID: row(9, 1), UserID: ann, Secret: []byte("sealed"), SpentStep: 59, CreatedAt: early, ConfirmedAt: &later},
		Passkeys:      []identity.Passkey{{ID: row(10, 1), UserID: ann, Name: "laptop 노트북", Credential: []byte("credential"), Record: []byte("{}"), CreatedAt: early, LastUsedAt: &later}},
		RecoveryCodes: 1,
	})
	links, err := s.Links().Of(t.Context(), ann)
	same(t, links, err, []identity.Link{{
		ID: row(11, 1), UserID: ann, Provider: "club", Issuer: "https://club.example", Subject: "ann", Email: "Ann@Example.com", CreatedAt: early, LastUsedAt: later,
	}})
	export, err := s.Exports().Get(t.Context(), ann, row(8, 1))
	same(t, export, err, ports.Export{ID: row(8, 1), UserID: ann, Status: ports.ExportReady, Size: 3, CreatedAt: early, ReadyAt: &later, ExpiresAt: last})
	data, err := s.Exports().Data(t.Context(), ann, row(8, 1))
	same(t, string(data), err, "zip")
	roles, err := s.RoleDefinitions().All(t.Context())
	same(t, roles, err, []identity.RoleDefinition{{
		Name: "watcher", Description: "On call", Permissions: []identity.Permission{identity.ReadSessions, identity.ReadAudit}, CreatedAt: early, Version: 2,
	}})
	guard, err := s.Guards().Get(t.Context(), "era-guard")
	same(t, guard, err, identity.Guard{Failures: 6, BlockedUntil: &last, UpdatedAt: later})
	failures, err := s.LoginFailures().ByIP(t.Context(), early, 10)
	same(t, failures, err, []ports.FailureCount{{IP: "192.0.2.1", Failures: 2, Last: later}})
	keys, err := s.Keys().All(t.Context())
	same(t, keys, err, []ports.StoredKey{{ID: "era-kid", Purpose: ports.AccessKey, Sealed: []byte("sealed"), CreatedAt: early, ActiveAt: later}})
	changes, err := s.ActorChanges().Since(t.Context(), early)
	same(t, changes, err, []ports.ActorChange{{ID: row(13, 1), Subject: "roles"}})
	entry := audit.Entry{
		Seq: 1, At: early, UserID: ann, TokenID: row(3, 1), IP: "192.0.2.1", RequestID: "era-request", Action: audit.RoleDefined, Object: "role:watcher",
		After: `{"permissions":["sessions:read"]}`, Hash: "era-hash",
	}
	entries, err := s.AuditReader().Oldest(t.Context(), 0, 10)
	same(t, entries, err, []audit.Entry{entry})
	head, err := s.AuditReader().End(t.Context())
	same(t, head, err, audit.Head{Seq: 1, Hash: "era-hash"})
	readFlow(t, s)
	until := last.Add(time.Minute)
	claimed, err := s.Queue().Claim(t.Context(), last, time.Minute, 10)
	same(t, claimed, err, []job.Job{{
		ID: row(14, 1), Kind: job.SendLetter, Payload: []byte("sealed"), RunAt: later, Tries: 4, Claim: 4, LeasedUntil: &until,
		CreatedAt: early, LastError: "the mail server was down",
	}})
}

func readFlow(t *testing.T, s *entstore.Store) {
	t.Helper()
	must(t, s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
		flow, err := r.Flows.Try(ctx, row(7, 1), identity.EmailChange, later)
		same(t, flow, err, identity.Flow{
			ID: row(7, 1), UserID: row(1, 1), Purpose: identity.EmailChange, CodeHash: "era-new", SecondHash: "era-old", Tries: 3, State: []byte("sealed"),
			CreatedAt: early, ExpiresAt: last,
		})
		return nil
	}))
}

// scheduleEra is the first era of recurring work.
const scheduleEra = 20261125171023

// readSchedules reads the rows of the table that came with scheduleEra.
func readSchedules(t *testing.T, s *entstore.Store) {
	t.Helper()
	all, err := s.Schedules().All(t.Context())
	same(t, all, err, []job.Schedule{{Name: "era", NextAt: last, BeganAt: &early, SucceededAt: &later, Runs: 4}})
}

// cacheEra is the first era of the administration of caches.
const cacheEra = 20261125212618

func readCaches(t *testing.T, s *entstore.Store) {
	t.Helper()
	settings, err := s.CacheSettings().All(t.Context())
	same(t, settings, err, []caching.Setting{
		{Family: caching.Content, TTL: 1500 * time.Millisecond, By: row(1, 1), At: later}, {Family: caching.Users, TTL: time.Minute, At: early},
	})
	run, err := s.CacheRuns().Run(t.Context(), row(23, 1))
	same(t, run, err, caching.Run{
		ID: row(23, 1), Replica: "era-1", By: row(1, 1), Families: []caching.Warmed{{Family: caching.Content, Planned: 3, Loaded: 2, Failed: 1, Note: "Era"}},
		Cleared: true, Far: "pending", StartedAt: early, SeenAt: later, Outcome: caching.Done, EndedAt: &later,
	})
	run, err = s.CacheRuns().Run(t.Context(), row(23, 2))
	same(t, run, err, caching.Run{
		ID: row(23, 2), Replica: "era-1", Families: []caching.Warmed{}, StartedAt: early, SeenAt: later, Outcome: caching.Running, Cancelling: true,
	})
}
