package bootstrap

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/domain/identity"
)

// public lists every route that anybody may use. To add one here is a decision.
var public = []string{
	"GET /docs", "GET /docs/*", "GET /openapi.json", "GET /health", "GET /health/live", "GET /health/ready",
	"POST /api/v1/auth/register", "POST /api/v1/auth/login", "POST /api/v1/auth/refresh", "GET /api/v1/media/{hash}",
}

func TestNoRouteIsOpenThatShouldNotBe(t *testing.T) {
	c, problems := Load(t.TempDir(), []string{"SERVER_ADDRESS=127.0.0.1:0"}, "", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	app, err := Start(t.Context(), c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	}()
	api, err := app.api()
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, r := range api.Routes() {
		if r.Permission == identity.Public {
			open = append(open, r.Method+" "+r.Path)
		}
		learners := slices.Contains(identity.Permissions()[r.Permission], identity.Learner)
		if strings.HasPrefix(r.Path, "/api/v1/admin/") == learners {
			t.Errorf("%s %s needs %s, which learners have: %v", r.Method, r.Path, r.Permission, learners)
		}
	}
	slices.Sort(open)
	want := slices.Sorted(slices.Values(public))
	if !slices.Equal(open, want) {
		t.Errorf("open to anybody:\n%v\nwant\n%v", open, want)
	}
}
