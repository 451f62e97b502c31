package bootstrap

import (
	"context"
	"time"
)

type migrateUp struct{}

// Run applies what is pending.
func (*migrateUp) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		done, err := s.store.Migrate(ctx)
		for _, m := range done {
			r.printf("applied %s\n", m.Name)
		}
		if err == nil && len(done) == 0 {
			r.printf("nothing to apply\n")
		}
		return err
	})
}

type migrateDown struct{}

// Run takes one migration back.
func (*migrateDown) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		done, err := s.store.MigrateDown(ctx)
		for _, m := range done {
			r.printf("took back %s\n", m.Name)
		}
		if err == nil && len(done) == 0 {
			r.printf("nothing to take back\n")
		}
		return err
	})
}

type migrateStatus struct{}

// Run lists migrations.
func (*migrateStatus) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		all, err := s.store.Migrations(ctx)
		for _, m := range all {
			state := "pending"
			if m.AppliedAt != nil {
				state = "applied " + m.AppliedAt.Format(time.RFC3339)
			}
			r.printf("%-40s %s\n", m.Name, state)
		}
		return err
	})
}
