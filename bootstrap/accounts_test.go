package bootstrap

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/ports"
)

// goodKey and otherKey are keys that are refused for nothing.
const (
	goodKey  = "Zq3v8Yt1Lw5Xn0Rb7Kd2Mf9Hs4Jc6PgAeUiOoTyB+/x"
	otherKey = "n5Vw2Qz8Ke1Rt7Ub4Yi0Oa3Sd9Fg6HjLkXcBvMpNq+/"
)

// load reads settings, without a file.
func load(t *testing.T, environ ...string) (Config, []Problem) {
	t.Helper()
	return Load(t.TempDir(), environ, "", nil)
}

// complaints are the settings with a problem, sorted.
func complaints(problems []Problem) []string {
	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = p.Setting
	}
	slices.Sort(out)
	return out
}

func TestEverySettingOfAccountsIsChecked(t *testing.T) {
	const passkeys = "PASSKEY_DOMAIN, PASSKEY_ORIGINS"
	oidc := []string{"OIDC_PROVIDERS=my-idp", "OIDC_MY_IDP_ISSUER=https://idp.example.com", "OIDC_MY_IDP_CLIENT_ID=toeic", "OIDC_MY_IDP_CLIENT_SECRET=s", "OIDC_MY_IDP_REDIRECT_URL=https://app.example.com/in"}
	staging, production := []string{"ENVIRONMENT=staging", "TOKEN_SIGNING_KEY=" + goodKey}, []string{"ENVIRONMENT=production", "TOKEN_SIGNING_KEY=" + goodKey, "DATABASE_URL=postgres://db/x"}
	for _, c := range []struct {
		environ []string
		want    []string
	}{
		{nil, nil},
		{[]string{"ACCOUNT_VERIFICATION=required"}, nil}, // development shows the letters itself
		{[]string{"ACCOUNT_VERIFICATION=off"}, nil},
		{[]string{"ACCOUNT_VERIFICATION=yes"}, []string{"ACCOUNT_VERIFICATION"}},
		{[]string{"ADMIN_REQUIRE_MFA=true"}, nil},
		{[]string{"ADMIN_REQUIRE_MFA=false"}, nil},
		{[]string{"ADMIN_REQUIRE_MFA=1"}, []string{"ADMIN_REQUIRE_MFA"}},
		{[]string{"SMTP_URL=smtp://u:p@mail:587", "MAIL_FROM=TOEIC <noreply@example.com>"}, nil},
		{[]string{"SMTP_URL=smtps://mail", "MAIL_FROM=noreply@example.com"}, nil},
		{[]string{"SMTP_URL=smtp://mail:587"}, []string{"MAIL_FROM"}},
		{[]string{"SMTP_URL=smtp://mail:587", "MAIL_FROM=TOEIC"}, []string{"MAIL_FROM"}},
		{[]string{"SMTP_URL=mail:587", "MAIL_FROM=a@example.com"}, []string{"SMTP_URL"}},
		{[]string{"SMTP_URL=http://mail", "MAIL_FROM=a@example.com"}, []string{"SMTP_URL"}},
		{[]string{"SMTP_URL=smtp://", "MAIL_FROM=a@example.com"}, []string{"SMTP_URL"}},
		{[]string{"PASSKEY_DOMAIN=example.com", "PASSKEY_ORIGINS=https://app.example.com,https://example.com"}, nil},
		{[]string{"PASSKEY_DOMAIN=example.com"}, []string{passkeys}},
		{[]string{"PASSKEY_ORIGINS=https://app.example.com"}, []string{passkeys}},
		{oidc, nil},
		{oidc[:1], []string{"OIDC_MY_IDP_CLIENT_ID", "OIDC_MY_IDP_CLIENT_SECRET", "OIDC_MY_IDP_ISSUER", "OIDC_MY_IDP_REDIRECT_URL"}},
		{oidc[:4], []string{"OIDC_MY_IDP_REDIRECT_URL"}},
		{append([]string{"OIDC_OTHER_ISSUER=x"}, oidc...), nil}, // of no provider that is named
		{[]string{"RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_ADMIN=0", "RATE_LIMIT_FAILURES=0"}, nil},
		{
			[]string{"RATE_LIMIT_SIGN_IN=-1", "RATE_LIMIT_READ=-1", "RATE_LIMIT_WRITE=-1", "RATE_LIMIT_ADMIN=-1", "RATE_LIMIT_FAILURES=-1"},
			[]string{"RATE_LIMIT_ADMIN", "RATE_LIMIT_FAILURES", "RATE_LIMIT_READ", "RATE_LIMIT_SIGN_IN", "RATE_LIMIT_WRITE"},
		},
		{[]string{"RATE_LIMIT_READ=many"}, []string{"RATE_LIMIT_READ"}},
		{staging, nil},
		{append(staging, "ACCOUNT_VERIFICATION=required"), []string{"SMTP_URL"}},
		{production, []string{"SMTP_URL"}},
		{append(production, "ACCOUNT_VERIFICATION=off"), nil},
		{append(production, "SMTP_URL=smtp://mail:587", "MAIL_FROM=a@example.com"), nil},
		{[]string{"ACCOUNT_VERIFICATION=x", "ADMIN_REQUIRE_MFA=x", "PASSKEY_DOMAIN=x", "RATE_LIMIT_READ=-1"}, []string{"ACCOUNT_VERIFICATION", "ADMIN_REQUIRE_MFA", passkeys, "RATE_LIMIT_READ"}},
	} {
		_, problems := load(t, c.environ...)
		if got := complaints(problems); !slices.Equal(got, c.want) {
			t.Errorf("%q: problems %q, want %q", c.environ, got, c.want)
		}
		for _, p := range problems {
			if p.Detail == "" || strings.Contains(p.Detail, goodKey) {
				t.Errorf("%q: %s", c.environ, p)
			}
		}
	}
}

func TestWhatIsNotSetFollowsFromTheEnvironmentAndTheMailServer(t *testing.T) {
	const mail = "SMTP_URL=smtp://mail:587"
	for _, c := range []struct {
		environ        []string
		verify, factor bool
	}{
		{nil, false, false},
		{[]string{mail}, true, false},
		{[]string{mail, "ACCOUNT_VERIFICATION=off"}, false, false},
		{[]string{"ACCOUNT_VERIFICATION=required"}, true, false},
		{[]string{"ENVIRONMENT=staging"}, false, false},
		{[]string{"ENVIRONMENT=production"}, true, true},
		{[]string{"ENVIRONMENT=production", "ACCOUNT_VERIFICATION=off", "ADMIN_REQUIRE_MFA=false"}, false, false},
		{[]string{"ADMIN_REQUIRE_MFA=true"}, false, true},
	} {
		conf, _ := load(t, c.environ...)
		if conf.verifyAccounts() != c.verify || conf.requireFactor() != c.factor {
			t.Errorf("%q: verification %v, second factor %v", c.environ, conf.verifyAccounts(), conf.requireFactor())
		}
	}
}

func TestPasskeysWorkOnADevelopmentMachineByThemselves(t *testing.T) {
	for _, c := range []struct {
		environ []string
		domain  string
		origins []string
	}{
		{nil, "localhost", []string{"http://localhost:8000"}},
		{[]string{"SERVER_ADDRESS=:9000", "CORS_ORIGINS=http://localhost:5173"}, "localhost", []string{"http://localhost:9000", "http://localhost:5173"}},
		{[]string{"PASSKEY_DOMAIN=example.com", "PASSKEY_ORIGINS=https://a.example.com,https://b.example.com"}, "example.com", []string{"https://a.example.com", "https://b.example.com"}},
		{[]string{"ENVIRONMENT=production"}, "", nil},
		{[]string{"ENVIRONMENT=staging"}, "", nil},
	} {
		conf, _ := load(t, c.environ...)
		if domain, origins := conf.passkeys(); domain != c.domain || !slices.Equal(origins, c.origins) {
			t.Errorf("%q: %q from %q", c.environ, domain, origins)
		}
	}
}

func TestEachClassOfRoutesHasTheLimitThatIsSetForIt(t *testing.T) {
	c, problems := load(t, "RATE_LIMIT_SIGN_IN=1", "RATE_LIMIT_READ=2", "RATE_LIMIT_WRITE=3", "RATE_LIMIT_ADMIN=0")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rates := c.rates()
	for class, burst := range map[web.Class]int{web.SignIn: 1, web.Read: 2, web.Write: 3, web.Admin: 0, web.Refused: 2} {
		if rates[class] != (ports.Limit{Burst: burst, Window: time.Minute}) {
			t.Errorf("%s: %+v", class, rates[class])
		}
	}
	if _, limited := rates[web.Free]; limited || len(rates) != 5 {
		t.Errorf("rates %v", rates)
	}
}

func TestProvidersAreReadByTheirNames(t *testing.T) {
	c, problems := load(
		t, "OIDC_PROVIDERS=google, my-idp", "OIDC_GOOGLE_ISSUER=https://g", "OIDC_GOOGLE_CLIENT_ID=g", "OIDC_GOOGLE_CLIENT_SECRET=gs", "OIDC_GOOGLE_REDIRECT_URL=https://app/g",
		"OIDC_MY_IDP_ISSUER=https://m", "OIDC_MY_IDP_CLIENT_ID=m", "OIDC_MY_IDP_CLIENT_SECRET=ms", "OIDC_MY_IDP_REDIRECT_URL=https://app/m",
	)
	want := []OIDCProvider{
		{Name: "google", Issuer: "https://g", ClientID: "g", ClientSecret: "gs", RedirectURL: "https://app/g"},
		{Name: "my-idp", Issuer: "https://m", ClientID: "m", ClientSecret: "ms", RedirectURL: "https://app/m"},
	}
	if len(problems) > 0 || !slices.Equal(c.OIDC, want) {
		t.Errorf("%v: %v", problems, c.OIDC)
	}
}

func TestAFileMayHoldTheSettingsOfAProviderAndTheEnvironmentWins(t *testing.T) {
	dir := t.TempDir()
	file := "OIDC_PROVIDERS=idp\nOIDC_IDP_ISSUER=https://file\nOIDC_IDP_CLIENT_ID=toeic\nOIDC_IDP_CLIENT_SECRET=s\nOIDC_IDP_REDIRECT_URL=https://app/in\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := Load(dir, []string{"OIDC_IDP_ISSUER=https://environment"}, ".env", nil)
	if len(problems) > 0 || len(c.OIDC) != 1 || c.OIDC[0].Issuer != "https://environment" || c.OIDC[0].ClientID != "toeic" {
		t.Errorf("%v: %v", problems, c.OIDC)
	}
}

func TestSeveralSigningKeysAreKeptInTheirOrder(t *testing.T) {
	for _, list := range []string{goodKey + "," + otherKey, goodKey + ", " + otherKey, " " + goodKey + " ,\t" + otherKey + " "} {
		c, problems := load(t, "TOKEN_SIGNING_KEY="+list, "ENVIRONMENT=staging")
		if len(problems) > 0 {
			t.Fatalf("%q: %v", list, problems)
		}
		keys, err := c.rootSecrets()
		if err != nil || len(keys) != 2 || string(keys[0]) != goodKey || string(keys[1]) != otherKey {
			t.Errorf("%q: %q, %v", list, keys, err)
		}
		if _, err := os.Stat(filepath.Join(c.DataDir, "token.key")); !os.IsNotExist(err) {
			t.Errorf("%q: another key was made, %v", list, err)
		}
	}
}

func TestAWeakKeyIsRefusedWhereverItStandsInTheList(t *testing.T) {
	for name, weak := range map[string]string{
		"short": goodKey[:minKey-1], "the example": exampleKey, "repeating": strings.Repeat("abcd", 20), "nothing": "", "blanks": strings.Repeat(" ", minKey),
		"the example after a blank": " " + exampleKey, "short between blanks": "  " + goodKey[:minKey-1] + "  ",
	} {
		for _, list := range []string{weak + "," + goodKey, goodKey + "," + weak, goodKey + "," + weak + "," + otherKey} {
			_, problems := load(t, "TOKEN_SIGNING_KEY="+list)
			if len(problems) != 1 || problems[0].Setting != "TOKEN_SIGNING_KEY" || (weak != "" && strings.Contains(fmt.Sprint(problems), goodKey)) {
				t.Errorf("%s: %v", name, problems)
			}
		}
	}
	for _, environment := range []string{"staging", "production"} {
		_, problems := load(t, "ENVIRONMENT="+environment)
		if !slices.Contains(complaints(problems), "TOKEN_SIGNING_KEY") {
			t.Errorf("%s starts without a key: %v", environment, problems)
		}
	}
}
