package bootstrap

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

// Age is how long something is kept, written as seconds or as a duration. Zero is not set.
type Age time.Duration

// UnmarshalText reads it. Zero, and what is shorter, is no age.
func (a *Age) UnmarshalText(text []byte) error {
	d, ok := caching.ParseTTL(string(text))
	if !ok {
		return errors.New("not a time that something can be kept for")
	}
	*a = Age(d)
	return nil
}

// String shows it as a duration; "" when it is not set.
func (a Age) String() string {
	if a == 0 {
		return ""
	}
	return time.Duration(a).String()
}

// ages are the settings of how long families keep what they hold, by name.
func (c Config) ages() map[string]Age {
	return map[string]Age{
		caching.Attempts: c.CacheTTLAttempts, caching.Auth: c.CacheTTLAuth, caching.Content: c.CacheTTLContent,
		caching.Leaderboards: c.CacheTTLLeaderboards, caching.Statistics: c.CacheTTLStatistics, caching.Users: c.CacheTTLUsers,
	}
}

// cacheTTLs are those of them that are set.
func (c Config) cacheTTLs() caching.TTLs {
	out := caching.TTLs{}
	for name, age := range c.ages() {
		if age != 0 {
			out[name] = time.Duration(age)
		}
	}
	return out
}

// ageSetting is the name of the setting of a family.
func ageSetting(family string) string { return "CACHE_TTL_" + strings.ToUpper(family) }

// The bounds of what the near tier may take, in bytes: below, it holds hardly anything; above, somebody mistook the unit.
const (
	leastCache = 1 << 20
	mostCache  = 1 << 40
)

func (c Config) checkCaches() []Problem {
	var out []Problem
	if c.CacheMemory < leastCache || c.CacheMemory > mostCache {
		out = append(out, Problem{Setting: "CACHE_MAX_MEMORY_USAGE", Detail: fmt.Sprintf("must be a number of bytes between %d and %d", leastCache, int64(mostCache))})
	}
	for _, f := range caching.Families() {
		age := time.Duration(c.ages()[f.Name])
		if age != 0 && f.Check(age) != nil {
			out = append(out, Problem{Setting: ageSetting(f.Name), Detail: fmt.Sprintf("must be between %s and %s", f.Min, f.Max)})
		}
	}
	return out
}

// hasRedis reports whether processes share a Redis.
func (c Config) hasRedis() bool { return c.RedisURL != "" || len(c.RedisAddrs) > 0 }

func (c Config) checkRedis() []Problem {
	var out []Problem
	bad := func(setting, detail string) { out = append(out, Problem{Setting: setting, Detail: detail}) }
	if u, err := url.Parse(string(c.RedisURL)); c.RedisURL != "" && (err != nil || u.Host == "" || !slices.Contains([]string{"redis", "rediss"}, u.Scheme)) {
		bad("REDIS_URL", "must look like redis://host:6379/0")
	}
	for i, address := range c.RedisAddrs {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" { // it may hold a password, so it is not quoted
			bad("REDIS_ADDRS", fmt.Sprintf("must be made of host:port, such as 10.0.0.1:6379; number %d is not", i+1))
		}
	}
	if c.RedisURL != "" && len(c.RedisAddrs) > 0 {
		bad("REDIS_ADDRS", "must not be set together with REDIS_URL: give one of them")
	}
	for name, value := range map[string]string{
		"REDIS_MASTER": c.RedisMaster, "REDIS_USERNAME": c.RedisUsername, "REDIS_PASSWORD": string(c.RedisPassword),
		"REDIS_SENTINEL_PASSWORD": string(c.RedisSentinelPassword),
	} {
		if value != "" && len(c.RedisAddrs) == 0 {
			bad(name, "is for REDIS_ADDRS only")
		}
	}
	slices.SortFunc(out, func(a, b Problem) int { return strings.Compare(a.Setting, b.Setting) })
	return out
}
