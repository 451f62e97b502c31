package integration

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"  // the tests look behind the server's back
	_ "modernc.org/sqlite" // likewise
)

// database opens the store of a place beside the server.
func (p place) database(t *testing.T) *sql.DB {
	t.Helper()
	driver, name := "postgres", p.databaseURL
	if name == "" {
		driver, name = "sqlite", "file:"+filepath.Join(p.dir, "data", "toeic.db")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestAnAttemptThatRanOutWhileTheServerWasDownIsScoredAfterItsRestart(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, _ := s.register(t)
		a := me.start("exam")
		me.want(200, nil, "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{1, "A", 1}))
		s.kill()
		past := time.Now().UTC().Add(-time.Hour)
		query := "UPDATE attempts SET started_at = $1, deadline_at = $2 WHERE id = $3"
		args := []any{past, past.Add(30 * time.Minute), a.ID}
		if p.databaseURL == "" { // as the server writes times
			args[0], args[1] = past.Format("2006-01-02 15:04:05.999999999-07:00"), past.Add(30*time.Minute).Format("2006-01-02 15:04:05.999999999-07:00")
		}
		if _, err := p.database(t).Exec(query, args...); err != nil {
			t.Fatal(err)
		}
		me.server = p.serve(t)
		var got attemptInfo
		eventually(t, "the attempt is scored", func() bool {
			me.want(200, &got, "GET", "/api/v1/attempts/"+a.ID, nil)
			return got.Status != "in_progress"
		})
		if got.Status != "expired" || got.AnsweredCount != 1 {
			t.Errorf("the attempt is %+v", got)
		}
		me.want(200, nil, "GET", "/api/v1/attempts/"+a.ID+"/result", nil)
		me.refused(409, "attempt.closed", "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{2, "A", 1}))
	})
}

func TestAStopFinishesTheRequestsThatItHas(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SHUTDOWN_DELAY=500ms"}}
	s := p.serve(t)
	me, _ := s.register(t)
	a := me.start("practice")

	// A request that is under way: its body comes in two halves, the second after the stop began.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"answers":[{"number":1,"choice":"A","seq":1}]}`
	fmt.Fprintf(conn, "PUT /api/v1/attempts/%s/answers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		a.ID, me.token, len(body), body[:10])
	done := make(chan int, 1)
	go func() { done <- s.terminate(t) }()
	s.await(t, "/health/ready", 503) // ready no more, but alive
	person{t: t, server: s}.want(200, nil, "GET", "/health/live", nil)
	time.Sleep(600 * time.Millisecond) // beyond the delay, when the listener is closed
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		t.Error("a draining server takes new connections")
	}
	if _, err := io.WriteString(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		t.Errorf("the request under way got %q, %v", answer, err)
	}
	if code := <-done; code != 0 {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
	if logs := s.logs.String(); !strings.Contains(logs, `"code":"service.draining"`) || strings.Contains(logs, `"level":"ERROR"`) {
		t.Errorf("a stop that was asked for is logged as\n%s", logs)
	}
}

func TestFourServersThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		servers := make([]*server, 4)
		var wait sync.WaitGroup
		for i := range servers {
			wait.Go(func() { servers[i] = p.serve(t) })
		}
		wait.Wait()
		applied := 0
		for _, s := range servers {
			applied += strings.Count(s.logs.String(), "applied a migration")
		}
		files, err := filepath.Glob("../../migrations/sqlite/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal("no migrations found", err)
		}
		if applied != len(files) {
			t.Errorf("%d migrations were applied %d times", len(files), applied)
		}
		me, _ := servers[0].register(t)
		for _, s := range servers { // they share keys, sessions and the one copy of the content
			me.server = s
			if got := me.exams(); len(got) != 1 {
				t.Errorf("exams = %+v", got)
			}
		}
	})
}

func TestTheFirstRunNeedsNothingAndKeepsItsFilesPrivate(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	eventually(t, "the banner is whole", func() bool { return strings.Contains(s.banner.String(), "Stop with") })
	for _, words := range []string{s.url, s.url + "/docs", "admin create --email"} {
		if !strings.Contains(s.banner.String(), words) {
			t.Errorf("the banner lacks %q:\n%s", words, s.banner)
		}
	}
	for name, mode := range map[string]os.FileMode{"data": 0o700, "data/toeic.db": 0o600, "data/toeic.db-wal": 0o600, "data/token.key": 0o600} {
		info, err := os.Stat(filepath.Join(p.dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), mode)
		}
	}
	me, in := s.register(t)
	s.terminate(t)
	me.server = p.serve(t)
	me.want(200, nil, "GET", "/api/v1/users/me", nil) // the generated key is kept
	me.want(200, nil, "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": in.RefreshToken})
}
