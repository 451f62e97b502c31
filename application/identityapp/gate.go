package identityapp

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// AddressLimit is how many failures one network address may cause.
func AddressLimit() ports.Limit { return ports.Limit{Burst: 20, Window: time.Minute} }

// Gate stands before every place where somebody may guess: it counts failures by account and by network address,
// refuses to go on after too many, and tells about each.
type Gate struct {
	Clock   ports.Clock
	IDs     ports.IDs
	Guards  ports.Guards
	Secrets ports.Secrets
	Limits  ports.Limits
	// PerAddress bounds the failures of one network address.
	PerAddress ports.Limit
	// Alarm hears of every failure.
	Alarm func(identity.LoginFailure)
}

// key names the guard of an e-mail address. Addresses that nobody registered are not kept in clear.
func (g Gate) key(address string) string {
	if email, err := identity.ParseEmail(address); err == nil {
		address = string(email)
	}
	return g.Secrets.Hash("login guard of " + address)
}

// network groups addresses that one subscriber has: a single IPv4 address, or an IPv6 network of 64 bits.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Unmap().Is4() {
		return "failures:" + ip
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return "failures:" + ip
	}
	return "failures:" + prefix.String()
}

// admit returns identity.ErrLocked when the account or the network address failed too often; key may be empty.
func (g Gate) admit(ctx context.Context, key, ip string) error {
	if v := g.Limits.Look(ctx, network(ip), g.PerAddress); !v.Allowed {
		return g.note(ctx, ip, nil, identity.Locked, identity.ErrLocked.After(v.RetryAfter))
	}
	if key == "" {
		return nil
	}
	guard, err := g.Guards.Get(ctx, key)
	if err != nil {
		return err
	}
	return g.judge(ctx, guard, ip)
}

func (g Gate) judge(ctx context.Context, guard identity.Guard, ip string) error {
	if wait := guard.Blocked(g.Clock.Now()); wait > 0 {
		return g.note(ctx, ip, nil, identity.Locked, identity.ErrLocked.After(wait))
	}
	return nil
}

// recheck is admit once more, inside the unit of work that opens a session: whoever guesses many times at once must
// not get in by the guess that came just before the block.
func (g Gate) recheck(ctx context.Context, repos ports.IdentityRepos, key string) error {
	guard, err := repos.Guards.Get(ctx, key)
	if err != nil {
		return err
	}
	if wait := guard.Blocked(g.Clock.Now()); wait > 0 {
		return identity.ErrLocked.After(wait)
	}
	if guard.Failures == 0 {
		return nil
	}
	return repos.Guards.Clear(ctx, key)
}

// failed counts a failure against the account and the network address, and returns what to answer.
func (g Gate) failed(ctx context.Context, key, ip string, user *uuid.UUID, why identity.FailureReason, answer error) error {
	f := g.failure(ip, user, why)
	g.Limits.Take(ctx, network(ip), g.PerAddress)
	g.Alarm(f)
	if _, err := g.Guards.Count(ctx, key, f); err != nil {
		return err
	}
	return answer
}

// note records a failure that is not counted against an account.
func (g Gate) note(ctx context.Context, ip string, user *uuid.UUID, why identity.FailureReason, answer error) error {
	f := g.failure(ip, user, why)
	if why != identity.Locked { // or a block would never end
		g.Limits.Take(ctx, network(ip), g.PerAddress)
	}
	g.Alarm(f)
	if err := g.Guards.Note(ctx, f); err != nil {
		return err
	}
	return answer
}

func (g Gate) failure(ip string, user *uuid.UUID, why identity.FailureReason) identity.LoginFailure {
	return identity.LoginFailure{ID: g.IDs.New(), IP: ip, UserID: user, Reason: why, At: g.Clock.Now()}
}
