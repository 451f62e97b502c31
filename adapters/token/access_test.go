package token_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/domain/identity"
)

const lifetime = 15 * time.Minute

var (
	noon          = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	session, user = uuid.UUID{15: 1}, uuid.UUID{15: 2}
)

func key(letter string) token.Key { return token.Key(strings.Repeat(letter, 32)) }

func kid(k []byte) string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:])[:8]
}

func newAccess(t *testing.T, keys ...token.Key) *token.Access {
	t.Helper()
	a, err := token.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sign(t *testing.T, a *token.Access) string {
	t.Helper()
	signed, err := a.Sign(session, user, noon, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// claims are those of a good token at noon.
func claims() jwt.MapClaims {
	return jwt.MapClaims{
		"sid": session.String(), "sub": user.String(), "iss": "toeic", "aud": []string{"toeic-api"},
		"iat": noon.Unix(), "exp": noon.Add(lifetime).Unix(),
	}
}

// forge signs any claims with any method and header.
func forge(t *testing.T, m jwt.SigningMethod, k any, header map[string]any, c jwt.MapClaims) string {
	t.Helper()
	made := jwt.NewWithClaims(m, c)
	maps.Copy(made.Header, header)
	signed, err := made.SignedString(k)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// refused fails unless the token gives want and no session.
func refused(t *testing.T, name string, a *token.Access, signed string, now time.Time, want error) {
	t.Helper()
	got, err := a.Session(signed, now)
	if !errors.Is(err, want) || got != uuid.Nil {
		t.Errorf("%s: %s, %v, want %v", name, got, err, want)
	}
}

func TestATokenTellsItsSessionUntilItsTimeIsOver(t *testing.T) {
	a := newAccess(t, key("a"))
	signed := sign(t, a)
	for _, after := range []time.Duration{0, time.Second, lifetime - time.Microsecond} {
		if got, err := a.Session(signed, noon.Add(after)); err != nil || got != session {
			t.Errorf("after %s: %s, %v", after, got, err)
		}
	}
	for _, after := range []time.Duration{lifetime, lifetime + time.Microsecond, 24 * time.Hour} {
		refused(t, after.String(), a, signed, noon.Add(after), identity.ErrTokenExpired)
	}
}

func TestATokenOfAnotherReplicaWhoseClockIsAheadIsGood(t *testing.T) {
	a := newAccess(t, key("a"))
	if got, err := a.Session(sign(t, a), noon.Add(-2*time.Second)); err != nil || got != session {
		t.Errorf("%s, %v", got, err)
	}
}

func TestATokenHoldsTheAgreedClaimsAndNothingElse(t *testing.T) {
	parts := strings.Split(sign(t, newAccess(t, key("a"))), ".")
	want := []map[string]any{
		{"alg": "HS256", "typ": "JWT", "kid": kid(key("a"))},
		{
			"sid": session.String(), "sub": user.String(), "iss": "toeic", "aud": []any{"toeic-api"},
			"iat": float64(noon.Unix()), "exp": float64(noon.Add(lifetime).Unix()),
		},
	}
	for i, w := range want {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("part %d: %s", i, diff)
		}
	}
	mac := hmac.New(sha256.New, key("a"))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if got := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); got != parts[2] {
		t.Errorf("signature %s, want %s", parts[2], got)
	}
}

func TestAfterARotationTokensOfTheOldKeyAreGoodUntilItIsTakenAway(t *testing.T) {
	old := sign(t, newAccess(t, key("a")))
	both := newAccess(t, key("b"), key("a"))
	for name, signed := range map[string]string{"old": old, "new": sign(t, both)} {
		if got, err := both.Session(signed, noon); err != nil || got != session {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	alone := newAccess(t, key("b"))
	if _, err := alone.Session(sign(t, both), noon); err != nil {
		t.Errorf("the first key did not sign: %v", err)
	}
	refused(t, "old", alone, old, noon, identity.ErrUnauthenticated)
}

func TestWithoutGoodKeysThereAreNoTokens(t *testing.T) {
	for name, keys := range map[string][]token.Key{
		"an empty one": {nil}, "a short one": {key("a")[:31]},
		"a short one behind": {key("a"), token.Key("b")}, "one twice": {key("a"), key("b"), key("a")},
	} {
		a, err := token.New(keys...)
		if err == nil || a != nil {
			t.Errorf("%s: %v, %v", name, a, err)
			continue
		}
		if strings.Contains(err.Error(), "aaaa") {
			t.Errorf("%s: the error shows a key: %v", name, err)
		}
	}
}

func TestOnlyTheAgreedAlgorithmIsAccepted(t *testing.T) {
	a, k := newAccess(t, key("a")), []byte(key("a"))
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{"kid": kid(k)}
	for name, signed := range map[string]string{
		"none":                                forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, header, claims()),
		"HS384":                               forge(t, jwt.SigningMethodHS384, k, header, claims()),
		"HS512":                               forge(t, jwt.SigningMethodHS512, k, header, claims()),
		"RS256":                               forge(t, jwt.SigningMethodRS256, pair, header, claims()),
		"HS256 by another name":               forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k), "alg": "hs256"}, claims()),
		"HS256 signed, but said to be none":   forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k), "alg": "none"}, claims()),
		"HS256 signed, but said to be RS256":  forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k), "alg": "RS256"}, claims()),
		"HS256 signed, without an algorithm":  forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k), "alg": nil}, claims()),
		"HS384 signed, but said to be HS256":  forge(t, jwt.SigningMethodHS384, k, map[string]any{"kid": kid(k), "alg": "HS256"}, claims()),
		"nothing signed, but said to be so":   forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"kid": kid(k), "alg": "HS256"}, claims()),
		"expired, with the signature of none": forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, header, jwt.MapClaims{"exp": 1}),
	} {
		refused(t, name, a, signed, noon, identity.ErrUnauthenticated)
	}
}

// The classic confusion: a public key, which everybody knows, used as the secret of an HMAC.
func TestAPublicKeyIsNoSecret(t *testing.T) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&pair.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	a := newAccess(t, key("a"))
	for _, id := range []string{kid(public), kid(key("a"))} {
		signed := forge(t, jwt.SigningMethodHS256, public, map[string]any{"kid": id}, claims())
		refused(t, "public key", a, signed, noon, identity.ErrUnauthenticated)
	}
}

func TestOnlyTokensOfAKnownKeyAreAccepted(t *testing.T) {
	a, k := newAccess(t, key("a")), []byte(key("a"))
	for name, signed := range map[string]string{
		"another key":                      sign(t, newAccess(t, key("b"))),
		"another key under our id":         forge(t, jwt.SigningMethodHS256, []byte(key("b")), map[string]any{"kid": kid(k)}, claims()),
		"our key under an unknown id":      forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": "00000000"}, claims()),
		"our key under no id":              forge(t, jwt.SigningMethodHS256, k, nil, claims()),
		"an empty key under an unknown id": forge(t, jwt.SigningMethodHS256, []byte{}, map[string]any{"kid": "00000000"}, claims()),
		"our key under an empty id":        forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": ""}, claims()),
		"our key under an id in a list":    forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": []string{kid(k)}}, claims()),
		"our key under a number":           forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": 7}, claims()),
	} {
		refused(t, name, a, signed, noon, identity.ErrUnauthenticated)
	}
}

func TestEveryClaimIsRequiredAndOfItsType(t *testing.T) {
	a, k := newAccess(t, key("a")), []byte(key("a"))
	try := func(name string, c jwt.MapClaims, now time.Time, want error) {
		t.Helper()
		refused(t, name, a, forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k)}, c), now, want)
	}
	if got, err := a.Session(forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k)}, claims()), noon); err != nil || got != session {
		t.Fatalf("the claims that the cases change are not good: %s, %v", got, err)
	}
	later := noon.Add(24 * time.Hour)
	for claim, values := range map[string][]any{
		"sid": {nil, "", "me", 7, uuid.Nil.String(), []string{session.String()}},
		"sub": {nil, "", "me", 7, uuid.Nil.String(), []string{user.String()}},
		"iss": {nil, "", "toeic ", "another", 7},
		"aud": {nil, "", "another", []string{}, []string{"another", "toeic-api-admin"}, 7},
		"iat": {nil, "now", []int{1}},
		"exp": {nil, "never", []int{1}},
	} {
		c := claims()
		delete(c, claim)
		try("no "+claim, c, noon, identity.ErrUnauthenticated)
		try("no "+claim+", and too late", c, later, identity.ErrUnauthenticated)
		for _, value := range values {
			c := claims()
			c[claim] = value
			name, _ := json.Marshal(map[string]any{claim: value})
			try(string(name), c, noon, identity.ErrUnauthenticated)
			try(string(name)+", too late", c, later, identity.ErrUnauthenticated)
		}
	}
	c := claims()
	c["nbf"] = noon.Add(time.Hour).Unix()
	try("not yet", c, noon, identity.ErrUnauthenticated)
	c["nbf"] = later.Add(time.Hour).Unix()
	try("not yet, and too late", c, later, identity.ErrUnauthenticated)
}

func TestAChangedTokenIsRefused(t *testing.T) {
	a := newAccess(t, key("a"))
	signed := sign(t, a)
	for i := range signed {
		refused(t, "truncated", a, signed[:i], noon, identity.ErrUnauthenticated)
		changed := []byte(signed)
		changed[i] ^= 1
		refused(t, "changed", a, string(changed), noon, identity.ErrUnauthenticated)
	}
	parts := strings.Split(signed, ".")
	other, err := a.Sign(uuid.UUID{15: 9}, user, noon, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string]string{
		"claims of another":     parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2],
		"a fourth part":         signed + ".x",
		"something before":      " " + signed,
		"something after":       signed + "x",
		"a line break after":    signed + "\n",
		"a line break inside":   signed[:9] + "\r\n" + signed[9:],
		"padding":               signed + "=",
		"the scheme before":     "Bearer " + signed,
		"two dots":              "..",
		"nothing":               "",
		"no JSON in the header": "e30x." + parts[1] + "." + parts[2],
	} {
		refused(t, name, a, changed, noon, identity.ErrUnauthenticated)
	}
}

func TestAnOpaqueSecretIsNoAccessToken(t *testing.T) {
	secret, err := token.Secrets{}.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, credential := range []string{secret, identity.APITokenPrefix + secret, token.Secrets{}.Hash(secret)} {
		refused(t, credential, newAccess(t, key("a")), credential, noon, identity.ErrUnauthenticated)
	}
}

func TestATokenOfMoreThanFourKiBIsRefusedHoweverGood(t *testing.T) {
	a, k := newAccess(t, key("a")), []byte(key("a"))
	padded := func(length int) string {
		for n := length / 2; ; n++ {
			signed := forge(t, jwt.SigningMethodHS256, k, map[string]any{"kid": kid(k), "pad": strings.Repeat("x", n)}, claims())
			if len(signed) >= length {
				return signed
			}
		}
	}
	if longest := padded(4 << 10); len(longest) != 4<<10 {
		t.Fatalf("the padding gives %d bytes", len(longest))
	} else if got, err := a.Session(longest, noon); err != nil || got != session {
		t.Errorf("4 KiB: %s, %v", got, err)
	}
	refused(t, "a byte more", a, padded(4<<10+1), noon, identity.ErrUnauthenticated)
	refused(t, "nonsense of a megabyte", a, strings.Repeat("a.", 1<<19), noon, identity.ErrUnauthenticated)
}
