package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/toeic-app/toeic/tests/learners"
)

// sheet measures the questions of a full form, warm, against the bare handler; and again for clients that have them.
func (b *bench) sheet(ctx context.Context) (rows []row, err error) {
	const target = 0.6
	h, err := b.house(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := h.questions(ctx, h.sitting[0])
	if err != nil {
		return nil, err
	}
	limit, err := startBare(ctx, reply)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, limit.stop()) }()
	for _, what := range []struct {
		name string
		plan plan
	}{
		{"questions of a full form", plan{Kind: get, Bytes: len(reply.Body)}},
		{"questions that the client has (304)", plan{Kind: getKnown, Tag: reply.Header["Etag"][0]}},
	} {
		p := what.plan
		p.Warm, p.Length, p.Paths = b.warm, b.length, []string{questionsPath}
		r, err := b.against(ctx, h, what.name, p, limit)
		if err != nil {
			return nil, err
		}
		if p.Kind == get {
			r = r.judge(ratioAtLeast, target)
			r.Note = fmt.Sprintf("%d bytes a reply", len(reply.Body))
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// turns are how many stretches a round has here: what else the machine does changes within seconds.
const turns = 3

// against measures a plan on the house and on the bare handler in turns. The ratio is the median of those of neighbouring
// turns.
func (b *bench) against(ctx context.Context, h *house, name string, p plan, limit *bare) (row, error) {
	var s series
	var quotients []float64
	p.Warm, p.Length = p.Warm/turns, p.Length/turns
	for turn := range b.rounds * turns {
		var got sample
		var most float64
		sides := []func() error{
			func() (err error) { got, err = h.load(ctx, p, h.sitting[:class]); return err },
			func() (err error) { most, err = limit.load(ctx, p, h.sitting[:class]); return err },
		}
		if turn%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			if err := side(); err != nil {
				return row{}, err
			}
		}
		b.progress("%s: %.0f/s, bare handler %.0f/s", name, got.perSecond(), most)
		s.samples, s.references = append(s.samples, got), append(s.references, most)
		quotients = append(quotients, got.perSecond()/most)
	}
	r := s.measured(fmt.Sprintf("%s, %d connections", name, class), perSecond, func(o sample) float64 { return o.perSecond() }).
		against("bare handler", median(s.references))
	r.Ratio = new(median(quotients))
	return h.peak(r)
}

// load has the same people send the same to the bare handler, and returns how many requests a second it answered.
func (b *bare) load(ctx context.Context, p plan, people []*learners.Learner) (float64, error) {
	p.Address = b.address
	var err error
	if p.Seats, err = b.seats(people); err != nil {
		return 0, err
	}
	nobody := func(int) error { return nil }
	got, err := generate(ctx, p, nobody, nobody)
	if err == nil && got.Wrong > 0 {
		err = fmt.Errorf("the bare handler: %s", got.First)
	}
	return got.perSecond(), err
}

// questions fetches the questions once, with what the bare handler of sheets sends along.
func (h *house) questions(ctx context.Context, l *learners.Learner) (bareReply, error) {
	reply, err := h.fetch(ctx, l, questionsPath)
	kept := map[string][]string{}
	for _, name := range []string{"Etag", "Cache-Control"} {
		kept[name] = reply.Header[name]
	}
	reply.Header = kept
	return reply, err
}

// fetch gets what is under a path once, as a client does that takes no compression. It must have a tag.
func (h *house) fetch(ctx context.Context, l *learners.Learner, path string) (bareReply, error) {
	if err := h.Renew(ctx, []*learners.Learner{l}); err != nil {
		return bareReply{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+strings.ReplaceAll(path, ofAttempt, l.Attempt), nil)
	if err != nil {
		return bareReply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+l.Token)
	req.Header.Set("Accept-Encoding", "identity")
	got, err := h.Send(req)
	if err != nil {
		return bareReply{}, err
	}
	if got.Status != http.StatusOK || got.Header.Get("Etag") == "" {
		return bareReply{}, learners.Refused{What: path + ", with a tag", Reply: got}
	}
	return bareReply{Route: strings.ReplaceAll(path, ofAttempt, ":id"), Header: got.Header, Body: got.Body}, nil
}
