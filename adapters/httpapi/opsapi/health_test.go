package opsapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/toeic-app/toeic/adapters/httpapi/opsapi"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/adapters/system"
	"github.com/toeic-app/toeic/application/opsapp"
	"github.com/toeic-app/toeic/domain/identity"
)

// serving runs the routes of a process in that state.
func serving(t *testing.T, ready bool, status opsapp.Status) (string, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	api, err := web.New(web.Config{
		Title: "x", Version: "1", Logger: zap.New(core), Clock: system.Clock{}, IDs: system.IDs{}, RequestTimeout: time.Minute,
		Authenticate: func(context.Context, string) (identity.Actor, error) {
			return identity.Actor{}, identity.ErrUnauthenticated
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	opsapi.Routes(api, opsapi.UseCases{
		Ready: func() bool { return ready }, Health: func(context.Context) opsapp.Report { return opsapp.Report{Status: status} },
	})
	if err := api.Err(); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(api.Handler())
	t.Cleanup(s.Close)
	return s.URL, logs
}

func TestAProcessThatStartsOrDrainsIsNotReadyAndThatIsNoErrorWhileAnOutageIs(t *testing.T) {
	for name, tc := range map[string]struct {
		ready  bool
		health opsapp.Status
		code   int
		fault  string
		level  zapcore.Level
	}{
		"at work":                                {true, opsapp.Healthy, 200, "", zap.InfoLevel},
		"at work without something":              {true, opsapp.Degraded, 200, "", zap.InfoLevel},
		"starting or draining":                   {false, opsapp.Healthy, 503, "service.draining", zap.InfoLevel},
		"without its database":                   {true, opsapp.Unhealthy, 503, "store.unavailable", zap.ErrorLevel},
		"draining, and nobody asks its database": {false, opsapp.Unhealthy, 503, "service.draining", zap.InfoLevel},
	} {
		url, logs := serving(t, tc.ready, tc.health)
		res, err := http.Get(url + "/health/ready")
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Code string }
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		res.Body.Close()
		line := logs.FilterMessage("request").All()[0]
		if res.StatusCode != tc.code || got.Code != tc.fault || line.Level != tc.level {
			t.Errorf("%s: %d %s, logged as %s: %v", name, res.StatusCode, got.Code, line.Level, line.ContextMap())
		}
	}
}
