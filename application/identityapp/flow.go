package identityapp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Pending tells a client which flow waits for a code, and until when.
type Pending struct {
	Flow      uuid.UUID
	ExpiresAt time.Time
}

// Flows opens and ends what somebody is in the middle of.
type Flows struct {
	Clock   ports.Clock
	IDs     ports.IDs
	Codes   ports.Codes
	Secrets ports.Secrets
	Sealer  ports.Sealer
	Work    ports.UnitOfWork[ports.IdentityRepos]
}

// begin makes a flow with a sealed state. It is not stored yet.
func (f Flows) begin(user uuid.UUID, p identity.Purpose, state any, lifetime time.Duration) (identity.Flow, error) {
	id := f.IDs.New()
	plain, err := json.Marshal(state)
	if err != nil {
		return identity.Flow{}, fmt.Errorf("encode the state of a flow: %w", err)
	}
	sealed, err := f.Sealer.Seal(plain, flowSeal+id.String())
	if err != nil {
		return identity.Flow{}, fmt.Errorf("seal the state of a flow: %w", err)
	}
	return identity.OpenFlow(id, user, p, sealed, f.Clock.Now(), lifetime), nil
}

const flowSeal = "flow "

// open reads the state of a flow.
func (f Flows) open(flow identity.Flow, into any) error {
	plain, err := f.Sealer.Open(flow.State, flowSeal+flow.ID.String())
	if err != nil {
		return fmt.Errorf("open the state of a flow: %w", err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decode the state of a flow: %w", err)
	}
	return nil
}

// code makes a code for a flow and the hash to keep of it.
func (f Flows) code(id uuid.UUID) (code, hash string, err error) {
	if code, err = f.Codes.Digits(); err != nil {
		return "", "", err
	}
	return code, f.Codes.Hash(id.String(), code), nil
}

// decoy makes a hash that no code has, for a flow that only looks like one.
func (f Flows) decoy() (string, error) {
	secret, err := f.Secrets.New()
	return f.Secrets.Hash(secret), err
}

// try counts a try, compares the codes, and returns the flow when they are right. second is "" for flows with one code.
func (f Flows) try(ctx context.Context, id uuid.UUID, p identity.Purpose, code, second string) (identity.Flow, error) {
	var flow identity.Flow
	err := f.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		flow, err = repos.Flows.Try(ctx, id, p, f.Clock.Now())
		return err
	})
	if err != nil {
		return identity.Flow{}, err
	}
	right := f.Codes.Hash(id.String(), code) == flow.CodeHash
	if flow.SecondHash != "" {
		right = f.Codes.Hash(id.String(), second) == flow.SecondHash && right
	}
	if !right {
		return identity.Flow{}, identity.ErrBadCode
	}
	return flow, nil
}

// take uses up a flow without a code and reads its state.
func (f Flows) take(ctx context.Context, id uuid.UUID, p identity.Purpose, into any) (identity.Flow, error) {
	var flow identity.Flow
	err := f.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		if flow, err = repos.Flows.Try(ctx, id, p, f.Clock.Now()); err != nil {
			return err
		}
		return repos.Flows.Finish(ctx, id, f.Clock.Now())
	})
	if err != nil {
		return identity.Flow{}, err
	}
	return flow, f.open(flow, into)
}
