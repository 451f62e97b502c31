package cache

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/domain/caching"
)

const (
	// tagTable is the key of the table of tags that were evicted.
	tagTable = "toeic:cache:tags"

	// mostTags is how many tags it holds; with more it begins anew.
	mostTags = 100_000

	// leaseTime is how long a load that died keeps others waiting. One that lives prolongs its lease.
	leaseTime = 3 * time.Second
)

// far is the far tier.
type far struct {
	client  redis.UniversalClient
	cluster bool // several servers, which do not heed the order in which they are told things
	gate    *gate
	pending *pending
	recent  *recent

	holdings holdings
}

func newFar(client redis.UniversalClient, patience time.Duration, log func(message string, err error)) *far {
	_, cluster := client.(*redis.ClusterClient)
	return &far{client: client, cluster: cluster, gate: newGate(patience, log), pending: newPending(), recent: newRecent()}
}

// reading is what was found under a key.
type reading struct {
	frame   frame
	found   bool
	stamp   stamp // of now, in regions with tags
	damaged error // what is there is not ours, or not whole
}

// read looks a key up. What is damaged is not found.
func (f *far) read(ctx context.Context, r *region, key string) (reading, error) {
	var out reading
	var data []byte
	err := f.gate.ask(ctx, func(ctx context.Context) (err error) {
		if r.tags == nil {
			data, err = f.client.Get(ctx, key).Bytes()
			return err
		}
		data, out.stamp, err = f.readBoth(ctx, key)
		return err
	})
	switch {
	case err != nil && faultOf(err) == caching.Corrupt:
		r.family.farErrors.Add(1)
		return out, nil
	case err != nil:
		r.failed(err)
		return out, err
	case len(data) == 0:
		return out, nil
	}
	return f.open(ctx, r, data, out.stamp)
}

// readBoth reads a value and the state of the tags.
func (f *far) readBoth(ctx context.Context, key string) ([]byte, stamp, error) {
	pipe := f.client.Pipeline()
	value, state := pipe.Get(ctx, key), pipe.HGet(ctx, tagTable, "@")
	_, _ = pipe.Exec(ctx) // each command has its own error
	if err := state.Err(); err != nil && !errors.Is(err, redis.Nil) {
		return nil, "", err
	}
	data, err := value.Bytes()
	return data, stamp(state.Val()), err
}

// open reads a frame and, where it has tags, makes sure that none was evicted since.
func (f *far) open(ctx context.Context, r *region, data []byte, now stamp) (reading, error) {
	got, err := decodeFrame(data)
	if err == nil && (got.tags != nil) != (r.tags != nil) {
		err = errFrame
	}
	if err != nil {
		return reading{stamp: now, damaged: err}, nil
	}
	found := true
	if got.tags != nil && got.stamp != now {
		if found, err = f.untouched(ctx, got, now); err != nil {
			r.failed(err)
			return reading{stamp: now}, err
		}
	}
	return reading{frame: got, found: found, stamp: now}, nil
}

// untouched reports whether none of the tags of a value was evicted after its stamp.
func (f *far) untouched(ctx context.Context, got frame, now stamp) (bool, error) {
	if !now.valid() || !got.stamp.valid() || now.life() != got.stamp.life() {
		return false, nil
	}
	fields := make([]string, 1, 1+len(got.tags))
	fields[0] = "@"
	for _, tag := range got.tags {
		fields = append(fields, ":"+tag)
	}
	var evictions []any
	if err := f.gate.insist(ctx, func(ctx context.Context) (err error) {
		evictions, err = f.client.HMGet(ctx, tagTable, fields...).Result()
		return err
	}); err != nil {
		return false, err
	}
	state, _ := evictions[0].(string)
	if !stamp(state).valid() || stamp(state).life() != got.stamp.life() {
		return false, nil
	}
	for _, count := range evictions[1:] {
		if count, evicted := count.(string); evicted && count > got.stamp.count() {
			return false, nil
		}
	}
	return true, nil
}

// stampNow returns the state of the tags, which is there afterwards.
func (f *far) stampNow(ctx context.Context) (stamp, error) {
	var out stamp
	err := f.gate.insist(ctx, func(ctx context.Context) error {
		state, err := stampScript.Run(ctx, f.client, []string{tagTable}, randomName()+"0000000000000000").Text()
		out = stamp(state)
		return err
	})
	return out, err
}

// lease is the right to load a value for all processes.
type lease struct {
	far   *far
	key   string
	token string
}

// leaseKey is the key of the lease of a value. What is between the braces decides the slot, so it is that of the value.
func leaseKey(key string) string { return "{" + key + "}!lease" }

// take returns the value, if there is one that was loaded after since, or the lease with this token, if nobody has another.
func (f *far) take(ctx context.Context, key, token string, since int64) (data []byte, l *lease, err error) {
	var reply any
	err = f.gate.insist(ctx, func(ctx context.Context) (err error) {
		reply, err = takeScript.Run(ctx, f.client, []string{key, leaseKey(key)}, token, leaseTime.Milliseconds(), since).Result()
		return err
	})
	switch reply := reply.(type) {
	case string:
		return []byte(reply), nil, err
	case int64:
		if reply == 1 {
			return nil, &lease{far: f, key: key, token: token}, err
		}
	}
	return nil, nil, err
}

// fill keeps a value unless it was evicted since the lease was taken, and ends the lease.
func (l *lease) fill(ctx context.Context, value frame, life time.Duration) error {
	return l.far.gate.ask(ctx, func(ctx context.Context) error {
		return fillScript.Run(ctx, l.far.client, []string{l.key, leaseKey(l.key)}, l.token, value.encode(), max(1, life.Milliseconds())).Err()
	})
}

// drop ends the lease. If that fails, time does.
func (l *lease) drop(ctx context.Context) error {
	return l.far.gate.ask(ctx, func(ctx context.Context) error {
		return dropScript.Run(ctx, l.far.client, []string{leaseKey(l.key)}, l.token).Err()
	})
}

// hold prolongs the lease from time to time, until the returned function is called.
func (l *lease) hold(ctx context.Context) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	var next *time.Timer
	var mu sync.Mutex // the timer may go off before it is known
	mu.Lock()
	defer mu.Unlock()
	next = time.AfterFunc(leaseTime/3, func() {
		if ctx.Err() != nil {
			return
		}
		_ = l.far.gate.ask(ctx, func(ctx context.Context) error { // another try comes before the lease ends
			return holdScript.Run(ctx, l.far.client, []string{leaseKey(l.key)}, l.token, leaseTime.Milliseconds()).Err()
		})
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			next.Reset(leaseTime / 3)
		}
	})
	return func() {
		cancel()
		mu.Lock()
		defer mu.Unlock()
		next.Stop()
	}
}

// remove deletes values with their leases and tells the other processes what to forget, in this order. They are told also
// if a node of a cluster did not delete what it has.
func (f *far) remove(ctx context.Context, keys []string, channel, message string) error {
	if f.cluster {
		if err := f.removeKeys(ctx, keys); err != nil {
			if !errors.Is(err, errApart) {
				f.say(ctx, channel, message)
			}
			return err
		}
		keys = nil
	}
	return f.gate.ask(ctx, func(ctx context.Context) error {
		pipe := f.client.Pipeline()
		for _, key := range keys {
			pipe.Del(ctx, key, leaseKey(key))
		}
		pipe.Publish(ctx, channel, message)
		_, err := pipe.Exec(ctx)
		return err
	})
}

// say publishes a message past the breaker: that a message is passed on does not mean that keys are served.
func (f *far) say(ctx context.Context, channel, message string) {
	_ = f.client.Publish(f.gate.terms.patient(ctx, f.gate.patience), channel, message).Err() // the next try says it again
}

func (f *far) removeKeys(ctx context.Context, keys []string) error {
	return f.gate.ask(ctx, func(ctx context.Context) error {
		pipe := f.client.Pipeline()
		for _, key := range keys {
			pipe.Del(ctx, key, leaseKey(key))
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// removeTags evicts tags: whatever carries them and was loaded before is not found any more.
func (f *far) removeTags(ctx context.Context, tags []string) error {
	args := make([]any, 1, 1+len(tags))
	args[0] = strconv.Itoa(mostTags)
	for _, tag := range tags {
		args = append(args, tag)
	}
	return f.gate.ask(ctx, func(ctx context.Context) error {
		return tagScript.Run(ctx, f.client, []string{tagTable}, args...).Err()
	})
}

// randomName is a name that nobody else has.
func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
