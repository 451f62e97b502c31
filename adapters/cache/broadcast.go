package cache

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/domain/caching"
)

// channel is where engines tell each other what changed, and ask each other for figures. Answers go to a channel that is
// named after the one who asks.
const channel = "toeic:cache"

const (
	// callTime is how often the engine calls itself, by the way that the others are told things. silence is how long it may
	// hear none of its calls: a connection that is whole may lead to a server that nobody talks to any more.
	callTime = 250 * time.Millisecond
	silence  = time.Second

	// rejoinTime is how long it waits before it tries again to listen.
	rejoinTime = 200 * time.Millisecond
)

// note is one message.
type note struct {
	From    string           `json:"o"`
	Change  *change          `json:"c,omitempty"`
	Ask     string           `json:"q,omitempty"` // a question for figures, by its name
	Answer  string           `json:"a,omitempty"` // to the question of this name
	Figures *caching.Figures `json:"g,omitempty"`
}

func (e *Engine) inboxName() string { return channel + ":" + e.name }

// hear listens to the other engines until ctx ends. While it cannot, values live for a short time only, as nobody tells
// what changes. Once it hears again, all that is near by is forgotten: any of it may have changed meanwhile, also what is
// not kept in Redis, as that is changed by others as well.
func (e *Engine) hear(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		e.cutOff(err)
		select {
		case <-ctx.Done():
		case <-time.After(rejoinTime):
		}
	}
}

var errSilent = errors.New("cache: Redis is silent")

// listen returns when the connection is lost, or does not bring what is said.
func (e *Engine) listen(ctx context.Context) error {
	ctx, hangUp := context.WithCancel(ctx)
	words := e.far.client.Subscribe(ctx, channel, e.inboxName())
	var calling sync.WaitGroup
	defer calling.Wait()
	defer context.AfterFunc(ctx, func() { _ = words.Close() })()
	defer words.Close()
	defer hangUp()
	listening, joined, heard := 0, false, time.Now()
	for {
		word, err := words.ReceiveTimeout(ctx, silence)
		if err != nil {
			return errors.Join(errSilent, err)
		}
		switch word := word.(type) {
		case *redis.Subscription:
			if listening++; listening == 2 {
				calling.Go(func() { e.call(ctx) })
			}
		case *redis.Message:
			if word.Payload != "" {
				e.told(ctx, word.Payload)
				break
			}
			heard = time.Now()
			if !joined {
				joined = true
				e.joined()
			}
		}
		if time.Since(heard) > silence {
			return errSilent
		}
	}
}

// call calls this engine now and then, until ctx ends. Nobody else sends nothing to it.
func (e *Engine) call(ctx context.Context) {
	every := time.NewTicker(callTime)
	defer every.Stop()
	for {
		e.far.say(ctx, e.inboxName(), "") // whether it is heard says more than whether it failed
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// cutOff notes that this process hears nothing of the others.
func (e *Engine) cutOff(reason error) {
	if e.rules.Load().apart != 0 {
		return
	}
	e.change(func(r *rules) { r.apart = max(1, e.clock.exact()) })
	e.log("the caches of this process do not hear what others change; they keep nothing for long", reason)
}

// joined notes that it hears them from now on.
func (e *Engine) joined() {
	e.near.evictAll(func(*region) bool { return true }, cleared)
	e.change(func(r *rules) { r.apart = 0 })
	first := false
	e.meeting.Do(func() {
		close(e.met)
		first = true
	})
	if !first { // or it is the server that heard of all that this process evicted
		e.repeat()
	}
	e.log("the caches of this process hear what others change", nil)
}

// told heeds one message. What cannot be read is of another version, and says nothing that this one has to know.
func (e *Engine) told(ctx context.Context, message string) {
	var n note
	if err := json.Unmarshal([]byte(message), &n); err != nil || n.From == e.name {
		return
	}
	switch {
	case n.Change != nil:
		e.heed(ctx, *n.Change)
	case n.Ask != "":
		e.answer(ctx, n)
	case n.Answer != "" && n.Figures != nil:
		e.inbox.deliver(n.Answer, *n.Figures)
	}
}
