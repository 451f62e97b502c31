package bootstrap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/domain/caching"
)

// problemsOf reads a configuration and returns the settings that are wrong, each once.
func problemsOf(t *testing.T, environ ...string) (Config, []string) {
	t.Helper()
	c, problems := Load(t.TempDir(), environ, "", nil)
	var names []string
	for _, p := range problems {
		names = append(names, p.Setting)
	}
	slices.Sort(names)
	return c, slices.Compact(names)
}

func TestEveryWrongSettingOfCachesAndRedisIsNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		environ []string
		wrong   string
	}{
		"nothing set":          {nil, ""},
		"good ones":            {[]string{"CACHE_MAX_MEMORY_USAGE=536870912", "CACHE_TTL_USERS=300", "CACHE_TTL_CONTENT=24h", "CACHE_TTL_ATTEMPTS=0.5", "REDIS_ADDRS=a:1,b:2", "REDIS_MASTER=m", "REDIS_PASSWORD=p", "REDIS_SENTINEL_PASSWORD=s"}, ""},
		"all wrong at once":    {[]string{"CACHE_MAX_MEMORY_USAGE=512", "CACHE_TTL_USERS=2h", "CACHE_TTL_AUTH=0.5", "CACHE_TTL_CONTENT=soon", "CACHE_TTL_STATISTICS=0"}, "CACHE_MAX_MEMORY_USAGE CACHE_TTL_AUTH CACHE_TTL_CONTENT CACHE_TTL_STATISTICS CACHE_TTL_USERS"},
		"a unit":               {[]string{"CACHE_MAX_MEMORY_USAGE=512MB"}, "CACHE_MAX_MEMORY_USAGE"},
		"far too much":         {[]string{"CACHE_MAX_MEMORY_USAGE=5368709120000"}, "CACHE_MAX_MEMORY_USAGE"},
		"a negative time":      {[]string{"CACHE_TTL_LEADERBOARDS=-1m"}, "CACHE_TTL_LEADERBOARDS"},
		"two ways to Redis":    {[]string{"REDIS_URL=redis://a:1", "REDIS_ADDRS=a:1"}, "REDIS_ADDRS"},
		"an address of no use": {[]string{"REDIS_ADDRS=a:1,b"}, "REDIS_ADDRS"},
		"a URL as an address":  {[]string{"REDIS_ADDRS=redis://a:1"}, "REDIS_ADDRS"},
		"a master of nothing":  {[]string{"REDIS_MASTER=m", "REDIS_USERNAME=u", "REDIS_PASSWORD=p", "REDIS_SENTINEL_PASSWORD=s"}, "REDIS_MASTER REDIS_PASSWORD REDIS_SENTINEL_PASSWORD REDIS_USERNAME"},
		"a URL of no Redis":    {[]string{"REDIS_URL=http://a"}, "REDIS_URL"},
	} {
		if _, wrong := problemsOf(t, tc.environ...); strings.Join(wrong, " ") != tc.wrong {
			t.Errorf("%s: wrong are %v, want %s", name, wrong, tc.wrong)
		}
	}
}

func TestTheAddressesOfRedisDecideHowItIsTalkedTo(t *testing.T) {
	for name, tc := range map[string]struct {
		environ []string
		want    string
	}{
		"a URL":           {[]string{"REDIS_URL=redis://a:1/0"}, "server a:1"},
		"one address":     {[]string{"REDIS_ADDRS=a:1"}, "server a:1"},
		"several":         {[]string{"REDIS_ADDRS=a:1,b:2,c:3"}, "cluster [a:1 b:2 c:3]"},
		"sentinels":       {[]string{"REDIS_ADDRS=a:1,b:2", "REDIS_MASTER=m"}, "sentinels"},
		"a lone sentinel": {[]string{"REDIS_ADDRS=a:1", "REDIS_MASTER=m"}, "sentinels"},
	} {
		config, wrong := problemsOf(t, tc.environ...)
		if len(wrong) > 0 {
			t.Fatalf("%s: wrong are %v", name, wrong)
		}
		c := &core{config: config}
		if err := c.openRedis(); err != nil {
			t.Fatal(err)
		}
		got := "something else"
		switch client := c.redis.Client().(type) {
		case *redis.ClusterClient:
			got = fmt.Sprint("cluster ", client.Options().Addrs)
		case *redis.Client:
			if got = "server " + client.Options().Addr; !strings.Contains(got, ":") {
				got = "sentinels" // which say where it is
			}
		}
		if got != tc.want {
			t.Errorf("%s: behind is %s, want %s", name, got, tc.want)
		}
		if err := errors.Join(c.redis.Close(), c.redisLimits.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryFamilyHasASettingThatDecidesForItAlone(t *testing.T) {
	for _, f := range caching.Families() {
		c, wrong := problemsOf(t, ageSetting(f.Name)+"="+f.Min.String())
		if diff := cmp.Diff(caching.TTLs{f.Name: f.Min}, c.cacheTTLs()); diff != "" || len(wrong) > 0 {
			t.Errorf("%s: wrong are %v (-want +got)\n%s", f.Name, wrong, diff)
		}
	}
	if c, _ := problemsOf(t); len(c.cacheTTLs()) > 0 {
		t.Errorf("nobody set %v", c.cacheTTLs())
	}
}

func TestASettingOfCachesMayHaveACommentAfterIt(t *testing.T) {
	dir := t.TempDir()
	file := "CACHE_MAX_MEMORY_USAGE=536870912  # 512MB\nCACHE_TTL_USERS=5m # not too long\nREDIS_ADDRS=a:1,b:2 # two\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := Load(dir, nil, ".env", nil)
	if len(problems) > 0 || c.CacheMemory != 512<<20 || time.Duration(c.CacheTTLUsers) != 5*time.Minute || strings.Join(c.RedisAddrs, " ") != "a:1 b:2" {
		t.Errorf("%v, %v", problems, c.Effective())
	}
}

func TestTimesAndSizesAreShownAsPeopleWriteThem(t *testing.T) {
	for v, want := range map[float64]string{0.1: "100ms", 1: "1s", 30: "30s", 60: "1m", 300: "5m", 90: "1m30s", 3600: "1h", 5400: "1h30m", 36000: "10h", 604800: "168h", 0: "0s", 1800: "30m"} {
		if got := secondsText(v); got != want {
			t.Errorf("%g seconds: %s, want %s", v, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KB", 1536: "1.5 KB", 128 << 20: "128.0 MB", 3 << 40: "3.0 TB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
