package password_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"

	"github.com/toeic-app/toeic/adapters/password"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

const secret = "correct horse battery staple"

// cheap is the least work that Argon2 allows.
func cheap() password.Params { return password.Params{Time: 1, Memory: 8, Threads: 1} }

func hashed(t *testing.T, h *password.Hasher, p string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// verifies fails unless the outcome is want.
func verifies(t *testing.T, h *password.Hasher, p, hash string, want bool) {
	t.Helper()
	got, err := h.Verify(t.Context(), p, hash)
	if err != nil || got != want {
		t.Errorf("verify %q against %q = %t, %v", p, hash, got, err)
	}
}

func TestAPasswordVerifiesAgainstItsHashAlone(t *testing.T) {
	h := password.New(password.WithParams(cheap()))
	for _, p := range []string{secret, "", "語🔑", strings.Repeat("x", 2000), "a\x00b"} {
		hash := hashed(t, h, p)
		verifies(t, h, p, hash, true)
		verifies(t, h, p+" ", hash, false)
		verifies(t, h, strings.ToUpper(p)+"!", hash, false)
	}
}

func TestAHashIsAPHCStringOfTheAgreedWork(t *testing.T) {
	hash := hashed(t, password.New(), secret)
	shape := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)
	parts := shape.FindStringSubmatch(hash)
	if parts == nil {
		t.Fatalf("hash %q", hash)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if key := argon2.IDKey([]byte(secret), salt, 2, 19456, 1, 32); base64.RawStdEncoding.EncodeToString(key) != parts[2] {
		t.Error("the key is not the one of Argon2id")
	}
}

func TestEqualPasswordsHaveDifferentHashes(t *testing.T) {
	h := password.New(password.WithParams(cheap()))
	if a, b := hashed(t, h, secret), hashed(t, h, secret); a == b {
		t.Errorf("twice %q", a)
	}
}

func TestAHashOfOtherParametersStillVerifies(t *testing.T) {
	now := password.New(password.WithParams(cheap()))
	for _, p := range []password.Params{{Time: 3, Memory: 8, Threads: 1}, {Time: 1, Memory: 64, Threads: 1}, {Time: 1, Memory: 32, Threads: 4}} {
		hash := hashed(t, password.New(password.WithParams(p)), secret)
		verifies(t, now, secret, hash, true)
		verifies(t, now, secret+"!", hash, false)
	}
	key := argon2.IDKey([]byte(secret), []byte("a salt of others"), 1, 8, 1, 16)
	foreign := "$argon2id$v=19$m=8,t=1,p=1$" + base64.RawStdEncoding.EncodeToString([]byte("a salt of others")) + "$" + base64.RawStdEncoding.EncodeToString(key)
	verifies(t, now, secret, foreign, true)
}

func TestTheWorkIsThatOfTheHashAndOfNewHashesWhenThereIsNone(t *testing.T) {
	old := hashed(t, password.New(password.WithParams(password.Params{Time: 3, Memory: 16, Threads: 2})), secret)
	h := password.New(password.WithParams(cheap()))
	var worked []password.Params
	h.Watch(func(p password.Params) { worked = append(worked, p) })
	verifies(t, h, secret, old, false) // the watched derivation gives another key
	verifies(t, h, secret, "", false)
	hashed(t, h, secret)
	want := []password.Params{{Time: 3, Memory: 16, Threads: 2}, cheap(), cheap()}
	if fmt.Sprint(worked) != fmt.Sprint(want) {
		t.Errorf("worked %v, want %v", worked, want)
	}
}

// The watched derivation gives zeros, as the hash that stands in for an unknown account has.
func TestNoPasswordVerifiesAgainstNoHash(t *testing.T) {
	h := password.New(password.WithParams(cheap()))
	verifies(t, h, secret, "", false)
	verifies(t, h, "", "", false)
	h.Watch(func(password.Params) {})
	verifies(t, h, secret, "", false)
}

func TestATamperedHashDoesNotVerify(t *testing.T) {
	h := password.New(password.WithParams(cheap()))
	parts := strings.Split(hashed(t, h, secret), "$")
	other := strings.Split(hashed(t, h, secret), "$")
	for _, i := range []int{4, 5} {
		tampered := append([]string{}, parts...)
		tampered[i] = other[i]
		verifies(t, h, secret, strings.Join(tampered, "$"), false)
	}
	parts[3] = "m=8,t=2,p=1"
	verifies(t, h, secret, strings.Join(parts, "$"), false)
}

func TestAStoredHashThatIsNoneIsAnInternalErrorThatDoesNotQuoteIt(t *testing.T) {
	const salt, key = "c2FsdHNhbHRzYWx0c2FsdA", "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
	h := password.New(password.WithParams(cheap()))
	h.Watch(func(password.Params) { t.Error("work was done for it") })
	full := func(params string) string { return "$argon2id$v=19$" + params + "$" + salt + "$" + key }
	for name, hash := range map[string]string{
		"plain text":                  secret,
		"another algorithm":           "$argon2i$v=19$m=8,t=1,p=1$" + salt + "$" + key,
		"bcrypt":                      "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"another version":             "$argon2id$v=16$m=8,t=1,p=1$" + salt + "$" + key,
		"no version":                  "$argon2id$m=8,t=1,p=1$" + salt + "$" + key,
		"something before":            "x" + full("m=8,t=1,p=1"),
		"something after":             full("m=8,t=1,p=1") + "$",
		"parameters in another order": full("t=1,m=8,p=1"),
		"a parameter missing":         full("m=8,t=1"),
		"a parameter more":            full("m=8,t=1,p=1,x=1"),
		"numbers without names":       full("8,1,1"),
		"no number":                   full("m=8,t=one,p=1"),
		"a negative number":           full("m=8,t=-1,p=1"),
		"a blank":                     full("m=8, t=1,p=1"),
		"no pass":                     full("m=8,t=0,p=1"),
		"no thread":                   full("m=8,t=1,p=0"),
		"too many passes":             full("m=8,t=17,p=1"),
		"too many threads":            full("m=256,t=1,p=17"),
		"threads beyond a byte":       full("m=4096,t=1,p=257"),
		"too much memory":             full("m=262145,t=1,p=1"),
		"memory beyond 32 bits":       full("m=4294967304,t=1,p=1"),
		"too little memory":           full("m=15,t=1,p=2"),
		"no salt":                     "$argon2id$v=19$m=8,t=1,p=1$$" + key,
		"a short salt":                "$argon2id$v=19$m=8,t=1,p=1$c2FsdHM$" + key,
		"a long salt":                 "$argon2id$v=19$m=8,t=1,p=1$" + strings.Repeat("c2Fs", 22) + "$" + key,
		"no key":                      "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$",
		"a short key":                 "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$a2V5",
		"a long key":                  "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + strings.Repeat("a2V5", 22),
		"padded base64":               "$argon2id$v=19$m=8,t=1,p=1$" + salt + "==$" + key,
		"a second text of one salt":   "$argon2id$v=19$m=8,t=1,p=1$" + strings.TrimSuffix(salt, "A") + "B$" + key,
	} {
		ok, err := h.Verify(t.Context(), secret, hash)
		if ok || !errors.Is(err, password.ErrMalformed) || fault.KindOf(err) != "" {
			t.Errorf("%s: %t, %v", name, ok, err)
			continue
		}
		for _, private := range []string{salt, key, secret} {
			if strings.Contains(err.Error(), private) {
				t.Errorf("%s: the error quotes it: %v", name, err)
			}
		}
	}
}

func TestTheLargestWorkThatIsReadIsStillDone(t *testing.T) {
	h := password.New()
	worked := 0
	h.Watch(func(password.Params) { worked++ })
	for _, params := range []string{"m=262144,t=16,p=16", "m=8,t=1,p=1"} {
		for _, sizes := range [][2]int{{8, 16}, {64, 64}} {
			salt, key := make([]byte, sizes[0]), make([]byte, sizes[1])
			verifies(t, h, secret, "$argon2id$v=19$"+params+"$"+base64.RawStdEncoding.EncodeToString(salt)+"$"+base64.RawStdEncoding.EncodeToString(key), true)
		}
	}
	if worked != 4 {
		t.Errorf("worked %d times", worked)
	}
}

// crowd is a Hasher whose hashes stay unfinished until they are let go.
type crowd struct {
	*password.Hasher
	started chan struct{} // one for each hash that began
	finish  chan struct{} // lets one hash end
	done    chan error    // one outcome for each call
}

func newCrowd(options ...password.Option) crowd {
	c := crowd{password.New(options...), make(chan struct{}, 1000), make(chan struct{}, 1000), make(chan error, 1000)}
	c.Watch(func(password.Params) {
		c.started <- struct{}{}
		<-c.finish
	})
	return c
}

// call begins n calls, alternately to hash and to verify, and returns when none of them can go on.
func (c crowd) call(ctx context.Context, n int) {
	for i := range n {
		go func() {
			var err error
			if i%2 == 0 {
				_, err = c.Hash(ctx, secret)
			} else {
				_, err = c.Verify(ctx, secret, "")
			}
			c.done <- err
		}()
	}
	synctest.Wait()
}

// letGo ends n hashes and returns when nothing can go on.
func (c crowd) letGo(n int) {
	for range n {
		c.finish <- struct{}{}
	}
	synctest.Wait()
}

// is fails unless so many hashes have begun and so many calls have ended.
func (c crowd) is(t *testing.T, begun, ended int) {
	t.Helper()
	if len(c.started) != begun || len(c.done) != ended {
		t.Errorf("%d begun and %d ended, want %d and %d", len(c.started), len(c.done), begun, ended)
	}
}

func TestNeverMoreHashesThanAllowedAreMadeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(password.WithLimits(3, 20))
		c.call(t.Context(), 20)
		c.is(t, 3, 0)
		for i := range 17 {
			c.letGo(1)
			c.is(t, 3+i+1, i+1)
		}
		c.letGo(3)
		c.is(t, 20, 20)
		for range 20 {
			if err := <-c.done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestByDefaultThereIsOneHashForEachProcessorAnd64Wait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, processors := newCrowd(), runtime.GOMAXPROCS(0)
		c.call(t.Context(), processors+64)
		c.is(t, processors, 0)
		c.call(t.Context(), 1)
		c.is(t, processors, 1)
		if err := <-c.done; !errors.Is(err, identity.ErrBusy) {
			t.Error(err)
		}
		c.letGo(processors + 64)
		c.is(t, processors+64, processors+64)
	})
}

func TestWhoeverFindsTheQueueFullIsTurnedAwayAndMayComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(password.WithLimits(1, 2))
		c.call(t.Context(), 3)
		c.is(t, 1, 0)
		c.call(t.Context(), 4)
		c.is(t, 1, 4)
		for range 4 {
			if err := <-c.done; !errors.Is(err, identity.ErrBusy) {
				t.Error(err)
			}
		}
		c.letGo(1)
		c.call(t.Context(), 1)
		c.is(t, 2, 1)
		c.letGo(3)
		c.is(t, 4, 4)
		for range 4 {
			if err := <-c.done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWaitingEndsWithTheContextAndFreesThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(password.WithLimits(1, 2))
		c.call(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		c.call(ctx, 2)
		cancel()
		synctest.Wait()
		c.is(t, 1, 2)
		for range 2 {
			if err := <-c.done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		c.call(t.Context(), 2)
		c.is(t, 1, 0)
		c.letGo(3)
		c.is(t, 3, 3)
	})
}

func TestNoWorkIsDoneForWhoHasGoneAlready(t *testing.T) {
	h := password.New(password.WithParams(cheap()))
	h.Watch(func(password.Params) { t.Error("work was done") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // the turn is free, so both cases of the wait are ready
		if _, err := h.Hash(ctx, secret); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

func TestLimitsBelowTheLeastStillLetOneWork(t *testing.T) {
	h := password.New(password.WithParams(cheap()), password.WithLimits(0, -1))
	verifies(t, h, secret, hashed(t, h, secret), true)
}
