package cache

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ports"
)

// Tokens wraps a list of API tokens so that noting their use costs the store one write a minute for each token, rather
// than one a request.
func Tokens(inner ports.APITokenList) ports.APITokenList {
	return &tokens{APITokenList: inner, noted: map[uuid.UUID]time.Time{}}
}

// touchPause is how long a use is not noted again, which is how exactly it is kept.
const touchPause = time.Minute

type tokens struct {
	ports.APITokenList
	mu    sync.Mutex
	noted map[uuid.UUID]time.Time
}

// Touch implements ports.APITokenList.
func (t *tokens) Touch(ctx context.Context, id uuid.UUID, at time.Time) error {
	if !t.due(id, at) {
		return nil
	}
	return t.APITokenList.Touch(ctx, id, at)
}

// due reports whether a use is to be noted. Only tokens that were good come here, so there are as many as were issued;
// those that are no longer used are forgotten.
func (t *tokens) due(id uuid.UUID, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, known := t.noted[id]; known && at.Sub(last) < touchPause {
		return false
	}
	if len(t.noted) > 1000 {
		for other, last := range t.noted {
			if at.Sub(last) >= touchPause {
				delete(t.noted, other)
			}
		}
	}
	t.noted[id] = at
	return true
}
