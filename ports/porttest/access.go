package porttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func accessTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AccountsAreFoundByTextRoleAndState":             findingUsers,
		"OfManyWhoEndAFlowOneWins":                       endingFlows,
		"AFlowIsTriedFiveTimesAtMost":                    tryingFlows,
		"OfManyWhoSpendACodeOneWins":                     spendingFactors,
		"EveryFailureCountsHoweverManyComeAtOnce":        countingFailures,
		"FailuresAreGroupedByAddressAndAccount":          groupingFailures,
		"TwoAdministratorsNeverRemoveEachOther":          keepingAdmins,
		"OfManyWhoAppendTheChainHasNoGap":                chaining,
		"WhatChangesWhoMayDoWhatLeavesATrace":            tracing,
		"AnAPITokenIsRevokedByItsOwnerOrAnybody":         revokingTokens,
		"ADefinedRoleGrantsWhatItSaysNow":                grantingRoles,
		"ErasingLeavesNothingOfTheAccount":               erasing,
		"APasskeyAndAPersonBelongToOneAccount":           belonging,
		"HousekeepingRemovesWhatEndedLongAgoAndNoMore":   sweeping,
		"AKeyIsStoredOnceHoweverManyProcessesMakeItThen": storingKeys,
	}
}

func findingUsers(f *fixture) {
	ann, bob, percent := f.user(), f.user(), f.user()
	ann.Email, ann.Profile.DisplayName, ann.Version = "Ann.Lee@example.com", "Ann Lee", 2
	ann.Email, ann.Roles = identity.Email(strings.ToLower(string(ann.Email))), []identity.Role{identity.Learner, identity.Teacher}
	bob = bob.Suspended("test", noon)
	percent.Profile.DisplayName, percent.Version = "100% sure_thing", 2
	for _, u := range []identity.User{ann, bob, percent} {
		f.must(f.store.Users().Save(f.ctx, u))
	}
	closed := f.user().Closed(noon)
	f.must(f.store.Users().Save(f.ctx, closed))
	for name, tc := range map[string]struct {
		which ports.UserFilter
		want  []uuid.UUID
	}{
		"all":                {ports.UserFilter{}, []uuid.UUID{closed.ID, percent.ID, bob.ID, ann.ID}},
		"by part of a name":  {ports.UserFilter{Text: "NN LE"}, []uuid.UUID{ann.ID}},
		"by part of address": {ports.UserFilter{Text: "ANN.LEE@"}, []uuid.UUID{ann.ID}},
		"by a percent sign":  {ports.UserFilter{Text: "%"}, []uuid.UUID{percent.ID}},
		"by an underscore":   {ports.UserFilter{Text: "e_t"}, []uuid.UUID{percent.ID}},
		"by role":            {ports.UserFilter{Role: identity.Teacher}, []uuid.UUID{ann.ID}},
		"by part of a role":  {ports.UserFilter{Role: "teach"}, nil},
		"active":             {ports.UserFilter{Status: ports.UserActive}, []uuid.UUID{percent.ID, ann.ID}},
		"suspended":          {ports.UserFilter{Status: ports.UserSuspended}, []uuid.UUID{bob.ID}},
		"closed":             {ports.UserFilter{Status: ports.UserClosed}, []uuid.UUID{closed.ID}},
	} {
		got, err := f.store.UserList().List(f.ctx, tc.which, ports.Page{Limit: 10})
		f.must(err)
		var ids []uuid.UUID
		for _, u := range got.Items {
			ids = append(ids, u.ID)
		}
		f.equal(name, ids, tc.want)
	}
}

func (f *fixture) flow(p identity.Purpose) identity.Flow {
	f.Helper()
	flow := identity.OpenFlow(f.id(), uuid.Nil, p, []byte("sealed"), noon, identity.CodeLifetime)
	flow.CodeHash = "hash"
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Flows.Add(ctx, flow) }))
	return flow
}

func (f *fixture) try(id uuid.UUID, p identity.Purpose, at time.Time) (flow identity.Flow, err error) {
	err = f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		flow, err = r.Flows.Try(ctx, id, p, at)
		return err
	})
	return flow, err
}

func endingFlows(f *fixture) {
	flow := f.flow(identity.Registration)
	won := f.together(20, func(int) bool {
		err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Flows.Finish(ctx, flow.ID, noon) })
		if err != nil && !errors.Is(err, identity.ErrBadCode) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("winners", won, 1)
	_, err := f.try(flow.ID, identity.Registration, noon)
	f.wants(err, identity.ErrBadCode)
}

func tryingFlows(f *fixture) {
	flow := f.flow(identity.PasswordReset)
	_, err := f.try(flow.ID, identity.Registration, noon)
	f.wants(err, identity.ErrBadCode)
	_, err = f.try(f.id(), identity.PasswordReset, noon)
	f.wants(err, identity.ErrBadCode)
	_, err = f.try(flow.ID, identity.PasswordReset, flow.ExpiresAt)
	f.wants(err, identity.ErrBadCode)
	won := f.together(20, func(int) bool {
		_, err := f.try(flow.ID, identity.PasswordReset, noon)
		if err != nil && !errors.Is(err, identity.ErrBadCode) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("tries", won, identity.MaxCodeTries)
}

func spendingFactors(f *fixture) {
	u := f.user()
	t := identity.TOTP{ID: f.id(), UserID: u.ID, Secret: []byte("s"), CreatedAt: noon}
	other := t
	other.ID = f.id()
	put := func(t identity.TOTP) error {
		return f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Factors.PutTOTP(ctx, t) })
	}
	f.must(put(other))
	f.must(put(t)) // in place of one that was not confirmed
	won := f.together(20, func(int) bool {
		err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Factors.SpendTOTP(ctx, t.ID, 7, noon) })
		if err != nil && !errors.Is(err, identity.ErrBadFactor) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("who spent a step", won, 1)
	f.wants(put(other), identity.ErrFactorExists)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.wants(r.Factors.SpendTOTP(ctx, t.ID, 6, noon), identity.ErrBadFactor)
		return r.Recovery.Replace(ctx, u.ID, []string{"one", "two"})
	}))
	won = f.together(20, func(int) bool {
		var ok bool
		f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) (err error) {
			ok, err = r.Recovery.Spend(ctx, u.ID, "one", noon)
			return err
		}))
		return ok
	})
	f.equal("who spent a recovery code", won, 1)
	has, err := f.store.Factors().Of(f.ctx, u.ID)
	f.must(err)
	f.equal("left", []any{has.RecoveryCodes, has.TOTP.SpentStep, has.TOTP.Confirmed()}, []any{1, int64(7), true})
}

func (f *fixture) failure(ip string, user *uuid.UUID, at time.Time) identity.LoginFailure {
	return identity.LoginFailure{ID: f.id(), IP: ip, UserID: user, Reason: identity.WrongPassword, At: at}
}

func countingFailures(f *fixture) {
	none, err := f.store.Guards().Get(f.ctx, "key")
	f.must(err)
	f.equal("at first", none, identity.Guard{})
	f.together(20, func(int) bool {
		_, err := f.store.Guards().Count(f.ctx, "key", f.failure("192.0.2.1", nil, noon))
		if err != nil {
			f.Error(err)
		}
		return err == nil
	})
	got, err := f.store.Guards().Get(f.ctx, "key")
	f.must(err)
	until := noon.Add(identity.MaxBlock)
	f.equal("guard", got, identity.Guard{Failures: 20, BlockedUntil: &until, UpdatedAt: noon})
	f.must(f.store.Guards().Clear(f.ctx, "key"))
	got, err = f.store.Guards().Get(f.ctx, "key")
	f.must(err)
	f.equal("cleared", got, identity.Guard{})
}

func groupingFailures(f *fixture) {
	ann := f.user().ID
	for i, x := range []struct {
		ip   string
		user *uuid.UUID
	}{{"192.0.2.1", &ann}, {"192.0.2.1", nil}, {"192.0.2.1", &ann}, {"2001:db8::1", &ann}} {
		f.must(f.store.Guards().Note(f.ctx, f.failure(x.ip, x.user, noon.Add(time.Duration(i)*time.Minute))))
	}
	byIP, err := f.store.LoginFailures().ByIP(f.ctx, noon, 10)
	f.must(err)
	f.equal("by address", byIP, []ports.FailureCount{
		{IP: "192.0.2.1", Failures: 3, Last: noon.Add(2 * time.Minute)}, {IP: "2001:db8::1", Failures: 1, Last: noon.Add(3 * time.Minute)},
	})
	byAccount, err := f.store.LoginFailures().ByAccount(f.ctx, noon.Add(time.Minute), 1)
	f.must(err)
	f.equal("by account, later, the most frequent", byAccount, []ports.FailureCount{{UserID: ann, Failures: 2, Last: noon.Add(3 * time.Minute)}})
}

func keepingAdmins(f *fixture) {
	for range 10 {
		var admins []identity.User
		for range 2 {
			u := f.user()
			u.Roles, u.Version = []identity.Role{identity.Admin}, 2
			f.must(f.store.Users().Save(f.ctx, u))
			admins = append(admins, u)
		}
		errLast := errors.New("the last one")
		won := f.together(2, func(i int) bool {
			err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
				n, err := r.Holders.Admins(ctx)
				if err != nil {
					return err
				}
				if n <= 1 {
					return errLast
				}
				return r.Users.Save(ctx, admins[i].Suspended("test", noon))
			})
			if err != nil && !errors.Is(err, errLast) {
				f.Error(err)
			}
			return err == nil
		})
		f.equal("administrators who were removed", won, 1)
		f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { // make room for the next round
			left, err := f.store.UserList().List(ctx, ports.UserFilter{Role: identity.Admin, Status: ports.UserActive}, ports.Page{Limit: 10})
			f.must(err)
			return r.Users.Save(ctx, left.Items[0].Suspended("test", noon))
		}))
	}
}

func chaining(f *fixture) {
	digest := func(b []byte) string { return fmt.Sprintf("%x", len(b)) + string(b[:1]) }
	f.together(20, func(i int) bool {
		err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
			head, err := r.Audit.Head(ctx)
			if err != nil {
				return err
			}
			e, _ := head.Append(audit.Entry{At: noon, Object: fmt.Sprint(i), Action: audit.RoleChanged, Before: `{"b": 1}`}, digest)
			return r.Audit.Append(ctx, e)
		})
		if err != nil {
			f.Error(err)
		}
		return err == nil
	})
	rows, err := f.store.AuditReader().Oldest(f.ctx, 0, 100)
	f.must(err)
	var head audit.Head
	for _, e := range rows {
		head, err = head.Verify(e, digest)
		f.must(err)
	}
	end, err := f.store.AuditReader().End(f.ctx)
	f.must(err)
	f.equal("end", []any{len(rows), head}, []any{20, end})
	some, err := f.store.AuditReader().Newest(f.ctx, ports.AuditFilter{Object: rows[3].Object}, 0, 10)
	f.must(err)
	f.equal("of one object", some, rows[3:4])
}
