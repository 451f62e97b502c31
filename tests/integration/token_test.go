package integration

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestTokensThatAreNotGoodAreRefused(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	_, me := s.register(t)
	head, rest, _ := strings.Cut(me.AccessToken, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	resigned, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "toeic", "aud": "toeic-api", "sub": me.User.ID, "sid": me.SessionID,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"truncated":                 me.AccessToken[:len(me.AccessToken)-1],
		"without its signature":     head + "." + claims + ".",
		"with another's signature":  head + "." + claims + "." + strings.Repeat("A", len(signature)),
		"changed":                   head + "." + encoded(`{"iss":"toeic","aud":"toeic-api","sub":"`+me.User.ID+`","sid":"`+unknownID+`"}`) + "." + signature,
		"signed by nobody":          encoded(`{"alg":"none","typ":"JWT"}`) + "." + claims + ".",
		"signed by somebody else":   resigned,
		"a refresh token":           me.RefreshToken,
		"an API token of nobody":    "toeic_" + me.RefreshToken,
		"not a token":               "null",
		"a token and more":          me.AccessToken + " " + me.AccessToken,
		"longer than any token":     strings.Repeat("a", 20_000),
		"a token in another scheme": "",
	} {
		p := person{t: t, server: s, token: token}
		got := p.do("GET", "/api/v1/users/me", nil)
		if name == "a token in another scheme" {
			got = p.do("GET", "/api/v1/users/me", nil, "Authorization", "Basic "+me.AccessToken)
		}
		if got.status != 401 || got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	person{t: t, server: s, token: me.AccessToken}.refused(401, "auth.required", "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": me.AccessToken[:200]})
	got := person{t: t, server: s, token: strings.Repeat("a", 100_000)}.do("GET", "/api/v1/users/me", nil)
	if got.status != 431 {
		t.Errorf("a header of 100 kB: %d", got.status)
	}
	person{t: t, server: s}.refused(413, "request.too_large", "POST", "/api/v1/auth/login", `{"email":"`+strings.Repeat("a", 2<<20)+`"}`)
}

func TestARefreshTokenThatComesBackLateEndsItsSession(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, account := s.register(t)
		nobody := person{t: t, server: s}
		spent := map[string]any{"refresh_token": account.RefreshToken}
		var first, second session
		nobody.want(200, &first, "POST", "/api/v1/auth/refresh", spent)
		nobody.want(200, &second, "POST", "/api/v1/auth/refresh", spent) // a second tab, within the grace
		if first.RefreshToken == second.RefreshToken || first.SessionID != account.SessionID || second.SessionID != account.SessionID {
			t.Errorf("sessions %s, %s, %s", account.SessionID, first.SessionID, second.SessionID)
		}
		long := time.Now().UTC().Add(-11 * time.Second).Format("2006-01-02 15:04:05.000000+00:00")
		if _, err := p.database(t).Exec("UPDATE refresh_tokens SET spent_at = '" + long + "' WHERE spent_at IS NOT NULL"); err != nil {
			t.Fatal(err)
		}
		nobody.refused(401, "auth.session_ended", "POST", "/api/v1/auth/refresh", spent)
		for _, token := range []string{me.token, first.AccessToken, second.AccessToken} {
			person{t: t, server: s, token: token}.refused(401, "auth.session_ended", "GET", "/api/v1/users/me", nil)
		}
		nobody.refused(401, "auth.session_ended", "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": second.RefreshToken})
	})
}

// What is compared is a ratio of medians, taken in turn, with room for a busy machine. A server that hashes no password
// for an unknown address answers it ten times as fast. tests/signin measures it exactly.
func TestTheTimeOfAnAnswerDoesNotTellWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	const tries = 30
	s := place{dir: t.TempDir()}.serve(t)
	nobody := person{t: t, server: s}
	var known []string
	for range tries {
		_, account := s.register(t)
		known = append(known, account.User.Email)
	}
	for name, ask := range map[string]func(email string){
		"log-in": func(email string) {
			nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", map[string]any{"email": email, "password": "not the right one"})
		},
		"forgotten password": func(email string) {
			nobody.want(202, nil, "POST", "/api/v1/auth/password/forgot", map[string]any{"email": email})
		},
	} {
		times := map[bool][]time.Duration{}
		for i, email := range known {
			for _, isKnown := range []bool{i%2 == 0, i%2 != 0} {
				address := email
				if !isKnown {
					address = fmt.Sprintf("nobody-%s-%d@example.com", name[:3], i)
				}
				began := time.Now()
				ask(address)
				times[isKnown] = append(times[isKnown], time.Since(began))
			}
		}
		slices.Sort(times[true])
		slices.Sort(times[false])
		ratio := float64(times[true][tries/2]) / float64(times[false][tries/2])
		t.Logf("%s: ratio %.2f", name, ratio)
		if ratio < 0.5 || ratio > 2 {
			t.Errorf("%s: a known address is answered in %v, an unknown one in %v", name, times[true][tries/2], times[false][tries/2])
		}
	}
}
