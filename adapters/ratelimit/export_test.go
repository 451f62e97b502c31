package ratelimit

import "github.com/redis/go-redis/v9"

// Len is the number of keys kept.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		n += len(m.shards[i].debts)
	}
	return n
}

// Sound reports whether each key is in its queue, and each queue is in order.
func (m *Memory) Sound() bool {
	for i := range m.shards {
		s := &m.shards[i]
		if len(s.queue) != len(s.debts) {
			return false
		}
		for at, d := range s.queue {
			if d.at != at || s.debts[d.key] != d || s.queue.Less(at, max(0, at-1)/2) {
				return false
			}
		}
	}
	return true
}

// Client is the connection to the server.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// OnlyContextsEndIt leaves the context of an event as all that bounds it.
func (r *Redis) OnlyContextsEndIt() {
	o := r.client.(*redis.Client).Options()
	o.ReadTimeout, o.WriteTimeout = 0, 0 // none, once the options were read
}

// Key is one of the keys kept.
func (m *Memory) Key() string {
	for i := range m.shards {
		for key := range m.shards[i].debts {
			return key
		}
	}
	return ""
}
