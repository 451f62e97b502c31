package integration

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// reviewRoutes are the rows of the matrix for the rules and statistics of exams.
var reviewRoutes = map[string]cell{
	"GET /api/v1/admin/exams/{id}/policy": {objects: anybodys(200), others: theExam},
	"PUT /api/v1/admin/exams/{id}/policy": {objects: anybodys(200), others: theExam, body: fixed(policyOf(nothing, everythingShown, everythingShown, nil))},
	"GET /api/v1/admin/exams/{id}/statistics": {objects: anybodys(200), others: func(m *matrix) string {
		m.statistics()
		return m.exam
	}},
	"POST /api/v1/admin/exams/{id}/statistics/refresh": {objects: anybodys(202), others: theExam},
	"GET /api/v1/admin/questions/{id}/statistics":      {objects: anybodys(200), others: func(m *matrix) string { return m.statistics().Items[0].ID }},
}

func theExam(m *matrix) string { return m.exam }

func (m *matrix) statistics() statisticsInfo { return refreshed(m.chief.person, m.exam) }

// visible is one row of a visibility matrix.
type visible map[string]bool

var (
	nothing         = visible{}
	everythingShown = visible{
		"score": true, "choice_marks": true, "key": true, "explanation": true, "rationales": true, "transcript": true, "others": true,
	}
	allButTheScore = visible{"choice_marks": true, "key": true, "explanation": true, "rationales": true, "transcript": true, "others": true}
)

func policyOf(during, submitted, closed visible, closes *string) map[string]any {
	return map[string]any{
		"review": map[string]any{"during": during, "after_submit": submitted, "after_close": closed}, "device": "takeover", "closes_at": closes,
	}
}

type statisticsInfo struct {
	FormID string `json:"form_id"`
	Takers int
	Form   struct {
		Mean *float64
		KR20 *float64
	}
	Sections []struct {
		Code     string
		Finished *float64 `json:"finished_percent"`
		Flags    []string
	}
	Items []struct {
		ID        string
		Number    int
		Key       string
		P         *float64
		Corrected *float64 `json:"corrected_point_biserial"`
		Options   []struct {
			Label  string
			Chosen int
		}
		Fifths []struct{ Takers int }
		Flags  []string
	}
}

// refreshed computes the statistics of an exam and waits for them.
func refreshed(chief person, exam string) statisticsInfo {
	chief.t.Helper()
	path := "/api/v1/admin/exams/" + exam + "/statistics"
	began := time.Now().UTC()
	chief.want(202, nil, "POST", path+"/refresh", nil)
	var got statisticsInfo
	eventually(chief.t, "the statistics are computed", func() bool {
		r := chief.do("GET", path, nil)
		var head struct {
			ComputedAt time.Time `json:"computed_at"`
		}
		return r.status == 200 && json.Unmarshal(r.body, &head) == nil && head.ComputedAt.After(began) && json.Unmarshal(r.body, &got) == nil
	})
	return got
}

// chiefOf makes an administrator.
func chiefOf(t *testing.T, p place, s *server) person {
	t.Helper()
	email := fmt.Sprintf("admin-%d@example.com", people.Add(1))
	p.must(t, password+"\n", "admin", "create", "--email", email, "--password-stdin")
	chief, _ := s.login(t, email)
	return chief
}

func canaries(b []byte) bool { return bytes.Contains(bytes.ToUpper(b), []byte("CANARY")) }

func TestAnExamShowsOfAnAttemptWhatItsRulesSayAndWhen(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		p.env = []string{"SAMPLE_CONTENT=false"}
		p.must(t, "", "content", "import", canaryPack(t))
		s := p.serve(t)
		chief := chiefOf(t, p, s)
		me, _ := s.register(t)
		exam := me.exams()[0].ID
		policy := "/api/v1/admin/exams/" + exam + "/policy"
		var stored struct {
			Version  int
			Device   string
			ClosesAt *string `json:"closes_at"`
			Review   map[string]visible
		}
		tag := chief.want(200, &stored, "GET", policy, nil).header.Get("ETag")
		if tag != `"v1"` || stored.Device != "takeover" || !stored.Review["after_submit"]["key"] || stored.Review["during"]["key"] {
			t.Errorf("the usual rules are %+v, tagged %s", stored, tag)
		}
		rules := policyOf(allButTheScore, nothing, everythingShown, nil)
		chief.want(200, &stored, "PUT", policy, rules, "If-Match", tag)
		chief.refused(412, "store.stale", "PUT", policy, rules, "If-Match", tag)
		chief.refused(422, "request.invalid", "PUT", policy, map[string]any{"device": "none"})
		refused := chief.refused(422, "exam.invalid_policy", "PUT", policy, policyOf(visible{"score": true}, visible{"explanation": true}, nothing, nil))
		if len(refused.Errors) != 2 || refused.Errors[0].Field != "review.during.score" || refused.Errors[1].Field != "review.after_submit.explanation" {
			t.Errorf("the contradictions are %+v", refused.Errors)
		}

		a := me.start("exam")
		path := "/api/v1/attempts/" + a.ID
		me.refused(409, "attempt.not_submitted", "GET", path+"/review", nil)
		if seen, _ := everything(t, me, []string{a.ID}); canaries(seen) {
			t.Error("the row of open practice was shown of an open exam")
		}
		if body := me.want(200, nil, "POST", path+"/submit", nil).body; string(body) != `{"withheld":true}` {
			t.Errorf("submitting answers %s", body)
		}
		me.refused(403, "attempt.score_withheld", "GET", path+"/result", nil)
		hidden := me.want(200, nil, "GET", path+"/review", nil).body
		for _, word := range []string{`"key"`, `"correct"`, `"explanation"`, `"rationale"`, `"transcript"`, `"answer_changes"`, `"chosen_percent"`, `"others"`} {
			if bytes.Contains(hidden, []byte(word)) {
				t.Errorf("%s is in a review that hides all: %s", word, hidden)
			}
		}
		if canaries(hidden) || !bytes.Contains(hidden, []byte(`"phase":"after_submit"`)) {
			t.Errorf("a review that hides all: %s", hidden)
		}

		now := time.Now().UTC().Format(time.RFC3339)
		chief.want(200, nil, "PUT", policy, policyOf(allButTheScore, nothing, everythingShown, &now))
		me.refused(409, "exam.closed", "POST", "/api/v1/attempts", map[string]any{"exam_id": exam, "mode": "exam"})
		var result resultInfo
		me.want(200, &result, "GET", path+"/result", nil)
		me.want(200, &result, "POST", path+"/submit", nil)
		shown := me.want(200, nil, "GET", path+"/review", nil).body
		practice := me.start("practice")
		during := me.want(200, nil, "GET", "/api/v1/attempts/"+practice.ID+"/review", nil).body
		for phase, body := range map[string][]byte{"after_close": shown, "during": during} {
			for _, word := range []string{`"phase":"` + phase + `"`, "CANARY-EXPLANATION-1", "CANARY-TRANSCRIPT", "CANARY-RATIONALE", "CANARY-DESCRIPTION", "CANARY-SPOKEN", `"answer_changes":{`, `"correct":false`} {
				if !bytes.Contains(body, []byte(word)) {
					t.Errorf("%s: the review lacks %s", phase, word)
				}
			}
		}
		me.refused(409, "attempt.not_submitted", "GET", "/api/v1/attempts/"+practice.ID+"/result", nil)
	})
}

func TestItemStatisticsAreComputedFromWhatLearnersAnswered(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		chief := chiefOf(t, p, s)
		me, _ := s.register(t)
		exam, key := me.exams()[0].ID, keys(t)
		path := "/api/v1/admin/exams/" + exam + "/statistics"
		chief.refused(404, "statistics.not_computed", "GET", path, nil)
		last := ""
		for i := range 30 {
			last = me.start("exam").ID
			if i < 20 { // right on the first item
				me.want(200, nil, "PUT", "/api/v1/attempts/"+last+"/answers", answers(answer{1, key[1], 1}))
			}
			me.want(200, nil, "POST", "/api/v1/attempts/"+last+"/submit", nil)
		}
		me.start("practice") // does not count
		got := refreshed(chief, exam)
		if got.Takers != 30 || len(got.Items) != len(key) || *got.Items[0].P != 0.6667 || got.Items[0].Key != key[1] || *got.Items[1].P != 0 || got.Items[1].Corrected != nil {
			t.Errorf("statistics %+v", got)
		}
		if *got.Sections[0].Finished != 0 || !strings.Contains(fmt.Sprint(got.Sections[0].Flags), "speeded") {
			t.Errorf("section %+v", got.Sections[0])
		}
		table := chief.want(200, nil, "GET", path, nil, "Accept", "text/csv")
		rows, err := csv.NewReader(bytes.NewReader(table.body)).ReadAll()
		if err != nil || len(rows) != len(key)+1 || !strings.HasPrefix(table.header.Get("Content-Type"), "text/csv") {
			t.Errorf("%d rows of type %s, %v", len(rows), table.header.Get("Content-Type"), err)
		}
		if other := chief.want(200, nil, "GET", path+"?format=csv", nil); !bytes.Equal(other.body, table.body) {
			t.Error("?format=csv gives another table")
		}
		var question struct {
			Number int
			Forms  []struct {
				FormID string `json:"form_id"`
				Item   struct{ P float64 }
			}
		}
		chief.want(200, &question, "GET", "/api/v1/admin/questions/"+got.Items[0].ID+"/statistics", nil)
		if question.Number != 1 || len(question.Forms) != 1 || question.Forms[0].FormID != got.FormID || question.Forms[0].Item.P != 0.6667 {
			t.Errorf("question %+v", question)
		}
		var review struct {
			Questions []struct {
				Others  struct{ Takers int }
				Options []struct {
					Label  string
					Chosen *float64 `json:"chosen_percent"`
				}
			}
		}
		me.want(200, &review, "GET", "/api/v1/attempts/"+last+"/review", nil)
		first := review.Questions[0]
		for _, o := range first.Options {
			if want := map[bool]float64{true: 66.7}[o.Label == key[1]]; first.Others.Takers != 30 || o.Chosen == nil || *o.Chosen != want {
				t.Errorf("the review says of others %+v", first)
			}
		}
		if out := p.must(t, "", "statistics", "refresh", exam); !strings.Contains(out, "the answers of 30 takers") {
			t.Errorf("refresh printed %q", out)
		}
		if out := p.must(t, "", "statistics", "show", exam); !strings.Contains(out, "listening") || !strings.Contains(out, "0.667") {
			t.Errorf("show printed %q", out)
		}
		if out := p.run(t, "", "statistics", "show", "x"); out.code != 2 {
			t.Errorf("a bad identifier: exit code %d", out.code)
		}
	})
}

// A teacher may read statistics, whose keys are kept from whoever takes the exam at the moment.
func TestATeacherWhoTakesTheExamSeesNoKeysInItsStatistics(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	chief := chiefOf(t, p, s)
	_, account := s.register(t)
	chief.want(200, nil, "PUT", "/api/v1/admin/users/"+account.User.ID+"/roles", map[string]any{"roles": []string{"learner", "teacher"}})
	teacher, _ := s.login(t, account.User.Email)
	exam := teacher.exams()[0].ID
	got := refreshed(chief, exam)
	paths := []string{"/api/v1/admin/exams/" + exam + "/statistics", "/api/v1/admin/exams/" + exam + "/statistics?format=csv", "/api/v1/admin/questions/" + got.Items[0].ID + "/statistics"}
	a := teacher.start("exam")
	for _, path := range paths {
		teacher.refused(409, "attempt.review_locked", "GET", path, nil)
	}
	teacher.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/submit", nil)
	for _, path := range paths {
		teacher.want(200, nil, "GET", path, nil)
	}
}
