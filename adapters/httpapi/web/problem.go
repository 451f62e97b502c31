package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of the kit itself.
var (
	errNotFound = fault.New(fault.NotFound, "request.not_found", "There is nothing at this address.")
	errMethod   = fault.New(fault.Unsupported, "request.method_not_allowed", "The address does not support this method.")
	errGone     = fault.New(fault.Unavailable, "request.canceled", "The request was given up before it was answered.")
	errTimeout  = fault.New(fault.Unavailable, "request.timeout", "The request took too long; try again shortly.")
)

const codeInternal = "internal"

// errInternal is shown for every error that is not a fault. What it was is only in the log.
var errInternal = fault.New("", codeInternal, "Something went wrong on our side. The request id helps us to find out what.")

// Planned marks a failure as a state that the service means to be in, as when it starts or stops: who asks is refused, but
// nothing is wrong that anybody should look into, so that the log does not call it an error.
func Planned(f *fault.Error) error { return planned{f} }

// planned is a failure that is meant to be.
type planned struct{ error }

// Unwrap returns the failure.
func (p planned) Unwrap() error { return p.error }

// alarming reports whether a failure is one that the log calls an error: of ours, and neither meant to be nor the doing of a
// client who hung up.
func alarming(err error, status int) bool {
	var p planned
	return err != nil && status >= http.StatusInternalServerError && !errors.As(err, &p) && !errors.Is(err, errGone)
}

// problemTypes is where codes are explained.
const problemTypes = "https://github.com/toeic-app/toeic/blob/main/docs/problems.md#"

// retryAfter is how many seconds a client should wait at least before it asks again, when the failure does not say.
const retryAfter = 1

// problem is the body of a failure, RFC 9457.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title" description:"The kind of failure, in the client's language."`
	Status    int            `json:"status"`
	Detail    string         `json:"detail" description:"What went wrong, in the client's language."`
	Instance  string         `json:"instance" description:"Path of the request."`
	Code      string         `json:"code" description:"Stable name of the failure."`
	RequestID string         `json:"request_id"`
	Errors    []problemField `json:"errors,omitempty" description:"Validation: every field that is wrong."`
}

type problemField struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// kinds gives each kind of fault its status and its English title.
func kinds() map[fault.Kind]struct {
	status int
	title  string
} {
	return map[fault.Kind]struct {
		status int
		title  string
	}{
		"":                    {http.StatusInternalServerError, "Internal error"},
		fault.Malformed:       {http.StatusBadRequest, "Malformed request"},
		fault.Invalid:         {http.StatusUnprocessableEntity, "Invalid request"},
		fault.Unauthenticated: {http.StatusUnauthorized, "Not signed in"},
		fault.Forbidden:       {http.StatusForbidden, "Not permitted"},
		fault.NotFound:        {http.StatusNotFound, "Not found"},
		fault.Conflict:        {http.StatusConflict, "Conflict"},
		fault.Stale:           {http.StatusPreconditionFailed, "Out of date"},
		fault.TooLarge:        {http.StatusRequestEntityTooLarge, "Too large"},
		fault.Unsupported:     {http.StatusUnsupportedMediaType, "Not supported"},
		fault.TooMany:         {http.StatusTooManyRequests, "Too many requests"},
		fault.Unavailable:     {http.StatusServiceUnavailable, "Temporarily unavailable"},

		fault.InsufficientStorage: {http.StatusInsufficientStorage, "Insufficient storage"},
	}
}

// failure finds the fault in an error and the status that it is shown with.
func failure(err error) (*fault.Error, int) {
	var (
		f *fault.Error
		h *echo.HTTPError
	)
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = errTimeout
	case errors.As(err, &h) && h.Code == http.StatusNotFound:
		f = errNotFound
	case errors.As(err, &h) && h.Code == http.StatusMethodNotAllowed:
		f = errMethod
	default:
		f = errInternal
	}
	if errors.Is(f, errMethod) {
		return f, http.StatusMethodNotAllowed
	}
	return f, kinds()[f.Kind].status
}

// fail is the one writer of failures.
func (a *API) fail(x *exchange, err error) {
	c := x.c
	f, status := failure(err)
	x.failed = err
	if errors.Is(f, errTimeout) || errors.Is(f, errNotFound) || errors.Is(f, errMethod) {
		x.failed = f.Because(err)
	}
	if c.Response().Committed {
		return // the reply is on its way; the log line tells what happened
	}
	text := a.language.catalog(x.request.Language)
	p := problem{
		Type: problemTypes + f.Code, Title: text.title(f.Kind), Status: status, Detail: text.detail(f),
		Instance: c.Request().URL.EscapedPath(), Code: f.Code, RequestID: x.request.ID,
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, problemField{Field: field.Name, Code: field.Code, Detail: text.field(field)})
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{}`) // strings and numbers always encode
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "application/problem+json")
	h.Set("Content-Language", x.request.Language)
	h.Add(echo.HeaderVary, "Accept-Language")
	h.Set("Cache-Control", noStore)
	h.Del("ETag")
	switch status {
	case http.StatusUnauthorized:
		h.Set(echo.HeaderWWWAuthenticate, "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusInsufficientStorage:
		h.Set("Retry-After", strconv.Itoa(max(retryAfter, seconds(f.Wait))))
	}
	c.Response().WriteHeader(status)
	if c.Request().Method != http.MethodHead {
		_, _ = c.Response().Write(body) // a client that has gone cannot be told
	}
}
