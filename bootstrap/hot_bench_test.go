package bootstrap

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// sink is a connection without a network: what is written is counted. Its headers are made anew for each reply, as the
// server does.
type sink struct {
	header http.Header
	bytes  int
}

func (s *sink) Header() http.Header { return s.header }
func (*sink) WriteHeader(int)       {}

func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}

// BenchmarkAHotReply compares a reply from the cache, to somebody signed in, with a bare Echo handler that sends the same.
func BenchmarkAHotReply(b *testing.B) {
	c, problems := Load(b.TempDir(), []string{
		"SERVER_ADDRESS=127.0.0.1:0", "SHUTDOWN_DELAY=0s", "RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_FAILURES=0",
	}, "", nil)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	app, err := Start(b.Context(), c, zap.New(zapcore.NewNopCore()))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := app.Close(); err != nil {
			b.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := app.Run(ctx); err != nil {
			b.Error(err)
		}
	}()
	defer func() { <-stopped }()
	defer cancel()
	h := app.server.Handler
	var session struct {
		Access string `json:"access_token"`
	}
	ask := asker{b, h, ""}
	ask.want(&session, http.MethodPost, "/api/v1/auth/register", `{"email":"ann@example.com","password":"correct horse battery","display_name":"Ann"}`)
	ask.token = session.Access
	var exams struct{ Items []struct{ ID string } }
	ask.want(&exams, http.MethodGet, "/api/v1/exams", "")
	var attempt struct{ ID string }
	ask.want(&attempt, http.MethodPost, "/api/v1/attempts", `{"mode":"practice","exam_id":"`+exams.Items[0].ID+`"}`)
	for name, path := range map[string]string{"exams": "/api/v1/exams", "questions": "/api/v1/attempts/" + attempt.ID + "/questions"} {
		b.Run(name, func(b *testing.B) { benchmarkReply(b, h, ask.request(http.MethodGet, path, "")) })
	}
}

// asker sends requests to a handler.
type asker struct {
	testing.TB
	handler http.Handler
	token   string
}

func (a asker) request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("User-Agent", "curl/8")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	return r
}

// want reads a reply that says that all is well.
func (a asker) want(into any, method, path, body string) {
	a.Helper()
	reply := httptest.NewRecorder()
	a.handler.ServeHTTP(reply, a.request(method, path, body))
	if err := json.Unmarshal(reply.Body.Bytes(), into); err != nil || reply.Code >= http.StatusMultipleChoices {
		a.Fatal(err, reply.Body.String())
	}
}

// benchmarkReply compares a handler with a bare one that sends the same.
func benchmarkReply(b *testing.B, h http.Handler, r *http.Request) {
	reply := httptest.NewRecorder()
	h.ServeHTTP(reply, r)
	if reply.Code != http.StatusOK {
		b.Fatal(reply.Body.String())
	}
	bare := echo.New()
	bare.GET("/*", func(c echo.Context) error {
		maps.Copy(c.Response().Header(), reply.Header())
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, reply.Body.Bytes())
	})
	for name, h := range map[string]http.Handler{"ours": h, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := sink{header: http.Header{}}
				h.ServeHTTP(&s, r)
				if s.bytes != reply.Body.Len() {
					b.Fatal(s.bytes)
				}
			}
		})
	}
}
