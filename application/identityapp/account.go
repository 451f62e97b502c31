package identityapp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// Profile reads the caller's account.
type Profile struct{ Users ports.Users }

// Execute returns identity.ErrUserNotFound when the account was closed.
func (uc Profile) Execute(ctx context.Context, user uuid.UUID) (identity.User, error) {
	u, err := uc.Users.ByID(ctx, user)
	if err == nil && !u.Active() {
		return identity.User{}, identity.ErrUserNotFound
	}
	return u, err
}

// Change is what a request says about a value that may be absent: nothing, a new one, or none.
type Change[T any] struct {
	Given bool
	Value *T // nil clears
}

func (c Change[T]) apply(to **T) {
	if c.Given {
		*to = c.Value
	}
}

// ChangeProfileCommand says what to change of an account's profile.
type ChangeProfileCommand struct {
	User          uuid.UUID
	DisplayName   *string // nil keeps
	Locale        *string // nil keeps
	TargetScore   Change[int]
	TestDate      Change[time.Time]
	MinutesPerDay Change[int]
}

func (cmd ChangeProfileCommand) apply(p identity.Profile) identity.Profile {
	if cmd.DisplayName != nil {
		p.DisplayName = *cmd.DisplayName
	}
	if cmd.Locale != nil {
		p.Locale = *cmd.Locale
	}
	cmd.TargetScore.apply(&p.TargetScore)
	cmd.TestDate.apply(&p.TestDate)
	cmd.MinutesPerDay.apply(&p.MinutesPerDay)
	return p
}

// ChangeProfile changes the caller's profile.
type ChangeProfile struct {
	Work ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidAccount naming every bad field, and ports.ErrStale when the account was
// changed by another request at the same time.
func (uc ChangeProfile) Execute(ctx context.Context, cmd ChangeProfileCommand) (identity.User, error) {
	var out identity.User
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		u, err := repos.Users.ByID(ctx, cmd.User)
		if err != nil {
			return err
		}
		if out, err = u.Changed(cmd.apply(u.Profile)); err != nil {
			return err
		}
		return repos.Users.Save(ctx, out)
	})
	return out, err
}

// CloseAccount closes the caller's account, ends all its sessions, and orders its erasure.
type CloseAccount struct {
	Clock ports.Clock
	IDs   ports.IDs
	Post  Post
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute closes the account; until it is erased its owner can come back by logging in with reopen. It returns
// identity.ErrLastAdmin for the last administrator.
func (uc CloseAccount) Execute(ctx context.Context, user uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Clock.Now()
		u, err := repos.Users.ByID(ctx, user)
		if err != nil {
			return err
		}
		if !u.Active() {
			return identity.ErrUserNotFound
		}
		if err := keepAnAdmin(ctx, repos, u); err != nil {
			return err
		}
		closed := u.Closed(now)
		if err := repos.Users.Save(ctx, closed); err != nil {
			return err
		}
		if _, err = repos.Sessions.Revoke(ctx, ports.SessionFilter{User: user}, identity.EndedByClosing, now); err != nil {
			return err
		}
		payload, err := json.Marshal(user)
		if err != nil {
			return fmt.Errorf("encode an erasure: %w", err)
		}
		due := closed.ErasedAt()
		if _, err := repos.Jobs.Add(ctx, job.New(uc.IDs.New(), job.EraseAccount, payload, now, due)); err != nil {
			return err
		}
		return uc.Post.about(ctx, repos, closed, identity.LetterAccountClosed, &due)
	})
}

// keepAnAdmin returns identity.ErrLastAdmin when u is an administrator and no other is active.
func keepAnAdmin(ctx context.Context, repos ports.IdentityRepos, u identity.User) error {
	if !u.Is(identity.Admin) || !u.Active() {
		return nil
	}
	n, err := repos.Holders.Admins(ctx)
	if err == nil && n <= 1 {
		return identity.ErrLastAdmin
	}
	return err
}

// EraseAccount removes closed accounts when their grace is over.
type EraseAccount struct {
	Clock    ports.Clock
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// Execute does one job of the kind job.EraseAccount. An account that was reopened, or closed again later, stays. The
// erasure, its entry in the audit log and the end of the job are stored together.
func (uc EraseAccount) Execute(ctx context.Context, j job.Job) error {
	var user uuid.UUID
	if err := json.Unmarshal(j.Payload, &user); err != nil {
		return fmt.Errorf("decode an erasure: %w: %w", job.ErrHopeless, err)
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Clock.Now()
		u, err := repos.Users.ByID(ctx, user)
		if isNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if u.DeletedAt == nil || now.Before(u.ErasedAt()) {
			return nil
		}
		if err := repos.Erasures.Erase(ctx, user, now); err != nil {
			return err
		}
		if err := uc.Recorder.Record(ctx, repos.Audit, identity.Caller{}, audit.UserErased, objectOf(user), nil, nil); err != nil {
			return err
		}
		return repos.Jobs.Done(ctx, j, now)
	})
}
