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

// exchange is what the kit remembers of one request until it is logged. It is also the context of the work on it.
type exchange struct {
	deadline
	id     string // of the request
	trace  string // of the distributed trace, when the client has one
	ip     string // of the client
	actor  identity.Actor
	failed error
}

// exchangeKey is the key of the exchange among the values of its context.
type exchangeKey struct{}

// Value implements [context.Context].
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.deadline.Value(key)
}

func exchangeOf(c echo.Context) *exchange {
	x, ok := c.Request().Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return &exchange{} // a handler that is tested without the kit
	}
	return x
}

var (
	saneID      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)
)

// begin wraps every request, matched or not: identifier, headers, time limit, recovery, failure, and log line.
func (a *API) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := a.config.Clock.Now()
		x := a.newExchange(c)
		defer x.end()
		a.secure(c.Response().Header(), x.id)
		c.SetRequest(c.Request().WithContext(x))
		if err := a.recovering(c, next); err != nil {
			a.fail(c, cutShort(x, err))
		}
		a.log(c, x, float64(a.config.Clock.Now().Sub(start).Microseconds())/1000)
		return nil
	}
}

func (a *API) newExchange(c echo.Context) *exchange {
	r := c.Request()
	x := &exchange{
		deadline: deadline{Context: r.Context(), at: time.Now().Add(a.config.RequestTimeout)}, id: r.Header.Get(echo.HeaderXRequestID), ip: c.RealIP(),
	}
	if x.id == "" || !saneID.MatchString(x.id) {
		x.id = a.config.IDs.New().String()
	}
	x.trace = traceOf(r.Header.Get("Traceparent"))
	return x
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

// fixedHeaders are those that every reply carries, failures included.
func fixedHeaders(hsts bool) http.Header {
	h := http.Header{}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", noStore)
	if hsts {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	for name, value := range h {
		h[name] = value[:1:1] // all replies share the values: an Add must not write into them
	}
	return h
}

// secure sets the headers that every reply carries.
func (a *API) secure(h http.Header, id string) {
	h[echo.HeaderXRequestID] = []string{id}
	for name, value := range a.fixed {
		h[name] = value
	}
}

// panicked is a panic that became an error.
type panicked struct {
	value any
	stack []byte
}

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recovering turns a panic into an error. http.ErrAbortHandler is how a handler cuts the connection, so it passes.
func (a *API) recovering(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler: //nolint:errorlint // the server compares it in the same way
			panic(v)
		default:
			err = panicked{value: v, stack: debug.Stack()}
		}
	}()
	return next(c)
}

// log writes the one line of a request. It names the route, never the address: that may hold what is secret.
func (a *API) log(c echo.Context, x *exchange, ms float64) {
	res := c.Response()
	level := zapcore.InfoLevel
	if alarming(x.failed, res.Status) {
		level = zapcore.ErrorLevel
	}
	entry := a.config.Logger.Check(level, "request")
	if entry == nil {
		return
	}
	fields := []zap.Field{
		zap.String("method", c.Request().Method), zap.String("route", routeOf(c)), zap.Int("status", res.Status),
		zap.Float64("duration_ms", ms), zap.Int64("bytes", res.Size), zap.String("ip", x.ip), zap.String("request_id", x.id),
	}
	if x.trace != "" {
		fields = append(fields, zap.String("trace_id", x.trace))
	}
	if !x.actor.Nobody() {
		fields = append(fields, zap.Stringer("user", x.actor.UserID))
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
