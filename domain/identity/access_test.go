package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/identity"
)

// all lists the permissions in a fixed order: what is public, what learners may, and the rest.
func all() []identity.Permission {
	return []identity.Permission{
		identity.Public, identity.OwnAccount, identity.ReadExams, identity.TakeAttempts,
		identity.OwnTokens, identity.ReadTokens, identity.RevokeTokens, identity.ReadSessions, identity.RevokeSessions, identity.ReadUsers,
		identity.ManageUsers, identity.ReadRoles, identity.ManageRoles, identity.ReadAudit, identity.ReadSecurity,
		identity.ReadLearners, identity.ManageLearners, identity.ReadScoring, identity.ManageScoring, identity.ReadStatistics, identity.ReadJobs, identity.ManageJobs,
		identity.ReadCache, identity.ManageCache,
	}
}

const firstAdministrative = 4 // in all

func TestWhatIsAdministrativeIsWhatLearnersLack(t *testing.T) {
	for i, p := range all() {
		if got := p.Administrative(); got != (i >= firstAdministrative) {
			t.Errorf("%s administrative = %t", p, got)
		}
		if slices.Contains(identity.Learner.Grants(), p) == p.Administrative() {
			t.Errorf("%s is given to learners and administrative", p)
		}
	}
	if got := len(identity.Admin.Grants()); got != len(all()) {
		t.Errorf("administrators may %d things of %d", got, len(all()))
	}
	if identity.Role("owner").Grants() != nil || identity.Role("owner").BuiltIn() || !identity.Rater.BuiltIn() {
		t.Error("a role that is not built in allows something")
	}
}

func TestTheTestsKnowEveryPermission(t *testing.T) {
	if got := len(identity.Permissions()); got != len(all()) {
		t.Fatalf("%d permissions, of which the tests know %d", got, len(all()))
	}
	for _, p := range all() {
		roles, ok := identity.Permissions()[p]
		if !ok || len(roles) == 0 {
			t.Errorf("%s is given to nobody", p)
		}
		for _, r := range roles {
			if !slices.Contains(identity.Roles(), r) {
				t.Errorf("%s is given to %q, which is no role", p, r)
			}
		}
	}
}

func TestAScopeCoversAPermissionItsFamilyOrEverything(t *testing.T) {
	for scope, want := range map[identity.Scope][]identity.Permission{
		"*":              all(),
		"admin:*":        all()[firstAdministrative:],
		"sessions:*":     {identity.ReadSessions, identity.RevokeSessions},
		"sessions:read":  {identity.ReadSessions},
		"sessions:write": {identity.RevokeSessions},
		"exams:*":        {identity.ReadExams},
		"cache:*":        {identity.ReadCache, identity.ManageCache},
		"cache:read":     {identity.ReadCache},
		"attempts:take":  {identity.TakeAttempts},
		"account:own":    {identity.OwnAccount},
		"public":         {identity.Public},
		"":               nil,
		"**":             nil,
		":*":             nil,
		"*:*":            nil,
		"s*":             nil,
		"sessions*":      nil,
		"sessions:":      nil,
		"sessions:r*":    nil,
		"sessions":       nil,
		"session:*":      nil,
		"SESSIONS:*":     nil,
		"admin":          nil,
		"admin:":         nil,
	} {
		var got []identity.Permission
		for _, p := range all() {
			if scope.Covers(p) {
				got = append(got, p)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scope %q: %s", scope, diff)
		}
	}
}

func TestScopesAreReadFromAListOfCommasOrSpaces(t *testing.T) {
	want := []identity.Scope{"sessions:read", "admin:*", "*"}
	for _, in := range []string{"sessions:read,admin:*,*", "sessions:read admin:* *", " sessions:read, admin:* ,,*, "} {
		got, err := identity.ParseScopes(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestAScopeThatCoversNothingIsRefused(t *testing.T) {
	for in, want := range map[string]string{
		"": "scope required", " , ": "scope required",
		"public": "scope unknown", "exams:write": "scope unknown", "sessions:read,sessions": "scope unknown",
		"sessions:r*": "scope unknown", ":*": "scope unknown", "*\t*": "scope unknown", "Admin:*": "scope unknown",
	} {
		got, err := identity.ParseScopes(in)
		if got != nil {
			t.Errorf("%q: %v", in, got)
		}
		refused(t, in, err, identity.ErrInvalidToken, want)
	}
}

func TestEveryPermissionButPublicIsAScopeOfItsOwn(t *testing.T) {
	for _, p := range all()[1:] {
		got, err := identity.ParseScopes(string(p))
		if err != nil || len(got) != 1 || !got[0].Covers(p) {
			t.Errorf("%s: %v, %v", p, got, err)
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	session := func(roles ...identity.Role) identity.Actor {
		return identity.Actor{UserID: user, SessionID: id, Roles: roles}
	}
	token := func(role identity.Role, scopes ...identity.Scope) identity.Actor {
		return identity.Actor{UserID: user, TokenID: id, Roles: []identity.Role{role}, Scopes: append([]identity.Scope{}, scopes...)}
	}
	learners := []identity.Permission{identity.OwnAccount, identity.ReadExams, identity.TakeAttempts}
	teachers := append(slices.Clone(learners), identity.ReadLearners, identity.ManageLearners, identity.ReadScoring, identity.ReadStatistics)
	editors := append(slices.Clone(learners), identity.ReadScoring, identity.ManageScoring, identity.ReadStatistics)
	raters := append(slices.Clone(learners), identity.ReadScoring, identity.ReadStatistics)
	operators := slices.DeleteFunc(all()[1:], func(p identity.Permission) bool {
		return slices.Contains([]identity.Permission{
			identity.ManageUsers, identity.ManageRoles, identity.ReadLearners, identity.ManageLearners,
			identity.ReadScoring, identity.ManageScoring, identity.ReadStatistics,
		}, p)
	})
	for name, tc := range map[string]struct {
		who identity.Actor
		may []identity.Permission // beyond what is public
	}{
		"nobody":                               {identity.Actor{}, nil},
		"nobody with a role":                   {identity.Actor{Roles: identity.Roles()}, nil},
		"a learner":                            {session(identity.Learner), learners},
		"an administrator":                     {session(identity.Admin), all()[1:]},
		"both":                                 {session(identity.Roles()...), all()[1:]},
		"somebody without a role":              {session(), nil},
		"somebody with an unknown role":        {session("owner"), nil},
		"an administrator's token for all":     {token(identity.Admin, "*"), all()[1:]},
		"an administrator's token for staff":   {token(identity.Admin, "admin:*"), all()[firstAdministrative:]},
		"an operator":                          {session(identity.Operator), operators},
		"a teacher":                            {session(identity.Teacher), teachers},
		"an editor":                            {session(identity.Editor), editors},
		"a rater":                              {session(identity.Rater), raters},
		"somebody with a defined role":         {identity.Actor{UserID: user, SessionID: id, Roles: []identity.Role{"watcher"}, Granted: []identity.Permission{identity.ReadAudit}}, []identity.Permission{identity.ReadAudit}},
		"a defined role behind a narrow token": {identity.Actor{UserID: user, TokenID: id, Granted: []identity.Permission{identity.ReadAudit, identity.ReadUsers}, Scopes: []identity.Scope{"users:*"}}, []identity.Permission{identity.ReadUsers}},
		"an administrator's token for two":     {token(identity.Admin, "exams:read", "sessions:read"), []identity.Permission{identity.ReadExams, identity.ReadSessions}},
		"an administrator's token for nothing": {token(identity.Admin), nil},
		"a learner's token for all":            {token(identity.Learner, "*"), learners},
		"a learner's token for staff":          {token(identity.Learner, "admin:*", "sessions:read"), nil},
	} {
		for _, p := range all() {
			want := p == identity.Public || slices.Contains(tc.may, p)
			if got := tc.who.May(p); got != want {
				t.Errorf("%s may %s = %t", name, p, got)
			}
			err := tc.who.Authorize(identity.Demand{Permission: p}, noon)
			switch {
			case want && err != nil:
				t.Errorf("%s, %s: %v", name, p, err)
			case !want && tc.who.Nobody() && !errors.Is(err, identity.ErrUnauthenticated):
				t.Errorf("%s, %s: %v, want to be asked who it is", name, p, err)
			case !want && !tc.who.Nobody() && !errors.Is(err, identity.ErrForbidden):
				t.Errorf("%s, %s: %v, want to be told no", name, p, err)
			}
		}
	}
}

func TestAnUnknownPermissionIsGivenToNobody(t *testing.T) {
	chief := identity.Actor{UserID: user, Roles: identity.Roles()}
	if err := chief.Authorize(identity.Demand{Permission: "exams:delete"}, noon); !errors.Is(err, identity.ErrForbidden) {
		t.Error(err)
	}
}

func TestAScopeNeverAddsToWhatTheRolesAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOf(rapid.SampledFrom(identity.Roles())).Draw(t, "roles")
		known := []identity.Scope{"*", "admin:*", "sessions:*", "exams:*", "sessions:read", "account:own", "nonsense"}
		scopes := append([]identity.Scope{}, rapid.SliceOf(rapid.SampledFrom(known)).Draw(t, "scopes")...)
		unlimited := identity.Actor{UserID: uuid.UUID{1}, Roles: roles}
		limited := identity.Actor{UserID: uuid.UUID{1}, Roles: roles, Scopes: scopes}
		for _, p := range all() {
			covered := p == identity.Public || slices.ContainsFunc(scopes, func(s identity.Scope) bool { return s.Covers(p) })
			if limited.May(p) != (unlimited.May(p) && covered) {
				t.Fatalf("%v with %v may %s = %t", roles, scopes, p, limited.May(p))
			}
		}
	})
}

func TestWhatCannotBeUndoneNeedsAFreshProof(t *testing.T) {
	proved := func(ago time.Duration) identity.Actor {
		at := noon.Add(-ago)
		return identity.Actor{UserID: user, SessionID: id, Roles: []identity.Role{identity.Admin}, ProvedAt: &at}
	}
	token := identity.Actor{UserID: user, TokenID: id, Roles: []identity.Role{identity.Admin}, Scopes: []identity.Scope{"*"}}
	never := identity.Actor{UserID: user, SessionID: id, Roles: []identity.Role{identity.Admin}}
	for name, tc := range map[string]struct {
		who  identity.Actor
		what identity.Permission
		want error
	}{
		"just now":                           {proved(0), identity.ManageUsers, nil},
		"ten minutes ago":                    {proved(identity.StepUpAge), identity.ManageUsers, nil},
		"longer ago":                         {proved(identity.StepUpAge + tick), identity.ManageUsers, identity.ErrStepUpRequired},
		"by a clock that is ahead":           {proved(-time.Minute), identity.ManageUsers, nil},
		"never":                              {never, identity.OwnAccount, identity.ErrStepUpRequired},
		"a token in administration":          {token, identity.ManageUsers, nil},
		"a token on its owner's credentials": {token, identity.OwnAccount, identity.ErrStepUpRequired},
		"nobody":                             {identity.Actor{}, identity.OwnAccount, identity.ErrUnauthenticated},
	} {
		if err := tc.who.Authorize(identity.Demand{Permission: tc.what, Fresh: true}, noon); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestASecondFactorIsDemandedForAdministrationAlone(t *testing.T) {
	without := identity.Actor{UserID: user, SessionID: id, Roles: []identity.Role{identity.Admin}}
	with := without
	with.FactorAt = new(noon.Add(-30 * 24 * time.Hour))
	token := identity.Actor{UserID: user, TokenID: id, Roles: []identity.Role{identity.Admin}, Scopes: []identity.Scope{"*"}}
	for _, p := range all() {
		want := error(nil)
		if p.Administrative() {
			want = identity.ErrFactorRequired
		}
		demand := identity.Demand{Permission: p, Factor: true}
		if err := without.Authorize(demand, noon); !errors.Is(err, want) {
			t.Errorf("without, %s: %v", p, err)
		}
		if err := errors.Join(with.Authorize(demand, noon), token.Authorize(demand, noon)); err != nil {
			t.Errorf("with, %s: %v", p, err)
		}
	}
}

func TestNobodyHandsOnWhatTheyLack(t *testing.T) {
	operator := identity.Actor{UserID: user, SessionID: id, Roles: []identity.Role{identity.Operator}}
	if !operator.MayGrant(identity.Learner.Grants()) || !operator.MayGrant(identity.Operator.Grants()) || operator.MayGrant(identity.Admin.Grants()) {
		t.Error("an operator hands on what they lack, or not what they have")
	}
	narrow := identity.Actor{UserID: user, TokenID: id, Roles: []identity.Role{identity.Admin}, Scopes: []identity.Scope{"users:*"}}
	if narrow.MayGrant(identity.Admin.Grants()) || !narrow.MayGrant(identity.Learner.Grants()) {
		t.Error("a narrow token hands on what its scope keeps from it")
	}
}
