package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

// exchange is one request with what the kit knows of it. It is also the context of the work on it.
type exchange struct {
	deadline
	c       echo.Context
	request Request
	trace   string // of the distributed trace, when the client has one
	failed  error
}

// handler answers a request, or returns why it does not.
type handler func(x *exchange) error

var (
	saneID      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)
)

// begin makes a handler of Echo's. It wraps every request, matched or not: identifier, headers, time limit, recovery,
// failure, and log line.
func (a *API) begin(next handler) echo.HandlerFunc {
	if a.cors != nil {
		next = behind(a.cors, next)
	}
	return func(c echo.Context) error {
		start := time.Now()
		x := a.newExchange(c, start)
		defer x.end()
		a.secure(c.Response().Header(), x.request.ID)
		if err := recovering(x, next); err != nil {
			a.fail(x, cutShort(x, err))
		}
		a.log(x, start)
		return nil
	}
}

// behind puts a handler behind a middleware of Echo's.
func behind(m echo.MiddlewareFunc, next handler) handler {
	return func(x *exchange) error { return m(func(echo.Context) error { return next(x) })(x.c) }
}

func (a *API) newExchange(c echo.Context, start time.Time) *exchange {
	r := c.Request()
	x := &exchange{c: c, deadline: deadline{Context: r.Context(), at: start.Add(a.config.RequestTimeout)}}
	x.request = Request{
		ID: first(r.Header, echo.HeaderXRequestID), Language: a.language.match(first(r.Header, "Accept-Language")),
		Device: identity.Device{IP: c.RealIP(), UserAgent: clipped(first(r.Header, "User-Agent"), maxUserAgent)},
	}
	if x.request.ID == "" || !saneID.MatchString(x.request.ID) {
		x.request.ID = a.config.IDs.New().String()
	}
	x.trace = traceOf(first(r.Header, "Traceparent"))
	return x
}

// first is the value of a header whose name has its canonical form, or "". To make the form sure, as Get does, takes as
// long as to look the value up, and there are some in every request.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// traceOf returns the trace that a W3C traceparent names, "" for a header that is not valid. Versions to come may
// append fields; version 00 has none.
func traceOf(header string) string {
	if header == "" {
		return ""
	}
	m := traceparent.FindStringSubmatch(header)
	if m == nil || m[1] == "ff" || (m[1] == "00" && m[4] != "") || strings.Trim(m[2], "0") == "" || strings.Trim(m[3], "0") == "" {
		return ""
	}
	return m[2]
}

// cutShort says of an error that the request was out of time, or its client gone, when it occurred: drivers report
// both in words of their own.
func cutShort(ctx context.Context, err error) error {
	var (
		f *fault.Error
		p panicked
	)
	switch {
	case ctx.Err() == nil, errors.As(err, &f), errors.As(err, &p):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errTimeout.Because(err)
	default:
		return errGone.Because(err)
	}
}

// headerLine is a header whose name has its canonical form.
type headerLine struct {
	name  string
	value []string
}

// fixedHeaders are those that every reply carries, failures included. All replies share the values, which have no room for
// what somebody adds.
func fixedHeaders(hsts bool) []headerLine {
	lines := []headerLine{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
		{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=()"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{noStore}},
	}
	if hsts {
		lines = append(lines, headerLine{"Strict-Transport-Security", []string{"max-age=31536000; includeSubDomains"}})
	}
	return lines
}

// secure sets the headers that every reply carries.
func (a *API) secure(h http.Header, id string) {
	h[echo.HeaderXRequestID] = []string{id}
	for _, line := range a.fixed {
		h[line.name] = line.value
	}
}

// panicked is a panic that became an error.
type panicked struct {
	value any
	stack []byte
}

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recovering turns a panic into an error. http.ErrAbortHandler is how a handler cuts the connection, so it passes.
func recovering(x *exchange, next handler) (err error) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler: //nolint:errorlint // the server compares it in the same way
			panic(v)
		default:
			err = panicked{value: v, stack: debug.Stack()}
		}
	}()
	return next(x)
}

// log writes the one line of a request. It names the route, never the address: that may hold what is secret.
func (a *API) log(x *exchange, start time.Time) {
	res := x.c.Response()
	level := zapcore.InfoLevel
	if alarming(x.failed, res.Status) {
		level = zapcore.ErrorLevel
	}
	entry := a.config.Logger.Check(level, "request")
	if entry == nil {
		return
	}
	r, ms := x.request, float64(time.Since(start).Microseconds())/1000
	fields := []zap.Field{
		zap.String("method", x.c.Request().Method), zap.String("route", routeOf(x.c)), zap.Int("status", res.Status),
		zap.Float64("duration_ms", ms), zap.Int64("bytes", res.Size), zap.String("ip", r.Device.IP), zap.String("request_id", r.ID),
	}
	if x.trace != "" {
		fields = append(fields, zap.String("trace_id", x.trace))
	}
	if !r.Actor.Nobody() {
		fields = append(fields, zap.Stringer("user", r.Actor.UserID))
	}
	if x.failed != nil {
		fields = append(fields, zap.String("code", codeOf(x.failed)))
	}
	if level == zapcore.ErrorLevel {
		fields = append(fields, zap.NamedError("error", x.failed))
	}
	var p panicked
	if errors.As(x.failed, &p) {
		fields = append(fields, zap.ByteString("stack", p.stack))
	}
	entry.Write(fields...)
}

func codeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return codeInternal
}

// routeOf is the template of the route, "unmatched" for none.
func routeOf(c echo.Context) string {
	if p := c.Path(); p != "" {
		return p
	}
	return "unmatched"
}

// echoPath writes {name} as Echo does.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// cors lets browsers call from other origins, without credentials: clients send their token themselves.
func cors(origins []string) echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins:  origins,
		AllowMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowHeaders:  []string{"Authorization", "Content-Type", "Accept-Language", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id", "Traceparent"},
		ExposeHeaders: []string{"ETag", "X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed", "Content-Language"},
		MaxAge:        600,
	})
}
