package cache

import "slices"

// leave takes an entry out of the index, because ristretto dropped it.
func (n *near) leave(en *entry, reason uint32) {
	if en == nil || en.gone.Load() != 0 {
		return
	}
	s := n.shard(en.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index[en.hash] == en {
		delete(s.index, en.hash)
	}
	n.retire(en, reason)
}

// evict takes what is under a hash out, and keeps whatever is on its way there from being kept.
func (n *near) evict(hash uint64, reason uint32) bool {
	s := n.shard(hash)
	s.fills.Lock()
	defer s.fills.Unlock()
	s.mu.Lock()
	s.lose(s.flights[hash])
	en := s.index[hash]
	delete(s.index, hash)
	found := en != nil && n.retire(en, reason)
	s.mu.Unlock()
	if !n.closed.Load() {
		n.remove(en)
	}
	return found
}

// lose keeps what a flight will bring from being kept, and from those who ask from now on.
func (s *shard) lose(f *flight) {
	if f != nil {
		f.lost.Store(true)
		s.end(f)
	}
}

// end keeps others from joining a flight.
func (s *shard) end(f *flight) {
	f.over.Store(true)
	if s.flights[f.hash] == f {
		delete(s.flights, f.hash)
	}
	s.latest.CompareAndSwap(f, nil)
}

// evictAll takes everything out that matches, with whatever is on its way there, and returns how much of each family.
func (n *near) evictAll(matches func(r *region) bool, reason uint32) map[string]int {
	out := map[string]int{}
	for i := range n.shards {
		n.evictShard(&n.shards[i], matches, reason, out)
	}
	return out
}

func (n *near) evictShard(s *shard, matches func(r *region) bool, reason uint32, out map[string]int) {
	s.fills.Lock()
	defer s.fills.Unlock()
	s.mu.Lock()
	for _, f := range s.flights {
		if matches(f.region) {
			s.lose(f)
		}
	}
	var gone []*entry
	for hash, en := range s.index {
		if matches(en.region) {
			delete(s.index, hash)
			n.retire(en, reason)
			gone = append(gone, en)
			out[en.region.family.Name]++
		}
	}
	s.mu.Unlock()
	if n.closed.Load() {
		return
	}
	for _, en := range gone {
		n.remove(en)
	}
}

// evictTags takes out what carries one of the tags. What is on its way might.
func (n *near) evictTags(tags []string, matches func(r *region) bool, reason uint32) []*entry {
	for i := range n.shards {
		s := &n.shards[i]
		s.mu.Lock()
		for _, f := range s.flights {
			if matches(f.region) && f.mayCarry(tags) {
				s.lose(f)
			}
		}
		s.mu.Unlock()
	}
	return slices.DeleteFunc(n.carrying(tags), func(en *entry) bool { return !matches(en.region) || !n.evict(en.hash, reason) })
}

func (n *near) carrying(tags []string) []*entry {
	n.tagging.Lock()
	defer n.tagging.Unlock()
	var out []*entry
	for _, tag := range tags {
		for en := range n.tagged[tag] {
			out = append(out, en)
		}
	}
	return out
}

// sweep takes out what is past its time from one part of the index.
func (n *near) sweep(part int, over func(en *entry) bool) {
	s := &n.shards[part%shards]
	s.mu.Lock()
	var gone []*entry
	for _, en := range s.index {
		if over(en) {
			gone = append(gone, en)
		}
	}
	s.mu.Unlock()
	for _, en := range gone {
		n.expire(en)
	}
}

// expire takes an entry out that is past its time, if it is still there. What is on its way there may come.
func (n *near) expire(en *entry) {
	s := n.shard(en.hash)
	s.fills.Lock()
	defer s.fills.Unlock()
	s.mu.Lock()
	there := s.index[en.hash] == en && !n.closed.Load()
	if there {
		delete(s.index, en.hash)
		n.retire(en, expired)
	}
	s.mu.Unlock()
	if there {
		n.remove(en)
	}
}
