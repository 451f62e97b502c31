package learners

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// stale is the age at which an access token is not begun a measurement with; it is good for a quarter of an hour.
const stale = 5 * time.Minute

// busy is how many learners are prepared at once.
const busy = 8

// Server is where learners go.
type Server struct {
	URL  string
	HTTP http.Client
}

// Reply is what a server said.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Refused is a reply of another status than was wanted.
type Refused struct {
	What string
	Reply
}

func (r Refused) Error() string { return fmt.Sprintf("%s: status %d: %s", r.What, r.Status, r.Body) }

// Do sends a request and reads the whole reply. The error is of the network alone.
func (s *Server) Do(ctx context.Context, l *Learner, method, path string, body any) (Reply, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Reply{}, fmt.Errorf("encode a request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, content)
	if err != nil {
		return Reply{}, fmt.Errorf("make a request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if l != nil {
		req.Header.Set("Authorization", "Bearer "+l.Token)
	}
	return s.Send(req)
}

// Send sends a request as it is and reads the whole reply.
func (s *Server) Send(req *http.Request) (Reply, error) {
	res, err := s.HTTP.Do(req)
	if err != nil {
		return Reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return Reply{Status: res.StatusCode, Header: res.Header, Body: text}, err
}

// Want sends a request that has to answer with that status, and reads its reply into into, if that is not nil. It
// returns Refused for any other status.
func (s *Server) Want(ctx context.Context, l *Learner, status int, into any, method, path string, body any) error {
	r, err := s.Do(ctx, l, method, path, body)
	if err != nil {
		return err
	}
	if r.Status != status {
		return Refused{What: method + " " + path, Reply: r}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, r.Body)
	}
	return nil
}

// Renew gives the learners access tokens, unless theirs are fresh.
func (s *Server) Renew(ctx context.Context, all []*Learner) error {
	return Each(all, func(l *Learner) error {
		if time.Since(l.renewed) < stale {
			return nil
		}
		var got struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		err := s.Want(ctx, nil, http.StatusOK, &got, http.MethodPost, "/api/v1/auth/refresh", map[string]string{"refresh_token": l.refresh})
		if err == nil {
			l.Token, l.refresh, l.renewed = got.Access, got.Refresh, time.Now()
		}
		return err
	})
}

// FullForm returns the identifier of the exam that WritePack made, once it is published.
func (s *Server) FullForm(ctx context.Context, l *Learner) (string, error) {
	var got struct{ Items []struct{ ID string } }
	if err := s.Want(ctx, l, http.StatusOK, &got, http.MethodGet, "/api/v1/exams?kind=full", nil); err != nil {
		return "", err
	}
	if len(got.Items) != 1 {
		return "", fmt.Errorf("%d full forms are published", len(got.Items))
	}
	return got.Items[0].ID, nil
}

// Begin starts an attempt for each of the learners.
func (s *Server) Begin(ctx context.Context, all []*Learner, examID, mode string) error {
	return Each(all, func(l *Learner) error {
		var got struct{ ID string }
		err := s.Want(ctx, l, http.StatusCreated, &got, http.MethodPost, "/api/v1/attempts", map[string]string{"exam_id": examID, "mode": mode})
		l.Attempt = got.ID
		return err
	})
}

// Answer is one choice as it is sent.
type Answer struct {
	Number int    `json:"number"`
	Choice string `json:"choice"`
	Seq    int64  `json:"seq"`
}

// Put hands in answers; all have to be accepted.
func (s *Server) Put(ctx context.Context, l *Learner, answers []Answer) error {
	var got struct{ Accepted int }
	path := "/api/v1/attempts/" + l.Attempt + "/answers"
	err := s.Want(ctx, l, http.StatusOK, &got, http.MethodPut, path, map[string]any{"answers": answers})
	if err == nil && got.Accepted != len(answers) {
		return fmt.Errorf("%d of %d new answers were accepted", got.Accepted, len(answers))
	}
	return err
}

// Each calls fn for all learners, a few at a time, and returns the first failures.
func Each(all []*Learner, fn func(*Learner) error) error {
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		failed  []error
		work    = make(chan *Learner)
	)
	for range min(busy, len(all)) {
		running.Go(func() {
			for l := range work {
				if err := fn(l); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, l := range all {
		work <- l
	}
	close(work)
	running.Wait()
	return errors.Join(failed[:min(3, len(failed))]...)
}
