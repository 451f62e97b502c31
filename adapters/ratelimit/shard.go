package ratelimit

import (
	"container/heap"
	"strings"
	"sync"
	"time"
)

// sweep is how many debts that are paid off a new key removes: more than one, so that old keys become fewer.
const sweep = 2

// shard keeps the debts of some keys. All but init needs its lock held.
type shard struct {
	mu    sync.Mutex
	keys  int
	debts map[string]*debt
	queue queue
}

// debt is what a key owes, as the moment at which that is paid off.
type debt struct {
	key  string
	paid int64 // nanoseconds since 1970
	at   int   // in the queue
}

func (s *shard) init(keys int) {
	s.keys = keys
	s.debts = map[string]*debt{}
}

// debt returns what the key owes at this moment.
func (s *shard) debt(key string, at int64) time.Duration {
	d, known := s.debts[key]
	if !known {
		return 0
	}
	return max(0, time.Duration(d.paid-at))
}

// settle is debt, and forgives what exceeds the capacity: no event caused it, but a clock that was set back, or another
// limit that the key used to have.
func (s *shard) settle(key string, p pace, at int64) time.Duration {
	owed := s.debt(key, at)
	if owed > p.capacity {
		owed = p.capacity
		s.owe(key, owed, at)
	}
	return owed
}

// owe sets what the key owes from this moment on.
func (s *shard) owe(key string, owed time.Duration, at int64) {
	d, known := s.debts[key]
	if !known {
		s.makeRoom(at)
		// The caller's string may be a small part of a large one, such as a request.
		d = &debt{key: strings.Clone(key), paid: at + int64(owed)}
		s.debts[d.key] = d
		heap.Push(&s.queue, d)
		return
	}
	d.paid = at + int64(owed)
	heap.Fix(&s.queue, d.at)
}

// makeRoom removes what is paid off, and the next to be so where that is not enough.
func (s *shard) makeRoom(at int64) {
	for range sweep {
		if len(s.queue) > 0 && s.queue[0].paid <= at {
			s.forgetFirst()
		}
	}
	if len(s.queue) >= s.keys {
		s.forgetFirst()
	}
}

func (s *shard) forgetFirst() {
	delete(s.debts, s.queue[0].key)
	heap.Pop(&s.queue)
}

// queue is a heap: the debt that is paid off first comes first.
type queue []*debt

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].paid < q[j].paid }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push is called by container/heap only.
func (q *queue) Push(x any) {
	d := x.(*debt) //nolint:forcetypeassert // the heap holds nothing else
	d.at = len(*q)
	*q = append(*q, d)
}

// Pop is called by container/heap only.
func (q *queue) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return d
}
