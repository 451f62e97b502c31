package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

type setInfo struct {
	ID            string
	Status        string
	Feedback      string
	Pool          string
	Requested     int
	Found         int
	QuestionCount int `json:"question_count"`
	AnsweredCount int `json:"answered_count"`
}

type practiceAnswered struct {
	answered
	Feedback []struct {
		Number      int
		Counted     bool
		Choice      string
		Correct     bool
		Key         string
		Explanation string
		Rationales  []struct{ Label, Rationale string }
		Transcript  []struct{ Text string }
	}
}

type bookInfo struct {
	Items []struct {
		QuestionID string `json:"question_id"`
		ExamID     string `json:"exam_id"`
		Part       int
		WrongCount int `json:"wrong_count"`
		RightDays  int `json:"right_days"`
		Due        bool
	}
	NextCursor *string `json:"next_cursor"`
}

type progressInfo struct {
	Seen, Answers, Percent int
	InBook                 int `json:"in_book"`
	Parts                  []struct {
		Number, Seen, Percent int
		InBook                int `json:"in_book"`
	}
	Abilities []struct{ Code string }
}

// draw makes a practice set.
func (p person) draw(count int, feedback string, more ...any) setInfo {
	p.t.Helper()
	var got setInfo
	p.want(201, &got, "POST", "/api/v1/practice/sets", wantedSet(count, feedback, more...))
	return got
}

func (p person) progress() progressInfo {
	p.t.Helper()
	var got progressInfo
	p.want(200, &got, "GET", "/api/v1/practice/progress", nil)
	return got
}

// counted waits until so many answers are counted.
func (p person) counted(n int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d answers are counted", n), func() bool { return p.progress().Answers == n })
}

func TestALearnerPractisesWhatWentWrongInAnExam(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, _ := s.register(t)
		key := keys(t)
		a := me.start("practice", 5) // the last question right, the others blank
		me.want(200, nil, "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{partFive(t, me, a.ID)[a.QuestionCount-1], key[partFive(t, me, a.ID)[a.QuestionCount-1]], 1}))
		me.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/submit", nil)
		me.counted(a.QuestionCount)

		var book bookInfo
		me.want(200, &book, "GET", "/api/v1/practice/wrong-book?part=5&limit=1", nil)
		if len(book.Items) != 1 || book.NextCursor == nil || !book.Items[0].Due || book.Items[0].WrongCount != 1 || book.Items[0].Part != 5 {
			t.Fatalf("%+v", book)
		}
		me.want(200, &book, "GET", "/api/v1/practice/wrong-book?limit=100&cursor="+*book.NextCursor, nil)
		if len(book.Items) != a.QuestionCount-2 {
			t.Fatalf("%d more in the book of %d questions", len(book.Items), a.QuestionCount)
		}

		set := me.draw(100, "immediate", "pool", "wrong")
		if set.Requested != 100 || set.Found != a.QuestionCount-1 || set.QuestionCount != set.Found || set.Status != "open" || set.Pool != "wrong" {
			t.Fatalf("%+v", set)
		}
		path := "/api/v1/practice/sets/" + set.ID
		listening, reading := numbers(t, me, path)
		if len(listening) != 0 || len(reading) != set.Found || reading[0] != 1 {
			t.Fatalf("questions %v %v", listening, reading)
		}
		var told practiceAnswered
		me.want(200, &told, "PUT", path+"/answers", answers(answer{1, "A", 1}, answer{2, "B", 1}))
		if told.Accepted != 2 || len(told.Feedback) != 2 {
			t.Fatalf("%+v", told)
		}
		for _, f := range told.Feedback {
			if f.Correct != (f.Choice == f.Key) || !f.Counted || f.Explanation == "" || len(f.Rationales) == 0 {
				t.Errorf("%+v", f)
			}
		}
		other := "A"
		if told.Feedback[0].Choice == "A" {
			other = "C"
		}
		me.want(200, &told, "PUT", path+"/answers", answers(answer{1, other, 2}))
		if told.Accepted != 0 || told.Ignored != 1 || told.Feedback[0].Counted || told.Feedback[0].Choice == other {
			t.Errorf("a second answer: %+v", told)
		}
		me.refused(422, "practice.answers_refused", "PUT", path+"/answers", answers(answer{set.Found + 1, "A", 1}))

		first := me.want(200, nil, "POST", path+"/finish", nil)
		again := me.want(200, nil, "POST", path+"/finish", nil)
		if !bytes.Equal(first.body, again.body) {
			t.Errorf("two summaries: %s\n%s", first.body, again.body)
		}
		var review reviewInfo
		me.want(200, &review, "GET", path+"/review", nil)
		if len(review.Questions) != set.Found || review.Questions[0].Key == "" {
			t.Errorf("%+v", review)
		}
		me.refused(409, "practice.finished", "PUT", path+"/answers", answers(answer{1, "A", 3}))
		if got := me.progress(); got.Answers != a.QuestionCount+2 || len(got.Parts) != 7 || len(got.Abilities) != 10 || got.Parts[4].Seen != a.QuestionCount {
			t.Errorf("%+v", got)
		}
		var list struct{ Items []setInfo }
		me.want(200, &list, "GET", "/api/v1/practice/sets", nil)
		if len(list.Items) != 1 || list.Items[0].Status != "finished" || list.Items[0].AnsweredCount != 2 {
			t.Errorf("%+v", list)
		}
	})
}

func partFive(t *testing.T, p person, attempt string) []int {
	t.Helper()
	_, reading := numbers(t, p, "/api/v1/attempts/"+attempt)
	return reading
}

func TestBadRequestsForPracticeGetAClearProblem(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	me, _ := s.register(t)
	sets := "/api/v1/practice/sets"
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string
		fields string
	}{
		"nothing":            {map[string]any{}, 422, "request.invalid", "count feedback"},
		"too many":           {wantedSet(101, "final"), 422, "request.invalid", "count"},
		"unknown words":      {wantedSet(1, "later", "pool", "all", "abilities", []string{"L6"}, "parts", []int{8}), 422, "request.invalid", "parts[0] abilities[0] pool feedback"},
		"half a range":       {wantedSet(1, "final", "difficulty", map[string]any{"min": 0.5}), 422, "request.invalid", "difficulty.max"},
		"no probability":     {wantedSet(1, "final", "difficulty", map[string]any{"min": 0, "max": 1.5}), 422, "request.invalid", "difficulty.max"},
		"a range backwards":  {wantedSet(1, "final", "difficulty", map[string]any{"min": 0.6, "max": 0.5}), 422, "practice.invalid", "difficulty"},
		"an exam that isn't": {wantedSet(1, "final", "exam_id", "x"), 422, "request.invalid", "exam_id"},
		"an unknown exam":    {wantedSet(1, "final", "exam_id", unknownID), 409, "practice.nothing_matches", ""},
		"an empty book":      {wantedSet(1, "final", "pool", "wrong"), 409, "practice.nothing_matches", ""},
		"unknown difficulty": {wantedSet(1, "final", "difficulty", map[string]any{"min": 0, "max": 1}), 409, "practice.nothing_matches", ""},
	} {
		got := me.refused(c.status, c.code, "POST", sets, c.body)
		var fields []string
		for _, e := range got.Errors {
			fields = append(fields, e.Field)
		}
		if strings.Join(fields, " ") != c.fields {
			t.Errorf("%s: fields %v, want %s", name, fields, c.fields)
		}
	}
	if n := me.draw(3, "final", "difficulty", map[string]any{"min": 0, "max": 0, "include_unknown": true}).Found; n < 3 {
		t.Errorf("%d questions of unknown difficulty", n)
	}
	body := wantedSet(3, "final")
	first := me.want(201, nil, "POST", sets, body, "Idempotency-Key", "one")
	again := me.want(201, nil, "POST", sets, body, "Idempotency-Key", "one")
	if !bytes.Equal(first.body, again.body) {
		t.Errorf("the same key drew two sets: %s, %s", first.body, again.body)
	}
	me.refused(422, "request.invalid", "GET", "/api/v1/practice/wrong-book?part=8", nil)
	me.refused(404, "practice.not_found", "GET", sets+"/"+unknownID, nil)
}

// Practice is no way around the secrecy of an exam that is being taken.
func TestPracticeGivesNothingOfAnOpenExamAway(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SAMPLE_CONTENT=false"}}
	p.must(t, "", "content", "import", canaryPack(t))
	s := p.serve(t)
	me, _ := s.register(t)
	var sets []string
	for _, feedback := range []string{"immediate", "final", "immediate", "final"} {
		set := me.draw(30, feedback)
		me.want(200, nil, "PUT", "/api/v1/practice/sets/"+set.ID+"/answers", answers(answer{1, "A", 1}, answer{2, "A", 1}))
		sets = append(sets, set.ID)
	}
	for _, id := range sets[2:] {
		me.want(200, nil, "POST", "/api/v1/practice/sets/"+id+"/finish", nil)
	}
	a := me.start("exam")
	before := me.progress()
	seen := allOfPractice(t, me, sets)
	if i := bytes.Index(bytes.ToUpper(seen), []byte("CANARY")); i >= 0 {
		t.Errorf("a secret got out: …%s…", seen[max(0, i-300):min(len(seen), i+60)])
	}
	for _, word := range []string{`"key"`, `"correct"`, `"explanation"`, `"rationale"`, `"rationales"`, `"transcript"`, `"correct_count"`} {
		if i := bytes.Index(seen, []byte(word)); i >= 0 {
			t.Errorf("a field %s got out: …%s…", word, seen[max(0, i-300):min(len(seen), i+60)])
		}
	}
	if n := bytes.Count(seen, []byte("attempt.review_locked")); n < 8 {
		t.Errorf("only %d requests were refused", n)
	}
	if after := me.progress(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the progress tells what was right: %+v, then %+v", before, after)
	}
	me.refused(409, "practice.nothing_matches", "POST", "/api/v1/practice/sets", wantedSet(1, "immediate"))
	var book bookInfo
	me.want(200, &book, "GET", "/api/v1/practice/wrong-book", nil)
	if len(book.Items) != 0 {
		t.Errorf("the book shows %+v", book)
	}

	// The same search finds them all once the attempt is over: the test can fail.
	me.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/abandon", nil)
	seen = allOfPractice(t, me, sets)
	for _, canary := range []string{"CANARY-EXPLANATION-1", "CANARY-TRANSCRIPT", "CANARY-RATIONALE", "CANARY-DESCRIPTION", "CANARY-SPOKEN", `"rationales"`, `"correct_count"`} {
		if !bytes.Contains(seen, []byte(canary)) {
			t.Errorf("%s is not even in the review", canary)
		}
	}
}

// allOfPractice asks every route of practice about some sets and returns every byte of every reply.
func allOfPractice(t *testing.T, me person, sets []string) []byte {
	t.Helper()
	var all bytes.Buffer
	ask := func(method, path string, body any) {
		r := me.do(method, path, body)
		fmt.Fprintf(&all, "\n%s %s\n%v\n%s", method, path, r.header, r.body)
	}
	for _, id := range sets {
		ask("PUT", "/api/v1/practice/sets/"+id+"/answers", answers(answer{1, "A", 1}))
		ask("PUT", "/api/v1/practice/sets/"+id+"/answers", answers(answer{3, "B", 1}))
	}
	routes := 0
	for route := range me.server.routes(t) {
		method, path, _ := strings.Cut(route, " ")
		if !strings.Contains(path, "/practice/") || method == "PUT" || route == "POST /api/v1/practice/sets" {
			continue
		}
		routes++
		for _, id := range sets {
			ask(method, strings.Replace(path, "{id}", id, 1), nil)
			if method == "POST" { // finishing changes what the others say
				for _, what := range []string{"", "/questions", "/review"} {
					ask("GET", "/api/v1/practice/sets/"+id+what, nil)
				}
			}
		}
	}
	if routes < 7 {
		t.Fatalf("only %d routes were asked", routes)
	}
	return all.Bytes()
}

// What was stored before there was practice is counted when the program starts, and once.
func TestAttemptsFromBeforePracticeAreCounted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		me, _ := s.register(t)
		a := me.start("practice")
		me.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/submit", nil)
		me.counted(a.QuestionCount)
		if code := s.terminate(t); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		db := p.database(t)
		for _, undo := range []string{"DELETE FROM learner_items", "DELETE FROM questions", "DELETE FROM jobs", "UPDATE attempts SET counted_at = NULL"} {
			if _, err := db.Exec(undo); err != nil {
				t.Fatal(err)
			}
		}
		me.server = p.serve(t)
		me.counted(a.QuestionCount)
		eventually(t, "there is something to practise", func() bool {
			return me.do("POST", "/api/v1/practice/sets", wantedSet(100, "final", "pool", "wrong")).status == 201
		})
		me.server.kill()
		me.server = p.serve(t)
		if got := me.progress(); got.Answers != a.QuestionCount {
			t.Errorf("after another start %d answers are counted, of %d", got.Answers, a.QuestionCount)
		}
	})
}

// A server that is killed at any moment counts every scored attempt, and every answer that it acknowledged, once.
func TestPracticeIsCountedOnceWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		const rounds = 8
		seed := uint64(time.Now().UnixNano()) //nolint:gosec // any bits will do
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		s := p.serve(t)
		me, _ := s.register(t)
		db := p.database(t)
		for range rounds {
			time.AfterFunc(time.Duration(random.IntN(1500))*time.Millisecond, func() { _ = s.cmd.Process.Kill() })
			for practiceUntilDead(me, random) {
			}
			<-s.ended
			// A job that was begun is taken up again when its lease is over, for which nobody here waits.
			if _, err := db.Exec("UPDATE jobs SET leased_until = NULL WHERE done_at IS NULL"); err != nil {
				t.Fatal(err)
			}
			s = p.serve(t)
			me.server = s
		}
		var attempts, answers int
		if err := db.QueryRow("SELECT count(*) FROM attempts WHERE status = 'submitted'").Scan(&attempts); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT count(*) FROM practice_answers").Scan(&answers); err != nil {
			t.Fatal(err)
		}
		want := attempts*len(keys(t)) + answers
		eventually(t, "all jobs are done", func() bool {
			var left int
			if err := db.QueryRow("SELECT count(*) FROM jobs WHERE done_at IS NULL").Scan(&left); err != nil {
				t.Fatal(err)
			}
			return left == 0
		})
		if got := me.progress().Answers; got != want || attempts == 0 || answers == 0 {
			t.Errorf("%d answers are counted, want %d of %d attempts and %d answers in practice", got, want, attempts, answers)
		}
	})
}

// practiceUntilDead takes an attempt and answers a set, and reports whether the server still lives.
func practiceUntilDead(me person, random *rand.Rand) bool {
	var a, set struct{ ID string }
	post := func(path string, body any, into any) bool {
		r, err := me.try("POST", path, body)
		return err == nil && (into == nil || json.Unmarshal(r.body, into) == nil)
	}
	var exams struct{ Items []examInfo }
	r, err := me.try("GET", "/api/v1/exams", nil)
	if err != nil || json.Unmarshal(r.body, &exams) != nil || len(exams.Items) == 0 {
		return false
	}
	if !post("/api/v1/attempts", map[string]any{"exam_id": exams.Items[0].ID, "mode": "practice"}, &a) {
		return false
	}
	if a.ID == "" { // the one of the round before is open still
		var open struct{ Items []attemptInfo }
		r, err := me.try("GET", "/api/v1/attempts?status=in_progress", nil)
		if err != nil || json.Unmarshal(r.body, &open) != nil || len(open.Items) == 0 {
			return false
		}
		a.ID = open.Items[0].ID
	}
	if !post("/api/v1/attempts/"+a.ID+"/submit", nil, nil) || !post("/api/v1/practice/sets", wantedSet(5, "immediate"), &set) {
		return false
	}
	for n := 1; n <= 5; n++ {
		choice := string(rune('A' + random.IntN(3)))
		for range 2 {
			if _, err := me.try("PUT", "/api/v1/practice/sets/"+set.ID+"/answers", answers(answer{n, choice, 1})); err != nil {
				return false
			}
		}
	}
	return true
}
