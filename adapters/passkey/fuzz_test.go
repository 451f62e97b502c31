package passkey_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/domain/identity"
)

// kept returns a file of a registration and a login that Chromium 156 went through at noon. They are never renewed:
// what is in people's databases is not either.
func kept(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "chromium", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// keptSite is the one of the kept files.
func keptSite(tb testing.TB) *passkey.Passkeys {
	tb.Helper()
	p, err := passkey.New(passkey.Config{ID: "localhost", Name: "TOEIC", Origins: []string{"http://localhost:46529"}, Clock: &clock{noon}})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// keptPasskey is the one that was registered.
func keptPasskey(tb testing.TB) identity.Passkey {
	tb.Helper()
	credential := decoded(tb, "Ua7JFkXoPvbN2ud5unVC0V-W-XxmBk60VpJ708GhwUc")
	return identity.Passkey{ID: uuid.UUID{15: 9}, UserID: ann().ID, Credential: credential, Record: kept(tb, "record")}
}

func TestWhatAnEarlierVersionStoredStillWorks(t *testing.T) {
	p, stored := keptSite(t), keptPasskey(t)
	made, err := p.FinishRegistration(ann(), kept(t, "registration_state"), kept(t, "registration_answer"))
	if err != nil || !bytes.Equal(made.Credential, stored.Credential) {
		t.Errorf("registration: %x, %v", made.Credential, err)
	}
	used, err := p.FinishLogin(t.Context(), kept(t, "login_state"), kept(t, "login_answer"), accounts{ann().ID: {stored}}.find)
	if err != nil || used.ID != stored.ID {
		t.Errorf("login: %s, %v", used.ID, err)
	}
	if _, _, err := p.BeginRegistration(ann(), []identity.Passkey{stored}); err != nil {
		t.Error(err)
	}
}

func FuzzFinishRegistration(f *testing.F) {
	p := keptSite(f)
	state, answer := kept(f, "registration_state"), kept(f, "registration_answer")
	f.Add(state, answer)
	f.Add(state, kept(f, "login_answer"))
	for _, garbage := range garbageFrom(answer) {
		f.Add(state, []byte(garbage))
	}
	f.Fuzz(func(t *testing.T, state, answer []byte) {
		made, err := p.FinishRegistration(ann(), state, answer)
		if err != nil {
			refused(t, "registration", made, err)
			return
		}
		if _, _, err := p.BeginRegistration(ann(), []identity.Passkey{made}); err != nil {
			t.Errorf("what was accepted cannot be read: %v", err)
		}
	})
}

func FuzzFinishLogin(f *testing.F) {
	p, stored := keptSite(f), keptPasskey(f)
	a := accounts{ann().ID: {stored}}
	state, answer := kept(f, "login_state"), kept(f, "login_answer")
	f.Add(state, answer)
	f.Add(state, kept(f, "registration_answer"))
	for _, garbage := range garbageFrom(answer) {
		f.Add(state, []byte(garbage))
	}
	f.Fuzz(func(t *testing.T, state, answer []byte) {
		used, err := p.FinishLogin(t.Context(), state, answer, a.find)
		if err != nil {
			refused(t, "login", used, err)
			return
		}
		if used.ID != stored.ID || !bytes.Equal(used.Credential, stored.Credential) || len(used.Record) == 0 {
			t.Errorf("accepted with %+v", used)
		}
	})
}
