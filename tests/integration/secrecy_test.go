package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// canaryPack writes a pack whose every secret is marked.
func canaryPack(t *testing.T) string {
	t.Helper()
	form := examtest.Mini()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "media"), 0o700); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"exam.json": encoded}
	for _, name := range form.MediaFiles() {
		files[name] = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Nothing that is hidden before submission reaches a learner with an open attempt, by any route, in any byte.
func TestNoSecretOfAnItemLeavesTheServerBeforeSubmission(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SAMPLE_CONTENT=false"}}
	p.must(t, "", "content", "import", canaryPack(t))
	s := p.serve(t)
	me, _ := s.register(t)
	old := me.start("practice") // an older attempt, so that its review is there to be refused
	me.want(200, nil, "POST", "/api/v1/attempts/"+old.ID+"/submit", nil)
	a := me.start("exam")

	seen, asked := everything(t, me, []string{a.ID, old.ID})
	for _, document := range []string{"/openapi.json", "/docs/"} {
		if body := me.want(200, nil, "GET", document, nil).body; bytes.Contains(bytes.ToUpper(body), []byte("CANARY")) {
			t.Errorf("a secret is in %s", document)
		}
	}
	if asked < 20 {
		t.Fatalf("only %d requests were made", asked)
	}
	if i := bytes.Index(bytes.ToUpper(seen), []byte("CANARY")); i >= 0 {
		t.Errorf("a secret got out: …%s…", seen[max(0, i-300):min(len(seen), i+60)])
	}
	for _, word := range []string{`"key"`, `"correct"`, `"explanation"`, `"rationale"`, `"transcript"`} {
		// The result of the older attempt counts right answers by part, under the same word.
		if i := bytes.Index(bytes.ReplaceAll(seen, []byte(`"correct":0`), nil), []byte(word)); i >= 0 {
			t.Errorf("a field %s got out: …%s…", word, seen[max(0, i-300):min(len(seen), i+60)])
		}
	}

	// The same search finds them all once the attempt is submitted: the test can fail.
	me.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/submit", nil)
	seen, _ = everything(t, me, []string{a.ID})
	for _, canary := range []string{"CANARY-EXPLANATION-1", "CANARY-TRANSCRIPT", "CANARY-RATIONALE", "CANARY-DESCRIPTION", "CANARY-SPOKEN"} {
		if !bytes.Contains(seen, []byte(canary)) {
			t.Errorf("%s is not even in the review", canary)
		}
	}
}

// everything asks every route that reads, and those that answer, and returns every byte of every reply.
func everything(t *testing.T, me person, attempts []string) ([]byte, int) {
	t.Helper()
	var all bytes.Buffer
	asked := 0
	ask := func(method, path string, body any) []byte {
		asked++
		r := me.do(method, path, body)
		fmt.Fprintf(&all, "\n%s %s\n%v\n%s", method, path, r.header, r.body)
		return r.body
	}
	var urls []string
	for route := range me.server.routes(t) {
		method, path, _ := strings.Cut(route, " ")
		if method != "GET" {
			continue
		}
		switch {
		case strings.Contains(path, "/attempts/{id}"):
			for _, id := range attempts {
				body := ask(method, strings.Replace(path, "{id}", id, 1), nil)
				urls = append(urls, mediaIn(body)...)
				for part := 1; part <= 7; part++ {
					ask(method, fmt.Sprintf("%s?part=%d", strings.Replace(path, "{id}", id, 1), part), nil)
				}
			}
		case strings.Contains(path, "/exams/{id}"):
			ask(method, strings.Replace(path, "{id}", me.exams()[0].ID, 1), nil)
		case strings.Contains(path, "/questions/{id}"), strings.Contains(path, "/regrades/{id}"):
			ask(method, strings.Replace(path, "{id}", unknownID, 1), nil)
		case !strings.Contains(path, "{"):
			ask(method, path, nil)
		}
	}
	for _, url := range urls {
		ask("GET", url, nil)
	}
	for _, id := range attempts {
		ask("PUT", "/api/v1/attempts/"+id+"/answers", answers(answer{1, "A", 1}))
		ask("PUT", "/api/v1/attempts/"+id+"/answers", answers(answer{1, "D", 2}, answer{999, "A", 1}))
		ask("POST", "/api/v1/attempts/"+id+"/advance", nil)
	}
	return all.Bytes(), asked
}

// mediaIn returns the addresses of media files in a reply.
func mediaIn(body []byte) []string {
	var sheet struct {
		Groups []struct{ Stimuli []struct{ URL string } }
	}
	_ = json.Unmarshal(body, &sheet) // replies of another shape have none
	var out []string
	for _, g := range sheet.Groups {
		for _, st := range g.Stimuli {
			if st.URL != "" {
				out = append(out, st.URL)
			}
		}
	}
	return out
}

// No password, token or key is ever logged, at any level, whatever a client does with it.
func TestNoSecretIsEverLogged(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			key := "canary-key-0123456789-abcdefghijklmnop"
			p := place{dir: t.TempDir(), env: []string{"TOKEN_SIGNING_KEY=" + key}}
			s := p.serve(t, "--log-level", "DEBUG", "--log-format", format)
			const word = "canary-password-123"
			anybody := person{t: t, server: s}
			var in session
			anybody.want(201, &in, "POST", "/api/v1/auth/register", map[string]any{"email": "canary@example.com", "password": word, "display_name": "C"}, "Idempotency-Key", "canary-idempotency")
			anybody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", map[string]any{"email": "canary@example.com", "password": word + "x"})
			anybody.refused(401, "auth.required", "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": "canary-refresh"})
			anybody.refused(422, "request.invalid", "POST", "/api/v1/auth/login", map[string]any{"email": 1, "password": word})
			anybody.refused(400, "request.malformed", "POST", "/api/v1/auth/login", `{"password": "`+word)
			me := person{t: t, server: s, token: in.AccessToken}
			me.want(200, nil, "GET", "/api/v1/users/me?access_token="+in.AccessToken, nil)
			me.want(404, nil, "GET", "/nowhere/"+in.AccessToken, nil, "Cookie", "session="+word)
			person{t: t, server: s, token: "toeic_canary-token"}.refused(401, "auth.required", "GET", "/api/v1/users/me", nil)
			token := strings.TrimSpace(mustAdminToken(t, p))
			var renewed session
			anybody.want(200, &renewed, "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": in.RefreshToken})
			if code := s.terminate(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			logs := s.logs.String() + s.banner.String()
			if !strings.Contains(logs, `"/api/v1/auth/login"`) {
				t.Fatalf("the log misses the requests: %s", logs)
			}
			for _, secret := range []string{word, in.AccessToken, in.RefreshToken, renewed.AccessToken, renewed.RefreshToken, token, key, "canary-refresh", "canary-token", "canary-idempotency", password} {
				if strings.Contains(logs, secret) {
					t.Errorf("the log holds the secret %q", secret)
				}
			}
		})
	}
}

// mustAdminToken makes an administrator and a token of theirs.
func mustAdminToken(t *testing.T, p place) string {
	t.Helper()
	email := fmt.Sprintf("admin-%d@example.com", people.Add(1))
	p.must(t, password+"\n", "admin", "create", "--email", email, "--password-stdin")
	return p.must(t, "", "token", "create", "--email", email, "--name", "test", "--scope", "admin:*", "--ttl", "8h")
}
