package practice_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/practice"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

// told is one answer of a history.
type told struct {
	correct bool
	at      time.Time
}

func historyOf(answers []told) practice.History {
	var h practice.History
	for _, a := range answers {
		h = h.Answered(a.correct, a.at)
	}
	return h
}

// judged says by the words of the rule, from all answers in their order, whether a question is in the book and how many
// days count.
func judged(answers []told) (inBook bool, days int, on string) {
	right := map[string]bool{}
	for _, a := range answers {
		switch {
		case !a.correct:
			inBook, on = true, ""
			clear(right)
		case inBook:
			on = a.at.UTC().Format("2006-01-02")
			right[on] = true
			if len(right) == 2 {
				inBook, on = false, ""
				clear(right)
			}
		}
	}
	return inBook, len(right), on
}

// drawAnswers draws answers in the order of their time, sometimes several a day.
func drawAnswers(t *rapid.T) []told {
	at := noon
	var out []told
	for range rapid.IntRange(0, 12).Draw(t, "answers") {
		at = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
		out = append(out, told{rapid.Bool().Draw(t, "correct"), at})
	}
	return out
}

func TestTheBookFollowsItsRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := drawAnswers(t)
		h := historyOf(answers)
		inBook, days, on := judged(answers)
		if h.InBook() != inBook || h.RightDays != days || h.RightOn != on {
			t.Fatalf("after %v: %+v, want in book %t, %d days, the last %q", answers, h, inBook, days, on)
		}
		wrong := 0
		for _, a := range answers {
			if !a.correct {
				wrong++
			}
		}
		if h.Seen != len(answers) || h.Wrong != wrong {
			t.Fatalf("after %v: %+v", answers, h)
		}
		if n := len(answers); n > 0 && (h.LastCorrect != answers[n-1].correct || !h.LastAt.Equal(answers[n-1].at)) {
			t.Fatalf("after %v: %+v", answers, h)
		}
	})
}

func TestAnswersToldOutOfOrderTakeNothingOutOfTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := drawAnswers(t)
		inBook, days, _ := judged(answers)
		h := historyOf(rapid.Permutation(answers).Draw(t, "order"))
		if inBook && (!h.InBook() || h.RightDays > days) {
			t.Fatalf("%v left the book, or is nearer to it, by being told in another order: %+v", answers, h)
		}
		if h.Seen != len(answers) || h.RightDays >= practice.DaysToLeave || (!h.InBook() && (h.RightDays != 0 || h.RightOn != "")) {
			t.Fatalf("%v: %+v", answers, h)
		}
	})
}

func TestAQuestionIsDueUntilItIsAnsweredRightToday(t *testing.T) {
	h := practice.History{}.Answered(false, noon)
	if !h.Due(noon) {
		t.Error("a wrong answer makes the question due at once")
	}
	h = h.Answered(true, noon.Add(time.Hour))
	if h.Due(noon.Add(11*time.Hour)) || !h.InBook() {
		t.Error("answered right today, it is still due")
	}
	if !h.Due(noon.Add(12 * time.Hour)) {
		t.Error("at midnight it is due again")
	}
	if h = h.Answered(true, noon.Add(12*time.Hour)); h.InBook() || h.Due(noon.Add(48*time.Hour)) {
		t.Errorf("right on two days: %+v", h)
	}
	if h = h.Answered(false, noon.Add(13*time.Hour)); !h.InBook() || !h.InBookSince.Equal(noon.Add(13*time.Hour)) {
		t.Errorf("wrong again: %+v", h)
	}
}

func TestTheDayIsThatOfUTC(t *testing.T) {
	east := time.FixedZone("east", 9*3600)
	h := practice.History{}.Answered(false, noon).
		Answered(true, time.Date(2027, 3, 15, 8, 0, 0, 0, east)). // still the 14th in UTC
		Answered(true, noon.Add(11*time.Hour+59*time.Minute))
	if h.RightDays != 1 || h.RightOn != "2027-03-14" {
		t.Errorf("%+v", h)
	}
}

func TestAWrongAnswerToldLateKeepsWhatIsKnownOfTheNewerOnes(t *testing.T) {
	h := practice.History{}.Answered(true, noon.Add(48*time.Hour)).Answered(false, noon)
	if !h.InBook() || h.RightDays != 1 || h.RightOn != "2027-03-16" || !h.LastCorrect {
		t.Errorf("%+v", h)
	}
	if h = h.Answered(true, noon.Add(72*time.Hour)); h.InBook() {
		t.Errorf("right on a second day: %+v", h)
	}
}
