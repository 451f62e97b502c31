package bootstrap

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

// public lists every route that anybody may use. To add one here is a decision.
var public = []string{
	"GET /docs", "GET /docs/*", "GET /openapi.json", "GET /health", "GET /health/live", "GET /health/ready", "GET /api/v1/media/{hash}",
	"POST /api/v1/auth/register", "POST /api/v1/auth/verify", "POST /api/v1/auth/login", "POST /api/v1/auth/refresh",
	"POST /api/v1/auth/password/forgot", "POST /api/v1/auth/password/reset",
	"POST /api/v1/auth/passkeys/options", "POST /api/v1/auth/passkeys/login",
	"GET /api/v1/auth/providers", "POST /api/v1/auth/oidc/start", "POST /api/v1/auth/oidc/finish", "POST /api/v1/auth/oidc/complete",
}

// unlimited lists the routes that nobody counts: who watches the service must reach it when it is busiest.
var unlimited = []string{"GET /health", "GET /health/live", "GET /health/ready"}

// routesOf returns what the program serves outside development, where no route is for developers.
func routesOf(t *testing.T) []web.Route {
	t.Helper()
	app := started(t, "ENVIRONMENT=staging", "SAMPLE_CONTENT=false", "TOKEN_SIGNING_KEY="+goodKey)
	api, err := app.api()
	if err != nil {
		t.Fatal(err)
	}
	if err := api.DocumentErr(); err != nil {
		t.Fatal(err)
	}
	return api.Routes()
}

func TestNoRouteIsOpenThatShouldNotBe(t *testing.T) {
	var open, free []string
	for _, r := range routesOf(t) {
		name := r.Method + " " + r.Path
		if r.Permission == identity.Public {
			open = append(open, name)
		}
		if r.Class == web.Free {
			free = append(free, name)
		}
		if r.Permission == identity.Public && r.Method != http.MethodGet && r.Class != web.SignIn {
			t.Errorf("%s is open to strangers and of class %q", name, r.Class)
		}
		if r.Fresh && r.Permission == identity.Public {
			t.Errorf("%s is open to strangers and asks for a fresh proof, which they cannot give", name)
		}
	}
	same(t, "open to anybody", open, public)
	same(t, "without a limit", free, unlimited)
}

func TestTheAddressTellsWhetherARouteIsAdministration(t *testing.T) {
	administration := 0
	for _, r := range routesOf(t) {
		path := strings.HasPrefix(r.Path, "/api/v1/admin/") || r.Path == "/api/v1/users/me/tokens" || strings.HasPrefix(r.Path, "/api/v1/users/me/tokens/")
		if path != r.Permission.Administrative() {
			t.Errorf("%s %s needs %s, which is administrative: %v", r.Method, r.Path, r.Permission, r.Permission.Administrative())
		}
		if path && r.Class != web.Admin {
			t.Errorf("%s %s is of class %q", r.Method, r.Path, r.Class)
		}
		if path {
			administration++
		}
	}
	if administration < 10 {
		t.Errorf("found %d routes of administration only: the search is broken", administration)
	}
}

// same compares two lists whatever their order.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(slices.Sorted(slices.Values(want)), "\n"))
	}
}
