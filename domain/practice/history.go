package practice

import "time"

// DaysToLeave is on how many different days a question must be answered right to leave the book.
const DaysToLeave = 2

// History is what one learner did with one question so far. The zero History is of a question never seen.
//
// The book of wrong answers holds the questions that were answered wrong, or left blank in a scored attempt. One leaves
// the book when it has been answered right on two different days with no wrong answer between. Days are those of UTC,
// because a learner's own time zone is not known.
type History struct {
	Seen        int // times answered, or left blank in a scored attempt
	Wrong       int // of these, times not right
	LastCorrect bool
	LastAt      time.Time
	RightDays   int        // days that count towards leaving the book; 0 outside it
	RightOn     string     // the last of them, as Day writes it; "" when there is none
	InBookSince *time.Time // nil outside the book
}

// Day names the day of a moment.
func Day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// InBook reports whether the question is in the book.
func (h History) InBook() bool { return h.InBookSince != nil }

// Due reports whether to answer the question right at now would count.
func (h History) Due(now time.Time) bool { return h.InBook() && h.RightOn != Day(now) }

// Answered returns the history after one more answer.
//
// Answers may be told out of order, as attempts are counted some time after they were closed. What an old answer means
// for the book is judged by what is known of the newer ones; in doubt the question stays in the book.
func (h History) Answered(correct bool, at time.Time) History {
	late := h.Seen > 0 && at.Before(h.LastAt)
	h.Seen++
	switch {
	case correct && late:
		return h
	case correct:
		h.LastCorrect, h.LastAt = true, at
		return h.right(Day(at))
	}
	h.Wrong++
	if late {
		return h.wrongBefore(at)
	}
	h.LastCorrect, h.LastAt = false, at
	h.RightDays, h.RightOn = 0, ""
	return h.enter(at)
}

// right counts a day once.
func (h History) right(day string) History {
	if !h.InBook() || h.RightOn == day {
		return h
	}
	h.RightDays, h.RightOn = h.RightDays+1, day
	if h.RightDays >= DaysToLeave {
		h.RightDays, h.RightOn, h.InBookSince = 0, "", nil
	}
	return h
}

// wrongBefore enters a wrong answer that is older than the last one. If that was right, it is one day on the way out;
// in the book it has been counted already.
func (h History) wrongBefore(at time.Time) History {
	if h.InBook() {
		return h
	}
	if h.LastCorrect {
		h.RightDays, h.RightOn = 1, Day(h.LastAt)
	}
	return h.enter(at)
}

func (h History) enter(at time.Time) History {
	if !h.InBook() {
		h.InBookSince = &at
	}
	return h
}
