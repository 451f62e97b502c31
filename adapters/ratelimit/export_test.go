package ratelimit

import "github.com/redis/go-redis/v9"

// Len is the number of keys kept.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.debts)
		if len(s.debts) != len(s.queue) {
			n = -1 << 30
		}
		s.mu.Unlock()
	}
	return n
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
