// Package errs is the closed set of failures Ricochet distinguishes. An error
// carries a kind (what the caller can do about it), a text key (what a person
// may be told, translated at the edge by package web) and a wrapped cause
// (what the log gets). The cause never reaches a visitor.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what went wrong, seen from the caller. The set is closed: package
// web maps every kind to one HTTP status.
type Kind string

// The kinds, with the HTTP status web gives each.
const (
	Invalid      Kind = "invalid"      // 400 or 422: the input is wrong; Fields says where
	Unauthorized Kind = "unauthorized" // 401: nobody is signed in
	Forbidden    Kind = "forbidden"    // 403: signed in, not allowed
	NotFound     Kind = "not_found"    // 404
	Conflict     Kind = "conflict"     // 409: somebody else changed it first
	TooLarge     Kind = "too_large"    // 413
	RateLimited  Kind = "rate_limited" // 429: RetryAfter says when
	Unavailable  Kind = "unavailable"  // 503: storage or a peer is down, try again
	Internal     Kind = "internal"     // 500: a defect of ours
)

// Field is one wrong input: its name in the form or JSON, and the text key of
// what is wrong with it.
type Field struct {
	Name string
	Key  string
	Args map[string]any
}

// Texts is an argument of a text that is made of texts itself, given by their
// keys: package web writes them in the reader's language, one after the other.
type Texts []string

// Error is a failure with a kind. Build it with New or Wrap.
type Error struct {
	Kind       Kind
	Key        string         // text key for the person, e.g. "error.ticket.not_found"; "" means the kind's own text
	Args       map[string]any // template data of the text
	Fields     []Field        // which inputs are wrong, for Invalid
	RetryAfter time.Duration  // for RateLimited and Unavailable
	Err        error          // the cause, for the log alone
}

// New makes an error of a kind; key is the text a person is shown ("" for the
// kind's own), cause is what the log gets and may be nil.
func New(kind Kind, key string, cause error) *Error {
	return &Error{Kind: kind, Key: key, Err: cause}
}

// Newf makes an error of a kind whose cause is formatted like fmt.Errorf; use
// %w to keep a chain.
func Newf(kind Kind, key, format string, args ...any) *Error {
	return &Error{Kind: kind, Key: key, Err: fmt.Errorf(format, args...)}
}

// InvalidFields makes an Invalid error that names the wrong inputs.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Key: "error.form", Fields: fields}
}

// Error is the log's text: kind, key and cause.
func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Key != "" {
		s += " (" + e.Key + ")"
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Name, f.Key)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the outermost Error in the chain, Internal when there
// is none, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is says whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
