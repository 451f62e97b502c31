package exam_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

// with shows one field alone, by its place in the type.
func with(field int) exam.Visible {
	var v exam.Visible
	reflect.ValueOf(&v).Elem().Field(field).SetBool(true)
	return v
}

// Every cell of the matrix: what is set in one phase is shown in that phase, to attempts in either mode, and in no other.
// The row of open attempts concerns practice alone.
func TestEveryCellOfTheVisibilityMatrixDecidesItsOwnPhaseAndField(t *testing.T) {
	cells := 0
	for field := range reflect.TypeFor[exam.Visible]().NumField() {
		for set, rules := range map[exam.Phase]exam.ReviewRules{
			exam.During:      {During: with(field)},
			exam.AfterSubmit: {AfterSubmit: with(field)},
			exam.AfterClose:  {AfterClose: with(field)},
		} {
			p := exam.Policy{Review: rules}
			for _, phase := range []exam.Phase{exam.During, exam.AfterSubmit, exam.AfterClose} {
				for _, practice := range []bool{false, true} {
					cells++
					want := exam.Visible{}
					if phase == set && (practice || phase != exam.During) {
						want = with(field)
					}
					if got := p.Visible(practice, phase); got != want {
						t.Errorf("field %d set %s, looked at %s, practice %v: %+v", field, set, phase, practice, got)
					}
				}
			}
		}
	}
	if cells != 7*3*3*2 {
		t.Errorf("%d cells", cells)
	}
}

func TestAnUnknownPhaseShowsNothing(t *testing.T) {
	p := exam.Policy{Review: exam.ReviewRules{During: exam.Everything(), AfterSubmit: exam.Everything(), AfterClose: exam.Everything()}}
	if got := p.Visible(true, "later"); !got.Nothing() {
		t.Errorf("%+v", got)
	}
}

func TestNothingOfAnOpenExamIsEverShownWhateverTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := exam.Policy{Review: drawRules(t)}
		if rapid.Bool().Draw(t, "closes") {
			at := noon.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "closed for")) * time.Hour)
			p.ClosesAt = &at
		}
		if got := p.Visible(false, p.Phase(false, noon)); !got.Nothing() {
			t.Fatalf("%+v", got)
		}
	})
}

func drawRules(t *rapid.T) exam.ReviewRules {
	var r exam.ReviewRules
	for _, v := range []*exam.Visible{&r.During, &r.AfterSubmit, &r.AfterClose} {
		for field := range reflect.TypeFor[exam.Visible]().NumField() {
			reflect.ValueOf(v).Elem().Field(field).SetBool(rapid.Bool().Draw(t, "shown"))
		}
	}
	return r
}

func TestThePhaseFollowsFromTheScoringAndTheClosing(t *testing.T) {
	at := noon
	open, closing := exam.DefaultPolicy(uuid.New()), exam.DefaultPolicy(uuid.New())
	closing.ClosesAt = &at
	for _, c := range []struct {
		p      exam.Policy
		scored bool
		now    time.Time
		want   exam.Phase
		closed bool
	}{
		{open, false, noon, exam.During, false},
		{open, true, noon.AddDate(100, 0, 0), exam.AfterSubmit, false},
		{closing, true, noon.Add(-time.Microsecond), exam.AfterSubmit, false},
		{closing, true, noon, exam.AfterClose, true},
		{closing, false, noon.Add(time.Hour), exam.During, true},
	} {
		if got := c.p.Phase(c.scored, c.now); got != c.want || c.p.Closed(c.now) != c.closed {
			t.Errorf("%+v: phase %s, closed %v", c, got, c.p.Closed(c.now))
		}
	}
}

func TestTheUsualRulesShowAllOnceAnAttemptIsScored(t *testing.T) {
	p := exam.DefaultPolicy(uuid.New())
	for _, practice := range []bool{false, true} {
		if !p.Visible(practice, exam.During).Nothing() || p.Visible(practice, exam.AfterSubmit) != exam.Everything() || p.Visible(practice, exam.AfterClose) != exam.Everything() {
			t.Errorf("practice %v: %+v", practice, p.Review)
		}
	}
	if _, err := p.Changed(p.Review, p.Device, nil, noon); err != nil {
		t.Errorf("the usual rules are refused: %v", err)
	}
}

func TestRulesThatGiveAwayWhatTheyHideAreRefused(t *testing.T) {
	all, none := exam.Everything(), exam.Visible{}
	change := func(fn func(*exam.Visible)) exam.Visible {
		v := exam.Everything()
		fn(&v)
		return v
	}
	for name, c := range map[string]struct {
		rules exam.ReviewRules
		want  []string
	}{
		"all hidden": {exam.ReviewRules{}, nil},
		"all of open practice but the score": {
			exam.ReviewRules{During: change(func(v *exam.Visible) { v.Score = false }), AfterSubmit: all, AfterClose: none}, nil,
		},
		"a score before submission": {exam.ReviewRules{During: exam.Visible{Score: true}}, []string{"review.during.score no_score_yet"}},
		"a key without marks": {
			exam.ReviewRules{AfterSubmit: exam.Visible{Key: true}}, []string{"review.after_submit.key gives_away"},
		},
		"explanations and rationales without a key": {
			exam.ReviewRules{AfterClose: change(func(v *exam.Visible) { v.Key = false })},
			[]string{"review.after_close.explanation gives_away", "review.after_close.rationales gives_away"},
		},
		"explanations of another phase's key": {
			exam.ReviewRules{During: exam.Visible{Explanation: true}, AfterSubmit: all}, []string{"review.during.explanation gives_away"},
		},
		"marks, transcripts and others alone": {exam.ReviewRules{AfterSubmit: exam.Visible{ChoiceMarks: true, Transcript: true, Others: true}}, nil},
	} {
		_, err := exam.DefaultPolicy(uuid.New()).Changed(c.rules, exam.AnyDevice, nil, noon)
		var f *fault.Error
		var got []string
		if errors.As(err, &f) {
			for _, field := range f.Fields {
				got = append(got, field.Name+" "+field.Code)
			}
		}
		if !slices.Equal(got, c.want) || (err != nil) != (len(c.want) > 0) || (err != nil && !errors.Is(err, exam.ErrInvalidPolicy)) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := exam.DefaultPolicy(uuid.New()).Changed(exam.ReviewRules{}, "none", nil, noon); !errors.Is(err, exam.ErrInvalidPolicy) {
		t.Errorf("an unknown device rule: %v", err)
	}
}

func TestAChangedPolicyIsOneVersionOnAndKeepsTimesAsStoresDo(t *testing.T) {
	at := noon.Add(123 * time.Nanosecond).In(time.FixedZone("east", 9*3600))
	p, err := exam.DefaultPolicy(uuid.New()).Changed(exam.ReviewRules{}, exam.RefuseMore, &at, noon)
	if err != nil || p.Version != 2 || !p.UpdatedAt.Equal(noon) || *p.ClosesAt != noon {
		t.Errorf("%+v, %v", p, err)
	}
}
