package bootstrap

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one setting that the program cannot start with.
type Problem struct {
	Setting string
	Detail  string
}

func (p Problem) String() string { return p.Setting + " " + p.Detail }

// minKey is the least length of a signing key, in characters: 256 bits even if each carries only eight.
const minKey = 32

// exampleKey is the placeholder of .env.example, which everybody can read.
const exampleKey = "change-me-to-the-output-of-openssl-rand-base64-48"

// check returns every problem of the configuration.
func (c Config) check() []Problem {
	var out []Problem
	bad := func(setting, format string, args ...any) {
		out = append(out, Problem{Setting: setting, Detail: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains([]Environment{Development, Staging, Production}, c.Environment) {
		bad("ENVIRONMENT", "must be development, staging or production")
	}
	if _, port, err := net.SplitHostPort(c.ServerAddress); err != nil || port == "" {
		bad("SERVER_ADDRESS", "must be host:port, such as 127.0.0.1:8000 or :8000")
	}
	if detail := databaseProblem(string(c.DatabaseURL)); detail != "" {
		bad("DATABASE_URL", "%s", detail)
	}
	if !slices.Contains([]string{"DEBUG", "INFO", "WARN", "ERROR"}, strings.ToUpper(c.LogLevel)) {
		bad("LOG_LEVEL", "must be DEBUG, INFO, WARN or ERROR")
	}
	if !slices.Contains([]string{"", "json", "text"}, c.LogFormat) {
		bad("LOG_FORMAT", "must be json or text")
	}
	if !slices.Contains([]string{"", "true", "false"}, c.SampleContent) {
		bad("SAMPLE_CONTENT", "must be true or false")
	}
	if c.RequestTimeout <= 0 || c.ShutdownDelay < 0 || c.ShutdownDelay >= drainTime {
		bad("REQUEST_TIMEOUT, SHUTDOWN_DELAY", "must be positive, and the delay shorter than %s", drainTime)
	}
	out = append(out, c.checkKey()...)
	out = append(out, c.checkAccounts()...)
	out = append(out, c.checkNetwork()...)
	out = append(out, c.checkAudio()...)
	out = append(out, c.checkNorm()...)
	out = append(out, c.checkRedis()...)
	out = append(out, c.checkCaches()...)
	return append(out, c.checkPool()...)
}

func databaseProblem(address string) string {
	if address == "" || (strings.HasPrefix(address, "sqlite:") && address != "sqlite:") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) {
		return "must look like postgres://user:password@host:5432/name or sqlite:path"
	}
	return ""
}

// checkKey: only development may start without a key, and makes one of its own then. Several keys, separated by
// commas, are good while one replaces another: the first seals, all open.
func (c Config) checkKey() []Problem {
	var out []Problem
	bad := func(detail string) { out = append(out, Problem{Setting: "TOKEN_SIGNING_KEY", Detail: detail}) }
	if c.TokenSigningKey == "" && c.Environment != Development {
		bad("is required outside development; make one with: openssl rand -base64 48")
	}
	if c.TokenSigningKey != "" {
		for _, key := range strings.Split(string(c.TokenSigningKey), ",") {
			if detail := weakness(strings.TrimSpace(key)); detail != "" {
				bad(detail)
			}
		}
	}
	if c.Environment == Production && c.Embedded() {
		out = append(out, Problem{Setting: "DATABASE_URL", Detail: "is required in production"})
	}
	return out
}

// minDistinct is how many different characters a random key of the least length has all but certainly.
const minDistinct = 16

// weakness says what is wrong with a key; "" for a good one.
func weakness(key string) string {
	letters := map[rune]bool{}
	for _, r := range key {
		letters[r] = true
	}
	switch {
	case key == exampleKey:
		return "is the example; make one with: openssl rand -base64 48"
	case utf8.RuneCountInString(key) < minKey:
		return fmt.Sprintf("is too short: at least %d characters", minKey)
	case len(letters) < minDistinct:
		return "repeats few characters; make one with: openssl rand -base64 48"
	default:
		return ""
	}
}

func (c Config) checkNetwork() []Problem {
	var out []Problem
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) || strings.TrimPrefix(origin, u.Scheme+"://") != u.Host {
			out = append(out, Problem{Setting: "CORS_ORIGINS", Detail: fmt.Sprintf("%q is not an origin such as https://app.example.com", origin)})
		}
	}
	for _, proxy := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(proxy); err != nil {
			out = append(out, Problem{Setting: "TRUSTED_PROXIES", Detail: fmt.Sprintf("%q is not a network such as 10.0.0.0/8", proxy)})
		}
	}
	return out
}

// maxJobWorkers keeps the jobs of a process from all the connections to its database.
const maxJobWorkers = 16

// maxAnswerWriters does the same for answers. On SQLite they would only wait for each other.
const maxAnswerWriters = 16

func (c Config) checkPool() []Problem {
	var out []Problem
	if c.AnswerWriters < 1 || c.AnswerWriters > maxAnswerWriters {
		out = append(out, Problem{Setting: "ANSWER_WRITERS", Detail: fmt.Sprintf("must be between 1 and %d", maxAnswerWriters)})
	}
	if c.JobWorkers < 0 || c.JobWorkers > maxJobWorkers {
		out = append(out, Problem{Setting: "JOB_WORKERS", Detail: fmt.Sprintf("must be between 0 and %d", maxJobWorkers)})
	}
	if c.DBMaxConnections < 1 {
		out = append(out, Problem{Setting: "DB_MAX_CONNECTIONS", Detail: "must be at least 1"})
	}
	if c.DBMinConnections < 0 || (c.DBMaxConnections > 0 && c.DBMinConnections > c.DBMaxConnections) {
		out = append(out, Problem{Setting: "DB_MIN_CONNECTIONS", Detail: "must be between 0 and DB_MAX_CONNECTIONS"})
	}
	if c.DBMaxIdleTime < 0 {
		out = append(out, Problem{Setting: "DB_MAX_IDLE_TIME", Detail: "must not be negative"})
	}
	if c.DBMaxLifetime < 0 {
		out = append(out, Problem{Setting: "DB_MAX_LIFETIME", Detail: "must not be negative"})
	}
	return out
}

// trustedProxies returns the networks whose word on the client's address counts. Call it on a checked configuration.
func (c Config) trustedProxies() []netip.Prefix {
	var out []netip.Prefix
	for _, proxy := range c.TrustedProxies {
		if p, err := netip.ParsePrefix(proxy); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// sampleContent reports whether the program publishes the content that it ships.
func (c Config) sampleContent() bool {
	if c.SampleContent == "" {
		return c.Environment != Production
	}
	return c.SampleContent == "true"
}
