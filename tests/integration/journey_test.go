package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// keys reads the keys of the shipped sample test from its file, which no client can.
func keys(t *testing.T) map[int]string {
	t.Helper()
	data, err := os.ReadFile("../../content/packs/harbor-mini-1/exam.json")
	if err != nil {
		t.Fatal(err)
	}
	var form struct {
		Parts []struct {
			Groups []struct {
				Questions []struct {
					Number int
					Key    string
				}
			}
		}
	}
	if err := json.Unmarshal(data, &form); err != nil {
		t.Fatal(err)
	}
	out := map[int]string{}
	for _, p := range form.Parts {
		for _, g := range p.Groups {
			for _, q := range g.Questions {
				out[q.Number] = q.Key
			}
		}
	}
	return out
}

// The one thing everything else exists for.
func TestALearnerTakesTheSampleTestFromRegistrationToReview(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		learner, _ := s.register(t)
		key := keys(t)
		if got := learner.exams(); len(got) != 1 || got[0].QuestionCount != len(key) {
			t.Fatalf("exams = %+v, want the sample test with %d questions", got, len(key))
		}
		a := learner.start("exam")
		path := "/api/v1/attempts/" + a.ID
		if a.Status != "in_progress" || a.DeadlineAt == nil || a.Section == nil || *a.Section != "listening" {
			t.Fatalf("a new attempt is %+v", a)
		}
		learner.refused(409, "attempt.already_open", "POST", "/api/v1/attempts", map[string]any{"exam_id": learner.exams()[0].ID, "mode": "practice"})
		learner.refused(409, "attempt.not_submitted", "GET", path+"/result", nil)
		learner.refused(409, "attempt.not_submitted", "GET", path+"/review", nil)

		listening, reading := numbers(t, learner, path)
		if len(listening)+len(reading) != len(key) {
			t.Fatalf("%d + %d questions, want %d", len(listening), len(reading), len(key))
		}
		learner.refused(422, "attempt.answers_refused", "PUT", path+"/answers", answers(answer{reading[0], "A", 1}))
		answerRight(t, learner, path, key, listening)
		var moved attemptInfo
		learner.want(200, &moved, "POST", path+"/advance", nil)
		if moved.Section == nil || *moved.Section != "reading" || moved.AnsweredCount != len(listening) {
			t.Fatalf("after advancing: %+v", moved)
		}
		var late struct {
			Accepted, Late int
			Answered       int `json:"answered_count"`
		}
		learner.want(200, &late, "PUT", path+"/answers", answers(answer{listening[0], "A", 9}))
		if late.Accepted != 0 || late.Late != 1 || late.Answered != len(listening) {
			t.Fatalf("an answer to Listening during Reading: %+v", late)
		}
		answerRight(t, learner, path, key, reading[:len(reading)-1]) // the last stays blank

		var first, again, read resultInfo
		learner.want(200, &first, "POST", path+"/submit", nil)
		learner.want(200, &again, "POST", path+"/submit", nil)
		learner.want(200, &read, "GET", path+"/result", nil)
		if fmt.Sprint(value(first)) != fmt.Sprint(value(again)) || fmt.Sprint(value(first)) != fmt.Sprint(value(read)) {
			t.Fatalf("three readings of one result differ: %v, %v, %v", value(first), value(again), value(read))
		}
		if first.Listening.Raw != len(listening) || *first.Listening.Scaled != 495 || first.Reading.Raw != len(reading)-1 || *first.Reading.Scaled >= 495 {
			t.Fatalf("result = %s", value(first))
		}
		if *first.Total != *first.Listening.Scaled+*first.Reading.Scaled || !first.Estimate || first.Version == "" || len(first.Parts) != 7 || len(first.Abilities) != 10 {
			t.Fatalf("result = %s", value(first))
		}
		learner.refused(409, "attempt.closed", "PUT", path+"/answers", answers(answer{reading[0], "A", 99}))

		review(t, learner, path, key, reading[len(reading)-1])
		if out := p.must(t, "", "attempt", "rescore"); !strings.Contains(out, "1 results agree with their answers, 0 do not") {
			t.Errorf("rescore printed %q", out)
		}
	})
}

// numbers reads the questions as a client does and returns the numbers of both sections.
func numbers(t *testing.T, learner person, path string) (listening, reading []int) {
	t.Helper()
	var sheet struct {
		Groups []struct {
			Part    int
			Stimuli []struct {
				Kind, Text, URL, Type string
				Size                  int
			}
			Questions []struct {
				Number  int
				Prompt  string
				Options []struct{ Label, Text string }
			}
		}
	}
	learner.want(200, &sheet, "GET", path+"/questions", nil)
	for _, g := range sheet.Groups {
		for _, st := range g.Stimuli {
			if st.Kind == "image" {
				file := person{t: t, server: learner.server}.want(200, nil, "GET", st.URL, nil)
				if len(file.body) != st.Size || file.header.Get("Content-Type") != st.Type {
					t.Errorf("%s has %d bytes of type %s, want %d of %s", st.URL, len(file.body), file.header.Get("Content-Type"), st.Size, st.Type)
				}
			}
		}
		for _, q := range g.Questions {
			options := 4
			if g.Part == 2 {
				options = 3
			}
			if len(q.Options) != options {
				t.Errorf("question %d has %d options", q.Number, len(q.Options))
			}
			if printed := q.Prompt + q.Options[0].Text; (g.Part <= 2) != (printed == "") {
				t.Errorf("question %d of part %d prints %q", q.Number, g.Part, printed)
			}
			if g.Part <= 4 {
				listening = append(listening, q.Number)
			} else {
				reading = append(reading, q.Number)
			}
		}
	}
	return listening, reading
}

// answerRight hands in the right choice for each item.
func answerRight(t *testing.T, learner person, path string, key map[int]string, items []int) {
	t.Helper()
	batch := make([]answer, len(items))
	for i, n := range items {
		batch[i] = answer{n, key[n], 1}
	}
	var got answered
	learner.want(200, &got, "PUT", path+"/answers", answers(batch...))
	if got.Accepted != len(items) || got.Ignored != 0 {
		t.Fatalf("handing in %d answers: %+v", len(items), got)
	}
	learner.want(200, &got, "PUT", path+"/answers", answers(batch...))
	if got.Accepted != 0 || got.Ignored != len(items) {
		t.Fatalf("handing in the same again: %+v", got)
	}
}

// review checks that everything that was hidden is shown, and right.
func review(t *testing.T, learner person, path string, key map[int]string, blank int) {
	t.Helper()
	var got reviewInfo
	learner.want(200, &got, "GET", path+"/review", nil)
	if len(got.Questions) != len(key) {
		t.Fatalf("the review has %d questions, want %d", len(got.Questions), len(key))
	}
	for _, q := range got.Questions {
		switch {
		case q.Key != key[q.Number], q.Explanation == "", (q.Part <= 4) != (len(q.Transcript) > 0):
			t.Errorf("review of question %d: %+v", q.Number, q)
		case (q.Number == blank) != (q.Choice == nil), q.Correct != (q.Number != blank):
			t.Errorf("review of question %d: choice %v, correct %v", q.Number, q.Choice, q.Correct)
		}
	}
	var part reviewInfo
	learner.want(200, &part, "GET", path+"/review?part=5", nil)
	for _, q := range part.Questions {
		if q.Part != 5 {
			t.Errorf("question %d of part %d in the review of part 5", q.Number, q.Part)
		}
	}
}

// value prints a result with what its pointers point to.
func value(r resultInfo) string {
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
