// Command signin measures what signing in costs and tells: log-ins a second, the memory that fifty at once take, how
// much the time of an answer says about whether an address is known, and how soon a revoked session is refused by
// another server. It prints medians; what is compared is interleaved.
//
//	go run ./tests/signin [-tries 200] [-rounds 5]
//
// Where PostgreSQL or Redis is not installed, the figures that need it are left out, and it says so.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/toeic-app/toeic/tests/built"
	"github.com/toeic-app/toeic/tests/private"
)

const password = "correct horse battery"

// quiet are the settings of servers that are measured: no limits, or those would be.
var quiet = []string{
	"RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_FAILURES=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_ADMIN=0",
}

func main() {
	tries := flag.Int("tries", 200, "how often to compare a known with an unknown address")
	rounds := flag.Int("rounds", 5, "how often to revoke a session")
	flag.Parse()
	if err := run(context.Background(), *tries, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "signin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, tries, rounds int) error {
	dir, err := os.MkdirTemp("", "signin")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	program, err := built.Program(dir)
	if err != nil {
		return err
	}
	fmt.Print("| | |\n|---|---|\n")
	if err := logins(program, filepath.Join(dir, "logins")); err != nil {
		return err
	}
	if err := timing(program, filepath.Join(dir, "timing"), tries); err != nil {
		return err
	}
	return revocation(ctx, program, dir, rounds)
}

// caller talks to a server.
type caller struct {
	url   string
	token string
}

func (c caller) do(method, path string, body, into any) (int, error) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, c.url+"/api/v1"+path, reader)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(res.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(reply, into)
	}
	return res.StatusCode, err
}

func (c caller) register(email string) (session, error) {
	var s session
	status, err := c.do("POST", "/auth/register", map[string]any{"email": email, "password": password, "display_name": "Somebody"}, &s)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("registering answered %d", status)
	}
	return s, err
}

type session struct {
	AccessToken string `json:"access_token"`
	SessionID   string `json:"session_id"`
}

// logins measures log-ins one after the other, and fifty at once.
func logins(program, home string) error {
	s, err := built.Serve(program, home, quiet...)
	if err != nil {
		return err
	}
	defer s.Kill()
	c := caller{url: s.URL}
	if _, err := c.register("me@example.com"); err != nil {
		return err
	}
	login := func() error {
		status, err := c.do("POST", "/auth/login", map[string]any{"email": "me@example.com", "password": password}, nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("logging in answered %d", status)
		}
		return err
	}
	const sequence, together = 30, 50
	began := time.Now()
	for range sequence {
		if err := login(); err != nil {
			return err
		}
	}
	single := time.Since(began) / sequence
	before, err := s.Resident()
	if err != nil {
		return err
	}
	began = time.Now()
	errs := make([]error, together)
	var all sync.WaitGroup
	for i := range together {
		all.Go(func() { errs[i] = login() })
	}
	all.Wait()
	took := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	peak, err := s.Peak()
	if err != nil {
		return err
	}
	fmt.Printf("| one log-in after the other | %.0f ms each |\n", ms(single))
	fmt.Printf("| %d log-ins at once | %.1f a second |\n", together, together/took.Seconds())
	fmt.Printf("| memory before them, and the most ever | %.0f MB, %.0f MB |\n", before, peak)
	return nil
}

// timing compares what a known and an unknown address are answered, in turn.
func timing(program, home string, tries int) error {
	s, err := built.Serve(program, home, append([]string{"ACCOUNT_VERIFICATION=off"}, quiet...)...)
	if err != nil {
		return err
	}
	defer s.Kill()
	c := caller{url: s.URL}
	known := make([]string, tries) // an address of its own for each try, or the blocks would be measured
	for i := range known {
		known[i] = fmt.Sprintf("known-%d@example.com", i)
		if _, err := c.register(known[i]); err != nil {
			return err
		}
	}
	s2, err := built.Serve(program, home, append([]string{"ACCOUNT_VERIFICATION=required"}, quiet...)...)
	if err != nil {
		return err
	}
	defer s2.Kill()
	verified := caller{url: s2.URL}
	for _, route := range []struct {
		name   string
		caller caller
		path   string
		body   func(email string) any
	}{
		{"log-in", c, "/auth/login", func(email string) any { return map[string]any{"email": email, "password": "not the right one"} }},
		{"registration, verified", verified, "/auth/register", func(email string) any {
			return map[string]any{"email": email, "password": password, "display_name": "Somebody"}
		}},
		{"forgotten password", c, "/auth/password/forgot", func(email string) any { return map[string]any{"email": email} }},
	} {
		var a, b []time.Duration
		for i, address := range known {
			sides := []struct {
				email string
				into  *[]time.Duration
			}{{address, &a}, {fmt.Sprintf("nobody-%s-%d@example.com", route.path[6:9], i), &b}}
			if i%2 == 1 { // or the second of a pair would always find things warm
				slices.Reverse(sides)
			}
			for _, side := range sides {
				began := time.Now()
				if _, err := route.caller.do("POST", route.path, route.body(side.email), nil); err != nil {
					return err
				}
				*side.into = append(*side.into, time.Since(began))
			}
		}
		known, unknown := median(a), median(b)
		fmt.Printf("| %s, known and unknown address, %d tries each | %.2f ms and %.2f ms: ratio %.3f |\n",
			route.name, tries, ms(known), ms(unknown), float64(known)/float64(unknown))
	}
	return nil
}

// revocation measures how long a session that one server ended is good at another.
func revocation(ctx context.Context, program, dir string, rounds int) error {
	postgres, err := private.StartPostgres(ctx, filepath.Join(dir, "postgres"))
	if err != nil {
		fmt.Printf("\nLeft out, because there is no PostgreSQL: the time until a revoked session is refused elsewhere (%v).\n", err)
		return nil
	}
	defer func() { _ = postgres.Stop() }()
	redis, err := private.StartRedis(ctx, filepath.Join(dir, "redis"))
	if err != nil {
		fmt.Printf("\nLeft out, because there is no Redis: the same with Redis (%v).\n", err)
	} else {
		defer func() { _ = redis.Stop() }()
	}
	for _, with := range []struct{ name, setting string }{{"without Redis", ""}, {"with Redis", "redis"}} {
		settings := append([]string{"DATABASE_URL=" + postgres.URL("postgres")}, quiet...)
		if with.setting != "" {
			if redis == nil {
				continue
			}
			settings = append(settings, "REDIS_URL="+redis.URL())
		}
		took, err := revoke(program, filepath.Join(dir, "shared"), settings, rounds)
		if err != nil {
			return err
		}
		fmt.Printf("| a revoked session is refused by another server, %s | %.0f ms (longest of %d: %.0f ms) |\n",
			with.name, ms(median(took)), rounds, ms(slices.Max(took)))
	}
	return nil
}

func revoke(program, home string, settings []string, rounds int) ([]time.Duration, error) {
	here, err := built.Serve(program, home, settings...)
	if err != nil {
		return nil, err
	}
	defer here.Kill()
	there, err := built.Serve(program, home, settings...) // the same home holds the same key
	if err != nil {
		return nil, err
	}
	defer there.Kill()
	var took []time.Duration
	for i := range rounds {
		s, err := caller{url: here.URL}.register(fmt.Sprintf("revoked-%d-%d@example.com", time.Now().UnixNano(), i))
		if err != nil {
			return nil, err
		}
		elsewhere := caller{there.URL, s.AccessToken}
		if status, err := elsewhere.do("GET", "/users/me", nil, nil); err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("the session is not good elsewhere: %d, %w", status, err)
		}
		if status, err := (caller{here.URL, s.AccessToken}).do("DELETE", "/users/me/sessions/"+s.SessionID, nil, nil); err != nil || status != http.StatusNoContent {
			return nil, fmt.Errorf("ending the session answered %d: %w", status, err)
		}
		began := time.Now()
		for status := 0; status != http.StatusUnauthorized; {
			if status, err = elsewhere.do("GET", "/users/me", nil, nil); err != nil {
				return nil, err
			}
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(values []time.Duration) time.Duration {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
