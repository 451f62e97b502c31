package integration

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

// A server that is killed at any moment has lost no answer that it acknowledged.
func TestNoAcknowledgedAnswerIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		const rounds = 20
		seed := uint64(time.Now().UnixNano()) //nolint:gosec // any bits will do
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		s := p.serve(t)
		learner, _ := s.register(t)
		a := learner.start("practice")
		path := "/api/v1/attempts/" + a.ID
		acknowledged := map[int]int64{}
		seq := int64(0)
		for range rounds {
			time.AfterFunc(time.Duration(random.IntN(40))*time.Millisecond, func() { _ = s.cmd.Process.Kill() })
			for {
				seq++
				n := random.IntN(a.QuestionCount) + 1
				r, err := learner.try("PUT", path+"/answers", answers(answer{n, "A", seq}))
				if err != nil {
					break // it is dead; whether this one was stored is nobody's promise
				}
				if r.status != 200 {
					t.Fatalf("status %d: %s", r.status, r.body)
				}
				acknowledged[n] = seq
			}
			<-s.ended
			s = p.serve(t)
			learner.server = s
			lost(t, learner, path, acknowledged)
		}
	})
}

// lost repeats every acknowledged answer: one that is stored is ignored, one that was lost would be accepted.
func lost(t *testing.T, learner person, path string, acknowledged map[int]int64) {
	t.Helper()
	if len(acknowledged) == 0 {
		return
	}
	batch := make([]answer, 0, len(acknowledged))
	for n, seq := range acknowledged {
		batch = append(batch, answer{n, "A", seq})
	}
	var got answered
	r := learner.want(200, nil, "PUT", path+"/answers", answers(batch...))
	if err := json.Unmarshal(r.body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Accepted != 0 {
		t.Errorf("%d of %d acknowledged answers were lost", got.Accepted, len(acknowledged))
	}
}
