package cache

import (
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// NewRedisOf prepares a connection to the nodes of a cluster, to a master that sentinels watch, or, with a single address
// and no master, to one server. It connects on first use.
func NewRedisOf(o redis.UniversalOptions) *Redis {
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled} // as in NewRedis
	return &Redis{client: redis.NewUniversalClient(&o)}
}
