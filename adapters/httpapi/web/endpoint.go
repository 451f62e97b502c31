package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/mileusna/useragent"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

// MaxBody is how large a request body may be unless an endpoint says otherwise, in bytes.
const MaxBody = 1 << 20

// Endpoint is one route: what it is called, who may use it, what goes in and out, and what it does.
type Endpoint[In, Out any] struct {
	Method      string
	Path        string // with {names} for the fields of In that carry the tag path
	Permission  identity.Permission
	Tag         string
	Summary     string
	Description string
	Status      int            // of success; 200 when zero, 204 for None
	Faults      []*fault.Error // the failures that are the endpoint's own, for the document
	Idempotent  bool           // honours Idempotency-Key
	// Fresh asks the caller to have proved lately who they are; for what cannot be undone.
	Fresh bool
	Class Class // whose limit over time applies; by method and permission when empty
	// OptionalBody allows a request without a body; the fields of In are zero then.
	OptionalBody bool
	// AnyType reads the body as JSON whatever Content-Type says, for people who type commands of which the type is an
	// afterthought: curl -d says that it sends a form. It is safe as no browser sends the bearer token by itself.
	AnyType bool
	MaxBody int64 // bytes; MaxBody when zero
	Cache   Caching
	Handle  func(ctx context.Context, r Request, in In) (Out, error)
}

// Request is what an endpoint may know of the request beyond its own fields.
type Request struct {
	ID       string // of the request, for logs
	Actor    identity.Actor
	Device   identity.Device
	Language string // the best match of Accept-Language among identity.Locales
}

// Caller is the request as the audit log sees it.
func (r Request) Caller() identity.Caller {
	return identity.Caller{Actor: r.Actor, Device: r.Device, RequestID: r.ID}
}

// None is an In without fields, or an Out without a body.
type None struct{}

// File is an Out that is sent as it is.
type File struct {
	Type string // media type
	Name string // what a browser saves it as; shown rather than saved when empty
	Hash string // of Data; the ETag
	Data []byte
}

// Filed is an Out that may be sent as a file instead of as JSON, as the request asked.
type Filed interface {
	// AsFile returns nil for JSON.
	AsFile() *File
}

// Statused is an Out that chooses its own status.
type Statused interface{ StatusCode() int }

// Faults lists declared failures, for the document.
func Faults(list ...*fault.Error) []*fault.Error { return list }

// Caching says who may keep a reply, and for how long.
type Caching struct {
	control string
	tagged  bool // carries an ETag
}

// noStore is the caching of private replies.
const noStore = "no-store"

// Private lets the client keep content for a while and ask whether it changed.
func Private(age time.Duration) Caching {
	return Caching{control: fmt.Sprintf("private, max-age=%d", int(age/time.Second)), tagged: true}
}

// Public lets everybody keep content that is the same for all, and ask whether it changed.
func Public(age time.Duration) Caching {
	return Caching{control: fmt.Sprintf("public, max-age=%d", int(age/time.Second)), tagged: true}
}

// Immutable lets everybody keep content for ever.
func Immutable() Caching {
	return Caching{control: "public, max-age=31536000, immutable", tagged: true}
}

// Register adds an endpoint to the API. What is wrong with it is told by API.Err.
func Register[In, Out any](a *API, e Endpoint[In, Out]) {
	if err := register(a, e); err != nil {
		a.failed = append(a.failed, fmt.Errorf("%s %s: %w", e.Method, e.Path, err))
	}
}

func register[In, Out any](a *API, e Endpoint[In, Out]) error {
	plan, err := planOf[In](e.Path, e.OptionalBody)
	if err != nil {
		return err
	}
	plan.anyType, plan.blank = e.AnyType, len(violations(a.check, new(In))) == 0
	switch {
	case e.Handle == nil:
		return errors.New("web: the endpoint does nothing")
	case plan.body && e.Method == http.MethodGet:
		return errors.New("web: a GET has no body to read fields from")
	case e.Idempotent && a.config.Replies == nil:
		return errors.New("web: an idempotent endpoint needs a place for replies")
	}
	if e.Class == "" {
		e.Class = classOf(e.Method, e.Permission)
	}
	if e.MaxBody == 0 {
		e.MaxBody = MaxBody
	}
	if e.Status == 0 {
		e.Status = http.StatusOK
		if _, empty := any(*new(Out)).(None); empty {
			e.Status = http.StatusNoContent
		}
	}
	r := Route{Method: e.Method, Path: e.Path, Permission: e.Permission, Fresh: e.Fresh, Class: e.Class}
	if err := a.add(r, serve(a, e, plan)); err != nil {
		return err
	}
	a.document.add(described{
		route: r, tag: e.Tag, summary: e.Summary, description: e.Description, in: new(In), out: shown(new(Out)), status: e.Status,
		faults: e.Faults, body: plan.body, optionalBody: e.OptionalBody, idempotent: e.Idempotent, tagged: e.Cache.tagged,
	})
	return nil
}

// serve is the life of one request, from permission to reply.
func serve[In, Out any](a *API, e Endpoint[In, Out], plan plan) handler {
	shelf := shelfName(e.Path)
	demand := identity.Demand{Permission: e.Permission, Fresh: e.Fresh, Factor: a.config.RequireFactor}
	work := func(x *exchange, in *In) (rendered, error) {
		out, err := e.Handle(x, x.request, *in)
		if err != nil {
			return rendered{}, err
		}
		if k, ok := any(out).(keeper); ok {
			return a.take(x, e.Status, shelf, k)
		}
		return render(e.Status, out)
	}
	return func(x *exchange) error {
		if err := a.admit(x, demand); err != nil {
			return err
		}
		if err := a.limit(x, e.Class); err != nil {
			return err
		}
		in := new(In)
		body, err := plan.bind(x, a.check, in, e.MaxBody)
		if err != nil {
			return err
		}
		var out rendered
		if keys := x.c.Request().Header["Idempotency-Key"]; e.Idempotent && len(keys) > 0 {
			out, err = a.once(x, keys[0], body, func() (rendered, error) { return work(x, in) })
		} else {
			out, err = work(x, in)
		}
		if err != nil {
			return err
		}
		return a.send(x.c, out, e.Cache)
	}
}

// admit finds out who asks, and whether they may. Public routes ask nobody.
func (a *API) admit(x *exchange, d identity.Demand) error {
	if d.Permission == identity.Public {
		x.request.Device.Name = deviceName(x.request.Device.UserAgent) // sessions are opened and renewed by nobody yet
		return nil
	}
	scheme, token, _ := strings.Cut(first(x.c.Request().Header, "Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return identity.ErrUnauthenticated
	}
	actor, err := a.authenticate(x, strings.TrimSpace(token))
	if err != nil {
		return err
	}
	x.request.Actor = actor
	return actor.Authorize(d, a.config.Clock.Now())
}

// deviceName reads a user agent as people would: "Firefox on Linux".
func deviceName(agent string) string {
	ua := useragent.Parse(agent)
	switch {
	case ua.Name == "":
		return ""
	case ua.OS == "":
		return ua.Name
	default:
		return ua.Name + " on " + ua.OS
	}
}

const maxUserAgent = 300 // bytes that are kept of a User-Agent header

// clipped cuts s at a rune boundary and makes it valid UTF-8 that every database takes.
func clipped(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == utf8.RuneError }) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// rendered is a reply before it is sent.
type rendered struct {
	Status int    `json:"status"`
	Type   string `json:"type,omitempty"`
	Body   []byte `json:"body,omitempty"`
	// Version of the thing that the reply shows; zero for things without.
	Version int `json:"version,omitempty"`

	hash string // of the body, when it is known
	name string // of the file that it is to be saved as

	packed [codings][]byte // Body compressed, when that was done before
}

// render encodes what an endpoint returned.
func render(status int, out any) (rendered, error) {
	switch v := out.(type) {
	case None:
		return rendered{Status: http.StatusNoContent}, nil
	case File:
		return rendered{Status: status, Type: v.Type, Body: v.Data, hash: v.Hash, name: v.Name}, nil
	case Filed:
		if f := v.AsFile(); f != nil {
			return render(status, *f)
		}
	case Statused:
		status = v.StatusCode()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // replies are JSON and say so; nosniff keeps them from being anything else
	if err := encoder.Encode(out); err != nil {
		return rendered{}, fmt.Errorf("encode the reply: %w", err)
	}
	r := rendered{Status: status, Type: echo.MIMEApplicationJSON, Body: bytes.TrimSuffix(b.Bytes(), []byte{'\n'})}
	if v, versioned := out.(Versioned); versioned {
		r.Version = v.StateVersion()
	}
	return r, nil
}
