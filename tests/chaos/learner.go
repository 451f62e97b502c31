package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/toeic-app/toeic/tests/learners"
)

// taker is a learner who takes one test after another and repeats whatever was not acknowledged, as a client does on a
// bad network.
type taker struct {
	*learners.Learner
	theatre *theatre
	random  *rand.Rand
	now     *sitting // the attempt under way; nil between two
	all     []*sitting
	pending []change // sent and not acknowledged
	left    int      // requests until the attempt is submitted
	seq     int64
	checked int // how many of all were inspected and are over
}

// retry is the pause after a failure.
const retry = 5 * time.Millisecond

// work goes on until stop is closed, and returns early for what may not happen.
func (t *taker) work(ctx context.Context, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return nil
		default:
		}
		acknowledged, err := t.step(ctx)
		if err != nil {
			return err
		}
		if !acknowledged {
			time.Sleep(retry)
		}
	}
}

// step sends one request and reports whether it was acknowledged.
func (t *taker) step(ctx context.Context) (bool, error) {
	switch {
	case t.now == nil:
		return t.begin(ctx)
	case len(t.pending) == 0 && t.left == 0:
		return t.submit(ctx)
	}
	return t.answer(ctx)
}

// begin starts an attempt, or finds the one whose start was not acknowledged.
func (t *taker) begin(ctx context.Context) (bool, error) {
	var got struct{ ID string }
	status, err := t.ask(ctx, &got, http.MethodPost, "/api/v1/attempts", map[string]string{"exam_id": t.theatre.exam, "mode": "practice"})
	if status == http.StatusConflict {
		var list struct{ Items []struct{ ID string } }
		status, err = t.ask(ctx, &list, http.MethodGet, "/api/v1/attempts?status=in_progress", nil)
		if status == http.StatusOK && len(list.Items) != 1 {
			return false, fmt.Errorf("%d attempts are open after one was said to be", len(list.Items))
		}
		if status == http.StatusOK {
			got.ID, status = list.Items[0].ID, http.StatusCreated
		}
	}
	if err != nil || status != http.StatusCreated {
		return false, t.judge(status, err, "begin")
	}
	t.now = newSitting(got.ID)
	t.all = append(t.all, t.now)
	t.left = 5 + t.random.IntN(40)
	return true, nil
}

// answer sends what is pending, or something new.
func (t *taker) answer(ctx context.Context) (bool, error) {
	if len(t.pending) == 0 {
		t.left--
		t.seq++
		first := t.random.IntN(learners.FormItems)
		for i := range 1 + t.random.IntN(4) {
			c := change{(first+i)%learners.FormItems + 1, t.seq}
			t.pending = append(t.pending, c)
			t.now.sent[c.number] = c.seq
		}
	}
	answers := make([]learners.Answer, len(t.pending))
	for i, c := range t.pending {
		answers[i] = learners.Answer{Number: c.number, Choice: c.choice(), Seq: c.seq}
	}
	var got struct{ Accepted, Ignored int }
	status, err := t.ask(ctx, &got, http.MethodPut, "/api/v1/attempts/"+t.now.attempt+"/answers", map[string]any{"answers": answers})
	if err != nil || status != http.StatusOK {
		return false, t.judge(status, err, "answer")
	}
	if got.Accepted+got.Ignored != len(answers) {
		return false, fmt.Errorf("%d answers were accepted and %d ignored of %d", got.Accepted, got.Ignored, len(answers))
	}
	for _, c := range t.pending {
		t.now.acknowledged[c] = true
	}
	t.theatre.acknowledged.Add(int64(len(t.pending)))
	t.pending = t.pending[:0]
	return true, nil
}

func (t *taker) submit(ctx context.Context) (bool, error) {
	t.now.submitting = true
	var got struct{ Listening, Reading struct{ Raw int } }
	status, err := t.ask(ctx, &got, http.MethodPost, "/api/v1/attempts/"+t.now.attempt+"/submit", nil)
	if err != nil || status != http.StatusOK {
		return false, t.judge(status, err, "submit")
	}
	t.now.scored, t.now.right = true, got.Listening.Raw+got.Reading.Raw
	t.now = nil
	t.theatre.scored.Add(1)
	return true, nil
}

// ask sends a request to the server of the moment. The error is of the network, and says nothing of what was done.
func (t *taker) ask(ctx context.Context, into any, method, path string, body any) (int, error) {
	began := time.Now()
	server := t.theatre.at.Load()
	r, err := server.Do(ctx, t.Learner, method, path, body)
	if err != nil {
		return 0, err
	}
	switch {
	case r.Status == http.StatusServiceUnavailable:
		t.theatre.refused(time.Since(began), r.Header.Get("Retry-After") != "")
	case r.Status >= 500:
		t.theatre.odd(fmt.Sprintf("%s %s: status %d: %s", method, path, r.Status, r.Body))
	case r.Status < 300:
		if err := json.Unmarshal(r.Body, into); err != nil {
			return 0, err
		}
		t.theatre.succeeded(began)
	}
	return r.Status, nil
}

// judge tells what a chaos excuses from what it does not: no reply, and a server that says that it cannot.
func (t *taker) judge(status int, err error, what string) error {
	if err != nil || status >= 500 {
		return nil
	}
	return fmt.Errorf("%s: status %d", what, status)
}
