package integration

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

func TestAnExportHoldsAllThatTheAccountHasAndNoSecret(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, account := s.register(t)
		other, _ := s.register(t)
		a := me.start("exam")
		me.want(200, nil, "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{1, "A", 1}, answer{2, "C", 1}))
		me.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/submit", nil)
		set := me.draw(3, "immediate")
		me.want(200, nil, "PUT", "/api/v1/practice/sets/"+set.ID+"/answers", answers(answer{1, "B", 1}))
		_, codes := me.enrol()

		var e struct{ ID, Status string }
		me.want(202, &e, "POST", "/api/v1/users/me/exports", nil)
		path := "/api/v1/users/me/exports/" + e.ID
		eventually(t, "the export is ready", func() bool {
			me.want(200, &e, "GET", path, nil)
			return e.Status == "ready"
		})
		other.refused(404, "export.not_found", "GET", path, nil)
		other.refused(404, "export.not_found", "GET", path+"/file", nil)
		got := me.want(200, nil, "GET", path+"/file", nil)
		if kind, disposition := got.header.Get("Content-Type"), got.header.Get("Content-Disposition"); kind != "application/zip" || !strings.Contains(disposition, ".zip") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %q, %q", kind, disposition)
		}
		files := unzip(t, got.body)
		for name, holds := range map[string][]string{
			"account.json": {account.User.Email}, "sessions.json": {account.SessionID}, "second_factors.json": {"authenticator_app\": true"},
			"practice.json": {set.ID, `"choice": "B"`, `"seen"`},
			"attempts.json": {a.ID, `"choice": "A"`, `"choice": "C"`, `"raw"`}, "api_tokens.json": {"[]"}, "linked_identities.json": {"[]"},
		} {
			for _, text := range holds {
				if !strings.Contains(files[name], text) {
					t.Errorf("%s lacks %s:\n%s", name, text, files[name])
				}
			}
		}
		for name, text := range files {
			if !json.Valid([]byte(text)) {
				t.Errorf("%s is no JSON", name)
			}
			for _, secret := range append([]string{"argon2", me.token, account.RefreshToken, `"key"`}, codes...) {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds %s", name, secret)
				}
			}
		}
		for range 2 {
			me.want(202, nil, "POST", "/api/v1/users/me/exports", nil)
		}
		me.refused(429, "export.too_many", "POST", "/api/v1/users/me/exports", nil)
	})
}

func unzip(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

func TestAClosedAccountCanBeReopenedUntilItIsErased(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, account := s.register(t)
		set := me.draw(3, "immediate")
		me.want(200, nil, "PUT", "/api/v1/practice/sets/"+set.ID+"/answers", answers(answer{1, "B", 1}))
		me.start("exam")
		nobody := person{t: t, server: s}
		credentials := map[string]any{"email": account.User.Email, "password": password}
		me.want(204, nil, "DELETE", "/api/v1/users/me", nil)
		me.refused(401, "auth.session_ended", "GET", "/api/v1/users/me", nil)
		nobody.refused(403, "account.closed", "POST", "/api/v1/auth/login", credentials)
		credentials["reopen"] = true
		var back session
		nobody.want(200, &back, "POST", "/api/v1/auth/login", credentials)
		me = person{t: t, server: s, token: back.AccessToken}
		me.want(204, nil, "DELETE", "/api/v1/users/me", nil)

		// Two weeks later, as far as the database can tell.
		db := p.database(t)
		long := time.Now().UTC().Add(-15 * 24 * time.Hour).Format("2006-01-02 15:04:05.000000+00:00")
		for _, change := range []string{
			"UPDATE users SET deleted_at = '" + long + "' WHERE email = '" + account.User.Email + "'",
			"UPDATE jobs SET run_at = '" + long + "' WHERE kind = 'erase_account'",
		} {
			if _, err := db.Exec(change); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the account is erased", func() bool {
			var left int
			if err := db.QueryRow("SELECT count(*) FROM users WHERE email = '" + account.User.Email + "'").Scan(&left); err != nil {
				t.Fatal(err)
			}
			return left == 0
		})
		for _, table := range []string{"user_sessions", "refresh_tokens", "attempts", "answers", "practice_sets", "practice_answers", "learner_items"} {
			var left int
			if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&left); err != nil || left != 0 {
				t.Errorf("%s has %d rows left, %v", table, left, err)
			}
		}
		nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", credentials)
		p.must(t, "", "audit", "verify")
		var erased int
		if err := db.QueryRow("SELECT count(*) FROM erasures").Scan(&erased); err != nil || erased != 1 {
			t.Errorf("%d erasures are remembered, %v", erased, err)
		}
	})
}
