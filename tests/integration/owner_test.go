package integration

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// resident is a learner, or nobody, with what only they may see.
type resident struct {
	person
	name    string
	ids     []string // of attempts, practice sets and the like
	secrets []string // never in a reply to anybody else
}

// settle makes a learner of whom there is something in every corner.
func settle(t *testing.T, s *server, name string) resident {
	t.Helper()
	me, _ := s.register(t)
	var profile struct{ ID, Email string }
	mark := "Canary of " + name
	me.want(200, &profile, "PATCH", "/api/v1/users/me", map[string]any{"display_name": mark})
	exam := me.start("exam")
	me.want(200, nil, "PUT", "/api/v1/attempts/"+exam.ID+"/answers", answers(answer{1, "A", 1}))
	me.want(200, nil, "POST", "/api/v1/attempts/"+exam.ID+"/submit", nil)
	open := me.start("practice", 5)
	r := resident{person: me, name: name, ids: []string{exam.ID, open.ID}, secrets: []string{mark, profile.Email, profile.ID, exam.ID, open.ID}}
	set := me.draw(3, "immediate").ID
	r.ids, r.secrets = append(r.ids, set), append(r.secrets, set)
	return r
}

// Whatever was asked before by whom, and whichever process answers, no reply tells anything of another person.
func TestNoRouteThatReadsServesOnePersonsReplyToAnother(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), databaseURL: emptyPostgres(t), env: []string{
		"ENVIRONMENT=staging", "ACCOUNT_VERIFICATION=off", "TOKEN_SIGNING_KEY=" + fleetKey, "REDIS_URL=" + ownRedis(t).URL(), "RATE_LIMIT_READ=0",
	}}
	servers := []*server{p.serve(t), p.serve(t)}
	people := []resident{settle(t, servers[0], "Ann"), settle(t, servers[0], "Ben"), {person: person{t: t, server: servers[0]}, name: "nobody"}}

	type question struct {
		route, path string
	}
	var questions []question
	routes := servers[0].routes(t)
	for route := range routes {
		method, path, _ := strings.Cut(route, " ")
		if method != "GET" {
			continue
		}
		at := strings.Index(path, "{")
		if at < 0 {
			questions = append(questions, question{route, path})
			continue
		}
		end := strings.Index(path, "}")
		for _, owner := range people {
			for _, id := range owner.ids {
				questions = append(questions, question{route, path[:at] + id + path[end+1:]})
			}
		}
		questions = append(questions, question{route, path[:at] + people[0].exams()[0].ID + path[end+1:]})
	}
	if len(questions) < 100 {
		t.Fatalf("there are only %d questions", len(questions))
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	answered := map[string]int{}
	for range 3 { // so that each is asked of cold caches and of warm ones, after others and before them
		random.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
		for _, q := range questions {
			order := slices.Clone(people)
			random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			for _, who := range order {
				got := who.at(servers[random.IntN(len(servers))]).do("GET", q.path, nil)
				if got.status == 200 {
					answered[q.route]++
				}
				if who.token == "" && routes[q.route].permission != "public" && got.status != 401 {
					t.Errorf("nobody gets %d from %s", got.status, q.path)
				}
				for _, other := range people {
					for _, secret := range other.secrets {
						if other.name == who.name || strings.Contains(q.path, secret) {
							continue
						}
						if bytes.Contains(got.body, []byte(secret)) {
							t.Fatalf("%s is told %q of %s by %s: %s", who.name, secret, other.name, q.path, got.body)
						}
					}
				}
				if got.status == 200 && strings.Contains(q.path, "/attempts/") && who.token != "" && !slices.ContainsFunc(who.ids, func(id string) bool { return strings.Contains(q.path, id) }) {
					t.Errorf("%s reads %s", who.name, q.path)
				}
			}
		}
	}
	for _, route := range []string{
		"GET /api/v1/users/me", "GET /api/v1/exams", "GET /api/v1/exams/{id}", "GET /api/v1/attempts", "GET /api/v1/attempts/{id}",
		"GET /api/v1/attempts/{id}/questions", "GET /api/v1/attempts/{id}/result", "GET /api/v1/practice/sets/{id}", "GET /api/v1/exams/{id}/leaderboard",
	} {
		if answered[route] == 0 {
			t.Errorf("%s never answered anybody", route)
		}
	}
}
