package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"
)

type syncInfo struct {
	Position      int64
	AnsweredCount int `json:"answered_count"`
	Answers       []struct {
		Number int
		Choice *string
		Seq    int64
	}
}

// offlineAnswer is a change as a client sends it that was offline when it was made.
type offlineAnswer struct {
	Number int       `json:"number"`
	Choice *string   `json:"choice"`
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
}

// A client that was offline for hours replays everything, in any order, more than once, with replies lost on the way and
// a clock that is wrong: the sheet is the one that it would have had online.
func TestWhatWasAnsweredOfflineIsReplayedWithoutLoss(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p place) {
		learner, _ := p.serve(t).register(t)
		a := learner.start("practice")
		path := "/api/v1/attempts/" + a.ID
		dice := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano()))) //nolint:gosec // chance for a test
		var done []offlineAnswer
		want := map[int]offlineAnswer{}
		for seq := int64(1); seq <= 300; seq++ {
			change := offlineAnswer{Number: dice.IntN(25) + 1, Seq: seq, At: time.Now().Add(time.Duration(dice.IntN(14)-7) * time.Hour)}
			if dice.IntN(10) > 0 {
				letter := string("ABC"[dice.IntN(3)])
				change.Choice = &letter
			}
			done = append(done, change)
			want[change.Number] = change
		}
		done = append(done, done[:100]...) // sent again, as their replies were lost
		dice.Shuffle(len(done), func(i, j int) { done[i], done[j] = done[j], done[i] })
		for len(done) > 0 {
			n := min(len(done), dice.IntN(40)+1)
			body := map[string]any{"answers": done[:n]}
			if dice.IntN(3) == 0 { // the connection breaks before the reply arrives
				learner.hangUp("PUT", path+"/answers", body)
			}
			learner.want(200, nil, "PUT", path+"/answers", body)
			done = done[n:]
		}
		var all syncInfo
		learner.want(200, &all, "GET", path+"/sync?since=0", nil)
		answered := 0
		for _, got := range all.Answers {
			if w := want[got.Number]; got.Seq != w.Seq || chosen(got.Choice) != chosen(w.Choice) {
				t.Errorf("item %d is %v at %d, want %v at %d", got.Number, chosen(got.Choice), got.Seq, chosen(w.Choice), w.Seq)
			}
			if got.Choice != nil {
				answered++
			}
		}
		if len(all.Answers) != len(want) || all.AnsweredCount != answered {
			t.Errorf("%d items of %d, %d answered of %d", len(all.Answers), len(want), all.AnsweredCount, answered)
		}
		// Another device of the learner hears what is new alone.
		learner.want(200, nil, "PUT", path+"/answers", answers(answer{7, "B", 9999}))
		var news syncInfo
		learner.want(200, &news, "GET", fmt.Sprintf("%s/sync?since=%d", path, all.Position), nil)
		if len(news.Answers) != 1 || news.Answers[0].Number != 7 || news.Position <= all.Position {
			t.Errorf("the news are %+v", news)
		}
		learner.want(200, nil, "POST", path+"/submit", nil)
		var review struct {
			Questions []struct {
				Number  int
				Changes []struct{ Choice *string }
			}
		}
		learner.want(200, &review, "GET", path+"/review", nil)
		changes := 0
		for _, q := range review.Questions {
			changes += len(q.Changes)
		}
		if changes == 0 || changes > 301 {
			t.Errorf("the review tells %d changes", changes)
		}
	})
}

// chosen is a choice as text.
func chosen(c *string) string {
	if c == nil {
		return "none"
	}
	return *c
}

// hangUp sends a request and closes the connection without reading the reply.
func (p person) hangUp(method, path string, body any) {
	p.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.server.url+path, bytes.NewReader(encoded))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.token)
	conn, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", req.URL.Host)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if err := req.Write(conn); err != nil {
		p.t.Fatal(err)
	}
}
