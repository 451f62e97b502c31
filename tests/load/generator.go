package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// choices are what every part has.
var choices = []string{"A", "B", "C"}

// backOff is the rest after a 503, which the server asks for in whole seconds.
const backOff = 100 * time.Millisecond

// generateLoad is the whole of the second process: it reads a plan and says how it went.
func generateLoad(in io.Reader, out io.Writer) error {
	var p plan
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	say := json.NewEncoder(out)
	g := &generator{plan: p}
	done, err := g.run(func(moment string) error { return say.Encode(moment) })
	if err != nil {
		return err
	}
	if err := say.Encode(done); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in) // so that the processor time can still be read
	return err
}

type generator struct {
	plan  plan
	begin time.Time // of what is measured
	end   time.Time
	last  time.Time // until when load is sent
}

// run lets every seat work until the time is over, and calls moment when it begins to count and when it stops.
func (g *generator) run(moment func(string) error) (outcome, error) {
	clients := make([]*client, len(g.plan.Seats))
	for i, s := range g.plan.Seats {
		c, err := dial(g.plan.Address)
		if err != nil {
			return outcome{}, err
		}
		defer c.net.Close()
		clients[i] = newClient(c, g.plan, s)
	}
	g.begin = time.Now().Add(g.plan.Warm)
	g.end = g.begin.Add(g.plan.Length)
	g.last = g.end.Add(g.plan.Tail)
	var running sync.WaitGroup
	for _, c := range clients {
		running.Go(func() { c.work(g.begin, g.end, g.last) })
	}
	time.Sleep(time.Until(g.begin))
	if err := moment("begun"); err != nil {
		return outcome{}, err
	}
	time.Sleep(time.Until(g.end))
	if err := moment("ended"); err != nil {
		return outcome{}, err
	}
	running.Wait()
	out := gather(clients)
	out.Elapsed = g.plan.Length
	return out, nil
}

func gather(clients []*client) outcome {
	var all histogram
	var out outcome
	for _, c := range clients {
		all.merge(&c.times)
		out.Refused += c.refused
		out.Wrong += c.wrong
		out.Written += c.written
		out.Fresh += c.fresh
		if out.First == "" {
			out.First = c.first
		}
		out.Last = append(out.Last, c.last)
	}
	out.Requests = int(all.total)
	out.P50, out.P99 = all.quantile(0.5), all.quantile(0.99)
	return out
}

// client is one connection and its learner.
type client struct {
	conn    *conn
	plan    plan
	head    []byte // of a request, up to the length of its body
	body    []byte
	request []byte
	gets    [][]byte // the requests that are sent in turn, when nothing is put
	cursors []int    // where in each of them a fresh cursor belongs; below zero for none
	page    uuid.UUID
	asked   uint64 // fresh cursors
	isFresh bool   // whether the request has one
	turn    int
	seq     int64
	item    int // the last that was sent
	sent    []sent
	times   histogram
	last    map[int]written
	written int
	fresh   int
	refused int
	wrong   int
	first   string
}

type sent struct {
	number int
	choice string
}

func newClient(c *conn, p plan, s seat) *client {
	cl := &client{conn: c, plan: p, seq: p.Base, last: map[int]written{}, page: uuid.New()}
	common := "Host: " + p.Address + "\r\nAuthorization: Bearer " + s.Token + "\r\n"
	if p.Kind == putAnswers {
		cl.head = []byte("PUT /api/v1/attempts/" + s.Attempt + "/answers HTTP/1.1\r\n" + common + "Content-Type: application/json\r\nContent-Length: ")
		return cl
	}
	if p.Kind == getKnown {
		common += "If-None-Match: " + p.Tag + "\r\n"
	}
	for _, path := range p.Paths {
		request := []byte("GET " + strings.ReplaceAll(path, ofAttempt, s.Attempt) + " HTTP/1.1\r\n" + common + "\r\n")
		cl.gets, cl.cursors = append(cl.gets, request), append(cl.cursors, bytes.Index(request, []byte(freshCursor)))
	}
	return cl
}

// work sends one request after another. What is answered between begin and end counts; what is under way at the end is
// waited for, so that it is known what was acknowledged. Load goes on until last, without counting.
func (c *client) work(begin, end, last time.Time) {
	c.turn = int(c.plan.Base) // so that clients with bases of their own do not go in step
	c.next()
	for {
		start := time.Now()
		if !start.Before(last) {
			return
		}
		status, body, err := c.conn.do(c.request)
		now := time.Now()
		if err != nil {
			c.fault(err.Error())
			return // nothing can be sent on this connection any more
		}
		if status == 503 {
			c.refused++
			time.Sleep(backOff)
			continue // the same request again
		}
		if !c.right(status, body) {
			c.fault(fmt.Sprintf("status %d: %.300s", status, body))
			time.Sleep(backOff)
		}
		if !now.Before(begin) && now.Before(end) {
			c.times.add(now.Sub(start))
			if c.isFresh {
				c.fresh++
			}
		}
		c.next()
	}
}

func (c *client) fault(what string) {
	c.wrong++
	if c.first == "" {
		c.first = what
	}
}

// right judges a reply and notes what it acknowledges.
func (c *client) right(status int, body []byte) bool {
	switch c.plan.Kind {
	case get:
		return status == 200 && (c.plan.Bytes == 0 || len(body) == c.plan.Bytes)
	case getKnown:
		return status == 304 && len(body) == 0
	}
	accepted, ok := number(body, "accepted")
	if status != 200 || !ok || accepted != len(c.sent) {
		return false
	}
	for _, s := range c.sent {
		c.last[s.number] = written{Seq: c.seq, Choice: s.choice}
	}
	c.written += len(c.sent)
	return true
}

// next makes the next request: of the paths in turn, or other answers.
func (c *client) next() {
	if c.plan.Kind == putAnswers {
		c.answer()
		return
	}
	which := c.turn % len(c.gets)
	c.request = c.gets[which]
	c.turn++
	if c.isFresh = c.cursors[which] >= 0; c.isFresh {
		c.turnPage(c.request[c.cursors[which]:][:len(freshCursor)])
	}
}

// turnPage writes a cursor that nobody used before, from before the first thing in a list.
func (c *client) turnPage(to []byte) {
	c.asked++
	c.page[0] = 0
	binary.BigEndian.PutUint64(c.page[8:], c.asked)
	base64.RawURLEncoding.Encode(to, c.page[:])
}

// answer makes a request of other items, or the same with another choice, and always a higher seq, so that every one is
// a change.
func (c *client) answer() {
	c.seq++
	c.sent = c.sent[:0]
	c.body = append(c.body[:0], `{"answers":[`...)
	for i := range c.plan.Batch {
		c.item = c.item%c.plan.Items + 1
		choice := choices[(c.seq+int64(c.item))%int64(len(choices))]
		c.sent = append(c.sent, sent{c.item, choice})
		if i > 0 {
			c.body = append(c.body, ',')
		}
		c.body = append(c.body, `{"number":`...)
		c.body = strconv.AppendInt(c.body, int64(c.item), 10)
		c.body = append(c.body, `,"choice":"`...)
		c.body = append(c.body, choice...)
		c.body = append(c.body, `","seq":`...)
		c.body = strconv.AppendInt(c.body, c.seq, 10)
		c.body = append(c.body, `,"elapsed_ms":1500}`...)
	}
	c.body = append(c.body, `]}`...)
	c.request = append(c.request[:0], c.head...)
	c.request = strconv.AppendInt(c.request, int64(len(c.body)), 10)
	c.request = append(c.request, "\r\n\r\n"...)
	c.request = append(c.request, c.body...)
}
