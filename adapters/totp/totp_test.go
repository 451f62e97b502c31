package totp_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/hotp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/totp"
	"github.com/toeic-app/toeic/domain/identity"
)

const (
	ann   = identity.Email("ann+test@example.com")
	never = -1 // no step was spent
)

// noon is the first second of a step.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func step(t time.Time) int64 { return t.Unix() / 30 }

// rfcSecret is the one of the tables in RFC 6238 and RFC 4226.
func rfcSecret() string { return base32.StdEncoding.EncodeToString([]byte("12345678901234567890")) }

func newAuthenticator(tb testing.TB) *totp.Authenticator {
	tb.Helper()
	a, err := totp.New("TOEIC")
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// enrolled returns a new secret.
func enrolled(tb testing.TB, a *totp.Authenticator) string {
	tb.Helper()
	secret, _, err := a.Enrol(ann)
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}

type fatal interface{ Fatal(...any) }

// app is what an authenticator app shows at that time.
func app(tb fatal, secret string, at time.Time) string {
	code, err := hotp.GenerateCode(secret, uint64(step(at)))
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

func TestTheCodesAreThoseOfTheStandard(t *testing.T) {
	a := newAuthenticator(t)
	for _, v := range []struct { // RFC 6238, appendix B, SHA-1; its codes have eight digits
		unix int64
		code string
		step int64
	}{
		{59, "94287082", 0x1},
		{1111111109, "07081804", 0x23523EC},
		{1111111111, "14050471", 0x23523ED},
		{1234567890, "89005924", 0x273EF07},
		{2000000000, "69279037", 0x3F940AA},
		{20000000000, "65353130", 0x27BC86AA},
	} {
		got, ok := a.Check(rfcSecret(), v.code[2:], time.Unix(v.unix, 0), never)
		if !ok || got != v.step {
			t.Errorf("at %d: step %x, %t, want %x", v.unix, got, ok, v.step)
		}
	}
}

func TestAnEnrolmentHasWhatAnAppNeeds(t *testing.T) {
	secret, address, err := newAuthenticator(t).Enrol(ann)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := base32.StdEncoding.DecodeString(secret); err != nil || len(key) != 20 {
		t.Errorf("the secret has %d bytes, %v", len(key), err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/TOEIC:ann+test@example.com" {
		t.Errorf("address %s", address)
	}
	want := url.Values{"secret": {secret}, "issuer": {"TOEIC"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	if diff := cmp.Diff(want, u.Query()); diff != "" {
		t.Error(diff)
	}
}

func TestEveryEnrolmentHasASecretOfItsOwn(t *testing.T) {
	a := newAuthenticator(t)
	if first, second := enrolled(t, a), enrolled(t, a); first == second {
		t.Error("two secrets are the same")
	}
}

// Some apps show a plus sign where the address has one for a blank.
func TestAnIssuerOfSeveralWordsReachesTheAppWhole(t *testing.T) {
	a, err := totp.New("TOEIC practice & more")
	if err != nil {
		t.Fatal(err)
	}
	_, address, err := a.Enrol(ann)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("issuer"); got != "TOEIC practice & more" || strings.Contains(u.RawQuery, "+") {
		t.Errorf("issuer %q in %s", got, address)
	}
	if u.Path != "/TOEIC practice & more:ann+test@example.com" {
		t.Errorf("path %q", u.Path)
	}
}

// A slash would be the end of the label for some apps.
func TestAnAccountWithSignsOfAnAddressReachesTheAppWhole(t *testing.T) {
	_, address, err := newAuthenticator(t).Enrol("a/b?c=d&e#f%20@example.com")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/TOEIC:a/b?c=d&e#f%20@example.com" || strings.Count(u.EscapedPath(), "/") != 1 || len(u.Query()) != 5 {
		t.Errorf("path %q in %s", u.Path, address)
	}
}

func TestAnIssuerNeedsANameWithoutAColon(t *testing.T) {
	for _, issuer := range []string{"", "  ", "TOEIC:practice", ":"} {
		if a, err := totp.New(issuer); err == nil || a != nil {
			t.Errorf("%q is accepted", issuer)
		}
	}
}

func TestCodesOfThePresentStepAndItsNeighboursAreGood(t *testing.T) {
	a := newAuthenticator(t)
	secret := rfcSecret()
	for name, tc := range map[string]struct {
		app time.Duration // when the app made the code, after noon
		now time.Duration // when it is checked
		ok  bool
	}{
		"at once":                              {0, 0, true},
		"at the end of its step":               {0, 29*time.Second + 999*time.Millisecond, true},
		"at the end of the next step":          {0, 59*time.Second + 999*time.Millisecond, true},
		"a minute later":                       {0, 60 * time.Second, false},
		"31 s later, two steps on":             {29 * time.Second, 60 * time.Second, false},
		"30 s later, late in a step":           {29 * time.Second, 59 * time.Second, true},
		"an app that is a step ahead":          {30 * time.Second, 0, true},
		"an app that is 59 s ahead in a step":  {59 * time.Second, 0, true},
		"an app that is 31 s ahead at the end": {60 * time.Second, 29 * time.Second, false},
		"an app that is a minute ahead":        {60 * time.Second, 0, false},
		"an app that is an hour behind":        {-time.Hour, 0, false},
	} {
		got, ok := a.Check(secret, app(t, secret, noon.Add(tc.app)), noon.Add(tc.now), never)
		if ok != tc.ok {
			t.Errorf("%s: %t", name, ok)
		}
		if want := step(noon.Add(tc.app)); ok && got != want {
			t.Errorf("%s: step %d, want the one of the code, %d", name, got, want)
		}
	}
}

func TestASpentStepIsRefusedAndALaterOneIsNot(t *testing.T) {
	a := newAuthenticator(t)
	secret, present := rfcSecret(), step(noon)
	for offset := int64(-1); offset <= 1; offset++ {
		code := app(t, secret, noon.Add(time.Duration(offset)*30*time.Second))
		for spent := present - 2; spent <= present+2; spent++ {
			got, ok := a.Check(secret, code, noon, spent)
			if want := present+offset > spent; ok != want || (ok && got != present+offset) {
				t.Errorf("step %+d, spent up to %+d: %d, %t", offset, spent-present, got, ok)
			}
			if !ok && got != 0 {
				t.Errorf("a refusal comes with step %d", got)
			}
		}
	}
}

func TestACodeIsNeverAcceptedTwice(t *testing.T) {
	a := newAuthenticator(t)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 20, 40).Draw(t, "key")
		secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
		spent, now := int64(0), noon
		seen := map[int64]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			made := now.Add(time.Duration(rapid.IntRange(-70, 70).Draw(t, "skew")) * time.Second)
			got, ok := a.Check(secret, app(t, secret, made), now, spent)
			if !ok {
				continue
			}
			if seen[got] || got <= spent {
				t.Fatalf("step %d is accepted again", got)
			}
			if difference := got - step(now); difference < -1 || difference > 1 {
				t.Fatalf("step %d is accepted %d steps off", got, difference)
			}
			seen[got] = true
			spent = got
		}
	})
}

// One secret in a million has the same code in two steps that follow each other, as this one has.
func TestACodeThatTwoStepsShareIsAcceptedOnce(t *testing.T) {
	const secret = "AAAAAAAABVOQYAAAAAAAAAAAAAAAAAAA"
	a := newAuthenticator(t)
	code := app(t, secret, noon)
	if code != app(t, secret, noon.Add(30*time.Second)) {
		t.Fatal("the two steps have different codes: the test is broken")
	}
	spent, ok := a.Check(secret, code, noon, never)
	if !ok {
		t.Fatal("it is refused")
	}
	for _, after := range []time.Duration{0, 30 * time.Second, 60 * time.Second} {
		if got, ok := a.Check(secret, code, noon.Add(after), spent); ok {
			t.Errorf("%s later it is accepted again, for step %d", after, got)
		}
	}
}

func TestBlanksInACodeDoNotMatter(t *testing.T) {
	a := newAuthenticator(t)
	code := app(t, rfcSecret(), noon)
	for _, typed := range []string{
		code[:3] + " " + code[3:], " " + code + " ", code + "\n", strings.Join(strings.Split(code, ""), " "),
		code[:3] + "\u00a0" + code[3:], code[:3] + "\u3000" + code[3:], code[:3] + "\t\r\n" + code[3:],
	} {
		if _, ok := a.Check(rfcSecret(), typed, noon, never); !ok {
			t.Errorf("%q is refused", typed)
		}
	}
}

func TestWhatIsNotSixDigitsIsRefused(t *testing.T) {
	a := newAuthenticator(t)
	code := app(t, rfcSecret(), noon)
	fullWidth := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	for _, typed := range []string{
		"", " ", "      ", code[:5], code + code[:1], code + code, code[1:], "-" + code[1:], "+" + code, code[:3] + "-" + code[3:],
		code[:5] + "x", "0x" + code, fullWidth, code + "\x00", "\xff" + code[1:], "０１", strings.Repeat("1", 1<<20),
	} {
		if got, ok := a.Check(rfcSecret(), typed, noon, never); ok || got != 0 {
			t.Errorf("%.20q is accepted", typed)
		}
	}
}

func TestAnotherSecretOrAnotherCodeIsRefused(t *testing.T) {
	a := newAuthenticator(t)
	code := app(t, rfcSecret(), noon)
	for i := range code {
		changed := []byte(code)
		changed[i] = '0' + (changed[i]-'0'+1)%10
		if _, ok := a.Check(rfcSecret(), string(changed), noon, never); ok {
			t.Errorf("%s is accepted for %s", changed, code)
		}
	}
	if _, ok := a.Check("AAAAAAAABVOQYAAAAAAAAAAAAAAAAAAA", code, noon, never); ok {
		t.Error("the code of another secret is accepted")
	}
}

// The codes of an empty or short secret can be worked out by everybody.
func TestASecretThatIsBrokenOrTooShortHasNoGoodCode(t *testing.T) {
	a := newAuthenticator(t)
	for _, secret := range []string{
		"", " ", strings.Repeat(" ", 32), strings.Repeat("\n", 32), "GEZDGNBVGY3TQOJQ", rfcSecret()[:31], "not base32", strings.Repeat("=", 32),
	} {
		code, err := hotp.GenerateCode(secret, uint64(step(noon)))
		if err != nil {
			code = "000000"
		}
		if _, ok := a.Check(secret, code, noon, never); ok {
			t.Errorf("%q is accepted", secret)
		}
	}
}
