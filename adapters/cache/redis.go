package cache

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/ports"
)

// Redis is the connection to the far cache. The service works without it, only slower.
type Redis struct{ client redis.UniversalClient }

// NewRedis uses the connections of client, and closes them in the end.
func NewRedis(client redis.UniversalClient) *Redis { return &Redis{client: client} }

// Name names the dependency in health reports.
func (r *Redis) Name() string { return "redis" }

// Check tests whether Redis serves keys. A node of a cluster that serves none answers a ping.
func (r *Redis) Check(ctx context.Context) error {
	if err := r.client.Exists(ctx, tagTable).Err(); err != nil {
		return fmt.Errorf("ask redis for a key: %w", err)
	}
	return nil
}

// Close closes all connections.
func (r *Redis) Close() error { return r.client.Close() }

var _ ports.Probe = (*Redis)(nil)

// callChannel is where processes tell each other that something changed about who may do what. The message says no
// more than that, so a forged one does no harm and a lost one costs a moment.
const callChannel = "toeic:actors"

// Call tells the other processes to read the changes.
func (r *Redis) Call(ctx context.Context) error {
	if err := r.client.Publish(ctx, callChannel, "").Err(); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// Listen runs heard for every call, until ctx ends. It connects again whenever the connection is lost.
func (r *Redis) Listen(ctx context.Context, heard func()) {
	calls := r.client.Subscribe(ctx, callChannel)
	defer calls.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-calls.Channel():
			if !open {
				return
			}
			heard()
		}
	}
}

// Client is the connection itself, for what else is kept in Redis.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// LogTo sends what the client library has to say, such as that it cannot connect, to log. It holds for the whole process,
// as the library has one logger.
func LogTo(log func(text string)) { redis.SetLogger(logger(log)) }

type logger func(string)

// Printf implements the library's interface.
func (l logger) Printf(_ context.Context, format string, v ...any) { l(fmt.Sprintf(format, v...)) }
