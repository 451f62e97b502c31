package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/domain/caching"
)

// far is a server whose run takes as long as the test wants.
type far struct {
	mu    sync.Mutex
	run   cacheapi.StartedReply
	reply any // instead of the run
	asked []string
	after func(asked string) // may change the run
}

func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := r.Method + " " + r.URL.Path + " as " + r.Header.Get("Authorization")
	f.asked = append(f.asked, asked)
	if r.Method == http.MethodDelete {
		f.run.State = caching.Cancelled
	}
	w.Header().Set("Content-Type", "application/json")
	reply := f.reply
	if reply == nil {
		reply = f.run
	}
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		panic(err)
	}
	if f.after != nil {
		f.after(asked)
	}
}

// cache runs a command against a server.
func (f *far) cache(ctx context.Context, t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	var out, complaints bytes.Buffer
	code = Main(ctx, append([]string{"cache"}, args...), Surroundings{
		Stdout: &out, Stderr: &complaints, Environ: []string{"TOEIC_SERVER=" + server.URL, "ADMIN_TOKEN=secret"}, Dir: t.TempDir(),
	})
	return code, out.String(), complaints.String()
}

func aRun() cacheapi.StartedReply {
	return cacheapi.StartedReply{Begun: true, RunReply: cacheapi.RunReply{ID: uuid.UUID{15: 1}, State: caching.Running, Replica: "a", Loaded: 1, Patterns: map[string]cacheapi.WarmedReply{
		"content:*": {Planned: 3, Loaded: 1},
	}}}
}

const ofTheRun = "/api/v1/admin/cache/warm/00000000-0000-0000-0000-000000000001 as Bearer secret"

func TestACommandFollowsARunToItsEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		state  caching.Outcome
		failed int
		code   int
		says   string
	}{
		"done":            {caching.Done, 0, 0, ""},
		"done, in part":   {caching.Done, 2, 1, "2 keys could not be loaded"},
		"cancelled":       {caching.Cancelled, 0, 1, "cancelled"},
		"lost":            {caching.Lost, 0, 1, "lost"},
		"stopped midways": {caching.Interrupted, 0, 1, "interrupted"},
	} {
		f := &far{run: aRun()}
		f.after = func(string) {
			if len(f.asked) == 2 {
				f.run.State, f.run.Failed, f.run.Loaded = tc.state, tc.failed, 3-tc.failed
			}
		}
		code, stdout, stderr := f.cache(t.Context(), t, "warm", "content:*")
		if code != tc.code || !strings.Contains(stderr, "loaded 1 of 3") || !strings.Contains(stderr, tc.says) || !strings.Contains(stdout, string(tc.state)+" on a") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
		if want := []string{"POST /api/v1/admin/cache/warm as Bearer secret", "GET " + ofTheRun, "GET " + ofTheRun}; !slices.Equal(f.asked, want) {
			t.Errorf("%s: asked %q", name, f.asked)
		}
	}
}

func TestAnInterruptEndsTheRunOnTheServer(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	f := &far{run: aRun()}
	f.after = func(string) {
		if len(f.asked) == 2 {
			interrupt()
		}
	}
	code, _, stderr := f.cache(ctx, t, "warm", "--json")
	if last := f.asked[len(f.asked)-1]; code != exitFailed || last != "DELETE "+ofTheRun || !strings.Contains(stderr, "cancelled") {
		t.Errorf("exit code %d, asked %q\n%s", code, f.asked, stderr)
	}
}

func TestAnInterruptLeavesAloneARunThatSomebodyElseBegan(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	f := &far{run: aRun()}
	f.run.Begun = false
	f.after = func(string) {
		if len(f.asked) == 2 {
			interrupt()
		}
	}
	code, _, stderr := f.cache(ctx, t, "warm")
	if code != exitFailed || slices.Contains(f.asked, "DELETE "+ofTheRun) || !strings.Contains(stderr, "the run goes on") {
		t.Errorf("exit code %d, asked %q\n%s", code, f.asked, stderr)
	}
}

func TestDegradedCachesAreAFailureInBothModes(t *testing.T) {
	for _, args := range [][]string{{"health"}, {"health", "--json"}} {
		for status, want := range map[string]int{"healthy": exitDone, "degraded": exitFailed} {
			f := &far{reply: cacheapi.HealthReply{Status: status, Far: cacheapi.FarHealthReply{Status: "apart"}}}
			code, stdout, stderr := f.cache(t.Context(), t, args...)
			if code != want || !strings.Contains(stdout, status) || strings.Contains(stderr, "Redis is apart") != (want != exitDone) {
				t.Errorf("%v, %s: exit code %d\n%s%s", args, status, code, stdout, stderr)
			}
		}
	}
}

func TestWhatRedisHasNotForgottenYetIsTold(t *testing.T) {
	for state, says := range map[caching.FarClearing]bool{caching.FarPending: true, caching.FarCleared: false, caching.FarNone: false} {
		f := &far{reply: cacheapi.ClearedReply{Far: state}}
		code, stdout, _ := f.cache(t.Context(), t, "clear", "--all")
		if code != exitDone || strings.Contains(stdout, "Redis does not answer") != says {
			t.Errorf("%s: exit code %d\n%s", state, code, stdout)
		}
	}
}

func TestAReplyThatIsTooLongIsNotCut(t *testing.T) {
	f := &far{reply: cacheapi.HealthReply{Status: strings.Repeat("x", maxReply)}}
	code, stdout, stderr := f.cache(t.Context(), t, "health", "--json")
	if code != exitFailed || stdout != "" || !strings.Contains(stderr, "longer than") {
		t.Errorf("exit code %d\n%d bytes, %s", code, len(stdout), stderr)
	}
}

func TestACommandNeedNotWaitForTheEnd(t *testing.T) {
	f := &far{run: aRun()}
	code, stdout, _ := f.cache(t.Context(), t, "warm", "--no-wait")
	if code != exitDone || len(f.asked) != 1 || !strings.Contains(stdout, "running on a") {
		t.Errorf("exit code %d, asked %q\n%s", code, f.asked, stdout)
	}
}

func TestWhatIsNoReplyOfOursIsNoSuccess(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/stats") {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = w.Write([]byte("<html>"))
	}))
	defer server.Close()
	for command, says := range map[string]string{
		"stats": "the server answered 502", "health": "another version", "warm": "cannot be read",
		"advanced --json": "another version", "clear --all --json": "another version", "warm --json": "another version",
	} {
		var out, complaints bytes.Buffer
		code := Main(t.Context(), slices.Concat([]string{"cache"}, strings.Fields(command), []string{"--server", server.URL, "--token", "x"}), Surroundings{Stdout: &out, Stderr: &complaints, Dir: t.TempDir()})
		if code != exitFailed || !strings.Contains(complaints.String(), says) || out.Len() > 0 {
			t.Errorf("%s: exit code %d\n%s%s", command, code, out.String(), complaints.String())
		}
	}
}

func TestATierThatNobodyAskedShowsNoHitRate(t *testing.T) {
	var out strings.Builder
	tierLines(&out, "all", cacheapi.TiersReply{
		Near: cacheapi.TierReply{HitRate: 75, Hits: 3, Misses: 1}, Far: cacheapi.TierReply{HitRate: 100},
	})
	if text := out.String(); !strings.Contains(text, "near\t75.00 %\t3\t1\t") || !strings.Contains(text, "far\t–\t0\t0\t") {
		t.Errorf("%s", text)
	}
}
