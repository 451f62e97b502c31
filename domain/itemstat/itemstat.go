// Package itemstat is classical item analysis: how hard the items of a form are, how well they tell good takers from
// weak ones, whether their distractors work, and how reliable the score is.
//
// A section is what is analysed, because its score is what is reported: the score of an item's section is the criterion
// for its discrimination and makes the fifths of its distractor table. Everything follows from whole numbers that are
// counted in one pass and do not grow with the number of takers. What is not defined, such as the discrimination of an
// item that everybody got right, is nil and never NaN.
package itemstat

import (
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// ErrNotComputed says that nobody computed statistics yet.
var ErrNotComputed = fault.New(fault.NotFound, "statistics.not_computed", "There are no statistics of this form yet.")

// Item is what must be known of an item to analyse it.
type Item struct {
	Number  int
	Section exam.Section
	Options int
	Key     exam.Choice
}

// Items lists the items of a form, with its keys.
func Items(form exam.Form) []Item {
	items := make([]Item, 0, form.QuestionCount())
	form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		items = append(items, Item{Number: q.Number, Section: p.Section(), Options: len(q.Options), Key: q.KeyChoice()})
	})
	return items
}

// Response is what one taker did with one item.
type Response struct {
	Number  int
	Choice  exam.Choice // NoChoice for a blank
	Elapsed int64       // milliseconds, 0 when unknown
}

// Statistics are the report on a form, and what it rests on.
type Statistics struct {
	Form       uuid.UUID
	Exam       uuid.UUID
	Revision   uuid.UUID // whose keys judged the answers
	Takers     int       // whose attempts were read
	ComputedAt time.Time
	Report     Report
}

// When statistics are computed anew.
const (
	minNews  = 20             // attempts
	newsPart = 20             // or the twentieth part of the takers, so that the work keeps up with any number of them
	maxAge   = 24 * time.Hour // with any news at all
)

// Progress is what a form has, beside what its statistics know.
type Progress struct {
	Form        uuid.UUID
	Exam        uuid.UUID
	Scored      int        // attempts that are there to be read
	CorrectedAt time.Time  // when the newest of its keys was published
	Takers      int        // of the statistics
	ComputedAt  *time.Time // nil when there are none yet
}

// Stale reports whether the statistics should be computed anew: a key was corrected, many attempts were scored since, or
// a day has passed with any.
func (p Progress) Stale(now time.Time) bool {
	switch news := p.Scored - p.Takers; {
	case p.ComputedAt == nil:
		return p.Scored > 0
	case p.CorrectedAt.After(*p.ComputedAt):
		return true
	case news == 0:
		return false
	default: // attempts may also have been erased
		return max(news, -news) >= max(minNews, p.Takers/newsPart) || now.Sub(*p.ComputedAt) >= maxAge
	}
}
