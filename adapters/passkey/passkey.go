// Package passkey runs the ceremonies of WebAuthn, by which a browser and an authenticator prove whose passkey they
// hold.
//
// Passkeys are discoverable, so that nobody needs to say who they are before, and are made and used only after the
// authenticator has verified its owner by a PIN, a finger or the like: possession and person, two factors in one step.
// No attestation is asked for, as any make of authenticator is welcome.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Passkeys = (*Passkeys)(nil)

const (
	// Timeout is how long the answer to a ceremony may take.
	Timeout = 5 * time.Minute
	// MaxAnswer is the longest answer that is read, in bytes. Those of real authenticators have a few thousand.
	MaxAnswer = 64 << 10
)

// Config says which site the passkeys are for.
type Config struct {
	// ID is the relying party's: the site's domain, such as "toeic.example", or "localhost". A passkey belongs to it
	// for ever; under another ID all of them are useless.
	ID string
	// Name is shown when a passkey is made.
	Name string
	// Origins are the addresses of the pages that run the ceremonies, such as "https://app.toeic.example", all of them
	// on ID or below.
	Origins []string
	// Clock ends the ceremonies.
	Clock ports.Clock
}

// Passkeys makes passkeys and signs their owners in. It is safe for concurrent use.
type Passkeys struct {
	site  *webauthn.WebAuthn
	clock ports.Clock
}

// New fails for a configuration under which browsers would refuse to work, rather than let every learner find out.
func New(c Config) (*Passkeys, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("configure passkeys: %w", err)
	}
	// The library would enforce its timeouts by the machine's clock, so states get their end here.
	timeouts := webauthn.TimeoutConfig{Timeout: Timeout}
	site, err := webauthn.New(&webauthn.Config{
		RPID: c.ID, RPDisplayName: c.Name, RPOrigins: c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(),
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			UserVerification:   protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeouts, Registration: timeouts},
		// Safari and some password managers answer for extensions that nobody asked for. None is used here, so what
		// they say makes no difference.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("configure passkeys: %w", err)
	}
	return &Passkeys{site: site, clock: c.Clock}, nil
}

func (c Config) check() error {
	switch {
	case c.Clock == nil:
		return errors.New("a clock is needed")
	case c.ID == "":
		return errors.New("the relying party needs a domain")
	case strings.TrimSpace(c.Name) == "":
		return errors.New("the site needs a name")
	}
	for _, origin := range c.Origins {
		if !c.covers(origin) {
			return fmt.Errorf("the origin %q must be https:// (or http:// for localhost) with a host on %s, and nothing after it", origin, c.ID)
		}
	}
	return nil
}

// covers applies the rules of browsers: a page may use the passkeys of its own domain or one above, over a connection
// that is safe from listeners.
func (c Config) covers(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return false
	}
	host := u.Hostname()
	safe := u.Scheme == "https" || u.Scheme == "http" && host == "localhost"
	return safe && (host == c.ID || strings.HasSuffix(host, "."+c.ID))
}

// begun returns what the Begin methods do: options in the form of the browsers' parse…OptionsFromJSON, and the state.
func (p *Passkeys) begun(options any, session *webauthn.SessionData) (json.RawMessage, []byte, error) {
	session.Expires = p.clock.Now().Add(Timeout)
	state, err := json.Marshal(session)
	if err != nil {
		return nil, nil, fmt.Errorf("write the state: %w", err)
	}
	out, err := json.Marshal(options)
	if err != nil {
		return nil, nil, fmt.Errorf("write the options: %w", err)
	}
	return out, state, nil
}

// resume reads a state. One that cannot be read may be of another version of the program, and then starting again helps
// as much as after any other refusal.
func (p *Passkeys) resume(state []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return webauthn.SessionData{}, identity.ErrPasskeyRefused.Because(fmt.Errorf("read the state: %w", err))
	}
	if !p.clock.Now().Before(session.Expires) {
		return webauthn.SessionData{}, identity.ErrPasskeyRefused.Because(errors.New("the state has expired"))
	}
	session.Expires = time.Time{} // the library would ask the machine's clock
	return session, nil
}
