// Package web is the HTTP kit that every API package stands on: one registration for each route feeds the
// router, the permission check and the OpenAPI document; one writer for replies and one for failures. It knows
// Echo, problem+json, languages and logging, and no use case.
package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Config is what the kit needs of the program.
type Config struct {
	Title, Version string
	Logger         *zap.Logger
	Clock          ports.Clock
	IDs            ports.IDs
	// Authenticate tells who stands behind a bearer token.
	Authenticate func(ctx context.Context, bearer string) (identity.Actor, error)
	// Replies keeps the answers to requests that carry an Idempotency-Key.
	Replies ports.Replies
	// Shelf keeps replies that are the same for all who may have them; nil keeps none.
	Shelf Shelf
	// CORSOrigins are the exact origins that browsers may call from.
	CORSOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// HSTS tells browsers to come by TLS only; for servers behind TLS.
	HSTS bool
	// RequireFactor demands a second factor for administrative routes.
	RequireFactor bool
	// Rates are the limits over time, by class of route. Limits counts in this process, SharedLimits in all of them;
	// both may be nil without rates.
	Rates                Rates
	Limits, SharedLimits ports.Limits
	// RequestTimeout bounds the work on one request.
	RequestTimeout time.Duration
}

// API is a set of routes under construction and, once complete, the handler of all of them.
type API struct {
	config   Config
	echo     *echo.Echo
	check    *validator.Validate
	language negotiator
	document *document
	fixed    []headerLine        // of every reply
	cors     echo.MiddlewareFunc // nil where browsers may not call from elsewhere
	routes   []Route
	failed   []error
}

// Route is one registered route.
type Route struct {
	Method     string
	Path       string // with {names}
	Permission identity.Permission
	Fresh      bool // asks for a fresh proof of identity
	Class      Class
}

// New prepares an API without routes of its own but for the document and its page.
func New(c Config) (*API, error) {
	switch {
	case c.RequestTimeout <= 0:
		return nil, errors.New("web: a request timeout is required")
	case c.Logger == nil, c.Clock == nil, c.IDs == nil, c.Authenticate == nil:
		return nil, errors.New("web: a logger, a clock, identifiers and an authentication are required")
	case len(c.Rates) > 0 && (c.Limits == nil || c.SharedLimits == nil):
		return nil, errors.New("web: rates need something that counts")
	}
	languages, err := newNegotiator(identity.Locales())
	if err != nil {
		return nil, err
	}
	a := &API{
		fixed: fixedHeaders(c.HSTS), config: c, echo: echo.New(), check: newValidator(), language: languages, document: newDocument(c.Title, c.Version),
	}
	a.echo.HideBanner, a.echo.HidePort = true, true
	a.echo.Logger.SetOutput(discard{})
	a.echo.IPExtractor = ipExtractor(c.TrustedProxies)
	if len(c.CORSOrigins) > 0 {
		a.cors = cors(c.CORSOrigins)
	}
	a.echo.HTTPErrorHandler = a.unmatched
	a.documentRoutes()
	return a, nil
}

// discard swallows what Echo would print by itself; everything worth a line is logged by the kit.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// ipExtractor believes X-Forwarded-For from trusted proxies alone.
func ipExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		p = p.Masked()
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// Handler serves the routes. Call it when all are registered.
func (a *API) Handler() http.Handler { return a.echo }

// Routes lists what was registered.
func (a *API) Routes() []Route { return a.routes }

// Err joins what was wrong with registrations.
func (a *API) Err() error { return errors.Join(a.failed...) }

// DocumentErr makes the OpenAPI document and says what is wrong with it. That takes a tenth of a second, so it is for
// tests: a mistake there is one of the source, not of a start.
func (a *API) DocumentErr() error {
	_, err := a.document.bytes()
	return err
}

// add puts a route into the router and remembers it.
func (a *API) add(r Route, h handler) error {
	if _, known := identity.Permissions()[r.Permission]; !known {
		return fmt.Errorf("web: %s %s has no known permission", r.Method, r.Path)
	}
	if !slices.Contains(methods(), r.Method) {
		return fmt.Errorf("web: %s has no known method %q", r.Path, r.Method)
	}
	for _, other := range a.routes {
		if other.Method == r.Method && shape(other.Path) == shape(r.Path) {
			return fmt.Errorf("web: %s %s is registered twice", r.Method, r.Path)
		}
	}
	path, served := echoPath(r.Path), a.begin(h)
	if !slices.ContainsFunc(a.routes, func(other Route) bool { return shape(other.Path) == shape(r.Path) }) {
		a.echo.Add(http.MethodOptions, path, a.begin(a.options(shape(r.Path))))
	}
	a.routes = append(a.routes, r)
	a.echo.Add(r.Method, path, served)
	if r.Method == http.MethodGet {
		a.echo.Add(http.MethodHead, path, served)
	}
	return nil
}

// options tells which methods a path has.
func (a *API) options(path string) handler {
	return func(x *exchange) error {
		allowed := []string{http.MethodOptions}
		for _, r := range a.routes {
			if shape(r.Path) != path {
				continue
			}
			if allowed = append(allowed, r.Method); r.Method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		x.c.Response().Header().Set(echo.HeaderAllow, strings.Join(allowed, ", "))
		x.c.Response().WriteHeader(http.StatusNoContent)
		return nil
	}
}

// unmatched answers requests that no route takes.
func (a *API) unmatched(err error, c echo.Context) {
	_ = a.begin(func(*exchange) error { return err })(c) // it returns none
}

// methods are those that routes may have. HEAD and OPTIONS follow from them.
func methods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// shape is a path without the names of its parameters: the router keeps one handler for each.
func shape(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

// The bounds of a connection. Bodies are small, so whoever takes longer is stuck or hostile.
const (
	headerTime  = 10 * time.Second
	readTime    = time.Minute
	idleTime    = 2 * time.Minute
	headerBytes = 32 << 10
)

// ServerDefaults returns a server with every bound set. Its writes may take as long as a request and its reading.
func ServerDefaults(h http.Handler, logger *zap.Logger) *http.Server {
	var complaints *log.Logger
	if std, err := zap.NewStdLogAt(logger, zap.WarnLevel); err == nil { // fails for unknown levels only
		complaints = std
	}
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: 2 * readTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes, ErrorLog: complaints,
	}
}
