package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/tests/learners"
)

// bareReply is what the bare handler answers, to whom.
type bareReply struct {
	Route  string // as Echo writes it
	Header http.Header
	Body   []byte
	Key    string // that access tokens must be signed with; "" lets everybody in
}

// bareServer is the first argument of the process with the bare handler.
const bareServer = "serve-bytes"

// seldom is how much the memory grows between two collections of garbage, in percent of what is in use, as in the server.
const seldom = 400

// serveBytes is the limit for reads: an Echo handler that knows its reply from the start, behind a listener with the
// settings of the real one, in a process with its settings. It ends with its input.
func serveBytes(in io.Reader, out io.Writer) error {
	if os.Getenv("GOGC") == "" { // else the server heeds it as well
		debug.SetGCPercent(seldom)
	}
	var reply bareReply
	if err := json.NewDecoder(in).Decode(&reply); err != nil {
		return fmt.Errorf("read the reply to give: %w", err)
	}
	e := echo.New()
	handler, err := reply.handler()
	if err != nil {
		return err
	}
	e.GET(reply.Route, handler)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: e, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	fmt.Fprintln(out, listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler gives the reply, with its headers, to those who may have it.
func (r bareReply) handler() (echo.HandlerFunc, error) {
	header, length, tag := r.Header.Clone(), []string{strconv.Itoa(len(r.Body))}, r.Header.Get("Etag")
	header.Del("Date") // the server sets it
	header.Del(echo.HeaderContentLength)
	check, err := checkTokens(r.Key)
	return func(c echo.Context) error {
		if err := check(c); err != nil {
			return err
		}
		h := c.Response().Header()
		maps.Copy(h, header)
		if known := c.Request().Header.Get("If-None-Match"); known != "" && known == tag {
			return c.NoContent(http.StatusNotModified)
		}
		h[echo.HeaderContentLength] = length
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, r.Body)
	}, err
}

// checkTokens does what the server does to know who asks: it checks signature and time of the token, remembers that, and
// looks up the session, which is in a table here from the first time on, and what it may do.
func checkTokens(key string) (func(c echo.Context) error, error) {
	if key == "" {
		return func(echo.Context) error { return nil }, nil
	}
	access, err := token.New(token.Key(key))
	var sessions sync.Map // of actors
	demand := identity.Demand{Permission: identity.ReadExams}
	return func(c echo.Context) error {
		_, bearer, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
		now := time.Now()
		session, err := access.Session(bearer, now)
		if err != nil {
			return echo.NewHTTPError(http.StatusUnauthorized)
		}
		found, ok := sessions.Load(session)
		if !ok {
			found, _ = sessions.LoadOrStore(session, identity.Actor{
				UserID: session, SessionID: session, Until: now.Add(time.Hour), Roles: []identity.Role{identity.Learner},
			})
		}
		actor, _ := found.(identity.Actor)
		if !now.Before(actor.Until) || actor.Authorize(demand, now) != nil {
			return echo.NewHTTPError(http.StatusForbidden)
		}
		return nil
	}, err
}

// bare is the running process of serveBytes.
type bare struct {
	address string
	key     string
	in      io.Closer
	cmd     *exec.Cmd
}

func startBare(ctx context.Context, reply bareReply) (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, bareServer)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the bare handler: %w", err)
	}
	b := &bare{key: reply.Key, in: in, cmd: cmd}
	if err := json.NewEncoder(in).Encode(reply); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the bare handler: %w", err), b.stop())
	}
	b.address = strings.TrimSpace(line)
	return b, nil
}

// seats are those of people, with tokens that the bare handler takes.
func (b *bare) seats(people []*learners.Learner) ([]seat, error) {
	all := seats(people)
	if b.key == "" {
		return all, nil
	}
	access, err := token.New(token.Key(b.key))
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Token, err = access.Sign(uuid.New(), uuid.New(), time.Now(), time.Hour); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (b *bare) stop() error { return errors.Join(b.in.Close(), b.cmd.Wait()) }
