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
	admin      role = "admin"
	adminToken role = "token with scope admin:*"
	examsToken role = "token with scope exams:read"
)

// object is whose thing a route with an identifier is asked about.
type object string

const (
	own     object = "one's own"
	others  object = "another's"
	nobodys object = "nobody's"
)

// permitted says which roles a permission lets through. It is written down a second time on purpose: the
// program's own table is what is being tested.
var permitted = map[string][]role{
	"public":         {nobody, learner, admin, adminToken, examsToken},
	"account:own":    {learner, admin},
	"exams:read":     {learner, admin, examsToken},
	"attempts:take":  {learner, admin},
	"sessions:read":  {admin, adminToken},
	"sessions:write": {admin, adminToken},
}

// cell is what a route needs and answers when the caller is permitted.
type cell struct {
	body    func(m *matrix, caller person) any
	want    int            // without an identifier
	objects map[object]int // with one
	id      func(m *matrix, caller person) string
	fresh   bool // the call ends what it is made with
}

var private404 = map[object]int{others: 404, nobodys: 404}

func onObject(own404 int) map[object]int {
	out := map[object]int{own: own404}
	for o, status := range private404 {
		out[o] = status
	}
	return out
}

// table holds every route. A route that it lacks fails the test.
var table = map[string]cell{
	"GET /health":       {want: 200},
	"GET /health/live":  {want: 200},
	"GET /health/ready": {want: 200},
	"POST /api/v1/auth/register": {want: 201, body: func(*matrix, person) any {
		return map[string]any{"email": fmt.Sprintf("cell-%d@example.com", people.Add(1)), "password": password, "display_name": "Cell"}
	}},
	"POST /api/v1/auth/login": {want: 200, body: func(m *matrix, _ person) any {
		return map[string]any{"email": m.victim.User.Email, "password": password}
	}},
	"POST /api/v1/auth/refresh": {want: 200, body: func(m *matrix, _ person) any {
		_, s := m.server.register(m.t)
		return map[string]any{"refresh_token": s.RefreshToken}
	}},
	"POST /api/v1/auth/logout":              {want: 204, fresh: true},
	"GET /api/v1/users/me":                  {want: 200},
	"PATCH /api/v1/users/me":                {want: 200, body: func(*matrix, person) any { return map[string]any{"target_score": 700} }},
	"DELETE /api/v1/users/me":               {want: 204, fresh: true},
	"GET /api/v1/users/me/sessions":         {want: 200},
	"DELETE /api/v1/users/me/sessions/{id}": {objects: onObject(204), id: ownSession, fresh: true},
	"GET /api/v1/admin/sessions":            {want: 200},
	"DELETE /api/v1/admin/sessions/{id}":    {objects: map[object]int{others: 204, nobodys: 404}},
	"GET /api/v1/exams":                     {want: 200},
	"GET /api/v1/exams/{id}":                {objects: map[object]int{own: 200, nobodys: 404}, id: func(m *matrix, _ person) string { return m.exam }},
	"GET /api/v1/media/{hash}":              {objects: map[object]int{own: 200, nobodys: 404}, id: func(m *matrix, _ person) string { return m.media }},
	"POST /api/v1/attempts": {want: 201, fresh: true, body: func(m *matrix, _ person) any {
		return map[string]any{"exam_id": m.exam, "mode": "practice"}
	}},
	"GET /api/v1/attempts":                {want: 200},
	"GET /api/v1/attempts/{id}":           {objects: onObject(200), id: ownAttempt, fresh: true},
	"GET /api/v1/attempts/{id}/questions": {objects: onObject(200), id: ownAttempt, fresh: true},
	"PUT /api/v1/attempts/{id}/answers": {objects: onObject(200), id: ownAttempt, fresh: true, body: func(*matrix, person) any {
		return answers(answer{1, "A", 1})
	}},
	"POST /api/v1/attempts/{id}/advance": {objects: onObject(409), id: ownAttempt, fresh: true}, // practice has no sections
	"POST /api/v1/attempts/{id}/abandon": {objects: onObject(200), id: ownAttempt, fresh: true},
	"POST /api/v1/attempts/{id}/submit":  {objects: onObject(200), id: ownAttempt, fresh: true},
	"GET /api/v1/attempts/{id}/result":   {objects: onObject(409), id: ownAttempt, fresh: true}, // not submitted yet
	"GET /api/v1/attempts/{id}/review":   {objects: onObject(409), id: ownAttempt, fresh: true},
}

func ownAttempt(_ *matrix, caller person) string { return caller.start("practice").ID }

func ownSession(_ *matrix, caller person) string {
	var got struct{ Items []struct{ ID string } }
	caller.want(200, &got, "GET", "/api/v1/users/me/sessions", nil)
	return got.Items[0].ID
}

// matrix is a server with somebody who must not be harmed, and callers of every role.
type matrix struct {
	t       *testing.T
	place   place
	server  *server
	victim  session
	attempt string // of the victim
	exam    string
	media   string
	callers map[role]person
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	p := place{dir: t.TempDir()}
	m := &matrix{t: t, place: p, server: p.serve(t)}
	victim, s := m.server.register(t)
	m.victim, m.exam = s, victim.exams()[0].ID
	m.attempt = victim.start("exam").ID
	var sheet struct {
		Groups []struct{ Stimuli []struct{ URL string } }
	}
	victim.want(200, &sheet, "GET", "/api/v1/attempts/"+m.attempt+"/questions", nil)
	m.media = sheet.Groups[0].Stimuli[0].URL[len("/api/v1/media/"):]
	m.callers = map[role]person{nobody: {t: t, server: m.server}}
	m.callers[learner], m.callers[admin] = m.fresh(learner), m.fresh(admin)
	email := m.newAdmin()
	for r, scope := range map[role]string{adminToken: "admin:*", examsToken: "exams:read"} {
		out := p.must(t, "", "token", "create", "--email", email, "--name", "matrix", "--scope", scope, "--ttl", "1h")
		m.callers[r] = person{t: t, server: m.server, token: strings.TrimSpace(out)}
	}
	return m
}

func (m *matrix) newAdmin() string {
	m.t.Helper()
	email := fmt.Sprintf("admin-%d@example.com", people.Add(1))
	m.place.must(m.t, password+"\n", "admin", "create", "--email", email, "--password-stdin")
	return email
}

// fresh returns a caller whom nothing happened to yet.
func (m *matrix) fresh(r role) person {
	m.t.Helper()
	switch r {
	case learner:
		p, _ := m.server.register(m.t)
		return p
	case admin:
		var s session
		nobody := person{t: m.t, server: m.server}
		nobody.want(200, &s, "POST", "/api/v1/auth/login", map[string]any{"email": m.newAdmin(), "password": password})
		nobody.token = s.AccessToken
		return nobody
	default:
		return m.callers[r]
	}
}

// victims returns the identifier of the victim's thing that a route is about.
func (m *matrix) victims(path string) string {
	if strings.Contains(path, "attempts") {
		return m.attempt
	}
	if strings.Contains(path, "admin/sessions") { // a session that may end
		_, s := m.server.register(m.t)
		return s.SessionID
	}
	return m.victim.SessionID
}

const (
	unknownID   = "01890000-0000-7000-8000-000000000000"
	unknownHash = "0000000000000000000000000000000000000000000000000000000000000000"
)

// routes reads every route with its permission from the document that the server publishes.
func (s *server) routes(t *testing.T) map[string]string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Permission string `json:"x-permission"`
		}
	}
	person{t: t, server: s}.want(200, &document, "GET", "/openapi.json", nil)
	out := map[string]string{}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			out[strings.ToUpper(method)+" "+path] = operation.Permission
		}
	}
	return out
}

func TestEveryRouteAnswersEveryRoleAsItShould(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	routes := m.server.routes(t)
	cells := 0
	for route, permission := range routes {
		row, known := table[route]
		if !known || permitted[permission] == nil {
			t.Errorf("%s (permission %q) is not in the matrix", route, permission)
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		for _, r := range []role{nobody, learner, admin, adminToken, examsToken} {
			for _, o := range objectsOf(row) {
				cells++
				m.judge(method, path, row, permission, r, o)
			}
		}
	}
	for route := range table {
		if _, there := routes[route]; !there {
			t.Errorf("%s is in the matrix but not served", route)
		}
	}
	// After all that, the victim's things are as they were.
	victim := person{t: t, server: m.server, token: m.victim.AccessToken}
	var a attemptInfo
	victim.want(200, &a, "GET", "/api/v1/attempts/"+m.attempt, nil)
	if a.Status != "in_progress" || a.AnsweredCount != 0 {
		t.Errorf("somebody changed the victim's attempt: %+v", a)
	}
	t.Logf("%d routes, %d cells", len(routes), cells)
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

func (m *matrix) judge(method, path string, row cell, permission string, r role, o object) {
	m.t.Helper()
	allowed := slices.Contains(permitted[permission], r)
	caller := m.callers[r]
	if allowed && row.fresh {
		caller = m.fresh(r)
	}
	want := row.want
	target := path
	if o != "" {
		want = row.objects[o]
		target = path[:strings.Index(path, "{")] + m.identifier(path, row, caller, o, allowed) + path[strings.Index(path, "}")+1:]
	}
	switch {
	case !allowed && r == nobody:
		want = 401
	case !allowed:
		want = 403
	}
	var body any
	if row.body != nil {
		body = row.body(m, caller)
	}
	got := caller.do(method, target, body)
	if got.status != want {
		m.t.Errorf("%s %s as %s on %s thing: %d, want %d\n%s", method, path, r, o, got.status, want, got.body)
	}
	if got.status >= 400 && !json.Valid(got.body) {
		m.t.Errorf("%s %s: the failure is no JSON: %s", method, path, got.body)
	}
}

func (m *matrix) identifier(path string, row cell, caller person, o object, allowed bool) string {
	switch {
	case o == nobodys && strings.Contains(path, "{hash}"):
		return unknownHash
	case o == nobodys:
		return unknownID
	case o == own && (allowed || strings.Contains(path, "exams") || strings.Contains(path, "media")):
		return row.id(m, caller)
	default: // somebody who may not is refused before whose thing it is matters
		return m.victims(path)
	}
}
