package integration

import (
	"slices"
	"strings"
	"testing"
)

// regradeRoutes are the rows of the matrix for wrong keys.
var regradeRoutes = map[string]cell{
	"GET /api/v1/admin/questions/{id}":       {objects: anybodys(200), others: firstQuestion},
	"GET /api/v1/admin/exams/{id}/questions": {objects: anybodys(200), others: theExam},
	"GET /api/v1/admin/exams/{id}/regrades":  {objects: anybodys(200), others: theExam},
	"GET /api/v1/admin/regrades/{id}": {objects: anybodys(200), others: func(m *matrix) string {
		var done regradeInfo
		m.chief.want(200, &done, "POST", "/api/v1/admin/questions/"+firstQuestion(m)+"/regrade", anotherKey(m, party{}))
		return done.ID
	}},
	"POST /api/v1/admin/questions/{id}/regrade": {objects: anybodys(200), others: firstQuestion, body: anotherKey},
	"GET /api/v1/attempts/{id}/results":         {objects: mine(409), own: ownAttempt}, // not submitted yet
}

func firstQuestion(m *matrix) string { return questionsOf(m.chief.person, m.exam)[0].ID }

// anotherKey is a correction of the first question, whatever its key is now.
func anotherKey(m *matrix, _ party) any {
	return map[string]any{"key": other(questionsOf(m.chief.person, m.exam)[0].Key), "reason": "cell"}
}

// other returns a letter that is not the key.
func other(key string) string {
	if key == "A" {
		return "B"
	}
	return "A"
}

type questionInfo struct {
	ID      string
	Number  int
	Part    int
	Key     string
	Options int
	Current bool
}

func questionsOf(p person, exam string) []questionInfo {
	p.t.Helper()
	var got struct{ Items []questionInfo }
	p.want(200, &got, "GET", "/api/v1/admin/exams/"+exam+"/questions", nil)
	return got.Items
}

type figuresInfo struct {
	Listening *struct {
		Raw    int
		Scaled *int
	}
	Total *int
}

type regradeInfo struct {
	ID       string `json:"regrade_id"`
	DryRun   bool   `json:"dry_run"`
	From     string `json:"from_key"`
	To       string `json:"to_key"`
	Attempts int
	Changed  int
	Changes  []struct {
		Attempt       string `json:"attempt_id"`
		User          string `json:"user_id"`
		Before, After figuresInfo
	}
}

type regradedResult struct {
	resultInfo
	RegradedAt *string `json:"regraded_at"`
}

func TestAWrongKeyIsCorrectedAndEveryScoreFollows(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		editor, key := editorOf(t, p, s), keys(t)
		ann, annIn := s.register(t)
		bob, _ := s.register(t)
		exam := ann.exams()[0].ID
		first := questionsOf(editor, exam)[0]
		if first.Key != key[1] || first.Number != 1 || first.Options != 4 || !first.Current {
			t.Fatalf("the first question is %+v", first)
		}
		right := other(key[1])
		wrong := map[int]string{1: right}
		one := func(n int) bool { return n == 1 }
		gained, lost := ann.sits("exam", wrong, one), bob.sits("practice", key, one)
		late := bob.start("exam")
		bob.want(200, nil, "PUT", "/api/v1/attempts/"+late.ID+"/answers", answers(answer{1, right, 1}))

		path := "/api/v1/admin/questions/" + first.ID + "/regrade"
		body := map[string]any{"key": right, "reason": "The recording says so.", "explanation": "It is corrected.", "rationales": map[string]string{key[1]: "It was thought right."}}
		var said, done regradeInfo
		tag := editor.want(200, &said, "POST", path+"?dry_run=true", body).header.Get("ETag")
		if !said.DryRun || said.ID != "" || said.Attempts != 2 || said.Changed != 2 || said.From != key[1] || said.To != right || questionsOf(editor, exam)[0].Key != key[1] {
			t.Fatalf("the dry run: %+v", said)
		}
		if c := said.Changes[0]; c.Attempt != gained.ID || c.User != annIn.User.ID || c.Before.Listening.Raw != 0 || c.After.Listening.Raw != 1 || *c.Before.Total > *c.After.Total {
			t.Errorf("who gains: %+v", c)
		}
		editor.want(200, &done, "POST", path, body, "If-Match", tag)
		editor.refused(412, "store.stale", "POST", path, map[string]any{"key": key[1], "reason": "again"}, "If-Match", tag)
		editor.refused(409, "exam.same_key", "POST", path, body)
		refused := editor.refused(422, "exam.invalid_correction", "POST", "/api/v1/admin/questions/"+partTwo(editor, exam)+"/regrade", map[string]any{"key": "D", "reason": "r"})
		if len(refused.Errors) != 1 || refused.Errors[0].Field != "key" {
			t.Errorf("an option that is not there: %+v", refused.Errors)
		}
		editor.refused(422, "request.invalid", "POST", path, map[string]any{"key": "E", "reason": "r"})
		ann.refused(403, "auth.forbidden", "POST", path, body)

		var now regradedResult
		ann.want(200, &now, "GET", "/api/v1/attempts/"+gained.ID+"/result", nil)
		if now.Listening.Raw != 1 || now.RegradedAt == nil || now.Version != gained.Result.Version {
			t.Errorf("the result is %+v", now)
		}
		var former struct{ Items []resultInfo }
		ann.want(200, &former, "GET", "/api/v1/attempts/"+gained.ID+"/results", nil)
		if len(former.Items) != 1 || former.Items[0].Listening.Raw != 0 || *former.Items[0].Total != *gained.Result.Total {
			t.Errorf("former results: %+v", former)
		}
		var review reviewInfo
		ann.want(200, &review, "GET", "/api/v1/attempts/"+gained.ID+"/review", nil)
		if q := review.Questions[0]; q.Key != right || !q.Correct || q.Explanation != "It is corrected." {
			t.Errorf("the review shows %+v", q)
		}
		var told explanation
		ann.want(200, &told, "GET", "/api/v1/attempts/"+gained.ID+"/result/explanation", nil)
		if !told.Regraded || told.Answers[0].Key != right || !*told.Answers[0].Correct {
			t.Errorf("the explanation says %v, %+v", told.Regraded, told.Answers[0])
		}
		bob.want(200, &now, "POST", "/api/v1/attempts/"+late.ID+"/submit", nil)
		if now.Listening.Raw != 1 {
			t.Errorf("an attempt that was open meanwhile: %+v", now.resultInfo)
		}
		bob.want(200, &now, "GET", "/api/v1/attempts/"+lost.ID+"/result", nil)
		if now.Listening.Raw != 0 || now.RegradedAt == nil {
			t.Errorf("who loses has %+v", now)
		}
		var detail regradeInfo
		editor.want(200, &detail, "GET", "/api/v1/admin/regrades/"+done.ID, nil)
		if len(detail.Changes) != 2 || detail.Changes[0].After.Listening.Raw != 1 || *detail.Changes[0].After.Total != *said.Changes[0].After.Total {
			t.Errorf("the history says %+v", detail)
		}

		taking := editorOf(t, p, s)
		taking.start("exam")
		for _, route := range []string{
			"GET /api/v1/admin/questions/" + first.ID, "GET /api/v1/admin/exams/" + exam + "/questions", "GET /api/v1/admin/exams/" + exam + "/regrades",
			"GET /api/v1/admin/regrades/" + done.ID, "POST " + path + "?dry_run=true", "POST " + path,
		} {
			method, path, _ := strings.Cut(route, " ")
			var sent any
			if method == "POST" {
				sent = body
			}
			taking.refused(409, "attempt.review_locked", method, path, sent)
		}

		out := p.must(t, "", "question", "list", "harbor-mini-1")
		if line, _, _ := strings.Cut(out[strings.Index(out, "\n")+1:], "\n"); !slices.Equal(strings.Fields(line)[3:], []string{right, first.ID}) {
			t.Errorf("question list shows %q", line)
		}
		args := []string{"question", "regrade", first.ID, "--key", key[1], "--reason", "It was right after all"}
		if out := p.must(t, "", append(args, "--dry-run")...); !strings.Contains(out, "3 of 3 results would change") {
			t.Errorf("the dry run printed %q", out)
		}
		if out := p.must(t, "", args...); !strings.Contains(out, "3 of 3 results changed") || !strings.Contains(out, gained.ID) {
			t.Errorf("regrade printed %q", out)
		}
		if got := p.run(t, "", args...); got.code != 1 {
			t.Errorf("the same key again: exit code %d", got.code)
		}
		if got := p.run(t, "", "question", "regrade", "nothing", "--key", "A", "--reason", "r"); got.code != 2 {
			t.Errorf("no identifier: exit code %d", got.code)
		}
		if out := p.must(t, "", "attempt", "rescore"); !strings.HasPrefix(out, "3 results agree with their answers, 0 do not") {
			t.Errorf("rescore says %q", out)
		}
		var rows struct{ Items []regradeInfo }
		editor.want(200, &rows, "GET", "/api/v1/admin/exams/"+exam+"/regrades", nil)
		if len(rows.Items) != 2 || rows.Items[0].To != key[1] || rows.Items[0].Changed != 3 {
			t.Errorf("the history lists %+v", rows.Items)
		}
		ann.want(200, &now, "GET", "/api/v1/attempts/"+gained.ID+"/result", nil)
		if *now.Total != *gained.Result.Total {
			t.Errorf("corrected back it is %+v", now)
		}
		if out := p.must(t, "", "audit", "verify"); !strings.Contains(out, "none changed and none missing") {
			t.Errorf("audit says %q", out)
		}
	})
}

// partTwo is a question with three options.
func partTwo(p person, exam string) string {
	p.t.Helper()
	list := questionsOf(p, exam)
	return list[slices.IndexFunc(list, func(q questionInfo) bool { return q.Options == 3 })].ID
}

// Practice judges by the keys that are in force, also in sets that were drawn before.
func TestPracticeKnowsTheCorrectedKey(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	editor := editorOf(t, p, s)
	learner, _ := s.register(t)
	var all []questionInfo
	for _, e := range learner.exams() {
		all = append(all, questionsOf(editor, e.ID)...)
	}
	all = slices.DeleteFunc(all, func(q questionInfo) bool { return q.Part != 5 })
	if !slices.ContainsFunc(all, func(q questionInfo) bool { return q.Key < "C" }) {
		t.Fatalf("no question has another key than the corrected ones will have: %+v", all)
	}
	set := learner.draw(len(all), "immediate", "parts", []int{5})
	for _, q := range all {
		key := "D"
		if q.Key == key {
			key = "C"
		}
		editor.want(200, nil, "POST", "/api/v1/admin/questions/"+q.ID+"/regrade", map[string]any{"key": key, "reason": "r"})
	}
	var given []answer
	for n := range all {
		given = append(given, answer{n + 1, "D", 1})
	}
	path := "/api/v1/practice/sets/" + set.ID
	feedback := string(learner.want(200, nil, "PUT", path+"/answers", answers(given...)).body)
	learner.want(200, nil, "POST", path+"/finish", nil)
	review := string(learner.want(200, nil, "GET", path+"/review", nil).body)
	for _, shown := range []string{feedback, review} {
		if strings.Contains(shown, `"key":"A"`) || strings.Contains(shown, `"key":"B"`) || !strings.Contains(shown, `"key":"D"`) {
			t.Errorf("a wrong key is shown: %s", shown)
		}
	}
}
