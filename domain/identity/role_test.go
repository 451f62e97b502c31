package identity_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/identity"
)

func TestARoleIsDefinedByItsRules(t *testing.T) {
	some := []identity.Permission{identity.ReadSessions, identity.ReadAudit}
	for name, tc := range map[string]struct {
		role        identity.Role
		description string
		permissions []identity.Permission
		want        []string
	}{
		"a good one":               {"night-shift_2", "On call", some, nil},
		"a built-in one":           {identity.Admin, "", some, []string{"name built_in"}},
		"capitals":                 {"Night", "", some, []string{"name format"}},
		"one letter":               {"n", "", some, []string{"name format"}},
		"a digit first":            {"2nd", "", some, []string{"name format"}},
		"too long a name":          {identity.Role(strings.Repeat("a", 41)), "", some, []string{"name format"}},
		"a line break":             {"night\n", "", some, []string{"name format"}},
		"too long a description":   {"night", strings.Repeat("ü", 201), some, []string{"description too_long"}},
		"nothing":                  {"night", "", nil, []string{"permissions required"}},
		"an unknown permission":    {"night", "", []identity.Permission{"everything"}, []string{"permissions unknown"}},
		"the public permission":    {"night", "", []identity.Permission{identity.Public}, []string{"permissions unknown"}},
		"the same twice":           {"night", "", []identity.Permission{identity.ReadAudit, identity.ReadAudit}, []string{"permissions duplicate"}},
		"everything wrong at once": {"N", strings.Repeat("x", 201), nil, []string{"name format", "description too_long", "permissions required"}},
	} {
		d, err := identity.DefineRole(tc.role, tc.description, tc.permissions, noon)
		if tc.want == nil {
			want := identity.RoleDefinition{Name: tc.role, Description: tc.description, Permissions: tc.permissions, CreatedAt: noon, Version: 1}
			if diff := cmp.Diff(want, d); diff != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, diff)
			}
			continue
		}
		refused(t, name, err, identity.ErrInvalidRole, tc.want...)
	}
}

func TestAChangedRoleIsTheNextVersionAndKeepsItsName(t *testing.T) {
	d, err := identity.DefineRole("night", "", []identity.Permission{identity.ReadAudit}, noon)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := d.Changed("On call", []identity.Permission{identity.ReadUsers})
	if err != nil || changed.Version != 2 || changed.Name != "night" || changed.Description != "On call" || d.Version != 1 {
		t.Errorf("%+v, %v", changed, err)
	}
	_, err = d.Changed("", nil)
	refused(t, "nothing left", err, identity.ErrInvalidRole, "permissions required")
}

func TestAPasskeysNameIsShortAndPrintable(t *testing.T) {
	for name, want := range map[string]bool{
		"laptop": true, "我的手机": true, strings.Repeat("ü", 60): true, "": false, " \t": false, strings.Repeat("a", 61): false, "lap\ntop": false,
	} {
		if err := identity.CheckPasskeyName(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAnAccountHasASecondFactorOnceItIsConfirmed(t *testing.T) {
	for name, tc := range map[string]struct {
		factors identity.Factors
		want    bool
	}{
		"none":                 {identity.Factors{}, false},
		"recovery codes alone": {identity.Factors{RecoveryCodes: 10}, false},
		"an app not confirmed": {identity.Factors{TOTP: &identity.TOTP{}}, false},
		"an app":               {identity.Factors{TOTP: &identity.TOTP{ConfirmedAt: &noon}}, true},
		"a passkey":            {identity.Factors{Passkeys: []identity.Passkey{{}}}, true},
	} {
		if got := tc.factors.Any(); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
