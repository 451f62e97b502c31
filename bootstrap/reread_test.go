package bootstrap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/toeic-app/toeic/domain/caching"
)

// follower is a process that was started with a settings file and looks at it when the test says so.
type follower struct {
	t       *testing.T
	path    string
	reread  *reread
	logs    *observer.ObservedLogs
	applied []caching.TTLs
}

// follows starts with a file that holds that text; without one for "".
func follows(t *testing.T, text string, environ ...string) *follower {
	t.Helper()
	f := &follower{t: t, path: filepath.Join(t.TempDir(), ".env")}
	if text != "" {
		f.write(text)
	}
	from := source{dir: filepath.Dir(f.path), file: ".env", environ: environ, flags: map[string]string{"LOG_LEVEL": "INFO"}}
	c, problems := from.load()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	core, logs := observer.New(zap.DebugLevel)
	f.logs = logs
	f.reread = newReread(from, c, func(ttls caching.TTLs) { f.applied = append(f.applied, ttls) }, zap.New(core))
	return f
}

func (f *follower) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// replace puts another file in the place of the one that is there.
func (f *follower) replace(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path+"~", []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(f.path+"~", f.path); err != nil {
		f.t.Fatal(err)
	}
}

func (f *follower) remove() {
	f.t.Helper()
	if err := os.Remove(f.path); err != nil {
		f.t.Fatal(err)
	}
}

// settles looks until what is there now must have been heeded.
func (f *follower) settles() {
	for range 4 {
		f.reread.look()
	}
}

// wants compares what was applied and logged since the last time.
func (f *follower) wants(what string, applied []caching.TTLs, lines ...string) {
	f.t.Helper()
	var got []string
	for _, e := range f.logs.TakeAll() {
		line := e.Level.CapitalString() + " " + e.Message
		for _, field := range e.Context {
			line += fmt.Sprintf(" %s=%v", field.Key, e.ContextMap()[field.Key])
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(applied, f.applied); diff != "" {
		f.t.Errorf("%s: applied (-want +got)\n%s", what, diff)
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		f.t.Errorf("%s: logged (-want +got)\n%s", what, diff)
	}
	f.applied = nil
}

func one(ttls caching.TTLs) []caching.TTLs { return []caching.TTLs{ttls} }

func TestAChangedAgeInTheSettingsFileIsHeededOnce(t *testing.T) {
	f := follows(t, "CACHE_TTL_USERS=300\n")
	f.settles()
	f.wants("as it was", nil)
	f.write("CACHE_TTL_USERS=60 # shorter\n")
	f.settles()
	f.wants("changed", one(caching.TTLs{caching.Users: time.Minute}), "INFO the settings file changed heeded=[CACHE_TTL_USERS=1m0s]")
	f.replace("CACHE_TTL_USERS=1m\nCACHE_TTL_CONTENT=2h\n")
	f.settles()
	f.wants("replaced", one(caching.TTLs{caching.Users: time.Minute, caching.Content: 2 * time.Hour}), "INFO the settings file changed heeded=[CACHE_TTL_CONTENT=2h0m0s]")
	f.write("# CACHE_TTL_USERS=1m\nCACHE_TTL_CONTENT=7200\n")
	f.settles()
	f.wants("taken back", one(caching.TTLs{caching.Content: 2 * time.Hour}), "INFO the settings file changed heeded=[CACHE_TTL_USERS=]")
	f.write("CACHE_TTL_CONTENT=2h # the same\n")
	f.settles()
	f.wants("the same in other words", nil)
}

func TestAFileThatChangedBeforeTheFirstLookIsHeeded(t *testing.T) {
	f := follows(t, "CACHE_TTL_USERS=300\n")
	f.write("CACHE_TTL_USERS=200\n")
	f.settles()
	f.wants("changed", one(caching.TTLs{caching.Users: 200 * time.Second}), "INFO the settings file changed heeded=[CACHE_TTL_USERS=3m20s]")
}

func TestAFileThatIsBeingWrittenIsLeftAloneUntilItStaysTheSame(t *testing.T) {
	f := follows(t, "CACHE_TTL_USERS=300\n")
	f.settles()
	whole := "CACHE_TTL_USERS=200\nCACHE_TTL_AUTH=20\n"
	for n := range len(whole) {
		f.write(whole[:n])
		f.reread.look()
	}
	f.write(whole)
	f.reread.look()
	f.wants("while it is written", nil)
	f.reread.look()
	f.wants("written", one(caching.TTLs{caching.Users: 200 * time.Second, caching.Auth: 20 * time.Second}),
		"INFO the settings file changed heeded=[CACHE_TTL_AUTH=20s CACHE_TTL_USERS=3m20s]")
}

func TestAFileThatIsMissingOrWrongChangesNothingAndOneLineSaysWhy(t *testing.T) {
	const good = "CACHE_TTL_USERS=300\n"
	wrong := func(problems string) string {
		return "WARN the settings file is wrong, and nothing of it is heeded problems=[" + problems + "]"
	}
	const shape = ".env cannot be read: it must be made of lines NAME=value and # comments"
	f := follows(t, good)
	f.settles()
	for name, tc := range map[string]struct{ text, problems string }{
		"no settings":    {"CACHE_TTL_USERS=60\nSome words, a canary.\n", shape},
		"an open quote":  {"CACHE_TTL_USERS=60\nTOKEN_SIGNING_KEY=\"canary\n", shape},
		"half a name":    {"CACHE_TTL_USERS=60\nCACHE_TTL_CON", shape},
		"out of bounds":  {"CACHE_TTL_USERS=60\nCACHE_TTL_AUTH=2h\n", "CACHE_TTL_AUTH must be between 1s and 1m0s"},
		"no time":        {"CACHE_TTL_USERS=60\nCACHE_TTL_AUTH=canary\n", "CACHE_TTL_AUTH must be a positive number of seconds, or a duration such as 30s, 5m or 1h"},
		"two at once":    {"CACHE_TTL_STATISTICS=0\nCACHE_TTL_AUTH=2h\n", "CACHE_TTL_STATISTICS must be a positive number of seconds, or a duration such as 30s, 5m or 1h CACHE_TTL_AUTH must be between 1s and 1m0s"},
		"a short key":    {"CACHE_TTL_USERS=60\nTOKEN_SIGNING_KEY=canary\n", "TOKEN_SIGNING_KEY is too short: at least 32 characters"},
		"a wrong master": {"CACHE_TTL_USERS=60\nREDIS_ADDRS=a:1,redis://:canary@b\n", "REDIS_ADDRS must be made of host:port, such as 10.0.0.1:6379; number 2 is not"},
	} {
		f.replace(tc.text)
		f.settles()
		f.wants(name, nil, wrong(tc.problems))
		f.replace(good)
		f.settles()
		f.wants(name+", and right again", nil)
	}
	f.remove()
	f.reread.look()
	f.wants("missing for a moment", nil)
	f.write(good)
	f.settles()
	f.wants("back", nil)
	f.remove()
	f.settles()
	f.wants("missing", nil, "WARN the settings file is gone; what it said holds until the next start file=.env")
	f.write("CACHE_TTL_USERS=60\n")
	f.settles()
	f.wants("a new one", one(caching.TTLs{caching.Users: time.Minute}), "INFO the settings file changed heeded=[CACHE_TTL_USERS=1m0s]")
	f.remove()
	if err := os.Mkdir(f.path, 0o700); err != nil {
		t.Fatal(err)
	}
	f.settles()
	f.wants("a folder", nil, wrong(".env cannot be read again: it is not a regular file"))
}

func TestAFileThatAppearsIsHeededAndOneThatNeverWasIsNotMissed(t *testing.T) {
	f := follows(t, "")
	f.settles()
	f.wants("none", nil)
	f.write("CACHE_TTL_USERS=60\n")
	f.settles()
	f.wants("new", one(caching.TTLs{caching.Users: time.Minute}), "INFO the settings file changed heeded=[CACHE_TTL_USERS=1m0s]")
}

func TestTheEnvironmentAndFlagsWinOverAFileThatChanges(t *testing.T) {
	f := follows(t, "CACHE_TTL_USERS=300\n", "CACHE_TTL_USERS=120", "REDIS_URL=redis://a:1")
	f.settles()
	f.write("CACHE_TTL_USERS=60\nREDIS_URL=redis://b:1\nLOG_LEVEL=DEBUG\n")
	f.settles()
	f.wants("nothing that counts", nil)
	f.write("CACHE_TTL_USERS=60\nCACHE_TTL_AUTH=10\n")
	f.settles()
	f.wants("another one", one(caching.TTLs{caching.Users: 2 * time.Minute, caching.Auth: 10 * time.Second}), "INFO the settings file changed heeded=[CACHE_TTL_AUTH=10s]")
}

func TestOtherSettingsThatChangedAreNamedAndNotHeeded(t *testing.T) {
	const providers = "OIDC_PROVIDERS=my-idp\nOIDC_MY_IDP_ISSUER=https://idp.example.com\nOIDC_MY_IDP_CLIENT_ID=toeic\nOIDC_MY_IDP_REDIRECT_URL=https://app.example.com/in\n"
	f := follows(t, providers+"OIDC_MY_IDP_CLIENT_SECRET=canary-1\nJOB_WORKERS=2\n")
	f.settles()
	f.write(providers + "OIDC_MY_IDP_CLIENT_SECRET=canary-2\nJOB_WORKERS=3\nTOKEN_SIGNING_KEY=" + goodKey + "\nCACHE_TTL_AUTH=10\nCACHE_MAX_MEMORY_USAGE=1048576\nUNKNOWN=1\n")
	f.settles()
	f.wants("changed", one(caching.TTLs{caching.Auth: 10 * time.Second}),
		"INFO the settings file changed heeded=[CACHE_TTL_AUTH=10s] takes_a_restart=[TOKEN_SIGNING_KEY CACHE_MAX_MEMORY_USAGE JOB_WORKERS OIDC_MY_IDP_CLIENT_SECRET]")
	f.write(providers + "OIDC_MY_IDP_CLIENT_SECRET=canary-1\nJOB_WORKERS=3\nCACHE_TTL_AUTH=10\n")
	f.settles()
	f.wants("one of them is left", nil, "INFO the settings file changed takes_a_restart=[JOB_WORKERS]")
	f.write(strings.ReplaceAll(providers, "my-idp", "idp") + "CACHE_TTL_AUTH=10\n")
	f.settles()
	if lines := f.logs.FilterMessageSnippet("wrong").Len(); lines != 1 {
		t.Errorf("a provider without settings is told of in %d lines", lines)
	}
}
