package integration

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var jobRoutes = map[string]cell{
	"GET /api/v1/admin/jobs":                  {want: 200},
	"GET /api/v1/admin/jobs/{id}":             {objects: anybodys(200), others: deadJob},
	"POST /api/v1/admin/jobs/{id}/retry":      {objects: anybodys(200), others: deadJob},
	"DELETE /api/v1/admin/jobs/{id}":          {objects: anybodys(204), others: deadJob},
	"GET /api/v1/admin/schedules":             {want: 200},
	"POST /api/v1/admin/schedules/{name}/run": {objects: anybodys(202), others: func(*matrix) string { return "sweep" }},
}

// deadJob makes a job that was given up.
func deadJob(m *matrix) string {
	m.t.Helper()
	return m.place.insertJob(m.t, m.place.database(m.t), "unknown_work", true)
}

// stamp is a time as the server writes it, in either database.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.999999-07:00") }

// insertJob puts a job into the store behind the server's back: one that was given up, or one that waits a year.
func (p place) insertJob(t *testing.T, db *sql.DB, kind string, dead bool) string {
	t.Helper()
	id, now := uuid.Must(uuid.NewV7()).String(), time.Now()
	var deadAt any
	if dead {
		deadAt = stamp(now)
	}
	const query = "INSERT INTO jobs (id, kind, payload, run_at, tries, dead_at, last_error, created_at) VALUES ($1, $2, $3, $4, 3, $5, 'it was hopeless', $6)"
	if _, err := db.Exec(query, id, kind, []byte("canary"), stamp(now.AddDate(1, 0, 0)), deadAt, stamp(now)); err != nil {
		t.Fatal(err)
	}
	return id
}

type jobInfo struct {
	ID        string
	Kind      string
	State     string
	Tries     int
	LastError string `json:"last_error"`
}

type scheduleInfo struct {
	Name        string
	Rhythm      string
	Runs        int
	NextAt      time.Time  `json:"next_at"`
	SucceededAt *time.Time `json:"succeeded_at"`
	LastError   string     `json:"last_error"`
}

// chief signs an administrator in.
func (p place) chief(t *testing.T, s *server) person {
	t.Helper()
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, _ := s.login(t, "chief@example.com")
	return chief
}

func TestAdministratorsSeeJobsAndTryThemAgainOrRemoveThem(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		chief, db := p.chief(t, s), p.database(t)
		me, _ := s.register(t)
		me.want(202, nil, "POST", "/api/v1/users/me/exports", nil)
		dead, waiting := p.insertJob(t, db, "erase_account", true), p.insertJob(t, db, "erase_account", false)

		list := func(query string) (out []jobInfo) {
			t.Helper()
			for cursor := ""; ; {
				var page struct {
					Items      []jobInfo
					NextCursor *string `json:"next_cursor"`
				}
				r := chief.want(200, &page, "GET", "/api/v1/admin/jobs?limit=1"+query+cursor, nil)
				if strings.Contains(string(r.body), "payload") || strings.Contains(string(r.body), "canary") {
					t.Errorf("a payload is shown: %s", r.body)
				}
				if out = append(out, page.Items...); page.NextCursor == nil {
					return out
				}
				cursor = "&cursor=" + *page.NextCursor
			}
		}
		eventually(t, "the export is done", func() bool { return len(list("&kind=export_data&state=done")) == 1 })
		if got := list("&kind=erase_account"); len(got) != 2 || got[0].ID != waiting || got[0].State != "queued" || got[1].State != "dead" {
			t.Errorf("jobs %+v", got)
		}
		chief.refused(422, "request.invalid", "GET", "/api/v1/admin/jobs?state=lost", nil)
		chief.refused(422, "request.invalid", "GET", "/api/v1/admin/jobs?cursor=nonsense", nil)

		path := func(id string) string { return "/api/v1/admin/jobs/" + id }
		var one jobInfo
		chief.want(200, &one, "GET", path(dead), nil)
		if one.State != "dead" || one.Tries != 3 || one.LastError != "it was hopeless" {
			t.Errorf("job %+v", one)
		}
		done := list("&kind=export_data")[0].ID
		chief.refused(409, "job.not_dead", "POST", path(waiting)+"/retry", nil)
		chief.refused(409, "job.not_dead", "POST", path(done)+"/retry", nil)
		chief.refused(409, "job.not_removable", "DELETE", path(done), nil)
		chief.want(200, &one, "POST", path(dead)+"/retry", nil)
		if one.State != "queued" || one.Tries != 0 {
			t.Errorf("tried again: %+v", one)
		}
		eventually(t, "it fails again, for its payload is none", func() bool {
			chief.want(200, &one, "GET", path(dead), nil)
			return one.State == "dead" && one.Tries == 1 && strings.Contains(one.LastError, "decode")
		})
		chief.want(204, nil, "DELETE", path(dead), nil)
		chief.want(204, nil, "DELETE", path(waiting), nil)
		chief.refused(404, "job.not_found", "GET", path(dead), nil)
		p.must(t, "", "audit", "verify")
	})
}

func TestRecurringWorkIsSeenAndRunByHand(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		second := p.serve(t) // another process, for which the same work is due
		chief := p.chief(t, s)
		known := func() map[string]scheduleInfo {
			var got struct{ Items []scheduleInfo }
			chief.want(200, &got, "GET", "/api/v1/admin/schedules", nil)
			out := map[string]scheduleInfo{}
			for _, i := range got.Items {
				out[i.Name] = i
			}
			return out
		}
		eventually(t, "all recurring work has been done once", func() bool {
			all := known()
			for _, i := range all {
				if i.SucceededAt == nil {
					return false
				}
			}
			return len(all) >= 3
		})
		before := known()["sweep"]
		if before.Runs != 1 || before.Rhythm != "every 10m" {
			t.Errorf("two processes: %+v", before)
		}
		chief.want(202, nil, "POST", "/api/v1/admin/schedules/sweep/run", nil)
		eventually(t, "it is done again", func() bool {
			now := known()["sweep"]
			return now.Runs == 2 && now.SucceededAt.After(*before.SucceededAt) && now.NextAt.After(time.Now())
		})
		chief.refused(404, "job.schedule_not_found", "POST", "/api/v1/admin/schedules/nothing/run", nil)
		if code := second.terminate(t); code != 0 {
			t.Errorf("exit code %d\n%s", code, second.logs)
		}
	})
}

func TestJobsAreLookedAfterOnTheCommandLine(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	p.must(t, "", "migrate", "up")
	dead := p.insertJob(t, p.database(t), "erase_account", true)
	if out := p.must(t, "", "jobs", "list", "--state", "dead"); !strings.Contains(out, dead) || !strings.Contains(out, "hopeless") || strings.Contains(out, "canary") {
		t.Errorf("list says %q", out)
	}
	if out := p.must(t, "", "jobs", "list", "--kind", "send_letter"); out != "" {
		t.Errorf("a list of nothing says %q", out)
	}
	if out := p.must(t, "", "jobs", "schedules"); !strings.Contains(out, "expire_attempts") || !strings.Contains(out, "never") {
		t.Errorf("schedules says %q", out)
	}
	p.must(t, "", "jobs", "retry", dead)
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"jobs retry " + dead:      {1, "given up"},
		"jobs retry " + unknownID: {1, "no such job"},
		"jobs retry x":            {2, "not the identifier"},
		"jobs list --state lost":  {2, "state"},
		"jobs list --limit 0":     {2, "limit"},
	} {
		if got := p.run(t, "", strings.Fields(args)...); got.code != want.code || !strings.Contains(got.stderr, want.says) {
			t.Errorf("%s: exit code %d, %s", args, got.code, got.stderr)
		}
	}
	if out := p.must(t, "", "audit", "verify"); !strings.HasPrefix(out, "1 entries") {
		t.Errorf("the audit log has %s", out)
	}
}
