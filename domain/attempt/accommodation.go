package attempt

import (
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of accommodations.
var (
	ErrNoAccommodation      = fault.New(fault.NotFound, "accommodation.not_found", "The learner has no accommodation.")
	ErrInvalidAccommodation = fault.New(fault.Invalid, "accommodation.invalid", "The accommodation breaks a rule.")
)

// Bounds of an accommodation.
const (
	MaxMore  = 200             // percent on top: three times as long
	MaxExtra = 4 * time.Hour   // a section
	Notice   = 1 * time.Minute // what a learner is left at least when a limit is cut below what has passed of it
)

// pauseShare is how much of a Listening section its audio pauses are at most, in percent. The test allows 27 s an item;
// by the defaults a set of three items with a graphic has 8, 8 and 12 s after its items, 6 and 4 s before the next set:
// 38 of 81 s. Parts 1 and 2 have 5 of 27 s.
const pauseShare = 50

// Accommodation is what a learner is granted beyond the usual conditions. The zero Accommodation is nothing.
type Accommodation struct {
	MoreTime  int           // percent that section limits are longer, 0–MaxMore
	Extra     time.Duration // added to each section limit then, in whole seconds: time cannot be carried from one section into the other
	MorePause int           // percent that the pauses of the audio are longer, 0–MaxMore
	// ListeningOmitted leaves Listening out of attempts in exam mode. In practice mode learners choose the parts themselves.
	ListeningOmitted bool
}

// Check returns ErrInvalidAccommodation naming every rule that is broken.
func (a Accommodation) Check() error {
	var fields []fault.Field
	if a.MoreTime < 0 || a.MoreTime > MaxMore {
		fields = append(fields, fault.Field{Name: "time_factor", Code: "range", Detail: "The factor is 1 to 3."})
	}
	if a.Extra < 0 || a.Extra > MaxExtra || a.Extra%time.Second != 0 {
		fields = append(fields, fault.Field{Name: "extra_minutes", Code: "range", Detail: "The extra time is 0 to 240 minutes."})
	}
	if a.MorePause < 0 || a.MorePause > MaxMore {
		fields = append(fields, fault.Field{Name: "pause_factor", Code: "range", Detail: "The factor is 1 to 3."})
	}
	if len(fields) > 0 {
		return ErrInvalidAccommodation.WithFields(fields...)
	}
	return nil
}

// limit returns the limit that stands for a usual one of base.
func (a Accommodation) limit(base time.Duration) time.Duration { return a.longer(base, a.MoreTime) }

// listening returns the limit of a Listening section. Longer pauses make the recording longer, so the section has to
// hold them even when no more time was granted.
func (a Accommodation) listening(base time.Duration) time.Duration {
	return a.longer(base, max(a.MoreTime, (a.MorePause*pauseShare+99)/100))
}

func (a Accommodation) longer(base time.Duration, percent int) time.Duration {
	if base == 0 {
		return 0 // what is not limited stays so
	}
	d := base + base*time.Duration(percent)/100
	return (d + time.Second - 1).Truncate(time.Second) + a.Extra
}

// Grant is the accommodation of one learner, as it is administered.
type Grant struct {
	UserID uuid.UUID
	Accommodation
	UpdatedAt time.Time // zero until something was granted
	Version   int       // grows with each stored change; zero until something was granted
}

// Changed returns the grant with another accommodation; ErrInvalidAccommodation. To grant nothing takes back what was
// granted; the version goes on, so that a decision on what was there before is noticed.
func (g Grant) Changed(to Accommodation, now time.Time) (Grant, error) {
	g.Accommodation, g.UpdatedAt = to, now
	g.Version++
	return g, to.Check()
}

// Withdrawn returns the grant of nothing; ErrNoAccommodation when that is what it is.
func (g Grant) Withdrawn(now time.Time) (Grant, error) {
	if g.Accommodation == (Accommodation{}) {
		return g, ErrNoAccommodation
	}
	return g.Changed(Accommodation{}, now)
}

// Grant puts another accommodation into force at now, and reports whether that changed the attempt. Limits are worked
// out anew from the beginning of the section, so that granting, and taking back, comes to the same as never having
// granted. What is over stays over:
//   - A section that has ended is not opened again; the next one keeps the moment at which it began.
//   - A limit that is cut below what has passed of it leaves the learner Notice, or what was left if that is less.
//   - Once left out, Listening stays out; an attempt that is in Listening then moves to Reading at once.
func (a *Attempt) Grant(g Accommodation, now time.Time) bool {
	if a.live(now) != nil || (a.timed() && a.s.DeadlineAt == nil) { // the second holds of no exam, but every stored row loads
		return false
	}
	omit := g.ListeningOmitted && a.timed() && a.bothSections()
	g.ListeningOmitted = a.s.Granted.ListeningOmitted || omit
	if g == a.s.Granted {
		return false
	}
	a.settle(now)
	switch {
	case !a.timed():
		a.retimePractice(g, now)
	case a.bothSections():
		a.retimeSections(g, now)
	default:
		a.retimeOnly(g, now)
	}
	a.s.Granted = g
	if omit {
		a.omitListening(now)
	}
	a.s.Version++
	return true
}

// bothSections reports whether the attempt began, or is to go on, with Reading after Listening.
func (a *Attempt) bothSections() bool { return a.s.ListeningTime > 0 && a.s.ReadingTime > 0 }

// retimeSections moves the ends of Listening and of Reading.
func (a *Attempt) retimeSections(g Accommodation, now time.Time) {
	began := a.listeningEnd()
	reading := !now.Before(began)
	usual := a.s.StartedAt.Add(g.listening(a.s.ListeningTime))
	if !reading {
		began = notBefore(usual, began, now)
	}
	a.s.AdvancedAt = nil
	if !began.Equal(usual) {
		a.s.AdvancedAt = &began
	}
	end := began.Add(g.limit(a.s.ReadingTime))
	if reading {
		end = notBefore(end, *a.s.DeadlineAt, now)
	}
	a.s.DeadlineAt = &end
}

// omitListening leaves Listening out from now on. Answers to it stay stored and count for nothing.
func (a *Attempt) omitListening(now time.Time) {
	if a.Section(now) == exam.Listening {
		end := now.Add(a.s.Granted.limit(a.s.ReadingTime))
		a.s.AdvancedAt, a.s.DeadlineAt = &now, &end
	}
	a.s.Taken = readingOf(a.s.Taken)
}

// retimeOnly moves the end of the only section.
func (a *Attempt) retimeOnly(g Accommodation, now time.Time) {
	limit := g.limit(a.s.ReadingTime) + g.listening(a.s.ListeningTime) // one of which is zero
	end := notBefore(a.s.StartedAt.Add(limit), *a.s.DeadlineAt, now)
	a.s.DeadlineAt = &end
}

// retimePractice moves the end of a practice attempt that has one. A clock that stands goes on when the pause may
// last no longer, which is what its deadline counts on.
func (a *Attempt) retimePractice(g Accommodation, now time.Time) {
	if a.s.DeadlineAt == nil {
		return
	}
	end := a.s.StartedAt.Add(g.limit(a.s.Limit) + a.s.Paused)
	if a.s.PausedAt != nil {
		end, now = end.Add(MaxPause), a.s.PausedAt.Add(MaxPause)
	}
	end = notBefore(end, *a.s.DeadlineAt, now)
	a.s.DeadlineAt = &end
}

// notBefore returns end, or what is left of the old end, up to Notice, when end comes too soon for that.
func notBefore(end, old, now time.Time) time.Time {
	least := now.Add(Notice)
	if old.Before(least) {
		least = old
	}
	if end.Before(least) {
		return least
	}
	return end
}

// readingOf keeps the parts of Reading.
func readingOf(o exam.Outline) exam.Outline {
	var out exam.Outline
	for _, span := range o {
		if span.Part.Section() == exam.Reading {
			out = append(out, span)
		}
	}
	return out
}
