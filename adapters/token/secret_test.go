package token_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/token"
)

func TestASecretIs256BitsThatDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s, err := token.Secrets{}.New()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%q: %d bytes, %v", s, len(raw), err)
		}
		if seen[s] {
			t.Fatalf("%q twice", s)
		}
		seen[s] = true
	}
}

// The vector is the one of FIPS 180 for "abc".
func TestASecretIsStoredAsItsSHA256(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := (token.Secrets{}).Hash("abc"); got != want {
		t.Errorf("hash %s", got)
	}
}

func TestAKeyNeverShowsItself(t *testing.T) {
	k := token.Key(strings.Repeat("secret", 6))
	encoded, err := json.Marshal(map[string]any{"key": k})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, k), fmt.Sprintf(verb, []token.Key{k}), fmt.Sprintf(verb, struct{ K token.Key }{k}))
	}
	for _, text := range shown {
		for _, leak := range []string{"secret", "736563726574", "115", "c2VjcmV0"} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(leak)) {
				t.Errorf("%q shows %q", text, leak)
			}
		}
		if !strings.Contains(text, "********") {
			t.Errorf("%q does not say that something is hidden", text)
		}
	}
}
