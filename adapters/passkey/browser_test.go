package passkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/tests/private"
)

// The software authenticator of the other tests was written for servers like ours. This one is what people use.
func TestARealBrowserMakesAPasskeyAndSignsInWithIt(t *testing.T) {
	address := servePage(t)
	browser := openBrowser(t, address)
	p, err := passkey.New(passkey.Config{ID: "localhost", Name: "TOEIC", Origins: []string{address}, Clock: &clock{noon}})
	if err != nil {
		t.Fatal(err)
	}

	options, state := beginRegistration(t, p, ann())
	made, err := p.FinishRegistration(ann(), state, browser.create(t, options))
	if err != nil {
		t.Fatal(err)
	}
	made.ID, made.UserID, made.Name = uuid.UUID{15: 9}, ann().ID, "laptop"

	stored := made
	for range 2 { // the second time the counter must have grown
		options, state := beginLogin(t, p)
		stored, err = p.FinishLogin(t.Context(), state, browser.get(t, options), accounts{ann().ID: {stored}}.find)
		if err != nil {
			t.Fatal(err)
		}
	}
	if stored.ID != made.ID || stored.UserID != ann().ID || stored.Name != "laptop" || string(stored.Record) == string(made.Record) {
		t.Errorf("the passkey that signed in is %+v", stored)
	}

	options, _ = beginRegistration(t, p, ann(), stored)
	if _, err := browser.run("create", "Creation", options); err == nil || !strings.Contains(err.Error(), "InvalidStateError") {
		t.Errorf("the browser makes a second passkey on the same authenticator: %v", err)
	}
}

// servePage serves an empty page, as passkeys need one with an origin, and returns that.
func servePage(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>passkeys</title>")
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + port
}

// tab is a page of the machine's Chromium, with a virtual authenticator whose owner is always verified.
type tab struct{ ctx context.Context }

func openBrowser(t *testing.T, address string) tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(private.Chromium(t)))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx)
	t.Cleanup(leave)
	_, err := chromedp.Run(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			},
		})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	return tab{ctx: ctx}
}

func (b tab) create(t *testing.T, options json.RawMessage) json.RawMessage {
	t.Helper()
	answer, err := b.run("create", "Creation", options)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (b tab) get(t *testing.T, options json.RawMessage) json.RawMessage {
	t.Helper()
	answer, err := b.run("get", "Request", options)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// run does what a page has to: nothing but the browser's own functions stands between our JSON and its.
func (b tab) run(method, kind string, options json.RawMessage) (json.RawMessage, error) {
	script := fmt.Sprintf(
		`navigator.credentials.%s({publicKey: PublicKeyCredential.parse%sOptionsFromJSON(%s)}).then(c => JSON.stringify(c.toJSON()))`,
		method, kind, options)
	answer, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	return json.RawMessage(answer), err
}
