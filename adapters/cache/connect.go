package cache

import (
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Where says where Redis is: at a URL, or at addresses.
type Where struct {
	URL string // redis://… or rediss://…; its query may say more

	// Addresses are those of a server, of nodes of a cluster if there are several, or of the sentinels of Master.
	Addresses          []string
	Master             string // the name under which sentinels know it
	Cluster            bool   // even if there is one address only
	Username, Password string
	SentinelPassword   string
	Database           int // not in a cluster
}

var errNowhere = errors.New("neither a URL nor addresses of Redis are given")

// dialTime bounds the making of a connection, which goes on when whoever needed it has given up.
const dialTime = time.Second

// Connect prepares connections for the far tier, which are made on first use. Whoever uses them waits for no longer than
// his context allows, and what he says is sent once, as the engine decides itself what to do about failures. In a cluster
// it is sent again at once, three times at most, as it may be another node that has to hear it.
func Connect(w Where) (redis.UniversalClient, error) {
	// Plain Redis does not know maintenance notifications and would log an error on each connection.
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if w.URL == "" {
		if len(w.Addresses) == 0 {
			return nil, errNowhere
		}
		return redis.NewUniversalClient(&redis.UniversalOptions{
			Addrs: w.Addresses, MasterName: w.Master, IsClusterMode: w.Cluster, Username: w.Username, Password: w.Password,
			SentinelPassword: w.SentinelPassword, DB: w.Database, MaintNotificationsConfig: quiet,
			ContextTimeoutEnabled: true, MaxRetries: -1, MinRetryBackoff: -1, MaxRetryBackoff: -1, DialerRetries: 1, DialTimeout: dialTime, ReadTimeout: dialTime, WriteTimeout: dialTime,
		}), nil
	}
	options, err := redis.ParseURL(w.URL)
	if err != nil {
		return nil, fmt.Errorf("read the Redis address: %w", err)
	}
	options.MaintNotificationsConfig = quiet
	options.ContextTimeoutEnabled, options.MaxRetries, options.DialerRetries = true, -1, 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = dialTime, dialTime, dialTime
	return redis.NewClient(options), nil
}
