package job

import (
	"fmt"
	"strings"
	"time"
)

// retryPause is when recurring work that failed is tried again, unless its next time is sooner.
const retryPause = time.Minute

// Rhythm says when recurring work is due.
type Rhythm struct {
	every  time.Duration // zero for once a day
	ofDay  time.Duration // since midnight UTC
	phrase string
}

// Every is due at all multiples of a duration since the year 1, the same moments in every process. It panics unless the
// duration is positive, which is a mistake of the source.
func Every(d time.Duration) Rhythm {
	if d <= 0 {
		panic("job: a rhythm without a duration")
	}
	phrase := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(phrase, zero) {
			phrase = phrase[:len(phrase)-2]
		}
	}
	return Rhythm{every: d, phrase: "every " + phrase}
}

// Nightly is due once a day at a time of the day in UTC. It panics for a time that no day has.
func Nightly(hour, minute int) Rhythm {
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		panic("job: a rhythm at no time of the day")
	}
	of := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	return Rhythm{ofDay: of, phrase: fmt.Sprintf("nightly at %02d:%02d UTC", hour, minute)}
}

// String says it in words.
func (r Rhythm) String() string { return r.phrase }

// Next returns the first moment after a time at which the work is due.
func (r Rhythm) Next(after time.Time) time.Time {
	after = after.UTC()
	if r.every > 0 {
		return after.Truncate(r.every).Add(r.every)
	}
	day := after.Truncate(24 * time.Hour) // of the Gregorian calendar: Go's zero time is a midnight
	if at := day.Add(r.ofDay); at.After(after) {
		return at
	}
	return day.Add(24*time.Hour + r.ofDay)
}

// First returns when work that was never done is due: at once where it recurs often, else in its hour.
func (r Rhythm) First(now time.Time) time.Time {
	if r.every > 0 {
		return now
	}
	return r.Next(now)
}

// AfterFailure returns when work that failed is due again: soon, even where its next time is a day away.
func (r Rhythm) AfterFailure(now time.Time) time.Time {
	next := r.Next(now)
	if soon := now.Add(retryPause); soon.Before(next) {
		return soon
	}
	return next
}

// Schedule is what is known of recurring work.
type Schedule struct {
	Name        string
	NextAt      time.Time
	LeasedUntil *time.Time // a process does it now; nobody else begins before
	BeganAt     *time.Time // its newest run
	SucceededAt *time.Time // its newest run that did not fail
	LastError   string     // of its newest run; "" when that succeeded
	Runs        int64      // begun so far
}

// Due reports whether a run may begin at a time. Urgent work does not wait for its time, only for its turn.
func (s Schedule) Due(now time.Time, urgent bool) bool {
	return s.free(now) && (urgent || !now.Before(s.NextAt))
}

func (s Schedule) free(now time.Time) bool {
	return s.LeasedUntil == nil || !now.Before(*s.LeasedUntil)
}
