// Package bootstrap puts the program together: configuration, wiring by hand, life cycle, and the command line.
package bootstrap

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Environment names where the program runs; it decides how strict it is.
type Environment string

// The environments.
const (
	Development Environment = "development" // fills gaps by itself
	Staging     Environment = "staging"     // like production
	Production  Environment = "production"  // refuses to start on anything doubtful
)

// Config is everything that can be set. Flags win over the environment, and that wins over the .env file. What is an Age is
// heeded while the server runs when it changes in that file.
type Config struct {
	ServerAddress         string        `env:"SERVER_ADDRESS" envDefault:"127.0.0.1:8000"`
	DataDir               string        `env:"DATA_DIR" envDefault:"data"`
	DatabaseURL           Address       `env:"DATABASE_URL"`
	RedisURL              Address       `env:"REDIS_URL"`
	RedisAddrs            []string      `env:"REDIS_ADDRS"`
	RedisMaster           string        `env:"REDIS_MASTER"`
	RedisUsername         string        `env:"REDIS_USERNAME"`
	RedisPassword         Secret        `env:"REDIS_PASSWORD"`
	RedisSentinelPassword Secret        `env:"REDIS_SENTINEL_PASSWORD"`
	Environment           Environment   `env:"ENVIRONMENT" envDefault:"development"`
	TokenSigningKey       Secret        `env:"TOKEN_SIGNING_KEY"`
	LogLevel              string        `env:"LOG_LEVEL" envDefault:"INFO"`
	LogFormat             string        `env:"LOG_FORMAT"`
	SampleContent         string        `env:"SAMPLE_CONTENT"`
	NormTable             string        `env:"NORM_TABLE"`
	CORSOrigins           []string      `env:"CORS_ORIGINS"`
	TrustedProxies        []string      `env:"TRUSTED_PROXIES"`
	BehindTLS             bool          `env:"BEHIND_TLS" envDefault:"false"`
	RequestTimeout        time.Duration `env:"REQUEST_TIMEOUT" envDefault:"30s"`
	ShutdownDelay         time.Duration `env:"SHUTDOWN_DELAY" envDefault:"0s"`

	AccountVerification string         `env:"ACCOUNT_VERIFICATION"`
	AdminRequireMFA     string         `env:"ADMIN_REQUIRE_MFA"`
	SMTPURL             Address        `env:"SMTP_URL"`
	MailFrom            string         `env:"MAIL_FROM"`
	PasskeyDomain       string         `env:"PASSKEY_DOMAIN"`
	PasskeyOrigins      []string       `env:"PASSKEY_ORIGINS"`
	OIDCProviders       []string       `env:"OIDC_PROVIDERS"`
	OIDC                []OIDCProvider `env:"-"`

	RateLimitSignIn   int `env:"RATE_LIMIT_SIGN_IN" envDefault:"60"`
	RateLimitRead     int `env:"RATE_LIMIT_READ" envDefault:"1200"`
	RateLimitWrite    int `env:"RATE_LIMIT_WRITE" envDefault:"1200"`
	RateLimitAdmin    int `env:"RATE_LIMIT_ADMIN" envDefault:"600"`
	RateLimitFailures int `env:"RATE_LIMIT_FAILURES" envDefault:"20"`

	AudioPausePhotographs   time.Duration `env:"AUDIO_PAUSE_PHOTOGRAPHS" envDefault:"5s"`
	AudioPauseResponses     time.Duration `env:"AUDIO_PAUSE_RESPONSES" envDefault:"5s"`
	AudioPauseConversations time.Duration `env:"AUDIO_PAUSE_CONVERSATIONS" envDefault:"8s"`
	AudioPauseTalks         time.Duration `env:"AUDIO_PAUSE_TALKS" envDefault:"8s"`
	AudioPauseGraphic       time.Duration `env:"AUDIO_PAUSE_GRAPHIC" envDefault:"12s"`
	AudioPauseNextPage      time.Duration `env:"AUDIO_PAUSE_NEXT_PAGE" envDefault:"6s"`
	AudioPauseLeadIn        time.Duration `env:"AUDIO_PAUSE_LEAD_IN" envDefault:"4s"`

	CacheMemory          int64 `env:"CACHE_MAX_MEMORY_USAGE" envDefault:"134217728"`
	CacheTTLAttempts     Age   `env:"CACHE_TTL_ATTEMPTS"`
	CacheTTLAuth         Age   `env:"CACHE_TTL_AUTH"`
	CacheTTLContent      Age   `env:"CACHE_TTL_CONTENT"`
	CacheTTLLeaderboards Age   `env:"CACHE_TTL_LEADERBOARDS"`
	CacheTTLStatistics   Age   `env:"CACHE_TTL_STATISTICS"`
	CacheTTLUsers        Age   `env:"CACHE_TTL_USERS"`

	JobWorkers    int `env:"JOB_WORKERS" envDefault:"2"`
	AnswerWriters int `env:"ANSWER_WRITERS" envDefault:"2"`

	DBMaxConnections int           `env:"DB_MAX_CONNECTIONS" envDefault:"25"`
	DBMinConnections int           `env:"DB_MIN_CONNECTIONS" envDefault:"5"`
	DBMaxIdleTime    time.Duration `env:"DB_MAX_IDLE_TIME" envDefault:"5m"`
	DBMaxLifetime    time.Duration `env:"DB_MAX_LIFETIME" envDefault:"1h"`
}

// mask is shown in place of what is secret.
const mask = "********"

// Secret is a value that never shows itself.
type Secret string

// String tells only whether the secret is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// GoString keeps %#v from showing it.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders from showing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Address is a URL that may hold a password, which it does not show.
type Address string

// String returns the address without user information and options, where passwords may be. It masks rather too much
// of what is no proper address: that may be a password in the wrong place.
func (a Address) String() string {
	scheme, rest, ok := strings.Cut(string(a), "://")
	switch {
	case a == "", strings.HasPrefix(string(a), "sqlite:"):
		return string(a) // a path has no password
	case !ok:
		return mask
	}
	host, options, _ := strings.Cut(rest, "?")
	switch at := strings.LastIndexByte(host, '@'); {
	case strings.Contains(options, "@"):
		host = mask // the question mark may be part of a password
	case at >= 0:
		host = mask + "@" + host[at+1:]
	}
	return scheme + "://" + host
}

// GoString keeps %#v from showing a password.
func (a Address) GoString() string { return a.String() }

// MarshalText keeps encoders from showing a password.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// ConfigFlags are the settings that the command line can give. Empty ones leave the setting alone.
type ConfigFlags struct {
	EnvFile     string `help:"File with more settings; ignored when it does not exist." default:".env" placeholder:"FILE"`
	Environment string `help:"development, staging or production (ENVIRONMENT)." placeholder:"NAME"`
	DataDir     string `help:"Folder for the embedded database and generated keys (DATA_DIR)." placeholder:"DIR"`
	DatabaseURL string `name:"database-url" help:"postgres://… or sqlite:PATH; an embedded SQLite database in the data folder by default (DATABASE_URL)." placeholder:"URL"`
	RedisURL    string `name:"redis-url" help:"redis://…; optional (REDIS_URL)." placeholder:"URL"`
	LogLevel    string `help:"DEBUG, INFO, WARN or ERROR (LOG_LEVEL)." placeholder:"LEVEL"`
	LogFormat   string `help:"json or text (LOG_FORMAT)." placeholder:"FORMAT"`
}

// settings returns the flags that were given, by the name of their variable.
func (f ConfigFlags) settings() map[string]string {
	all := map[string]string{
		"ENVIRONMENT": f.Environment, "DATA_DIR": f.DataDir, "DATABASE_URL": f.DatabaseURL,
		"REDIS_URL": f.RedisURL, "LOG_LEVEL": f.LogLevel, "LOG_FORMAT": f.LogFormat,
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// Load reads the configuration for a process in dir with that environment. It returns what could be read together
// with all problems of all settings.
func Load(dir string, environ []string, envFile string, flags map[string]string) (Config, []Problem) {
	return source{dir: dir, environ: environ, file: envFile, flags: flags}.load()
}

// source is where the settings of a process come from.
type source struct {
	dir     string // relative paths start here
	environ []string
	file    string            // "" for none
	flags   map[string]string // by the name of the setting
}

func (s source) path() string { return inDir(s.dir, s.file) }

// read returns what the file holds, nothing without a file.
func (s source) read() ([]byte, error) {
	if s.path() == "" {
		return nil, nil
	}
	return os.ReadFile(s.path())
}

func (s source) load() (Config, []Problem) {
	text, err := s.read()
	c, problems := s.config(text)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append([]Problem{{Setting: s.file, Detail: unreadable(err)}}, problems...)
	}
	return c, problems
}

// config is the configuration with that text in the file.
func (s source) config(text []byte) (Config, []Problem) {
	var problems []Problem
	settings, err := godotenv.UnmarshalBytes(text)
	if _, nameless := settings[""]; err != nil || nameless { // a file that ends in the middle of a name
		problems = append(problems, Problem{Setting: s.file, Detail: unreadable(err)})
	}
	for _, pair := range s.environ {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	maps.Copy(settings, s.flags)
	maps.DeleteFunc(settings, func(_, value string) bool { return value == "" })

	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: settings}); err != nil {
		problems = append(problems, parseProblems(err)...)
	}
	c.DataDir = inDir(s.dir, c.DataDir)
	c.OIDC = oidcProviders(c.OIDCProviders, settings)
	return c, append(problems, c.check()...)
}

// unreadable says why a settings file cannot be read, without the parser's words: they quote the file, secrets included.
func unreadable(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return "cannot be read: " + p.Err.Error()
	}
	return "cannot be read: it must be made of lines NAME=value and # comments"
}

// inDir returns path as seen from dir; "" stays "".
func inDir(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// parseProblems names the setting of each value that is not of its type.
func parseProblems(err error) []Problem {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []Problem{{Setting: "configuration", Detail: err.Error()}}
	}
	var out []Problem
	for _, err := range all.Errors {
		var p env.ParseError
		if !errors.As(err, &p) {
			out = append(out, Problem{Setting: "configuration", Detail: err.Error()})
			continue
		}
		out = append(out, Problem{Setting: settingOf(p.Name), Detail: "must be " + kindOf(p.Type)})
	}
	return out
}

// settingOf returns the variable of a field.
func settingOf(field string) string {
	f, ok := reflect.TypeFor[Config]().FieldByName(field)
	if !ok {
		return field
	}
	return f.Tag.Get("env")
}

func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 30s, 5m or 1h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t == reflect.TypeFor[Age]():
		return "a positive number of seconds, or a duration such as 30s, 5m or 1h"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return "a whole number"
	default:
		return "a " + t.String()
	}
}

// Effective lists every setting with its value, in the order of the struct and with secrets masked.
func (c Config) Effective() []string {
	v := reflect.ValueOf(c)
	var out []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("env"); name != "-" {
			out = append(out, fmt.Sprintf("%s=%v", name, v.Field(i).Interface()))
		}
	}
	for _, p := range c.OIDC {
		out = append(out, p.effective()...)
	}
	return out
}

// Embedded reports whether the program keeps its own database.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// database returns the address of the database.
func (c Config) database() string {
	if c.Embedded() {
		return "sqlite:" + filepath.Join(c.DataDir, "toeic.db")
	}
	return string(c.DatabaseURL)
}

// makeDataDir makes the data folder, for its owner alone.
func (c Config) makeDataDir() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}
