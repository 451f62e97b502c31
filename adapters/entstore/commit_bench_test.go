package entstore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// BenchmarkCommit compares one small transaction on SQLite that reaches the disk with one that does not: the
// price of durability on the machine at hand.
func BenchmarkCommit(b *testing.B) {
	for name, volatile := range map[string]bool{"durable": false, "volatile": true} {
		b.Run(name, func(b *testing.B) {
			s, err := entstore.Open(b.Context(), entstore.Config{URL: "sqlite:" + filepath.Join(b.TempDir(), "b.db"), Volatile: volatile})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			u := identity.User{ID: uuid.New(), Email: "a@example.com", Profile: identity.Profile{Locale: "en"}, CreatedAt: time.Now(), Version: 1}
			if err := s.Users().Add(b.Context(), u); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				err := s.Identity().Do(b.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
					return r.Sessions.Add(ctx, identity.OpenSession(uuid.Must(uuid.NewV7()), u.ID, identity.Proof{}, identity.Device{}, time.Now()))
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
