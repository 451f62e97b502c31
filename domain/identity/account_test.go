package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

var (
	noon     = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	id, user = uuid.UUID{15: 1}, uuid.UUID{15: 2}
)

// tick is the finest step that the clock makes.
const tick = time.Microsecond

// fieldCodes returns "name code" of each field that a fault names.
func fieldCodes(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil
	}
	var out []string
	for _, field := range f.Fields {
		out = append(out, field.Name+" "+field.Code)
	}
	return out
}

// refused fails unless err is want and names exactly these fields.
func refused(t *testing.T, name string, err, want error, fields ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
	if diff := cmp.Diff(fields, fieldCodes(err)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func TestAnAddressIsReadBareAndCaseFolded(t *testing.T) {
	longest := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "cc"
	longest += strings.Repeat("c", identity.MaxEmail-len(longest))
	for in, want := range map[string]identity.Email{
		"ann@example.com":              "ann@example.com",
		"Ann.Lee+toeic@Example.COM":    "ann.lee+toeic@example.com",
		" \tann@example.com\n":         "ann@example.com",
		"o'neil@mail.example.co.uk":    "o'neil@mail.example.co.uk",
		"ÄNN@bücher.example":           "änn@bücher.example",
		longest:                        identity.Email(longest),
		"a@b.c":                        "a@b.c",
		"1234567890@example.com":       "1234567890@example.com",
		"_______@example-one.com":      "_______@example-one.com",
		"ann@xn--bcher-kva.example.de": "ann@xn--bcher-kva.example.de",
	} {
		if got, err := identity.ParseEmail(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for name, in := range map[string]string{
		"nothing":                      "",
		"blanks":                       "  ",
		"no at":                        "ann.example.com",
		"no mailbox":                   "@example.com",
		"no host":                      "ann@",
		"a host without a dot":         "ann@localhost",
		"a dot in the mailbox only":    "ann.lee@localhost",
		"two ats":                      "ann@lee@example.com",
		"a display name":               "Ann Lee <ann@example.com>",
		"angle brackets":               "<ann@example.com>",
		"a comment":                    "ann@example.com (Ann)",
		"a quoted mailbox":             `"ann lee"@example.com`,
		"a blank inside":               "ann lee@example.com",
		"a line break inside":          "ann@example.com\r\nBcc: bob@example.com",
		"two addresses":                "ann@example.com, bob@example.com",
		"a leading dot":                ".ann@example.com",
		"two dots":                     "ann..lee@example.com",
		"a host that begins with dot":  "ann@.example.com",
		"a host that ends with dot":    "ann@example.com.",
		"broken UTF-8":                 "ann\xff@example.com",
		"a null character":             "ann\x00@example.com",
		"one character beyond the end": longest + "c",
	} {
		got, err := identity.ParseEmail(in)
		if got != "" {
			t.Errorf("%s: %q", name, got)
		}
		refused(t, name, err, identity.ErrInvalidAccount, "email email")
	}
}

func TestReadingAnAddressAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringMatching(`[A-Za-z0-9._+-]{1,20}@[A-Za-z0-9-]{1,20}\.[A-Za-z]{1,6}`).Draw(t, "address")
		first, err := identity.ParseEmail(in)
		if err != nil {
			return // some strings of this shape are no address, such as those with two dots in a row
		}
		if second, err := identity.ParseEmail(string(first)); err != nil || second != first {
			t.Fatalf("%q, then %q, %v", first, second, err)
		}
		if upper, err := identity.ParseEmail(strings.ToUpper(in)); err != nil || upper != first {
			t.Fatalf("%q in capitals is another mailbox: %q, %v", in, upper, err)
		}
	})
}

func TestAPasswordIsMeasuredInCharacters(t *testing.T) {
	for name, tc := range map[string]struct {
		password string
		code     string // "" when it is good
	}{
		"nothing":                       {"", "too_short"},
		"nine letters":                  {"abcdefghi", "too_short"},
		"ten letters":                   {"abcdefghij", ""},
		"nine characters of 27 bytes":   {strings.Repeat("語", 9), "too_short"},
		"ten characters of 30 bytes":    {strings.Repeat("語", 10), ""},
		"256 letters":                   {strings.Repeat("a", 256), ""},
		"256 characters of 1,024 bytes": {strings.Repeat("🔑", 256), ""},
		"257 letters":                   {strings.Repeat("a", 257), "too_long"},
		"257 characters":                {strings.Repeat("🔑", 257), "too_long"},
		"blanks":                        {strings.Repeat(" ", 10), ""},
		"one letter ten times":          {strings.Repeat("a", 10), ""},
		"a null character":              {"abcdefghij\x00", "invalid"},
	} {
		err := identity.CheckPassword(tc.password)
		if tc.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refused(t, name, err, identity.ErrInvalidAccount, "password "+tc.code)
	}
}

func TestWhetherAPasswordIsGoodDependsOnItsLengthAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.RuneFrom([]rune("aZ9 é語🔑'\"\\")), 0, 300, -1).Draw(t, "password")
		n := utf8.RuneCountInString(p)
		if good := n >= 10 && n <= 256; (identity.CheckPassword(p) == nil) != good {
			t.Fatalf("%d characters: %v", n, identity.CheckPassword(p))
		}
	})
}

func goodProfile() identity.Profile { return identity.Profile{DisplayName: "Ann", Locale: "en"} }

func TestEachFieldOfAProfileHasItsRule(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*identity.Profile)
		want   string // "" when it is good
	}{
		"the least":                         {func(*identity.Profile) {}, ""},
		"no name":                           {func(p *identity.Profile) { p.DisplayName = "" }, "display_name required"},
		"a blank name":                      {func(p *identity.Profile) { p.DisplayName = " \u3000" }, "display_name required"},
		"a name of 80 characters":           {func(p *identity.Profile) { p.DisplayName = strings.Repeat("語", 80) }, ""},
		"a name of 81 characters":           {func(p *identity.Profile) { p.DisplayName = strings.Repeat("a", 81) }, "display_name too_long"},
		"a name with a line break":          {func(p *identity.Profile) { p.DisplayName = "Ann\nLee" }, "display_name invalid"},
		"a name with a delete character":    {func(p *identity.Profile) { p.DisplayName = "Ann\x7f" }, "display_name invalid"},
		"a name with a high control":        {func(p *identity.Profile) { p.DisplayName = "Ann\u009b31m" }, "display_name invalid"},
		"a name of broken UTF-8":            {func(p *identity.Profile) { p.DisplayName = "Ann\xff" }, "display_name invalid"},
		"another locale":                    {func(p *identity.Profile) { p.Locale = "vi" }, ""},
		"no locale":                         {func(p *identity.Profile) { p.Locale = "" }, "locale one_of"},
		"a locale that nobody speaks":       {func(p *identity.Profile) { p.Locale = "tlh" }, "locale one_of"},
		"a locale with a region":            {func(p *identity.Profile) { p.Locale = "en-GB" }, "locale one_of"},
		"the lowest target":                 {func(p *identity.Profile) { p.TargetScore = new(10) }, ""},
		"the highest target":                {func(p *identity.Profile) { p.TargetScore = new(990) }, ""},
		"a target below the scale":          {func(p *identity.Profile) { p.TargetScore = new(5) }, "target_score range"},
		"a target above the scale":          {func(p *identity.Profile) { p.TargetScore = new(995) }, "target_score range"},
		"a target off the steps":            {func(p *identity.Profile) { p.TargetScore = new(702) }, "target_score range"},
		"a negative target":                 {func(p *identity.Profile) { p.TargetScore = new(-700) }, "target_score range"},
		"one minute a day":                  {func(p *identity.Profile) { p.MinutesPerDay = new(1) }, ""},
		"the whole day":                     {func(p *identity.Profile) { p.MinutesPerDay = new(1440) }, ""},
		"no minute a day":                   {func(p *identity.Profile) { p.MinutesPerDay = new(0) }, "minutes_per_day range"},
		"more minutes than there are a day": {func(p *identity.Profile) { p.MinutesPerDay = new(1441) }, "minutes_per_day range"},
		"a test date long ago":              {func(p *identity.Profile) { p.TestDate = new(noon.AddDate(-50, 0, 0)) }, ""},
	} {
		p := goodProfile()
		tc.change(&p)
		err := p.Check()
		if tc.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refused(t, name, err, identity.ErrInvalidAccount, tc.want)
	}
}

func TestEveryLocaleThatIsListedIsAllowed(t *testing.T) {
	for _, locale := range identity.Locales() {
		p := goodProfile()
		p.Locale = locale
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", locale, err)
		}
	}
}

func TestAProfileNamesEveryFieldThatBreaksARule(t *testing.T) {
	err := identity.Profile{TargetScore: new(0), MinutesPerDay: new(-1)}.Check()
	refused(t, "all wrong", err, identity.ErrInvalidAccount,
		"display_name required", "locale one_of", "target_score range", "minutes_per_day range")
}

func TestRegisteringMakesAnActiveAccount(t *testing.T) {
	roles := []identity.Role{identity.Learner}
	got, err := identity.Register(id, "ann@example.com", "hash", goodProfile(), roles, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := identity.User{ID: id, Email: "ann@example.com", PasswordHash: "hash", Roles: roles, Profile: goodProfile(), CreatedAt: noon, Version: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got.Active() {
		t.Error("a new account cannot be used")
	}
}

func TestABadProfileMakesNoAccount(t *testing.T) {
	got, err := identity.Register(id, "ann@example.com", "hash", identity.Profile{Locale: "en"}, nil, noon)
	refused(t, "register", err, identity.ErrInvalidAccount, "display_name required")
	if diff := cmp.Diff(identity.User{}, got); diff != "" {
		t.Error(diff)
	}
}

func TestChangingAndClosingReturnTheNextVersionAndLeaveTheOldAlone(t *testing.T) {
	before, err := identity.Register(id, "ann@example.com", "hash", goodProfile(), nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	kept := before

	want := before
	want.Profile, want.Version = identity.Profile{DisplayName: "Ann Lee", Locale: "ja", TargetScore: new(860)}, 2
	changed, err := before.Changed(want.Profile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	none, err := before.Changed(identity.Profile{})
	refused(t, "change", err, identity.ErrInvalidAccount, "display_name required", "locale one_of")
	if diff := cmp.Diff(identity.User{}, none); diff != "" {
		t.Error(diff)
	}

	want = before
	want.DeletedAt, want.Version = &noon, 2
	closed := before.Closed(noon)
	if diff := cmp.Diff(want, closed); diff != "" {
		t.Error(diff)
	}
	if closed.Active() {
		t.Error("a closed account can be used")
	}
	if diff := cmp.Diff(kept, before); diff != "" {
		t.Errorf("the account itself was changed:\n%s", diff)
	}
}
