package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestGuessingIsStoppedForKnownAndUnknownAddressesAlike(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	_, known := s.register(t)
	nobody := person{t: t, server: s}
	for _, email := range []string{known.User.Email, "nobody@example.com"} {
		guess := map[string]any{"email": email, "password": "not the right one"}
		for range 5 {
			nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", guess)
		}
		guess["password"] = password // which is right for one of them
		got := nobody.do("POST", "/api/v1/auth/login", guess)
		wait, err := strconv.Atoi(got.header.Get("Retry-After"))
		if got.status != 429 || err != nil || wait < 50 || wait > 60 || !strings.Contains(string(got.body), "auth.locked") {
			t.Errorf("%s: %d, Retry-After %d, %s", email, got.status, wait, got.body)
		}
	}
}

func TestEachFailedLogInIsOneLineThatBeginsWithTheClientsAddress(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"LOG_FORMAT=text", "TRUSTED_PROXIES=127.0.0.0/8"}}
	s := p.serve(t)
	_, known := s.register(t)
	nobody := person{t: t, server: s}
	failures := map[string]int{"203.0.113.7": 3, "198.51.100.9": 1}
	for ip, n := range failures {
		for range n {
			nobody.want(401, nil, "POST", "/api/v1/auth/login", map[string]any{"email": known.User.Email, "password": "not the right one"}, "X-Forwarded-For", ip)
		}
	}
	// As the operations manual counts them: the lines with these words, grouped by their first word.
	counted := map[string]int{}
	for line := range strings.Lines(s.logs.String()) {
		if strings.Contains(line, "authentication failed") {
			counted[strings.Fields(line)[0]]++
		}
	}
	if fmt.Sprint(counted) != fmt.Sprint(failures) {
		t.Errorf("counted %v, want %v in\n%s", counted, failures, s.logs)
	}
	if strings.Contains(s.logs.String(), "not the right one") || strings.Contains(s.logs.String(), known.User.Email) {
		t.Error("the log holds what was typed")
	}

	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, _ := s.login(t, "chief@example.com")
	var byIP, byAccount struct {
		Items []struct {
			IP, Email string
			Failures  int
		}
	}
	chief.want(200, &byIP, "GET", "/api/v1/admin/security/failed-logins?group=ip", nil)
	chief.want(200, &byAccount, "GET", "/api/v1/admin/security/failed-logins?group=account", nil)
	if len(byIP.Items) != 2 || byIP.Items[0].IP != "203.0.113.7" || byIP.Items[0].Failures != 3 {
		t.Errorf("by address: %+v", byIP)
	}
	if len(byAccount.Items) != 1 || byAccount.Items[0].Email != known.User.Email || byAccount.Items[0].Failures != 4 {
		t.Errorf("by account: %+v", byAccount)
	}
}

func TestOneNetworkAddressCannotGuessAtManyAccounts(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir(), env: []string{"RATE_LIMIT_FAILURES=20"}}.serve(t)
	nobody := person{t: t, server: s}
	var got []int
	for i := range 22 {
		r := nobody.do("POST", "/api/v1/auth/login", map[string]any{"email": fmt.Sprintf("somebody-%d@example.com", i), "password": "not the right one"})
		got = append(got, r.status)
	}
	if slices.Index(got, 429) < 20 || got[21] != 429 {
		t.Errorf("statuses %v", got)
	}
}

func TestRequestsBeyondTheLimitOfTheirClassAreRefusedWithStandardHeaders(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir(), env: []string{"RATE_LIMIT_READ=3"}}.serve(t)
	ann, _ := s.register(t)
	bob, _ := s.register(t)
	for left := 2; left >= 0; left-- {
		got := ann.want(200, nil, "GET", "/api/v1/users/me", nil)
		if h := got.header; h.Get("RateLimit-Policy") != `"read";q=3;w=60` || !strings.HasPrefix(h.Get("RateLimit"), fmt.Sprintf(`"read";r=%d;t=`, left)) {
			t.Errorf("headers %q, %q", h.Get("RateLimit-Policy"), h.Get("RateLimit"))
		}
	}
	ann.refused(429, "request.too_many", "GET", "/api/v1/users/me", nil)
	bob.want(200, nil, "GET", "/api/v1/users/me", nil) // another account has its own
	person{t: t, server: s}.want(200, nil, "GET", "/health", nil)
}

func TestRubbishTokensDoNotKeepTheDatabaseBusy(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir(), env: []string{"RATE_LIMIT_READ=5"}}.serve(t)
	me, _ := s.register(t)
	rubbish := person{t: t, server: s, token: "toeic_rubbish"}
	for range 5 {
		rubbish.refused(401, "auth.required", "GET", "/api/v1/users/me", nil)
	}
	rubbish.refused(429, "request.too_many", "GET", "/api/v1/users/me", nil)
	me.refused(429, "request.too_many", "GET", "/api/v1/users/me", nil) // from the same address, which is the price
}
