package cache

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

const (
	// askTime is how long other processes have to answer.
	askTime = 250 * time.Millisecond

	// shownKeys is how many of the most read keys figures show.
	shownKeys = 20
)

// inbox is where answers of other processes arrive.
type inbox struct {
	mu    sync.Mutex
	asked map[string]chan caching.Figures
}

func (i *inbox) open(question string, most int) <-chan caching.Figures {
	i.mu.Lock()
	defer i.mu.Unlock()
	answers := make(chan caching.Figures, most)
	i.asked[question] = answers
	return answers
}

func (i *inbox) close(question string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.asked, question)
}

func (i *inbox) deliver(question string, answer caching.Figures) {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case i.asked[question] <- answer: // nobody asked is a nil channel, which takes nothing
	default:
	}
}

// Figures implements [ports.CacheFigures]. What Redis holds, and what it says of itself, is in the figures of this process
// only, the first. It never fails: processes that do not answer in a moment are left out.
func (e *Engine) Figures(ctx context.Context) ([]caching.Figures, error) {
	own := e.own()
	if e.far == nil {
		return []caching.Figures{own}, nil
	}
	var others []caching.Figures
	var asking sync.WaitGroup
	asking.Go(func() { others = e.others(ctx) })
	own.Server = e.far.server(ctx)
	e.holdings(ctx, own.Families)
	asking.Wait()
	slices.SortFunc(others, func(a, b caching.Figures) int { return strings.Compare(a.Replica, b.Replica) })
	return append([]caching.Figures{own}, others...), nil
}

// own are the figures of this process.
func (e *Engine) own() caching.Figures {
	top, unlisted := e.top.most(shownKeys)
	out := caching.Figures{
		Replica: e.replica, Since: e.since, Families: map[string]caching.FamilyFigures{}, Top: top, Unlisted: unlisted,
		Limit: e.near.limit, Apart: e.rules.Load().apart != 0,
	}
	for _, f := range e.families {
		out.Families[f.Name] = f.figures()
	}
	if e.far != nil {
		out.Faults = map[caching.Fault]uint64{}
		for kind, count := range e.far.gate.faults {
			out.Faults[kind] = count.n.Load()
		}
	}
	return out
}

// others asks the other processes for theirs.
func (e *Engine) others(ctx context.Context) []caching.Figures {
	const most = 1000 // processes
	question := randomName()
	answers := e.inbox.open(question, most)
	defer e.inbox.close(question)
	message, err := json.Marshal(note{From: e.name, Ask: question})
	if err != nil {
		return nil
	}
	expected := most
	if err := e.far.gate.ask(ctx, func(ctx context.Context) error {
		pipe := e.far.client.Pipeline()
		listening, _ := pipe.PubSubNumSub(ctx, channel), pipe.Publish(ctx, channel, message)
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		if !e.far.cluster { // where each server knows its own listeners only
			expected = int(listening.Val()[channel])
			if e.rules.Load().apart == 0 {
				expected-- // this process
			}
		}
		return nil
	}); err != nil {
		return nil
	}
	var out []caching.Figures
	late := time.NewTimer(askTime)
	defer late.Stop()
	for len(out) < expected {
		select {
		case answer := <-answers:
			out = append(out, answer)
		case <-late.C:
			return out
		case <-ctx.Done():
			return out
		}
	}
	return out
}

// answer tells another process how this one does.
func (e *Engine) answer(ctx context.Context, asked note) {
	own := e.own()
	message, err := json.Marshal(note{From: e.name, Answer: asked.Ask, Figures: &own})
	if err != nil {
		return
	}
	_ = e.far.gate.ask(ctx, func(ctx context.Context) error {
		return e.far.client.Publish(ctx, channel+":"+asked.From, message).Err()
	})
}

// serverFacts are what of Redis's INFO an operator looks at first.
var serverFacts = []string{
	"redis_version", "uptime_in_seconds", "connected_clients", "used_memory", "maxmemory", "maxmemory_policy", "evicted_keys", "expired_keys",
	"keyspace_hits", "keyspace_misses", "role", "mem_fragmentation_ratio", "instantaneous_ops_per_sec",
}

// server returns what Redis says of itself; of a cluster, one of its servers.
func (f *far) server(ctx context.Context) map[string]string {
	out := map[string]string{}
	var text string
	if err := f.gate.ask(ctx, func(ctx context.Context) (err error) {
		text, err = f.client.Info(ctx).Result()
		return err
	}); err != nil {
		return out
	}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok && slices.Contains(serverFacts, name) {
			out[name] = value
		}
	}
	return out
}
