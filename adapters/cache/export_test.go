package cache

import "github.com/google/uuid"

// Holds reports whether a revision is in the cache now, without asking for it.
func (r *Revisions) Holds(id uuid.UUID) bool {
	_, ok := r.get(string(id[:]))
	return ok
}

// LoadTime is how long a load may take.
const LoadTime = loadTime

// WaitForActors returns when what was loaded before is remembered: the cache stores behind its callers' backs.
func WaitForActors(a *Actors) { a.near.Wait() }
