package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/tests/cachespeed"
)

// hits measures hits of the caches, in this process, against the libraries that they are built on.
func (b *bench) hits(ctx context.Context) ([]row, error) {
	const keys, size = 1000, 2000
	rounds := 20 * b.rounds
	near, err := cachespeed.Near(ctx, keys, size, 5*rounds)
	if err != nil {
		return nil, err
	}
	b.progress("near hit: %s", near)
	client, err := cache.Connect(cache.Where{URL: b.redis.URL()})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	rows := []row{
		hit("near hit of 2 KB", "ristretto Get", near).judge(ratioAtMost, cachespeed.MostNear),
		row{Scenario: "near hit of 2 KB, memory", Unit: "allocations", Value: near.Allocations}.judge(valueAtMost, fewAllocations),
	}
	sampling, err := b.sampling(ctx, keys, size, 100*rounds)
	if err != nil {
		return nil, err
	}
	rows = append(rows, sampling...)
	for _, far := range []struct {
		name, against string
		measure       func(context.Context, redis.UniversalClient, []byte, int) (cachespeed.Result, error)
		value         []byte
		target        float64 // zero for none
	}{
		{"far hit of 2 KB, and keeping it near by", "go-redis GET", cachespeed.Far, cachespeed.Random(size), cachespeed.MostFar},
		{"far hit of 2 KB with tags", "GET and HGET in a pipeline", cachespeed.FarTagged, cachespeed.Random(size), cachespeed.MostFar},
		{"far hit of 2 KB of text, kept compressed", "GET of it as it is", cachespeed.Far, cachespeed.Text(size), 0},
	} {
		got, err := far.measure(ctx, client, far.value, 10*rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", far.name, err)
		}
		b.progress("%s: %s", far.name, got)
		r := hit(far.name, far.against, got)
		if far.target > 0 {
			r = r.judge(ratioAtMost, far.target)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// readsOfRequest is how many values a request for hot content reads: who asks, and the reply.
const readsOfRequest = 2

// sampling measures what it costs that reads are sampled: on hits alone, and on whole requests without a network.
func (b *bench) sampling(ctx context.Context, keys, size, rounds int) ([]row, error) {
	pairs := cachespeed.ManyPairs
	if b.quick {
		pairs, rounds = 1, rounds/cachespeed.ManyPairs // each pair takes seconds to settle
	}
	hits, err := cachespeed.Sampling(ctx, keys, size, rounds, pairs, cachespeed.Hit())
	if err != nil {
		return nil, err
	}
	b.progress("sampling of hits: %s", hits)
	serve, err := serveInProcess(cachespeed.Random(size))
	if err != nil {
		return nil, err
	}
	requests, err := cachespeed.Sampling(ctx, keys, size, rounds/4, pairs, cachespeed.Request{Reads: readsOfRequest, Do: serve, Times: 400})
	if err != nil {
		return nil, err
	}
	b.progress("sampling of requests: %s", requests)
	whole := hit("hot GET without a network, sampling of reads", "without", requests)
	whole.Note = fmt.Sprintf("a token is checked, %d values are read, and Echo writes the reply", readsOfRequest)
	return []row{hit("near hit of 2 KB, sampling of reads", "without", hits).judge(ratioAtMost, cachespeed.MostWatched), whole}, nil
}

// serveInProcess makes a function that has the bare handler answer a signed-in learner, without a network.
func serveInProcess(body []byte) (func([]byte), error) {
	reply := bareReply{Route: "/", Header: http.Header{"Etag": {`"1"`}, "Cache-Control": {"private"}}, Body: body, Key: rand.Text() + rand.Text()}
	handler, err := reply.handler()
	if err != nil {
		return nil, err
	}
	access, err := token.New(token.Key(reply.Key))
	if err != nil {
		return nil, err
	}
	bearer, err := access.Sign(uuid.New(), uuid.New(), time.Now(), time.Hour)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.GET(reply.Route, handler)
	request := httptest.NewRequest(http.MethodGet, reply.Route, nil)
	request.Header.Set("Authorization", "Bearer "+bearer)
	try := httptest.NewRecorder()
	if e.ServeHTTP(try, request); try.Code != http.StatusOK || try.Body.Len() != len(body) {
		return nil, fmt.Errorf("the bare handler answers %d", try.Code)
	}
	out := discard{}
	return func([]byte) {
		clear(out)
		e.ServeHTTP(out, request)
	}, nil
}

// discard is a reply that nobody reads; it is its own header.
type discard http.Header

func (d discard) Header() http.Header         { return http.Header(d) }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// fewAllocations is none a hit: what is left is made by what goes on beside the hits, such as the clock of the cache.
const fewAllocations = 0.01

// hit makes a row of a comparison whose sides took turns in short rounds.
func hit(name, against string, r cachespeed.Result) row {
	out := row{Scenario: name, Unit: "µs", Value: micros(r.Ours)}.against(against, micros(r.Reference))
	out.Ratio = &r.Quotient
	return out
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// misser is the first argument of a process that reads a missing key.
const misser = "read-missing"

// missing is what such a process is asked for. It says "ready" when all of its readers stand, waits for a line, and says
// how it went. It fails if not all of them missed the key.
type missing struct {
	Redis   string
	Key     string
	Readers int
	Takes   time.Duration // of a load
}

// readMissing is the whole of such a process.
func readMissing(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	var m missing
	line, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &m)
	}
	if err != nil {
		return fmt.Errorf("read what to do: %w", err)
	}
	client, err := cache.Connect(cache.Where{URL: m.Redis})
	if err != nil {
		return err
	}
	defer client.Close()
	begin := make(chan struct{})
	go func() {
		_, _ = lines.ReadBytes('\n') // its end is a sign as well
		close(begin)
	}()
	got, err := cachespeed.Attack{
		Key: m.Key, Readers: m.Readers, Takes: m.Takes, Value: []byte("what was loaded"), Begin: begin,
		Ready: func() { fmt.Fprintln(out, `"ready"`) },
	}.Read(context.Background(), client)
	return errors.Join(err, json.NewEncoder(out).Encode(got))
}

// misses has three processes read one missing key ten thousand times at once.
func (b *bench) misses(ctx context.Context) ([]row, error) {
	const processes, readers, takes = 3, 10_000, 500 * time.Millisecond
	loads, slowest := make([]float64, b.rounds), make([]float64, b.rounds)
	for round := range b.rounds {
		got, err := storm(ctx, processes, missing{Redis: b.redis.URL(), Key: uuid.NewString(), Readers: readers / processes, Takes: takes}, readers%processes)
		if err != nil {
			return nil, err
		}
		if got.Wrong > 0 {
			return nil, fmt.Errorf("%d reads of a missing key went wrong", got.Wrong)
		}
		b.progress("10,000 misses in %d processes: %d loads, the slowest read took %v", processes, got.Loads, got.Slowest.Round(time.Millisecond))
		loads[round], slowest[round] = float64(got.Loads), milliseconds(got.Slowest)
	}
	took := slices.Max(slowest)
	r := row{Scenario: "10,000 misses of one key at once, 3 processes", Unit: "loads", Value: slices.Max(loads), P99: &took}.judge(valueAtMost, 1)
	r.Note = "the most of all rounds; the time is that of the slowest read, of which the load takes 500 ms; every reader missed the key"
	return []row{r}, nil
}

// storm runs so many processes, of which the first has more readers than the others, and sums what they say.
func storm(ctx context.Context, processes int, m missing, more int) (sum cachespeed.Storm, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return sum, fmt.Errorf("find this program: %w", err)
	}
	var began []*exec.Cmd
	var orders []io.WriteCloser
	var said []*json.Decoder
	defer func() {
		for i, cmd := range began {
			err = errors.Join(err, orders[i].Close(), cmd.Wait())
		}
	}()
	for n := range processes {
		cmd := exec.CommandContext(ctx, self, misser)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return sum, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return sum, err
		}
		if err := cmd.Start(); err != nil {
			return sum, fmt.Errorf("start a process that reads: %w", err)
		}
		began, orders, said = append(began, cmd), append(orders, in), append(said, json.NewDecoder(out))
		one := m
		if n == 0 {
			one.Readers += more
		}
		var ready string
		if err := errors.Join(json.NewEncoder(in).Encode(one), said[n].Decode(&ready)); err != nil {
			return sum, err
		}
	}
	for _, in := range orders {
		if _, err := fmt.Fprintln(in); err != nil {
			return sum, err
		}
	}
	for _, out := range said {
		var one cachespeed.Storm
		if err := out.Decode(&one); err != nil {
			return sum, err
		}
		sum.Loads, sum.Wrong, sum.Slowest = sum.Loads+one.Loads, sum.Wrong+one.Wrong, max(sum.Slowest, one.Slowest)
	}
	return sum, nil
}
