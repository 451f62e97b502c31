package integration

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// resident is a learner, an administrator, or nobody, with what only they may see.
type resident struct {
	person
	name      string
	pseudonym string              // "" for who is on no leaderboard
	admin     bool                // may see things of others on administrative routes
	things    map[string][]string // identifiers, by the collection that they follow in a path
	secrets   []string            // never in a reply to anybody else
}

// settle makes a learner of whom there is something in every corner, and who is on the leaderboards.
func settle(t *testing.T, s *server, name string, right func(n int) bool) resident {
	t.Helper()
	me, in := s.register(t)
	mark := "Canary of " + name
	me.want(200, nil, "PATCH", "/api/v1/users/me", map[string]any{"display_name": mark})
	r := resident{person: me, name: name, pseudonym: "Night " + name, secrets: []string{mark, in.User.Email}, things: map[string][]string{"users": {in.User.ID}}}
	me.want(200, nil, "PUT", "/api/v1/users/me/leaderboard", map[string]any{"pseudonym": r.pseudonym})
	exam := me.sits("exam", keys(t), right)
	finished := me.draw(3, "immediate").ID
	me.want(200, nil, "POST", "/api/v1/practice/sets/"+finished+"/finish", nil)
	r.things["sets"] = []string{finished, me.draw(3, "immediate").ID}
	r.things["attempts"] = []string{exam.ID, me.start("practice", 5).ID}
	var export struct{ ID, Status string }
	me.want(202, &export, "POST", "/api/v1/users/me/exports", nil)
	eventually(t, "the export is ready", func() bool {
		me.want(200, &export, "GET", "/api/v1/users/me/exports/"+export.ID, nil)
		return export.Status == "ready"
	})
	r.things["exports"] = []string{export.ID}
	r.secrets = append(r.secrets, in.SessionID)
	for _, ids := range r.things {
		r.secrets = append(r.secrets, ids...)
	}
	return r
}

// preside makes an administrator, and returns the identifiers of things that are nobody's.
func preside(t *testing.T, p place, s *server) (resident, map[string][]string) {
	t.Helper()
	chief := chiefOf(t, p, s)
	var me struct{ ID, Email string }
	chief.want(200, &me, "GET", "/api/v1/users/me", nil)
	var token struct{ ID string }
	chief.want(201, &token, "POST", "/api/v1/users/me/tokens", map[string]any{"name": "test", "scopes": []string{"account:own"}, "ttl_seconds": 600})
	exam := chief.exams()[0].ID
	question := questionsOf(chief, exam)[0]
	var correction regradeInfo
	chief.want(200, &correction, "POST", "/api/v1/admin/questions/"+question.ID+"/regrade", map[string]any{"key": other(question.Key), "reason": "test"})
	var run struct{ ID string }
	chief.want(200, &run, "POST", "/api/v1/admin/cache/warm", nil)
	var sheet struct {
		Groups []struct{ Stimuli []struct{ URL string } }
	}
	taker, _ := s.register(t)
	taker.want(200, &sheet, "GET", "/api/v1/attempts/"+taker.start("exam").ID+"/questions", nil)
	return resident{person: chief, name: "the administrator", admin: true, secrets: []string{me.ID, me.Email, token.ID}, things: map[string][]string{"users": {me.ID}}},
		map[string][]string{
			"exams": {exam}, "questions": {question.ID}, "regrades": {correction.ID}, "warm": {run.ID}, "conversions": {"circulated-a-1"},
			"jobs": {p.insertJob(t, p.database(t), "unknown_work", true)}, "media": {strings.TrimPrefix(sheet.Groups[0].Stimuli[0].URL, "/api/v1/media/")},
		}
}

// neverRead are the routes that need not answer 200, with the reason.
var neverRead = map[string]string{}

// question is something to ask.
type question struct{ route, path string }

// audience is everybody with all that there is to ask them.
type audience struct {
	t        *testing.T
	people   []resident
	common   map[string][]string // identifiers of what is nobody's, by collection
	routes   map[string]routeInfo
	answered map[string]int // replies with 200, by route
}

// readRoute is what the document says of a route that reads.
type readRoute struct {
	Parameters []struct {
		Name, In string
		Schema   struct{ Enum []string }
	}
}

// questions are all routes that read, with everybody's things in each place of the path, and without and with each
// parameter of the address.
func (a *audience) questions(s *server) (all []question) {
	a.t.Helper()
	var document struct {
		Paths map[string]struct{ Get *readRoute }
	}
	person{t: a.t, server: s}.want(200, &document, "GET", "/openapi.json", nil)
	for path, methods := range document.Paths {
		if methods.Get == nil {
			continue
		}
		route := "GET " + path
		for _, filled := range a.fill(path) {
			all = append(all, question{route, filled})
			for _, p := range methods.Get.Parameters {
				if p.In != "query" {
					continue
				}
				values := p.Schema.Enum
				if len(values) == 0 {
					values = a.values(p.Name)
				}
				if len(values) == 0 {
					a.t.Errorf("%s: nothing is known to ask for as %s", route, p.Name)
				}
				for _, value := range values {
					all = append(all, question{route, filled + "?" + url.Values{p.Name: {value}}.Encode()})
				}
			}
		}
	}
	return all
}

// fill puts everybody's things into the places of a path, in every way.
func (a *audience) fill(path string) []string {
	a.t.Helper()
	before, rest, open := strings.Cut(path, "{")
	if !open {
		return []string{path}
	}
	_, after, _ := strings.Cut(rest, "}")
	collection := before[strings.LastIndex(strings.TrimSuffix(before, "/"), "/")+1 : len(before)-1]
	ids := slices.Clone(a.common[collection])
	for _, r := range a.people {
		ids = append(ids, r.things[collection]...)
	}
	if len(ids) == 0 {
		a.t.Errorf("%s: there is nothing among %s", path, collection)
	}
	var all []string
	for _, id := range ids {
		all = append(all, a.fill(before+id+after)...)
	}
	return all
}

// values are worth asking for as a parameter.
func (a *audience) values(parameter string) []string {
	ann, ben := a.people[0], a.people[1]
	return map[string][]string{
		"limit": {"1", "100"}, "cursor": {"AAAAAAAAAAAAAAAAAAAAAA"}, "part": {"5"}, "since": {"0", "1"}, "hours": {"24"}, "target": {"50"}, "active": {"true", "false"},
		"user": {ann.things["users"][0], ben.things["users"][0]}, "object": {"user:" + ann.things["users"][0], "user:" + ben.things["users"][0]},
		"q": {"Canary of " + ann.name, "Canary of " + ben.name}, "role": {"learner", "admin"}, "ip": {"127.0.0.1"}, "action": {"user.suspended"},
		"exam": a.common["exams"], "form": a.common["exams"], "kind": {"unknown_work"}, "pattern": {"content:*"}, "tag": {"exam:" + a.common["exams"][0]},
	}[parameter]
}

// judge judges what somebody was answered.
func (a *audience) judge(who resident, q question, got reply) {
	a.t.Helper()
	if got.status == 200 {
		a.answered[q.route]++
	}
	administrative := strings.HasPrefix(q.path, "/api/v1/admin/")
	switch {
	case who.token == "" && a.routes[q.route].permission != "public" && got.status != 401:
		a.t.Errorf("nobody gets %d from %s", got.status, q.path)
	case administrative && !who.admin && who.token != "" && got.status != 403:
		a.t.Errorf("%s gets %d from %s", who.name, got.status, q.path)
	}
	a.board(who, q, got)
	if administrative && who.admin {
		return
	}
	for _, other := range a.people {
		if other.name == who.name {
			continue
		}
		for _, secret := range other.secrets {
			switch {
			case !strings.Contains(q.path, url.QueryEscape(secret)):
				if bytes.Contains(got.body, []byte(secret)) {
					a.t.Fatalf("%s is told %q of %s by %s: %s", who.name, secret, other.name, q.path, got.body)
				}
			case got.status == 200 && !strings.Contains(q.path, "?"):
				a.t.Errorf("%s reads %s of %s", who.name, q.path, other.name)
			}
		}
		if on := strings.HasPrefix(q.route, "GET /api/v1/exams/{id}/leaderboard"); other.pseudonym != "" && !on && bytes.Contains(got.body, []byte(other.pseudonym)) {
			a.t.Fatalf("%s is told by %s that %s is %q: %s", who.name, q.path, other.name, other.pseudonym, got.body)
		}
	}
}

// board makes sure that a leaderboard shows those who are on it to everybody, and to each their own place.
func (a *audience) board(who resident, q question, got reply) {
	a.t.Helper()
	if q.route != "GET /api/v1/exams/{id}/leaderboard" || got.status != 200 {
		return
	}
	var b boardInfo
	if err := json.Unmarshal(got.body, &b); err != nil {
		a.t.Fatal(err)
	}
	var names []string
	for _, row := range b.Items {
		names = append(names, row.Pseudonym)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"Night Ann", "Night Ben"}) {
		a.t.Errorf("%s sees %q on %s", who.name, names, q.path)
	}
	if (b.Me == nil) != (who.pseudonym == "") || (b.Me != nil && b.Me.Pseudonym != who.pseudonym) {
		a.t.Fatalf("%s is told the place of somebody else by %s: %s", who.name, q.path, got.body)
	}
}

// Whatever was asked before by whom, and whichever process answers, no reply tells anything of another person.
func TestNoRouteThatReadsServesOnePersonsReplyToAnother(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), databaseURL: emptyPostgres(t), env: []string{
		"ENVIRONMENT=staging", "ACCOUNT_VERIFICATION=off", "TOKEN_SIGNING_KEY=" + fleetKey, "REDIS_URL=" + ownRedis(t).URL(), "RATE_LIMIT_READ=0",
	}}
	servers := []*server{p.serve(t), p.serve(t)}
	admin, common := preside(t, p, servers[0])
	a := &audience{t: t, common: common, routes: servers[0].routes(t), answered: map[string]int{}, people: []resident{
		settle(t, servers[0], "Ann", func(n int) bool { return n%2 == 0 }), settle(t, servers[1], "Ben", func(n int) bool { return n%3 == 0 }),
		admin,
		{person: person{t: t, server: servers[0]}, name: "nobody"},
	}}
	refreshed(admin.person, common["exams"][0])
	questions := a.questions(servers[0])
	seed := rand.Uint64()
	t.Logf("%d questions to %d people, seed %d", len(questions), len(a.people), seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 3 { // so that each is asked of cold caches and of warm ones, after others and before them
		random.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
		for _, q := range questions {
			for _, i := range random.Perm(len(a.people)) {
				who := a.people[i]
				a.judge(who, q, who.at(servers[random.IntN(len(servers))]).do("GET", q.path, nil))
			}
		}
	}
	for route := range a.routes {
		if reason, never := neverRead[route]; strings.HasPrefix(route, "GET ") && (a.answered[route] > 0) == never {
			t.Errorf("%s answered 200 to %d; expected not to because: %q", route, a.answered[route], reason)
		}
	}
	for route := range neverRead {
		if _, there := a.routes[route]; !there {
			t.Errorf("%s is not there", route)
		}
	}
}
