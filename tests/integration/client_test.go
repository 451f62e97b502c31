package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

var client = &http.Client{Timeout: patience}

// person is somebody who talks to a server, with or without a token.
type person struct {
	t      *testing.T
	server *server
	token  string
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// try sends a request; the error is of the network alone. A string body is sent as it is, anything else as JSON.
func (p person) try(method, path string, body any, headers ...string) (reply, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequest(method, p.server.url+path, reader)
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, header: res.Header, body: read}, err
}

// do sends a request that has to get through.
func (p person) do(method, path string, body any, headers ...string) reply {
	p.t.Helper()
	r, err := p.try(method, path, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", method, path, err, p.server.logs)
	}
	return r
}

// want sends a request that has to answer with that status and, if into is not nil, reads the reply.
func (p person) want(status int, into any, method, path string, body any, headers ...string) reply {
	p.t.Helper()
	r := p.do(method, path, body, headers...)
	if r.status != status {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, r.status, status, r.body)
	}
	if into != nil {
		if err := json.Unmarshal(r.body, into); err != nil {
			p.t.Fatalf("%s %s: %v\n%s", method, path, err, r.body)
		}
	}
	return r
}

// problem is the body of a failure.
type problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	RequestID                           string `json:"request_id"`
	Errors                              []struct{ Field, Code, Detail string }
}

// refused sends a request that has to fail in that way.
func (p person) refused(status int, code, method, path string, body any, headers ...string) problem {
	p.t.Helper()
	var got problem
	r := p.want(status, &got, method, path, body, headers...)
	if kind := r.header.Get("Content-Type"); got.Code != code || got.Status != status || kind != "application/problem+json" || got.RequestID == "" {
		p.t.Fatalf("%s %s: problem %s of type %q, want code %q", method, path, r.body, kind, code)
	}
	return got
}

type session struct {
	User struct {
		ID    string
		Email string
		Roles []string
	}
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	SessionID    string `json:"session_id"`
}

const password = "correct horse battery"

// people counts the accounts of this process, so that each has an address of its own.
var people atomic.Int64

// register makes a new learner.
func (s *server) register(t *testing.T) (person, session) {
	t.Helper()
	nobody := person{t: t, server: s}
	var got session
	nobody.want(201, &got, "POST", "/api/v1/auth/register", map[string]any{
		"email": fmt.Sprintf("learner-%d@example.com", people.Add(1)), "password": password, "display_name": "Learner",
	})
	return person{t: t, server: s, token: got.AccessToken}, got
}

type examInfo struct {
	ID            string
	Title         string
	QuestionCount int `json:"question_count"`
}

// login signs somebody in on one more device.
func (s *server) login(t *testing.T, email string) (person, session) {
	t.Helper()
	var got session
	person{t: t, server: s}.want(200, &got, "POST", "/api/v1/auth/login", map[string]any{"email": email, "password": password})
	return person{t: t, server: s, token: got.AccessToken}, got
}

// exams lists what is published.
func (p person) exams() []examInfo {
	p.t.Helper()
	var got struct{ Items []examInfo }
	p.want(200, &got, "GET", "/api/v1/exams", nil)
	return got.Items
}

type attemptInfo struct {
	ID            string
	Mode          string
	Status        string
	Section       *string
	DeadlineAt    *string `json:"deadline_at"`
	AnsweredCount int     `json:"answered_count"`
	QuestionCount int     `json:"question_count"`
}

// start begins an attempt on the first exam.
func (p person) start(mode string, parts ...int) attemptInfo {
	p.t.Helper()
	body := map[string]any{"exam_id": p.exams()[0].ID, "mode": mode}
	if len(parts) > 0 {
		body["parts"] = parts
	}
	var got attemptInfo
	p.want(201, &got, "POST", "/api/v1/attempts", body)
	return got
}

type answer struct {
	Number int    `json:"number"`
	Choice string `json:"choice"`
	Seq    int64  `json:"seq"`
}

type answered struct {
	Accepted      int
	Ignored       int
	AnsweredCount int `json:"answered_count"`
}

func answers(list ...answer) map[string]any { return map[string]any{"answers": list} }

type sectionScore struct {
	Raw, Max int
	Scaled   *int
	CEFR     string
	Band     []int
}

type resultInfo struct {
	Listening *sectionScore
	Reading   *sectionScore
	Total     *int
	Estimate  bool
	Version   string `json:"conversion_version"`
	Parts     []struct{ Number, Correct, Total int }
	Abilities []struct {
		Code    string
		Percent int
		N       int
	}
}

type reviewInfo struct {
	Questions []struct {
		Number      int
		Part        int
		Choice      *string
		Key         string
		Correct     bool
		Explanation string
		Transcript  []struct{ Text string }
	}
}
