package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheCommandLineExplainsItselfAndItsExitCodesMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	cases := []struct {
		name  string
		stdin string
		args  []string
		code  int
		says  string
	}{
		{"no command", "", nil, 0, "serve"},
		{"help", "", []string{"--help"}, 0, "Run the server"},
		{"help of a command", "", []string{"token", "create", "--help"}, 0, "--scope"},
		{"version", "", []string{"version"}, 0, "toeic "},
		{"an unknown command", "", []string{"fly"}, 2, "fly"},
		{"an unknown flag", "", []string{"serve", "--fly"}, 2, "--fly"},
		{"a missing flag", "", []string{"admin", "create"}, 2, "--email"},
		{"a weak password", "short\n", []string{"admin", "create", "--email", "a@example.com", "--password-stdin"}, 2, "at least 10"},
		{"no terminal", "", []string{"admin", "create", "--email", "a@example.com"}, 2, "--password-stdin"},
		{"an administrator", password + "\n", []string{"admin", "create", "--email", "a@example.com", "--password-stdin"}, 0, "a@example.com"},
		{"the same again", password + "\n", []string{"admin", "create", "--email", "A@example.com", "--password-stdin"}, 1, "exists already"},
		{"a token for nobody", "", []string{"token", "create", "--email", "b@example.com", "--name", "n", "--scope", "admin:*", "--ttl", "8h"}, 1, "no such account"},
		{"a token for nothing", "", []string{"token", "create", "--email", "a@example.com", "--name", "n", "--scope", "flying", "--ttl", "8h"}, 2, "flying"},
		{"a token for ever", "", []string{"token", "create", "--email", "a@example.com", "--name", "n", "--scope", "*", "--ttl", "99999h"}, 2, "366 days"},
		{"a pack that is not there", "", []string{"content", "validate", "nowhere"}, 1, "no such file"},
		{"the schema", "", []string{"content", "schema"}, 0, "json-schema.org"},
		{"an attempt that is none", "", []string{"attempt", "rescore", "x"}, 2, "not the identifier"},
		{"an attempt that is not there", "", []string{"attempt", "rescore", unknownID}, 1, "no such attempt"},
		{"an unreachable database", "", []string{"--database-url", "postgres://u:canary@127.0.0.1:1/x", "migrate", "status"}, 1, "database"},
	}
	for _, c := range cases {
		got := p.run(t, c.stdin, c.args...)
		if all := got.stdout + got.stderr; got.code != c.code || !strings.Contains(all, c.says) || strings.Contains(all, "canary") {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", c.name, got.code, c.code, c.says, all)
		}
	}
	token := p.run(t, "", "token", "create", "--email", "a@example.com", "--name", "n", "--scope", "admin:*", "--ttl", "8h")
	if !regexp.MustCompile(`^toeic_[A-Za-z0-9_-]{43}\n$`).MatchString(token.stdout) {
		t.Errorf("the token is not alone on standard output: %q", token.stdout)
	}
}

func TestTheConfigurationNamesAllItsProblemsAtOnce(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	env := "ENVIRONMENT=production # strict\nDB_MAX_CONNECTIONS=many\nJOB_WORKERS=99\nDB_MAX_IDLE_TIME=5 minutes\nLOG_LEVEL=LOUD\nSERVER_ADDRESS=nowhere\n" +
		"REDIS_URL=http://x\nCORS_ORIGINS=*\nTRUSTED_PROXIES=10.0.0.0/99\nTOKEN_SIGNING_KEY=change-me-to-the-output-of-openssl-rand-base64-48\n"
	if err := os.WriteFile(filepath.Join(p.dir, ".env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"config", "check"}, {"serve"}} {
		got := p.run(t, "", command...)
		for _, setting := range []string{"DB_MAX_CONNECTIONS", "JOB_WORKERS", "DB_MAX_IDLE_TIME", "LOG_LEVEL", "SERVER_ADDRESS", "REDIS_URL", "CORS_ORIGINS", "TRUSTED_PROXIES", "TOKEN_SIGNING_KEY is the example", "DATABASE_URL"} {
			if !strings.Contains(got.stderr, setting) {
				t.Errorf("%v does not name %s:\n%s", command, setting, got.stderr)
			}
		}
		if got.code != 2 {
			t.Errorf("%v: exit code %d", command, got.code)
		}
	}
	for key, says := range map[string]string{"": "required", "too-short": "too short", strings.Repeat("a", 64): "repeats"} {
		q := place{dir: t.TempDir(), databaseURL: "sqlite:x.db", env: []string{"ENVIRONMENT=production", "TOKEN_SIGNING_KEY=" + key}}
		if got := q.run(t, "", "serve"); got.code != 2 || !strings.Contains(got.stderr, says) {
			t.Errorf("production starts with the key %q: %d %s", key, got.code, got.stderr)
		}
	}
}

func TestFlagsWinOverTheEnvironmentAndThatOverTheFileAndSecretsStayMasked(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), databaseURL: "postgres://ann:canary1@db.example.com/toeic?password=canary2", env: []string{"DATA_DIR=from-env", "LOG_LEVEL=WARN"}}
	file := "DATA_DIR=from-file\nLOG_LEVEL=ERROR\nDB_MAX_CONNECTIONS=100 # per process\nTOKEN_SIGNING_KEY=canary3-0123456789-abcdefghijklmnop\n"
	if err := os.WriteFile(filepath.Join(p.dir, ".env"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	out := p.must(t, "", "--data-dir", "from-flag", "config", "check")
	for _, line := range []string{"from-flag", "LOG_LEVEL=WARN", "DB_MAX_CONNECTIONS=100", "TOKEN_SIGNING_KEY=********", "DATABASE_URL=postgres://********@db.example.com/toeic"} {
		if !strings.Contains(out, line) {
			t.Errorf("the effective configuration lacks %s:\n%s", line, out)
		}
	}
	if strings.Contains(out, "canary") || strings.Contains(out, "from-env") || strings.Contains(out, "from-file") {
		t.Errorf("the effective configuration is\n%s", out)
	}
}

func TestMigrationsGoUpAndDownByHand(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		if out := p.must(t, "", "migrate", "status"); !strings.Contains(out, "pending") || strings.Contains(out, "applied") {
			t.Errorf("status at first: %s", out)
		}
		p.must(t, "", "migrate", "up")
		if out := p.must(t, "", "migrate", "up"); !strings.Contains(out, "nothing to apply") {
			t.Errorf("up again: %s", out)
		}
		if out := p.must(t, "", "migrate", "status"); strings.Contains(out, "pending") {
			t.Errorf("status after up: %s", out)
		}
		if out := p.must(t, "", "migrate", "down"); !strings.Contains(out, "took back") {
			t.Errorf("down: %s", out)
		}
		p.serve(t) // brings it up again by itself
	})
}

// A pack with many faults: each is named with its file and place, and nothing is stored.
func TestAPackWithManyFaultsIsRefusedWithAllOfThemAndStoresNothing(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SAMPLE_CONTENT=false"}}
	dir := canaryPack(t)
	path := filepath.Join(dir, "exam.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var form map[string]any
	if err := json.Unmarshal(data, &form); err != nil {
		t.Fatal(err)
	}
	part := func(i int) map[string]any { return form["parts"].([]any)[i].(map[string]any) }
	question := func(p, g, q int) map[string]any {
		return part(p)["groups"].([]any)[g].(map[string]any)["questions"].([]any)[q].(map[string]any)
	}
	form["slug"] = "Not A Slug"
	form["surprise"] = true
	form["conversion"] = "made-up-1"
	delete(form, "licence")
	question(0, 0, 0)["key"] = "E"
	question(1, 0, 0)["key"] = "D" // part 2 has three options
	question(4, 0, 0)["options"] = []any{map[string]any{"text": "only"}}
	question(4, 1, 0)["ability"] = "L1"
	question(2, 0, 1)["number"] = 77
	question(3, 0, 0)["explanation"] = ""
	part(5)["groups"].([]any)[0].(map[string]any)["stimuli"].([]any)[0].(map[string]any)["text"] = "No blank at all."
	if data, err = json.Marshal(form); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"exam.json": string(data), "media/extra.svg": `<svg xmlns="x"><script/></svg>`, "run.sh": "#!/bin/sh"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"validate", "import"} {
		got := p.run(t, "", "content", command, dir)
		for _, place := range []string{
			"exam.json#/slug", "exam.json#/surprise", "exam.json#/conversion", "exam.json#/licence", "exam.json#/parts/0/groups/0/questions/0/key",
			"exam.json#/parts/1/groups/0/questions/0/key", "exam.json#/parts/4/groups/0/questions/0/options", "exam.json#/parts/4/groups/1/questions/0/ability",
			"exam.json#/parts/2/groups/0/questions/1/number", "exam.json#/parts/3/groups/0/questions/0/explanation", "exam.json#/parts/5/groups/0",
			"media/extra.svg", "run.sh",
		} {
			if !strings.Contains(got.stdout, place) {
				t.Errorf("%s does not name %s:\n%s", command, place, got.stdout)
			}
		}
		if got.code != 1 || !strings.Contains(got.stderr, "nothing was stored") {
			t.Errorf("%s: exit code %d, %s", command, got.code, got.stderr)
		}
	}
	if out := p.must(t, "", "content", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("something was stored: %s", out)
	}
}
