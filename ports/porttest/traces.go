package porttest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// changesOf runs one unit of work and returns the subjects of the changes that it left.
func (f *fixture) changesOf(fn func(context.Context, ports.IdentityRepos) error) []string {
	f.Helper()
	began := noon.AddDate(-10, 0, 0) // the store notes changes by the real clock
	before, err := f.store.ActorChanges().Since(f.ctx, began)
	f.must(err)
	f.must(f.identity(fn))
	after, err := f.store.ActorChanges().Since(f.ctx, began)
	f.must(err)
	var out []string
	for _, c := range after {
		if !slices.Contains(before, c) {
			out = append(out, c.Subject)
		}
	}
	return out
}

func (f *fixture) token(user uuid.UUID) identity.APIToken {
	f.Helper()
	t := identity.APIToken{
		ID: f.id(), UserID: user, Name: "n", Hash: f.id().String(), Scopes: []identity.Scope{"*"}, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.APITokens.Add(ctx, t) }))
	return t
}

func tracing(f *fixture) {
	u := f.user()
	one, two, token := f.session(u.ID, "192.0.2.1"), f.session(u.ID, "192.0.2.1"), f.token(u.ID)
	role, err := identity.DefineRole("watcher", "", []identity.Permission{identity.ReadAudit}, noon)
	f.must(err)
	changed, err := role.Changed("", []identity.Permission{identity.ReadUsers})
	f.must(err)
	for _, step := range []struct {
		name, want string
		do         func(context.Context, ports.IdentityRepos) error
	}{
		{"a saved account", "user:" + u.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error { return r.Users.Save(ctx, u.PasswordExpired()) }},
		{"an ended session", "session:" + one.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error {
			_, err := r.Sessions.Revoke(ctx, ports.SessionFilter{ID: one.ID}, identity.LoggedOut, noon)
			return err
		}},
		{"a proved session", "session:" + two.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error {
			return r.Sessions.Prove(ctx, two.Proved(identity.Proof{}, noon.Add(time.Minute)))
		}},
		{"all sessions but one", "user:" + u.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error {
			n, err := r.Sessions.Revoke(ctx, ports.SessionFilter{User: u.ID, Except: f.id()}, identity.EndedByAdmin, noon)
			f.equal("ended", n, 1)
			return err
		}},
		{"a revoked token", "token:" + token.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error {
			_, err := r.APITokens.Revoke(ctx, uuid.Nil, token.ID, noon)
			return err
		}},
		{"a new role", "roles", func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Add(ctx, role) }},
		{"a changed role", "roles", func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Save(ctx, changed) }},
		{"a removed role", "roles", func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Remove(ctx, role.Name) }},
		{"a new key", "keys", func(ctx context.Context, r ports.IdentityRepos) error {
			return r.Keys.Add(ctx, ports.StoredKey{ID: "k", Purpose: ports.AccessKey, Sealed: []byte("s"), CreatedAt: noon, ActiveAt: noon})
		}},
		{"a removed key", "keys", func(ctx context.Context, r ports.IdentityRepos) error { return r.Keys.Remove(ctx, "k") }},
		{"an erased account", "user:" + u.ID.String(), func(ctx context.Context, r ports.IdentityRepos) error { return r.Erasures.Erase(ctx, u.ID, noon) }},
	} {
		f.equal(step.name, f.changesOf(step.do), []string{step.want})
	}
}

func revokingTokens(f *fixture) {
	ann, bob := f.user().ID, f.user().ID
	hers, his := f.token(ann), f.token(bob)
	revoke := func(owner, id uuid.UUID, at time.Time) error {
		return f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
			_, err := r.APITokens.Revoke(ctx, owner, id, at)
			return err
		})
	}
	f.wants(revoke(bob, hers.ID, noon), identity.ErrTokenNotFound)
	f.wants(revoke(ann, hers.ID, hers.ExpiresAt), identity.ErrTokenNotFound)
	f.must(revoke(ann, hers.ID, noon))
	f.wants(revoke(ann, hers.ID, noon), identity.ErrTokenNotFound)
	f.must(revoke(uuid.Nil, his.ID, noon))
	f.must(f.store.APITokens().Touch(f.ctx, his.ID, noon))
	f.must(f.store.APITokens().Touch(f.ctx, his.ID, noon.Add(59*time.Second))) // within a minute of the last
	got, err := f.store.APITokens().List(f.ctx, bob, ports.Page{Limit: 10})
	f.must(err)
	his.RevokedAt, his.UsedAt = &got.Items[0].CreatedAt, &got.Items[0].CreatedAt // noon
	f.equal("his", got.Items, []identity.APIToken{his})
	all, err := f.store.APITokens().List(f.ctx, uuid.Nil, ports.Page{Limit: 10})
	f.must(err)
	f.equal("all", len(all.Items), 2)
}

func grantingRoles(f *fixture) {
	u := f.user().WithRoles([]identity.Role{"watcher", "gone"})
	f.must(f.store.Users().Save(f.ctx, u))
	s := f.session(u.ID, "192.0.2.1")
	role, err := identity.DefineRole("watcher", "", []identity.Permission{identity.ReadAudit}, noon)
	f.must(err)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Add(ctx, role) }))
	f.wants(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Add(ctx, role) }), identity.ErrRoleExists)
	actor, err := f.store.Actors().OfSession(f.ctx, s.ID, noon)
	f.must(err)
	f.equal("granted", actor.Granted, []identity.Permission{identity.ReadAudit})
	changed, err := role.Changed("", []identity.Permission{identity.ReadUsers})
	f.must(err)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		n, err := r.Holders.Having(ctx, "watcher")
		f.equal("who has it", n, 1)
		if err != nil {
			return err
		}
		return r.Roles.Save(ctx, changed)
	}))
	f.wants(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Save(ctx, changed) }), ports.ErrStale)
	actor, err = f.store.Actors().OfSession(f.ctx, s.ID, noon)
	f.must(err)
	f.equal("granted now", actor.Granted, []identity.Permission{identity.ReadUsers})
	f.wants(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Roles.Remove(ctx, "unknown") }), identity.ErrRoleNotFound)
}

func erasing(f *fixture) {
	ann, bob := f.user(), f.user()
	s := f.session(ann.ID, "192.0.2.1")
	f.token(ann.ID)
	f.session(bob.ID, "192.0.2.1")
	form := f.exam()
	hers, his := f.start(ann.ID, form, attempt.PracticeMode).ID(), f.start(bob.ID, form, attempt.PracticeMode).ID()
	for _, id := range []uuid.UUID{hers, his} {
		_, err := f.hand(id, attempt.Answer{Number: 1, Choice: 'A', Seq: 1})
		f.must(err)
	}
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.must(r.RefreshTokens.Add(ctx, identity.RefreshToken{Hash: "h", SessionID: s.ID, CreatedAt: noon}))
		f.must(r.Factors.AddPasskey(ctx, identity.Passkey{ID: f.id(), UserID: ann.ID, Name: "k", Credential: []byte("c"), Record: []byte("{}"), CreatedAt: noon}))
		f.must(r.Recovery.Replace(ctx, ann.ID, []string{"r"}))
		f.must(r.Exports.Add(ctx, ports.Export{ID: f.id(), UserID: ann.ID, Status: ports.ExportPending, CreatedAt: noon, ExpiresAt: noon}))
		f.must(r.Flows.Add(ctx, identity.OpenFlow(f.id(), ann.ID, identity.EmailChange, nil, noon, time.Hour)))
		f.must(r.Erasures.Erase(ctx, ann.ID, noon))
		return r.Erasures.Erase(ctx, ann.ID, noon) // again does nothing
	}))
	_, err := f.store.Users().ByID(f.ctx, ann.ID)
	f.wants(err, identity.ErrUserNotFound)
	left, err := f.store.Sessions().List(f.ctx, ports.SessionFilter{}, ports.Page{Limit: 10})
	f.must(err)
	f.equal("sessions", len(left.Items), 1)
	tokens, err := f.store.APITokens().List(f.ctx, uuid.Nil, ports.Page{Limit: 10})
	f.must(err)
	f.equal("tokens", len(tokens.Items), 0)
	for id, want := range map[uuid.UUID]int{hers: 0, his: 1} {
		log, err := f.store.AnswerLog().Changes(f.ctx, id)
		f.must(err)
		f.equal("changes of answers", len(log), want)
	}
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		_, err := r.RefreshTokens.ByHash(ctx, "h")
		f.wants(err, identity.ErrUnauthenticated)
		ok, err := r.Recovery.Spend(ctx, ann.ID, "r", noon)
		f.equal("recovery code", ok, false)
		return err
	}))
}

func belonging(f *fixture) {
	ann, bob := f.user().ID, f.user().ID
	key := identity.Passkey{ID: f.id(), UserID: ann, Name: "k", Credential: []byte{0, 1}, Record: []byte("{}"), CreatedAt: noon}
	link := identity.Link{ID: f.id(), UserID: ann, Provider: "club", Issuer: "https://club", Subject: "s", Email: "A@b.c", CreatedAt: noon, LastUsedAt: noon}
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.must(r.Links.Add(ctx, link))
		return r.Factors.AddPasskey(ctx, key)
	}))
	key.ID, key.UserID, link.ID, link.UserID = f.id(), bob, f.id(), bob
	f.wants(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Factors.AddPasskey(ctx, key) }), identity.ErrPasskeyKnown)
	f.wants(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Links.Add(ctx, link) }), identity.ErrLinkTaken)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		has, err := r.Factors.Of(ctx, ann)
		f.must(err)
		used := has.Passkeys[0]
		used.Record, used.LastUsedAt = []byte(`{"n":1}`), new(noon.Add(time.Hour))
		f.must(r.Factors.UsePasskey(ctx, used))
		has, err = r.Factors.Of(ctx, ann)
		f.must(err)
		f.equal("used", has.Passkeys, []identity.Passkey{used})
		f.wants(r.Factors.RemovePasskey(ctx, bob, used.ID), identity.ErrFactorNotFound)
		found, err := r.Links.ByPerson(ctx, "https://club", "s")
		f.must(err)
		f.wants(r.Links.Remove(ctx, bob, found.ID), identity.ErrLinkNotFound)
		f.must(r.Links.Remove(ctx, ann, found.ID))
		_, err = r.Links.ByPerson(ctx, "https://club", "s")
		f.wants(err, identity.ErrLinkNotFound)
		return r.Factors.RemovePasskey(ctx, ann, used.ID)
	}))
}

func sweeping(f *fixture) {
	u := f.user()
	s := f.session(u.ID, "192.0.2.1")
	flow := f.flow(identity.Registration)
	f.must(f.store.Guards().Note(f.ctx, f.failure("192.0.2.1", nil, noon)))
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.must(r.RefreshTokens.Add(ctx, identity.RefreshToken{Hash: "h", SessionID: s.ID, CreatedAt: noon}))
		return added(r.Jobs.Add(ctx, job.New(f.id(), job.SendLetter, nil, noon, noon)))
	}))
	n, err := f.store.Housekeeping().Sweep(f.ctx, noon.Add(time.Minute))
	f.must(err)
	f.equal("at once", n, 0)
	_, err = f.try(flow.ID, identity.Registration, noon)
	f.must(err)
	_, err = f.store.Housekeeping().Sweep(f.ctx, s.ExpiresAt.AddDate(1, 0, 0))
	f.must(err)
	left, err := f.store.Sessions().List(f.ctx, ports.SessionFilter{}, ports.Page{Limit: 10})
	f.must(err)
	failures, err := f.store.LoginFailures().ByIP(f.ctx, noon, 10)
	f.must(err)
	f.equal("sessions and failures", []int{len(left.Items), len(failures)}, []int{0, 0})
	_, err = f.try(flow.ID, identity.Registration, noon)
	f.wants(err, identity.ErrBadCode)
	waiting, err := f.store.Queue().Claim(f.ctx, noon.Add(time.Minute), time.Minute, 10)
	f.must(err)
	f.equal("jobs that were never done", len(waiting), 1)
	_, err = f.store.Users().ByID(f.ctx, u.ID)
	f.must(err)
}

func storingKeys(f *fixture) {
	k := ports.StoredKey{ID: "k", Purpose: ports.AuditMAC, Sealed: []byte("one"), CreatedAt: noon, ActiveAt: noon}
	f.together(10, func(i int) bool {
		mine := k
		if i > 0 {
			mine.Sealed = []byte("another")
		}
		err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Keys.Add(ctx, mine) })
		if err != nil {
			f.Error(err)
		}
		return err == nil
	})
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		all, err := r.Keys.All(ctx)
		f.must(err)
		f.equal("keys", len(all), 1)
		k.Sealed = []byte("anew")
		f.must(r.Keys.Reseal(ctx, k))
		all, err = r.Keys.All(ctx)
		f.equal("resealed", all, []ports.StoredKey{k})
		return err
	}))
}
