package cachesim_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/tests/cachesim"
)

// value is what plain keeps.
type value struct {
	key            uint64
	bytes          int64
	loaded, gone   time.Duration
	ttl            time.Duration
	lastUsedNumber int
}

// plain is LRU as one would explain it: it looks at all values each time.
type plain struct {
	limit  int64
	rules  []cachesim.Rule
	values []value
}

func (p *plain) do(number int, r cachesim.Read) bool {
	var kept []value
	var found *value
	for _, v := range p.values {
		switch {
		case v.gone <= r.At:
		case v.key == r.Key:
			found = &v
		default:
			kept = append(kept, v)
		}
	}
	p.values = kept
	if r.Delete {
		return false
	}
	rule := p.rules[r.Family]
	v := value{key: r.Key, bytes: r.Bytes, loaded: r.At, gone: r.At + rule.TTL + rule.Stale, ttl: rule.TTL, lastUsedNumber: number}
	hit := found != nil && r.At-found.loaded < found.ttl
	if hit {
		v.loaded, v.gone = found.loaded, found.gone
	}
	if v.bytes > p.limit {
		return hit
	}
	p.values = append(p.values, v) // in the order of their last use
	sum := int64(0)
	for i := len(p.values) - 1; i >= 0; i-- {
		if sum += p.values[i].bytes; sum > p.limit {
			p.values = p.values[i+1:]
			break
		}
	}
	return hit
}

func TestTheSimulationIsLRU(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := []cachesim.Rule{{TTL: 20 * time.Second}, {TTL: 7 * time.Second, Stale: 9 * time.Second}}
		limit := rapid.Int64Range(1, 60).Draw(t, "limit")
		exact, slow := cachesim.NewLRU(limit, rules), plain{limit: limit, rules: rules}
		at := time.Duration(0)
		for i := range rapid.IntRange(1, 200).Draw(t, "reads") {
			at += time.Duration(rapid.IntRange(0, 3).Draw(t, "seconds")) * time.Second
			key := rapid.Uint64Range(0, 15).Draw(t, "key")
			r := cachesim.Read{Family: int(key % 2), Key: key, Bytes: int64(1 + key%11), At: at, Delete: rapid.IntRange(0, 9).Draw(t, "deleted") == 0}
			if got, want := exact.Do(r), slow.do(i, r); got != want {
				t.Fatalf("read %d of key %d: hit %v instead of %v", i, key, got, want)
			}
		}
	})
}
