package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// counting is a real count that tells what it was asked.
type counting struct {
	ports.Limits
	mu   sync.Mutex
	keys []string
}

// newCounting has room enough for no two keys to share a place, from which the second would drive the first.
func newCounting() *counting { return &counting{Limits: ratelimit.NewMemory(stopped{}, 10_000)} }

func (c *counting) Take(ctx context.Context, key string, l ports.Limit) ports.Verdict {
	c.mu.Lock()
	c.keys = append(c.keys, key)
	c.mu.Unlock()
	return c.Limits.Take(ctx, key, l)
}

// asked returns the keys that were counted since it was called last.
func (c *counting) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.keys
	c.keys = nil
	return keys
}

// limited gives every class the same limit.
func limited(own, shared ports.Limits, l ports.Limit) func(*web.Config) {
	return func(c *web.Config) {
		c.Limits, c.SharedLimits = own, shared
		c.Rates = web.Rates{web.SignIn: l, web.Read: l, web.Write: l, web.Admin: l}
	}
}

// people signs in whoever the bearer token names: ann and bob are learners, eve is an administrator.
func people(c *web.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	c.Authenticate = func(_ context.Context, token string) (identity.Actor, error) {
		a, known := known()[token]
		if !known {
			return a, identity.ErrUnauthenticated
		}
		return a, nil
	}
}

func known() map[string]identity.Actor {
	person := func(n byte, r identity.Role) identity.Actor {
		return identity.Actor{UserID: uuid.UUID{15: n}, SessionID: uuid.UUID{0: n}, Roles: []identity.Role{r}}
	}
	return map[string]identity.Actor{"ann": person(1, identity.Learner), "bob": person(2, identity.Learner), "eve": person(3, identity.Admin)}
}

func TestARequestBeyondItsLimitIsRefusedAndToldWhenToComeBack(t *testing.T) {
	done := 0
	url, _ := serving(t, toy("GET", "/x", func(context.Context, web.Request, web.None) (reply, error) {
		done++
		return reply{}, nil
	}), limited(newCounting(), newCounting(), ports.Limit{Burst: 3, Window: 10500 * time.Millisecond}))
	for i, want := range []struct {
		status                 int
		code, limit, retryWhen string
	}{
		{200, "", `"read";r=2;t=4`, ""}, // 3.5 s, and who waits 4 has waited long enough
		{200, "", `"read";r=1;t=7`, ""},
		{200, "", `"read";r=0;t=11`, ""},
		{429, "request.too_many", `"read";r=0;t=11`, "4"},
	} {
		got := ask(t, "GET", url+"/x", "")
		if got.StatusCode != want.status || got.problem.Code != want.code {
			t.Errorf("request %d: %d %s", i+1, got.StatusCode, got.text)
		}
		for header, value := range map[string]string{"RateLimit-Policy": `"read";q=3;w=11`, "RateLimit": want.limit, "Retry-After": want.retryWhen} {
			if got.Header.Get(header) != value {
				t.Errorf("request %d: %s is %q, want %q", i+1, header, got.Header.Get(header), value)
			}
		}
	}
	if done != 3 {
		t.Errorf("the work was done %d times", done)
	}
}

func TestARequestThatFailsCountsToo(t *testing.T) {
	url, _ := serving(t, toy("POST", "/x", fine[order]), limited(newCounting(), newCounting(), ports.Limit{Burst: 1, Window: time.Minute}))
	for _, want := range []int{http.StatusUnprocessableEntity, http.StatusTooManyRequests} {
		if got := ask(t, "POST", url+"/x", `{}`, "Content-Type", "application/json"); got.StatusCode != want {
			t.Errorf("%d, want %d", got.StatusCode, want)
		}
	}
}

func TestTheClassOfARouteDecidesWhoIsCountedAndWhere(t *testing.T) {
	const address = "198.51.100.7"
	ann, eve := known()["ann"].UserID.String(), known()["eve"].UserID.String()
	for _, c := range []struct {
		method      string
		permission  identity.Permission
		class       web.Class
		who         string
		own, shared string
	}{
		{"GET", identity.Public, "", "", "read:" + address, ""},
		{"GET", identity.OwnAccount, "", "ann", "read:" + ann, ""},
		{"POST", identity.Public, "", "", "", "sign_in:" + address},
		{"POST", identity.OwnAccount, "", "ann", "write:" + ann, ""},
		{"PUT", identity.OwnAccount, "", "ann", "write:" + ann, ""},
		{"DELETE", identity.OwnAccount, "", "ann", "write:" + ann, ""},
		{"POST", identity.OwnAccount, web.SignIn, "ann", "", "sign_in:" + address},
		{"POST", identity.Public, web.Write, "", "write:" + address, ""},
		{"GET", identity.ReadUsers, "", "eve", "admin:" + eve, ""},
		{"POST", identity.ManageUsers, "", "eve", "admin:" + eve, ""},
		{"POST", identity.OwnTokens, "", "eve", "admin:" + eve, ""},
		{"GET", identity.Public, web.Free, "", "", ""},
		{"POST", identity.Public, web.Free, "", "", ""},
	} {
		own, shared := newCounting(), newCounting()
		e := toy(c.method, "/x", fine[web.None])
		e.Permission, e.Class = c.permission, c.class
		url, _ := serving(t, e, people, limited(own, shared, ports.Limit{Burst: 9, Window: time.Minute}))
		got := ask(t, c.method, url+"/x", "", "Authorization", "Bearer "+c.who, "X-Forwarded-For", address)
		if got.StatusCode != 200 {
			t.Errorf("%+v: %d %s", c, got.StatusCode, got.text)
		}
		for where, want := range map[*counting]string{own: c.own, shared: c.shared} {
			keys := where.asked()
			if want == "" && len(keys) == 0 {
				continue
			}
			if len(keys) != 1 || keys[0] != want {
				t.Errorf("%+v: counted %q, want %q", c, keys, want)
			}
		}
		if free := c.class == web.Free; (got.Header.Get("RateLimit") == "") != free || (got.Header.Get("RateLimit-Policy") == "") != free {
			t.Errorf("%+v: headers %v", c, got.Header)
		}
	}
}

func TestPeopleBehindOneAddressDoNotUseUpEachOthersLimit(t *testing.T) {
	e := toy("GET", "/x", fine[web.None])
	e.Permission = identity.OwnAccount
	url, _ := serving(t, e, people, limited(newCounting(), newCounting(), ports.Limit{Burst: 1, Window: time.Minute}))
	for _, c := range []struct {
		who, from string
		want      int
	}{
		{"ann", "198.51.100.1", 200}, {"bob", "198.51.100.1", 200}, {"ann", "198.51.100.1", 429}, {"ann", "198.51.100.2", 429},
	} {
		if got := ask(t, "GET", url+"/x", "", "Authorization", "Bearer "+c.who, "X-Forwarded-For", c.from); got.StatusCode != c.want {
			t.Errorf("%s from %s: %d, want %d", c.who, c.from, got.StatusCode, c.want)
		}
	}
}

func TestStrangersOfOneSubscriberShareALimit(t *testing.T) {
	url, _ := serving(t, toy("GET", "/x", fine[web.None]), people, limited(newCounting(), newCounting(), ports.Limit{Burst: 1, Window: time.Minute}))
	for _, c := range []struct {
		from string
		want int
	}{
		{"2001:db8:1:2::1", 200},
		{"2001:db8:1:2:ffff:ffff:ffff:ffff", 429}, // of the same network of 64 bits
		{"2001:DB8:1:2::1", 429},
		{"2001:db8:1:3::1", 200},
		{"192.0.2.1", 200},
		{"::ffff:192.0.2.1", 429}, // is the same address
		{"192.0.2.2", 200},
	} {
		if got := ask(t, "GET", url+"/x", "", "X-Forwarded-For", c.from); got.StatusCode != c.want {
			t.Errorf("from %s: %d, want %d", c.from, got.StatusCode, c.want)
		}
	}
}

func TestAClassWithoutARateIsNotLimitedAndSaysNothing(t *testing.T) {
	for name, rates := range map[string]web.Rates{
		"no rates": nil, "another class": {web.Write: {Burst: 1, Window: time.Minute}}, "a rate of zero": {web.Read: {Window: time.Minute}},
	} {
		own := newCounting()
		url, _ := serving(t, toy("GET", "/x", fine[web.None]), func(c *web.Config) { c.Rates, c.Limits, c.SharedLimits = rates, own, own })
		for range 3 {
			got := ask(t, "GET", url+"/x", "")
			if got.StatusCode != 200 || got.Header.Get("RateLimit") != "" || got.Header.Get("RateLimit-Policy") != "" || got.Header.Get("Retry-After") != "" {
				t.Errorf("%s: %d %v", name, got.StatusCode, got.Header)
			}
		}
		if keys := own.asked(); len(keys) != 0 {
			t.Errorf("%s: counted %q", name, keys)
		}
	}
}

func TestAFailureSaysHowLongToWaitRoundedUp(t *testing.T) {
	locked, down := fault.New(fault.TooMany, "test.locked", "No."), fault.New(fault.Unavailable, "test.down", "No.")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"too many, after 61.2 s":   {locked.After(61200 * time.Millisecond), "62"},
		"too many, after a minute": {locked.After(time.Minute), "60"},
		"too many, right now":      {locked, "1"},
		"unavailable, after 1 ms":  {down.After(time.Millisecond), "1"},
		"unavailable, after 2 min": {errors.Join(down.After(2 * time.Minute)), "120"},
		"a conflict":               {fault.New(fault.Conflict, "test.conflict", "No.").After(time.Minute), ""},
		"out of date":              {ports.ErrStale, ""},
	} {
		url, _ := serving(t, toy("GET", "/x", failing(c.err)))
		got := ask(t, "GET", url+"/x", "")
		if got.Header.Get("Retry-After") != c.want {
			t.Errorf("%s: %d, Retry-After %q, want %q", name, got.StatusCode, got.Header.Get("Retry-After"), c.want)
		}
	}
}

func TestTheLimitComesBackEvenly(t *testing.T) {
	clock := &moving{now: time.Unix(1, 0)}
	own := ratelimit.NewMemory(clock, 100)
	url, _ := serving(t, toy("GET", "/x", fine[web.None]), limited(own, own, ports.Limit{Burst: 2, Window: time.Minute}))
	status := func() int { return ask(t, "GET", url+"/x", "").StatusCode }
	if a, b, c := status(), status(), status(); a != 200 || b != 200 || c != 429 {
		t.Fatalf("%d %d %d", a, b, c)
	}
	wait, err := strconv.Atoi(ask(t, "GET", url+"/x", "").Header.Get("Retry-After"))
	if err != nil || wait != 30 {
		t.Fatalf("wait %d s, %v", wait, err)
	}
	clock.move(time.Duration(wait) * time.Second)
	if a, b := status(), status(); a != 200 || b != 429 {
		t.Errorf("after the wait: %d %d", a, b)
	}
}

// moving is a clock that moves when it is told.
type moving struct {
	mu  sync.Mutex
	now time.Time
}

func (m *moving) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *moving) move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}
