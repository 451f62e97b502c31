package cache

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Profiles keeps accounts near by, each under its owner, for who only looks at them. They name people and stay out of
// Redis.
type Profiles struct {
	ports.Users
	region *Region[identity.User]
}

// userBytes is the memory that an account takes, about.
const userBytes = 1 << 10

// NewProfiles returns a cache before inner.
func NewProfiles(e *Engine, inner ports.Users) (*Profiles, error) {
	region, err := NewRegion(e, RegionOptions[identity.User]{
		Family: caching.Users, Name: "profile", Schema: 1, Size: func(identity.User) int64 { return userBytes },
		Tags:     func(id string, _ identity.User) []string { return []string{"user:" + id} },
		Concerns: func(id, tag string) bool { return tag == "user:"+id },
	})
	return &Profiles{Users: inner, region: region}, err
}

// ByID implements ports.Users.
func (p *Profiles) ByID(ctx context.Context, id uuid.UUID) (identity.User, error) {
	return p.region.GetUUID(ctx, id, p.Users.ByID)
}
