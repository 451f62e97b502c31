// Package fault is the closed vocabulary of failures that the inside of the service speaks.
//
// A fault says what kind of failure it is (which decides how an outer layer presents it), carries a
// stable machine-readable code, and a sentence that is safe to show to whoever caused it. Every other
// error is internal: it is wrapped with fmt.Errorf, logged once at the edge and never shown.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies a failure. The set is closed: an adapter that presents faults must know them all.
type Kind string

// The kinds of failure.
const (
	Malformed       Kind = "malformed"       // the input could not be read at all
	Invalid         Kind = "invalid"         // the input was read but breaks a rule
	Unauthenticated Kind = "unauthenticated" // nobody, or nobody we can verify
	Forbidden       Kind = "forbidden"       // somebody who may not do this
	NotFound        Kind = "not_found"       // does not exist, or is not the caller's
	Conflict        Kind = "conflict"        // clashes with the present state
	Stale           Kind = "stale"           // the caller's version is not the current one
	TooLarge        Kind = "too_large"       // more bytes than this operation accepts
	Unsupported     Kind = "unsupported"     // a media type or method that is not understood
	TooMany         Kind = "too_many"        // a limit over time was exceeded
	Unavailable     Kind = "unavailable"     // something this service depends on does not answer
	// InsufficientStorage says that there is no room to store what the caller sent; reading goes on.
	InsufficientStorage Kind = "insufficient_storage"
)

// Kinds lists every kind, so that tests can prove each is handled.
func Kinds() []Kind {
	return []Kind{Malformed, Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Stale, TooLarge, Unsupported, TooMany, Unavailable, InsufficientStorage}
}

// Field is one rule broken by one field of the input.
type Field struct {
	Name   string // JSON name or pointer, as the caller wrote it
	Code   string // stable slug such as "required" or "too_long"
	Detail string // a plain sentence
}

// Error is a failure with a kind and a code. Two errors are the same fault (errors.Is) when their codes are equal.
type Error struct {
	Kind    Kind
	Code    string // "<context>.<what_happened>"
	Message string // a plain sentence, safe to show
	Fields  []Field
	// Wait is how long the caller should wait before trying again; zero leaves that to the edge.
	Wait time.Duration

	cause error
}

// New declares a failure. Contexts do so at package level and return the value, or a With copy of it.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Error returns the code and message, followed by the cause where there is one; it is meant for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause given to Because.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same declared failure, whatever fields or cause it was given.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// WithFields returns a copy of e that names the offending fields.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// After returns a copy of e that asks the caller to wait before trying again.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.Wait = wait
	return &c
}

// Merge makes one failure of several checks of the same input: declared with the fields of every err that is
// that fault, nil when all are nil, and the first err that is anything else.
func Merge(declared *Error, errs ...error) error {
	var fields []Field
	failed := false
	for _, err := range errs {
		var f *Error
		switch {
		case err == nil:
		case !errors.Is(err, declared) || !errors.As(err, &f):
			return err
		default:
			failed = true
			fields = append(fields, f.Fields...)
		}
	}
	if !failed {
		return nil
	}
	return declared.WithFields(fields...)
}

// Because returns a copy of e around the error that led to it.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// KindOf returns the kind of the first fault in err's chain, or "" for an internal error.
func KindOf(err error) Kind {
	var f *Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}
