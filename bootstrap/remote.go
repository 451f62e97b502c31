package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// defaultServer is where a server listens unless told otherwise.
	defaultServer = "http://127.0.0.1:8000"
	// remoteTime bounds one request to a server: more than the server takes for one.
	remoteTime = 60 * time.Second
	// maxReply bounds what is read of a reply, in bytes.
	maxReply = 16 << 20
)

// remoteFlags say which server a command talks to, and as whom.
type remoteFlags struct {
	Server string `help:"Address of the server; http://127.0.0.1:8000 unless TOEIC_SERVER says otherwise." placeholder:"URL"`
	Token  string `help:"An API token with a scope such as cache:*; better given as ADMIN_TOKEN, as others on the machine see command lines." placeholder:"TOKEN"`
	JSON   bool   `name:"json" help:"Print what the server replies, as it is."`
}

// remote is a server that runs.
type remote struct {
	base, token string
	client      *http.Client
}

// remote finds the server of the flags, or else of the environment.
func (r *run) remote(f remoteFlags) (remote, error) {
	base, token := f.Server, f.Token
	if base == "" {
		base = r.variable("TOEIC_SERVER")
	}
	if base == "" {
		base = defaultServer
	}
	if token == "" {
		token = r.variable("ADMIN_TOKEN")
	}
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return remote{}, misuse{fmt.Errorf("the server %q is no address such as https://toeic.example.com", base)}
	case token == "":
		return remote{}, misuse{errors.New("a token is needed: set ADMIN_TOKEN, or give --token; \"toeic token create\" makes one")}
	}
	return remote{strings.TrimSuffix(base, "/"), token, &http.Client{Timeout: remoteTime}}, nil
}

// variable reads the environment of the command.
func (r *run) variable(name string) string {
	value := ""
	for _, pair := range r.surroundings.Environ {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			value = v
		}
	}
	return value
}

// call sends a request, with in as its body unless that is nil, and returns the reply as it came.
func (s remote) call(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the reply: %w", err)
	case len(reply) > maxReply:
		return nil, fmt.Errorf("the reply is longer than %d bytes", maxReply)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(res.Status, reply)
	}
	return reply, nil
}

// refusal says in words why a server refused.
func refusal(status string, reply []byte) error {
	var p struct {
		Title, Detail string
		Errors        []struct{ Field, Detail string }
	}
	if err := json.Unmarshal(reply, &p); err != nil || p.Title == "" {
		return fmt.Errorf("the server answered %s", status)
	}
	text := p.Title + ": " + p.Detail
	for _, e := range p.Errors {
		text += "\n  " + e.Field + ": " + e.Detail
	}
	return errors.New(text)
}

// asked calls a server and shows its reply: as it came, or by show.
func asked[T any](ctx context.Context, r *run, f remoteFlags, method, path string, in any, show func(T)) error {
	_, err := answer(ctx, r, f, method, path, in, show)
	return err
}

// answer calls a server, shows its reply as asked does, and returns it.
func answer[T any](ctx context.Context, r *run, f remoteFlags, method, path string, in any, show func(T)) (T, error) {
	var out T
	s, err := r.remote(f)
	if err != nil {
		return out, err
	}
	reply, err := s.call(ctx, method, path, in)
	if err != nil {
		return out, err
	}
	return shown(r, f, reply, show)
}

// shown prints a reply, and returns it. What cannot be read is not printed: who asks for JSON must not take anything else
// for it.
func shown[T any](r *run, f remoteFlags, reply []byte, show func(T)) (T, error) {
	out, err := read[T](reply)
	switch {
	case err != nil:
		return out, err
	case f.JSON:
		r.printf("%s\n", bytes.TrimSpace(reply))
	default:
		show(out)
	}
	return out, nil
}

// read reads a reply.
func read[T any](reply []byte) (out T, err error) {
	if err := json.Unmarshal(reply, &out); err != nil {
		return out, fmt.Errorf("the server is another version, or none of ours; its reply cannot be read: %w", err)
	}
	return out, nil
}
