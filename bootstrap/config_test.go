package bootstrap

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAConfigurationNeverShowsItsSecrets(t *testing.T) {
	c := Config{
		TokenSigningKey: "canary-key,canary-old-key", DatabaseURL: "postgres://ann:canary-1@db/x?password=canary-2", RedisURL: "redis://:canary-3@cache:6379/0",
		SMTPURL: "smtp://ann:canary-4@mail:587", OIDCProviders: []string{"my-idp"},
		OIDC: []OIDCProvider{{Name: "my-idp", Issuer: "https://idp", ClientID: "toeic", ClientSecret: "canary-5", RedirectURL: "https://app/signed-in"}},
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	effective := strings.Join(c.Effective(), "\n")
	shown := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, encoded, effective)
	if strings.Contains(shown, "canary") {
		t.Errorf("a secret shows: %s", shown)
	}
	for _, line := range []string{
		"TOKEN_SIGNING_KEY=********", "DATABASE_URL=postgres://********@db/x", "REDIS_URL=redis://********@cache:6379/0", "SMTP_URL=smtp://********@mail:587",
		"OIDC_MY_IDP_ISSUER=https://idp", "OIDC_MY_IDP_CLIENT_ID=toeic", "OIDC_MY_IDP_CLIENT_SECRET=********", "OIDC_MY_IDP_REDIRECT_URL=https://app/signed-in",
	} {
		if !slices.Contains(strings.Split(effective, "\n"), line) {
			t.Errorf("the effective configuration lacks %s:\n%s", line, effective)
		}
	}
}

func TestAnAddressThatIsNoneHidesWhatMayBeItsPassword(t *testing.T) {
	for address, want := range map[Address]string{
		"":                                   "",
		"sqlite:data/a@b.db":                 "sqlite:data/a@b.db",
		"smtp://mail:25":                     "smtp://mail:25",
		"ann:canary@mail:587":                "********",
		"canary":                             "********",
		"smtp:/ann:canary@mail:587":          "********",
		"smtp://ann:canary?canary@mail:587":  "smtp://********",
		"smtp://ann:canary#canary@mail:587":  "smtp://********@mail:587",
		"smtp://ann:canary/canary@mail:587":  "smtp://********@mail:587",
		"smtp://ann:canary@canary@mail:587":  "smtp://********@mail:587",
		"postgres://db/x?password=canary@1":  "postgres://********",
		"postgres://db/x?password=canary":    "postgres://db/x",
		"postgres://ann:canary@db?x=canary@": "postgres://********",
	} {
		if got := address.String(); got != want {
			t.Errorf("%s shows as %s, want %s", string(address), got, want)
		}
	}
}

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// settings are the names of all settings, those of one provider included.
func settings() []string {
	var names []string
	for f := range reflect.TypeFor[Config]().Fields() {
		if name := f.Tag.Get("env"); name != "-" {
			names = append(names, name)
		}
	}
	for _, line := range (OIDCProvider{Name: "google"}).effective() {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	return names
}

func TestTheExampleNamesEverySettingOnceAndNothingElse(t *testing.T) {
	var named []string
	for line := range strings.Lines(example(t)) {
		if name := regexp.MustCompile(`^# ([A-Z_]+)=`).FindStringSubmatch(line); name != nil {
			named = append(named, name[1])
		} else if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "# ") {
			t.Errorf("the example sets something: %q", line)
		}
	}
	same(t, "named in .env.example", named, settings())
	if !strings.Contains(example(t), exampleKey) {
		t.Error("the example key is not the one that is refused")
	}
}

func TestTheExampleWithItsCommentsTakenAwayIsReadAsItSays(t *testing.T) {
	dir := t.TempDir()
	uncommented := regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(example(t), "$1")
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(uncommented), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := Load(dir, nil, ".env", nil)
	if len(problems) != 2 || problems[0].Setting != "TOKEN_SIGNING_KEY" || problems[1].Setting != "REDIS_ADDRS" {
		t.Errorf("problems: %v, want only the example key, and two ways to name a Redis", problems)
	}
	if time.Duration(c.CacheTTLUsers) != 5*time.Minute || time.Duration(c.CacheTTLAttempts) != time.Second || c.CacheMemory != 128<<20 {
		t.Errorf("read: %v", c.Effective())
	}
	if c.DBMaxConnections != 25 || c.LogFormat != "text" || c.DatabaseURL != "postgres://toeic:toeic@127.0.0.1:55432/toeic" {
		t.Errorf("read: %v", c.Effective())
	}
	if c.MailFrom != "TOEIC <noreply@example.com>" || c.SMTPURL != "smtp://user:password@mail.example.com:587" || len(c.OIDC) != 1 || c.OIDC[0].RedirectURL != "https://app.example.com/signed-in" {
		t.Errorf("read: %v", c.Effective())
	}
}

func TestTheExampleShowsTheDefaultsOfLimitsAndConnections(t *testing.T) {
	c, problems := Load(t.TempDir(), nil, "", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, line := range c.Effective() {
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, "RATE_LIMIT_") || strings.HasPrefix(name, "DB_M") {
			line = regexp.MustCompile(`m0s$`).ReplaceAllString(strings.Replace(line, "h0m0s", "h", 1), "m")
			if !regexp.MustCompile(`(?m)^# ` + regexp.QuoteMeta(line) + `( |$)`).MatchString(example(t)) {
				t.Errorf("the example shows another default than %s", line)
			}
		}
	}
}

func TestOfManyProcessesThatMakeAKeyAllUseTheSame(t *testing.T) {
	c := Config{DataDir: t.TempDir()}
	keys := make(chan string, 16)
	for range cap(keys) {
		go func() {
			key, err := c.ownSecret()
			if err != nil {
				t.Error(err)
			}
			keys <- string(key)
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first {
			t.Error("two processes have different keys")
		}
	}
	if len(first) < minKey {
		t.Errorf("the key has %d characters", len(first))
	}
	left, err := os.ReadDir(c.DataDir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLevelsAreWrittenAsOperatorsSearchThem(t *testing.T) {
	var out strings.Builder
	log := newLogger(Config{LogLevel: "DEBUG", LogFormat: "json"}, &out)
	log.Debug("x")
	log.Info("x")
	log.Warn("x")
	log.Error("x")
	log.DPanic("x")
	func() {
		defer func() { _ = recover() }()
		log.Panic("x")
	}()
	var levels []string
	for line := range strings.Lines(out.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, entry.Level)
	}
	if got := strings.Join(levels, " "); got != "DEBUG INFO WARN ERROR PANIC PANIC" {
		t.Errorf("levels: %s", got)
	}
}

func TestAnUnreadableSettingsFileIsNotQuoted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("Some words.\nTOKEN_SIGNING_KEY=canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(dir, nil, ".env", nil)
	if shown := fmt.Sprint(problems); len(problems) != 1 || strings.Contains(shown, "canary") || !strings.Contains(shown, "NAME=value") {
		t.Errorf("problems: %s", shown)
	}
}
