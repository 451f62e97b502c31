// Package caching is what can be said of caches without knowing how they keep things: which families of keys there are,
// how long each may keep what it holds, how well it does, and what more memory or time would bring.
package caching

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The faults of this context.
var (
	ErrUnknownPattern = fault.New(fault.NotFound, "caching.unknown_pattern", "There is no such family of keys.")
	ErrInvalidTTL     = fault.New(fault.Invalid, "caching.invalid_ttl", "This family cannot keep anything for that long, or for so short a time.")
	ErrNothingNamed   = fault.New(fault.Invalid, "caching.nothing_named", "Say what to clear: a pattern such as content:*, * for everything, or a tag.")
	ErrInvalidTag     = fault.New(fault.Invalid, "caching.invalid_tag", "A tag names a kind and one of that kind, such as exam:ID.")
	ErrNoRun          = fault.New(fault.NotFound, "caching.no_run", "There is no such filling of the caches; they are remembered for a week.")
	ErrRunUnderWay    = fault.New(fault.Conflict, "caching.run_under_way", "Another filling of the caches is under way here; wait for its end, or end it.")
)

// Family is a kind of keys that are kept under the same rules. Its keys begin with its name and a colon.
type Family struct {
	Name     string
	About    string        // what it holds, for people
	TTL      time.Duration // unless somebody changes it
	Min, Max time.Duration // bounds of what it may be changed to
	Stale    time.Duration // how much longer a value may be given out while it is loaded anew, or while the store is silent
	Negative time.Duration // how long it is remembered that there is no such thing; zero: not at all
	Far      bool          // also kept in Redis; otherwise in the memory of each process alone
	Cost     int           // statements that a load costs the database, about
	Warmable bool          // what it will be asked for is known in advance
}

// The families. What is secret or names a person, as leaderboards do, stays in the memory of the process; so do statistics,
// of which nothing is encoded for Redis.
const (
	Auth         = "auth"
	Users        = "users"
	Attempts     = "attempts"
	Content      = "content"
	Leaderboards = "leaderboards"
	Statistics   = "statistics"
)

// Families is the one table of families, by name.
func Families() []Family {
	return []Family{
		{
			Name: Attempts, About: "attempts whose questions are being read", TTL: time.Second, Min: 100 * time.Millisecond, Max: time.Second, Cost: 1,
		},
		{
			Name: Auth, About: "sessions and API tokens with what they may do", TTL: 30 * time.Second, Min: time.Second, Max: time.Minute, Cost: 2,
		},
		{
			Name: Content, About: "published exams, question groups, conversion tables and encoded replies", TTL: time.Hour, Min: time.Second, Max: 7 * 24 * time.Hour,
			Stale: time.Hour, Negative: 5 * time.Second, Far: true, Cost: 3, Warmable: true,
		},
		{
			Name: Leaderboards, About: "leaderboards as everybody sees them", TTL: time.Minute, Min: time.Second, Max: 24 * time.Hour,
			Stale: 10 * time.Minute, Cost: 10, Warmable: true,
		},
		{
			Name: Statistics, About: "item statistics and how others answered", TTL: 5 * time.Minute, Min: time.Second, Max: 24 * time.Hour,
			Stale: time.Hour, Negative: 5 * time.Second, Cost: 5, Warmable: true,
		},
		{
			Name: Users, About: "profiles of users", TTL: 5 * time.Minute, Min: time.Second, Max: time.Hour, Cost: 1,
		},
	}
}

// Pattern is how people name the family: "content:*".
func (f Family) Pattern() string { return f.Name + ":*" }

// Tiers returns where the family is kept, the first that is asked first. Without Redis there is no far tier.
func (f Family) Tiers() []Tier {
	if f.Far {
		return []Tier{Near, Far}
	}
	return []Tier{Near}
}

// Named returns the family of a name; ErrUnknownPattern.
func Named(name string) (Family, error) {
	all := Families()
	i := slices.IndexFunc(all, func(f Family) bool { return f.Name == name })
	if i < 0 {
		return Family{}, ErrUnknownPattern
	}
	return all[i], nil
}

// OfPattern returns the family of a pattern such as "content:*"; ErrUnknownPattern.
func OfPattern(pattern string) (Family, error) {
	name, ok := strings.CutSuffix(pattern, ":*")
	if !ok {
		return Family{}, ErrUnknownPattern
	}
	return Named(name)
}

// Check returns ErrInvalidTTL, naming the field ttl_seconds, unless the family may keep values for ttl.
func (f Family) Check(ttl time.Duration) error {
	if ttl >= f.Min && ttl <= f.Max {
		return nil
	}
	return ErrInvalidTTL.WithFields(fault.Field{
		Name: "ttl_seconds", Code: "range", Detail: fmt.Sprintf("Between %g and %g seconds.", f.Min.Seconds(), f.Max.Seconds()),
	})
}

// TTLs is how long each family keeps what it holds, by name; families that are not in it keep it for their own TTL.
type TTLs map[string]time.Duration

// Of returns how long a family keeps what it holds.
func (t TTLs) Of(f Family) time.Duration {
	if ttl, ok := t[f.Name]; ok {
		return ttl
	}
	return f.TTL
}

// Setting is how long a family keeps what it holds because somebody said so.
type Setting struct {
	Family string
	TTL    time.Duration
	By     uuid.UUID // the nil UUID for the command line
	At     time.Time
}
