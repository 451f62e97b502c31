package bootstrap

import (
	"context"
	"encoding/json"
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

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }

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
	say := httptest.NewRequest(http.MethodPost, "/api/v1/auth/register", strings.NewReader(`{"email":"ann@example.com","password":"correct horse battery","display_name":"Ann"}`))
	say.Header.Set("Content-Type", "application/json")
	said := httptest.NewRecorder()
	h.ServeHTTP(said, say)
	var got struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(said.Body.Bytes(), &got); err != nil || got.Access == "" {
		b.Fatal(said.Body.String())
	}
	req := httptest.NewRequest(http.MethodGet, "/api/v1/exams", nil)
	req.Header.Set("Authorization", "Bearer "+got.Access)
	req.Header.Set("User-Agent", "curl/8")
	reply := httptest.NewRecorder()
	h.ServeHTTP(reply, req)
	if reply.Code != http.StatusOK {
		b.Fatal(reply.Body.String())
	}
	bare := echo.New()
	bare.GET("/api/v1/exams", func(c echo.Context) error {
		for name, value := range reply.Header() {
			c.Response().Header()[name] = value
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, reply.Body.Bytes())
	})
	for name, h := range map[string]http.Handler{"ours": h, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := sink{header: http.Header{}}
				h.ServeHTTP(&s, req)
				if s.bytes != reply.Body.Len() {
					b.Fatal(s.bytes)
				}
			}
		})
	}
}
