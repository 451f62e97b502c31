package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/domain/fault"
)

const (
	replyLifetime = 24 * time.Hour
	maxKey        = 200              // bytes of an Idempotency-Key
	keepTime      = 5 * time.Second  // to store or give up a reply after the client has gone
	staleSlack    = 10 * time.Second // beyond the longest request, after which a claim's owner is dead
)

// errKey is the failure of a key that is none.
var errKey = fault.New(fault.Invalid, "idempotency.invalid_key", "The Idempotency-Key must be 1 to 200 printable ASCII characters.")

// once does the work of a request, or gives the answer that was given to it before. The key belongs to its owner
// and route. Failures are not kept: they give the key back.
func (a *API) once(x *exchange, key string, body []byte, work func() (rendered, error)) (rendered, error) {
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return rendered{}, errKey
	}
	r, req := x.request, x.c.Request()
	owner := r.Actor.UserID.String()
	if r.Actor.Nobody() {
		owner = r.Device.IP // or strangers who chose the same key would stand in each other's way
	}
	id := digest(owner, req.Method, x.c.Path(), key)
	print := digest(req.Method, req.URL.EscapedPath(), string(body))
	stored, err := a.config.Replies.Claim(x, id, print, a.config.Clock.Now(), a.config.RequestTimeout+staleSlack, replyLifetime)
	if err != nil {
		return rendered{}, err
	}
	if stored != nil {
		var out rendered
		if err := json.Unmarshal(stored, &out); err != nil {
			return rendered{}, fmt.Errorf("read a stored reply: %w", err)
		}
		x.c.Response().Header().Set("Idempotency-Replayed", "true")
		return out, nil
	}
	kept := false
	defer func() { // also after a panic
		if !kept {
			a.afterwards(x, "release an idempotency key", func(ctx context.Context) error { return a.config.Replies.Release(ctx, id) })
		}
	}()
	out, err := work()
	if err != nil {
		return rendered{}, err
	}
	encoded, err := json.Marshal(out)
	if err != nil {
		return rendered{}, fmt.Errorf("encode a reply to keep: %w", err)
	}
	kept = true // what is done is done, even if the reply cannot be kept
	a.afterwards(x, "keep a reply", func(ctx context.Context) error { return a.config.Replies.Keep(ctx, id, encoded) })
	return out, nil
}

// afterwards does what has to be done though the client may have gone, and logs a failure.
func (a *API) afterwards(ctx context.Context, what string, fn func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := fn(ctx); err != nil {
		a.config.Logger.Error(what, zap.Error(err))
	}
}

// digest hashes parts so that no two lists of parts share one.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
