package ratelimit

import (
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// NewRedisOf prepares connections to the nodes of a cluster, to a master that sentinels watch, or, with a single address
// and no master, to one server. They are made on first use and as bounded as those of NewRedis.
func NewRedisOf(o redis.UniversalOptions) *Redis {
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = ioTimeout, ioTimeout, ioTimeout
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewUniversalClient(&o)
	return &Redis{client: client, limiter: redis_rate.NewLimiter(renaming{client})}
}
