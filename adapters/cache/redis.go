package cache

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/toeic-app/toeic/ports"
)

// Redis is the connection to the far cache. The service works without it, only slower.
type Redis struct{ client redis.UniversalClient }

// NewRedis prepares a connection to redis://… or rediss://…. It connects on first use.
func NewRedis(address string) (*Redis, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("read the Redis address: %w", err)
	}
	// Plain Redis does not know maintenance notifications and would log an error on each connection.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Redis{client: redis.NewClient(options)}, nil
}

// Name names the dependency in health reports.
func (r *Redis) Name() string { return "redis" }

// Check tests the connection.
func (r *Redis) Check(ctx context.Context) error {
	if err := r.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// Close closes all connections.
func (r *Redis) Close() error { return r.client.Close() }

var _ ports.Probe = (*Redis)(nil)
