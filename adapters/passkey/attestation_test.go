package passkey_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/toeic-app/toeic/domain/identity"
)

// attestation is the attestation object of an answer to a registration.
type attestation struct {
	Format    string         `cbor:"fmt"`
	Statement map[string]any `cbor:"attStmt"`
	AuthData  []byte         `cbor:"authData"`
}

// withRSAKey returns an answer without attestation whose key has that many bytes.
func withRSAKey(t *testing.T, answer json.RawMessage, size int) json.RawMessage {
	t.Helper()
	key, err := webauthncbor.Marshal(map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, size), -2: []byte{1, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	return changed(t, answer, func(_, response map[string]any) {
		var a attestation
		if err := webauthncbor.Unmarshal(decoded(t, response["attestationObject"]), &a); err != nil {
			t.Fatal(err)
		}
		const idLength = 37 + 16 // behind the hash, the flags, the counter and the AAGUID
		beforeKey := idLength + 2 + int(binary.BigEndian.Uint16(a.AuthData[idLength:]))
		object, err := webauthncbor.Marshal(attestation{
			Format: "none", Statement: map[string]any{}, AuthData: append(a.AuthData[:beforeKey:beforeKey], key...),
		})
		if err != nil {
			t.Fatal(err)
		}
		response["attestationObject"] = encoded(object)
	})
}

// Whoever has an account could otherwise make the service compute for seconds at each login that names their passkey.
func TestAKeyThatIsExpensiveToCheckIsRefused(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	options, state := beginRegistration(t, p, ann())
	answer := newDevice().create(t, options)
	for size, ok := range map[int]bool{256: true, 512: true, 1024: true, 4096: false, 36_000: false} {
		got, err := p.FinishRegistration(ann(), state, withRSAKey(t, answer, size))
		if !ok {
			refused(t, "a huge key", got, err)
		} else if err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// The identifier of the credential is the authenticator's, up to 1,023 bytes.
func TestTheLongestCredentialIsAccepted(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	d.cred.ID = bytes.Repeat([]byte{7}, 1023)
	stored := registered(t, p, d, ann())
	if _, err := signIn(t, p, d, accounts{ann().ID: []identity.Passkey{stored}}); err != nil {
		t.Error(err)
	}
	options, state := beginRegistration(t, p, ann())
	if _, err := p.FinishRegistration(ann(), state, withRSAKey(t, d.create(t, options), 512)); err != nil {
		t.Errorf("with the longest key: %v", err)
	}
}
