package integration

import (
	"net/http"
	"strings"
	"testing"
)

func TestBadRequestsGetAClearProblemAndChangeNothing(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	me, _ := s.register(t)
	other, _ := s.register(t)
	a, theirs := me.start("practice"), other.start("exam")
	exam := me.exams()[0].ID
	put := "/api/v1/attempts/" + a.ID + "/answers"
	huge := `{"answers":[` + strings.Repeat(`{"number":1,"choice":"A","seq":1},`, 300_000) + `{"number":1,"choice":"A","seq":1}]}`
	many := `{"answers":[` + strings.Repeat(`{"number":1,"choice":"A","seq":1},`, 800) + `{"number":1,"choice":"A","seq":1}]}`

	cases := []struct {
		name         string
		method, path string
		body         any
		headers      []string
		status       int
		code         string
		fields       []string
	}{
		{"malformed JSON", "PUT", put, `{"answers":[`, nil, 400, "request.malformed", nil},
		{"two documents", "PUT", put, `{"answers":[]} {}`, nil, 400, "request.malformed", nil},
		{"an empty body", "PUT", put, ``, nil, 400, "request.malformed", nil},
		{"an unknown field", "PUT", put, `{"answers":[{"number":1,"choice":"A","seq":1,"score":990}]}`, nil, 422, "request.invalid", []string{"answers.score"}},
		{"a choice left out", "PUT", put, `{"answers":[{"number":1,"seq":1}]}`, nil, 422, "request.invalid", []string{"answers[0].choice"}},
		{"a choice that is no letter", "PUT", put, `{"answers":[{"number":1,"choice":"null","seq":1},{"number":2,"choice":1,"seq":1}]}`, nil, 422, "request.invalid", []string{"answers[0].choice", "answers[1].choice"}},
		{"a wrong type", "PUT", put, `{"answers":[{"number":"one","choice":"A","seq":1}]}`, nil, 422, "request.invalid", []string{"answers.number"}},
		{"a wrong type of the whole", "PUT", put, `[]`, nil, 422, "request.invalid", []string{"body"}},
		{
			"several broken rules", "PUT", put, `{"answers":[{"number":0,"choice":"E","seq":0},{"number":201,"choice":"A","seq":1}]}`, nil, 422, "request.invalid",
			[]string{"answers[0].number", "answers[0].choice", "answers[0].seq", "answers[1].number"},
		},
		{"too many answers", "PUT", put, many, nil, 422, "request.invalid", []string{"answers"}},
		{"an item of no part", "PUT", put, answers(answer{200, "A", 1}), nil, 422, "attempt.answers_refused", []string{"answers[0].number"}},
		{"an option that the item lacks", "PUT", put, answers(answer{4, "D", 1}), nil, 422, "attempt.answers_refused", []string{"answers[0].choice"}},
		{"ten megabytes", "PUT", put, huge, nil, 413, "request.too_large", nil},
		{"another media type", "PUT", put, `answers=1`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "request.media_type", nil},
		{"a compressed body", "PUT", put, `{}`, []string{"Content-Encoding", "gzip"}, 415, "request.media_type", nil},
		{"another's attempt", "GET", "/api/v1/attempts/" + theirs.ID, nil, nil, 404, "attempt.not_found", nil},
		{"answers to another's attempt", "PUT", "/api/v1/attempts/" + theirs.ID + "/answers", answers(answer{1, "A", 1}), nil, 404, "attempt.not_found", nil},
		{"an identifier that is none", "GET", "/api/v1/attempts/1", nil, nil, 404, "request.not_found", nil},
		{"an unknown route", "GET", "/api/v1/answer-key", nil, nil, 404, "request.not_found", nil},
		{"an unknown method", "DELETE", "/api/v1/exams", nil, nil, 405, "request.method_not_allowed", nil},
		{"a posted score", "POST", "/api/v1/attempts/" + a.ID + "/result", `{"total":990}`, nil, 405, "request.method_not_allowed", nil},
		{"an unknown exam", "POST", "/api/v1/attempts", map[string]any{"exam_id": unknownID, "mode": "exam"}, nil, 404, "exam.not_found", nil},
		{"parts in exam mode", "POST", "/api/v1/attempts", map[string]any{"exam_id": exam, "mode": "exam", "parts": []int{5}}, nil, 422, "attempt.invalid", []string{"parts"}},
		{"an unknown mode", "POST", "/api/v1/attempts", map[string]any{"exam_id": "x", "mode": "cheat", "parts": []int{0, 8}}, nil, 422, "request.invalid", []string{"exam_id", "mode", "parts[0]", "parts[1]"}},
		{"a limit beyond the most", "GET", "/api/v1/attempts?limit=101", nil, nil, 422, "request.invalid", []string{"limit"}},
		{"a limit that is no number", "GET", "/api/v1/attempts?limit=x&exam=y", nil, nil, 422, "request.invalid", []string{"limit", "exam"}},
		{"a made-up cursor", "GET", "/api/v1/attempts?cursor=abc", nil, nil, 422, "request.invalid", []string{"cursor"}},
		{"an unknown part", "GET", "/api/v1/attempts/" + a.ID + "/questions?part=8", nil, nil, 422, "request.invalid", []string{"part"}},
		{"a rubbish token", "GET", "/api/v1/users/me", nil, []string{"Authorization", "Bearer x.y.z"}, 401, "auth.required", nil},
		{"another scheme", "GET", "/api/v1/users/me", nil, []string{"Authorization", "Basic YTpi"}, 401, "auth.required", nil},
		{"a refresh token as access token", "GET", "/api/v1/users/me", nil, []string{"Authorization", "Bearer " + refreshOf(t, s)}, 401, "auth.required", nil},
		{"a bad idempotency key", "POST", "/api/v1/attempts", map[string]any{"exam_id": exam, "mode": "exam"}, []string{"Idempotency-Key", "two words"}, 422, "idempotency.invalid_key", nil},
		{"a taken address", "POST", "/api/v1/auth/register", map[string]any{"email": "learner-1@EXAMPLE.com", "password": password, "display_name": "X"}, nil, 409, "account.email_taken", nil},
		{"a bad registration", "POST", "/api/v1/auth/register", map[string]any{"email": "x", "password": "short", "display_name": " "}, nil, 422, "account.invalid", []string{"email", "password", "display_name"}},
		{"a bad profile", "PATCH", "/api/v1/users/me", map[string]any{"target_score": 801, "minutes_per_day": 0}, nil, 422, "account.invalid", []string{"target_score", "minutes_per_day"}},
		{"a date that is none", "PATCH", "/api/v1/users/me", map[string]any{"test_date": "2027-02-30"}, nil, 422, "request.invalid", []string{"test_date"}},
	}
	taken := person{t: t, server: s}
	taken.do("POST", "/api/v1/auth/register", map[string]any{"email": "learner-1@example.com", "password": password, "display_name": "X"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			caller := me
			caller.t = t
			got := caller.refused(c.status, c.code, c.method, c.path, c.body, c.headers...)
			var fields []string
			for _, e := range got.Errors {
				if e.Code == "" || e.Detail == "" {
					t.Errorf("field %s is not explained", e.Field)
				}
				fields = append(fields, e.Field)
			}
			if len(c.fields) > 0 && strings.Join(fields, " ") != strings.Join(c.fields, " ") {
				t.Errorf("fields %v, want %v", fields, c.fields)
			}
		})
	}
	var mine, others attemptInfo
	me.want(200, &mine, "GET", "/api/v1/attempts/"+a.ID, nil)
	other.want(200, &others, "GET", "/api/v1/attempts/"+theirs.ID, nil)
	if mine.AnsweredCount != 0 || others.AnsweredCount != 0 || others.Status != "in_progress" {
		t.Errorf("something of all that was stored: %+v, %+v", mine, others)
	}
	me.want(200, nil, "PUT", put, answers(answer{1, "A", 1})) // and the server is well
}

func refreshOf(t *testing.T, s *server) string {
	t.Helper()
	_, in := s.register(t)
	return in.RefreshToken
}

func TestHeadersOfAbsurdSizeAreRefused(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	me, _ := s.register(t)
	got := me.do("GET", "/api/v1/users/me", nil, "X-Padding", strings.Repeat("x", 1<<20))
	if got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 1 MiB: status %d", got.status)
	}
	me.want(200, nil, "GET", "/api/v1/users/me", nil)
}
