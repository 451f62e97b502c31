package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// role is a kind of caller.
type role string

const (
	nobody     role = "nobody"
	learner    role = "learner"
	teacher    role = "teacher"
	editor     role = "editor"
	rater      role = "rater"
	operator   role = "operator"
	admin      role = "admin"
	watcher    role = "watcher" // a role that an administrator defined
	adminToken role = "token with scope admin:*"
	examsToken role = "token with scope exams:read"
	allToken   role = "token with scope *"
)

// callers are the columns of the matrix.
var callers = []role{nobody, learner, teacher, editor, rater, operator, admin, watcher, adminToken, examsToken, allToken}

func (r role) token() bool { return strings.HasPrefix(string(r), "token") }

// object is whose thing a route with an identifier is asked about.
type object string

const (
	own     object = "one's own"
	others  object = "another's"
	nobodys object = "nobody's"
)

// permitted says which roles a permission lets through. It is written down a second time on purpose: the
// program's own table is what is being tested.
var permitted = func() map[string][]role {
	people := []role{learner, teacher, editor, rater, operator, admin}
	operators := []role{operator, admin, adminToken, allToken}
	admins := []role{admin, adminToken, allToken}
	teachers, editors := []role{teacher, admin, adminToken, allToken}, []role{editor, admin, adminToken, allToken}
	staff := []role{teacher, editor, rater, admin, adminToken, allToken}
	with := func(more []role, base ...role) []role { return append(slices.Clone(more), base...) }
	return map[string][]role{
		"public":         callers,
		"account:own":    with(people, allToken),
		"exams:read":     with(people, allToken, examsToken),
		"attempts:take":  with(people, allToken),
		"tokens:own":     operators,
		"tokens:read":    operators,
		"tokens:write":   operators,
		"sessions:read":  with(operators, watcher),
		"sessions:write": operators,
		"users:read":     operators,
		"users:write":    admins,
		"roles:read":     operators,
		"roles:write":    admins,
		"audit:read":     with(operators, watcher),
		"security:read":  operators,

		"learners:read":   teachers,
		"learners:write":  teachers,
		"scoring:read":    staff,
		"scoring:write":   editors,
		"statistics:read": staff,
		"jobs:read":       operators,
		"jobs:write":      operators,
		"cache:read":      operators,
		"cache:manage":    operators,
	}
}()

// cell is what a route needs and answers when the caller is permitted.
type cell struct {
	body    func(m *matrix, caller party) any
	query   string         // of the address, for whoever may; with its question mark
	want    int            // without an identifier
	objects map[object]int // with one
	own     func(m *matrix, caller party) string
	others  func(m *matrix) string  // something of somebody else's that may be changed by whoever may
	token   int                     // the answer to an API token, where that is another one
	changes func(reply string) bool // whether a success changed something, where that is not always so
	fresh   bool                    // the call ends what it is made with
}

// party is a caller with the address of its account.
type party struct {
	person
	email string
	role  role
}

// matrix is a server with somebody who must not be harmed, and callers of every role.
type matrix struct {
	t       *testing.T
	place   place
	server  *server
	chief   party // an administrator who arranges things
	victim  session
	attempt string // of the victim
	exam    string
	media   string
	parties map[role]party
	exports map[string]string // by address
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	p := place{dir: t.TempDir()}
	m := &matrix{t: t, place: p, server: p.serve(t), parties: map[role]party{}, exports: map[string]string{}}
	m.chief = m.admin()
	victim, s := m.server.register(t)
	m.victim, m.exam = s, victim.exams()[0].ID
	m.attempt = victim.start("exam").ID
	var sheet struct {
		Groups []struct{ Stimuli []struct{ URL string } }
	}
	victim.want(200, &sheet, "GET", "/api/v1/attempts/"+m.attempt+"/questions", nil)
	m.media = sheet.Groups[0].Stimuli[0].URL[len("/api/v1/media/"):]
	m.chief.want(201, nil, "POST", "/api/v1/admin/roles", map[string]any{"name": watcher, "permissions": []string{"sessions:read", "audit:read"}})
	scripts := m.admin()
	for _, r := range callers {
		switch r {
		case nobody:
			m.parties[r] = party{person: person{t: t, server: m.server}, role: r}
		case adminToken, examsToken, allToken:
			scope := strings.TrimPrefix(string(r), "token with scope ")
			m.parties[r] = party{person{t: t, server: m.server, token: m.token(scripts.email, scope)}, scripts.email, r}
		default:
			m.parties[r] = m.fresh(r)
		}
	}
	return m
}

// token creates an API token on the command line.
func (m *matrix) token(email, scope string) string {
	m.t.Helper()
	return strings.TrimSpace(m.place.must(m.t, "", "token", "create", "--email", email, "--name", "matrix", "--scope", scope, "--ttl", "1h"))
}

// admin returns a new administrator who is signed in.
func (m *matrix) admin() party {
	m.t.Helper()
	email := fmt.Sprintf("admin-%d@example.com", people.Add(1))
	m.place.must(m.t, password+"\n", "admin", "create", "--email", email, "--password-stdin")
	p, _ := m.server.login(m.t, email)
	return party{p, email, admin}
}

// fresh returns a caller whom nothing happened to yet.
func (m *matrix) fresh(r role) party {
	m.t.Helper()
	if r == nobody || r.token() {
		return m.parties[r]
	}
	if r == admin {
		return m.admin()
	}
	p, s := m.server.register(m.t)
	if r != learner {
		m.chief.want(200, nil, "PUT", "/api/v1/admin/users/"+s.User.ID+"/roles", map[string]any{"roles": []role{r}})
	}
	return party{p, s.User.Email, r}
}

// routeInfo is what the document of a server says of a route.
type routeInfo struct {
	permission string
	fresh      bool // asks for a fresh proof of identity
}

// routes reads every route from the document that the server publishes.
func (s *server) routes(t *testing.T) map[string]routeInfo {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Permission string `json:"x-permission"`
			Fresh      bool   `json:"x-fresh"`
		}
	}
	person{t: t, server: s}.want(200, &document, "GET", "/openapi.json", nil)
	out := map[string]routeInfo{}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			out[strings.ToUpper(method)+" "+path] = routeInfo{operation.Permission, operation.Fresh}
		}
	}
	return out
}

func TestEveryRouteAnswersEveryRoleAsItShould(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	routes := m.server.routes(t)
	cells, audited := 0, 0
	for route, info := range routes {
		row, known := table[route]
		if !known || permitted[info.permission] == nil {
			t.Errorf("%s (permission %q) is not in the matrix", route, info.permission)
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		for _, r := range callers {
			for _, o := range objectsOf(row) {
				cells++
				if m.judge(method, path, row, info, r, o) {
					audited++
				}
			}
		}
	}
	for route := range table {
		if _, there := routes[route]; !there {
			t.Errorf("%s is in the matrix but not served", route)
		}
	}
	m.unharmed()
	t.Logf("%d routes × %d callers: %d cells; %d administrative changes found in the audit log", len(routes), len(callers), cells, audited)
}

// unharmed checks that after all that, the victim's things are as they were.
func (m *matrix) unharmed() {
	m.t.Helper()
	victim := person{t: m.t, server: m.server, token: m.victim.AccessToken}
	var a attemptInfo
	victim.want(200, &a, "GET", "/api/v1/attempts/"+m.attempt, nil)
	if a.Status != "in_progress" || a.AnsweredCount != 0 {
		m.t.Errorf("somebody changed the victim's attempt: %+v", a)
	}
	var u struct {
		Roles []string
		Name  string `json:"display_name"`
	}
	victim.want(200, &u, "GET", "/api/v1/users/me", nil)
	if !slices.Equal(u.Roles, []string{"learner"}) || u.Name != "Learner" {
		m.t.Errorf("somebody changed the victim's account: %+v", u)
	}
}

func objectsOf(row cell) []object {
	if row.objects == nil {
		return []object{""}
	}
	var out []object
	for o := range row.objects {
		out = append(out, o)
	}
	slices.Sort(out)
	return out
}

// judge fills one cell, and reports whether it found an administrative change in the audit log.
func (m *matrix) judge(method, path string, row cell, info routeInfo, r role, o object) bool {
	m.t.Helper()
	allowed := slices.Contains(permitted[info.permission], r)
	caller := m.parties[r]
	if allowed && row.fresh {
		caller = m.fresh(r)
	}
	target := path
	if o != "" {
		target = path[:strings.Index(path, "{")] + m.identifier(path, row, caller, o, allowed) + path[strings.Index(path, "}")+1:]
	}
	var body any
	if row.body != nil && allowed { // whoever may not is refused before the body matters
		body = row.body(m, caller)
	}
	if allowed {
		target += row.query
	}
	want := m.expected(row, info, path, r, o, allowed)
	got := caller.do(method, target, body)
	if got.status != want {
		m.t.Errorf("%s %s as %s on %s thing: %d, want %d\n%s", method, path, r, o, got.status, want, got.body)
	}
	if got.status >= 400 && !json.Valid(got.body) {
		m.t.Errorf("%s %s: the failure is no JSON: %s", method, path, got.body)
	}
	return m.audited(method, path, row, got)
}

// expected is the status that a cell should have.
func (m *matrix) expected(row cell, info routeInfo, path string, r role, o object, allowed bool) int {
	want := row.want
	if o != "" {
		want = row.objects[o]
	}
	administrative := !slices.Contains(permitted[info.permission], learner)
	switch {
	case !allowed && r == nobody:
		return 401
	case !allowed:
		return 403
	case r.token() && info.fresh && !administrative && info.permission != "public": // nobody to prove anything
		return 403
	case r.token() && row.token != 0:
		return row.token
	default:
		return want
	}
}

// audited checks that an administrative change, and nothing else, left an entry in the audit log.
func (m *matrix) audited(method, path string, row cell, got reply) bool {
	m.t.Helper()
	if method == "GET" || !strings.HasPrefix(path, "/api/v1/admin/") {
		return false
	}
	var log struct {
		Items []struct {
			RequestID string `json:"request_id"`
			UserID    string `json:"user_id"`
			IP        string
			Action    string
		}
	}
	m.chief.want(200, &log, "GET", "/api/v1/admin/audit?limit=1", nil)
	changed := got.status < 300 && (row.changes == nil || row.changes(string(got.body)))
	found := len(log.Items) == 1 && log.Items[0].RequestID == got.header.Get("X-Request-Id")
	if found != changed {
		m.t.Errorf("%s %s answered %d; in the audit log: %v", method, path, got.status, found)
	}
	if found && (log.Items[0].UserID == "" || log.Items[0].IP == "" || log.Items[0].Action == "") {
		m.t.Errorf("%s %s: the entry lacks something: %+v", method, path, log.Items[0])
	}
	return found
}

const (
	unknownID   = "01890000-0000-7000-8000-000000000000"
	unknownHash = "0000000000000000000000000000000000000000000000000000000000000000"
)

func (m *matrix) identifier(path string, row cell, caller party, o object, allowed bool) string {
	m.t.Helper()
	switch {
	case o == nobodys && strings.Contains(path, "{hash}"):
		return unknownHash
	case o == nobodys && strings.Contains(path, "{name}"):
		return "nosuchrole"
	case o == nobodys:
		return unknownID
	case o == own && (allowed || row.own != nil && strings.Contains(path, "/exams") || strings.Contains(path, "/media")):
		return row.own(m, caller)
	case allowed && row.others != nil:
		return row.others(m)
	default: // somebody who may not is refused before whose thing it is matters
		return m.victims(path)
	}
}

// victims returns the identifier of the victim's thing that a route is about.
func (m *matrix) victims(path string) string {
	switch {
	case strings.Contains(path, "/attempts"):
		return m.attempt
	case strings.Contains(path, "/admin/users"):
		return m.victim.User.ID
	case strings.Contains(path, "/roles/"):
		return string(watcher)
	case strings.Contains(path, "/sessions"):
		return m.victim.SessionID
	default:
		return unknownID
	}
}
