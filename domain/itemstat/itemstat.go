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
	ID          uuid.UUID // of the question
	Number      int
	Part        exam.Part
	Section     exam.Section
	OptionCount int
	Key         exam.Choice
}

// Items lists the items of a form, with the keys of one of its revisions.
func Items(r exam.Revision) ([]Item, error) {
	questions, err := r.Items()
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(questions))
	r.Content.Form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		items = append(items, Item{
			ID: questions[len(items)].ID, Number: q.Number, Part: p, Section: p.Section(), OptionCount: len(q.Options), Key: q.KeyChoice(),
		})
	})
	return items, nil
}

// Response is what one taker did with one item.
type Response struct {
	Number  int
	Choice  exam.Choice // NoChoice for a blank
	Elapsed int64       // milliseconds, 0 when unknown
}

// MinTakers is how many takers there must be before learners are told how others did: fewer would tell of people rather
// than of items.
const MinTakers = 30

// Difficulties returns the share of right answers of each question that enough people took to say so.
func (r Report) Difficulties() map[uuid.UUID]float64 {
	out := map[uuid.UUID]float64{}
	for _, item := range r.Items {
		if item.Takers >= MinTakers {
			out[item.ID] = *item.P
		}
	}
	return out
}

// Item returns what is known of item n; false when the form does not have it.
func (r Report) Item(n int) (ItemReport, bool) {
	for _, item := range r.Items {
		if item.Number == n {
			return item, true
		}
	}
	return ItemReport{}, false
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
