package attemptapp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ports"
)

// rule sets the rules of the exam, those that the domain would refuse included.
func (r *room) rule(review exam.ReviewRules, closes *time.Time) {
	r.t.Helper()
	r.must(r.store.PolicyWork().Do(r.t.Context(), func(ctx context.Context, repos ports.PolicyRepos) error {
		p, err := repos.Policies.ForChange(ctx, r.exam.ExamID)
		if err != nil {
			return err
		}
		p.Review, p.ClosesAt, p.UpdatedAt = review, closes, noon
		p.Version++
		return repos.Policies.Save(ctx, p)
	}))
}

// takenBy stores statistics of so many takers who all chose B.
func (r *room) takenBy(takers int) {
	r.t.Helper()
	revision, err := r.store.Revisions().Revision(r.t.Context(), r.exam.RevisionID)
	r.must(err)
	items, err := itemstat.Items(*revision)
	r.must(err)
	sample := itemstat.NewSample(items)
	for range takers {
		var given []itemstat.Response
		for _, item := range items {
			given = append(given, itemstat.Response{Number: item.Number, Choice: 'B'})
		}
		sample.Add(r.exam.Outline, given)
	}
	r.must(r.store.Statistics().Put(r.t.Context(), itemstat.Statistics{
		Form: r.exam.FormID(), Exam: r.exam.ExamID, Revision: r.exam.RevisionID, Takers: takers, ComputedAt: noon, Report: sample.Report(),
	}))
}

// fieldOf names a field of the matrix.
func fieldOf(i int) string { return reflect.TypeFor[exam.Visible]().Field(i).Name }

// signs say how the bytes of a review show each field of the matrix; the score is not part of a review.
var signs = map[string][]string{
	"ChoiceMarks": {`"Correct":true`, `"Correct":false`, `"WrongToRight"`},
	"Key":         {`"Key":65`, `"Key":66`, `"Key":67`, `"Key":68`},
	"Explanation": {"CANARY-EXPLANATION"},
	"Rationales":  {"CANARY-RATIONALE"},
	"Transcript":  {"CANARY-TRANSCRIPT", "CANARY-DESCRIPTION", "CANARY-SPOKEN"},
	"Others":      {`"Takers":30`},
}

// Each of the three phases, with each field of the matrix shown alone, in both modes: the bytes of the review have the
// signs of what is shown, and of nothing else.
func TestNothingThatTheRulesHideIsInTheBytesOfAReview(t *testing.T) {
	r := enter(t)
	r.takenBy(itemstat.MinTakers)
	closed, open := noon, noon.AddDate(1, 0, 0)
	cells := 0
	for _, mode := range []attempt.Mode{attempt.ExamMode, attempt.PracticeMode} {
		r.rule(exam.ReviewRules{}, nil)
		id := r.begin(mode).ID
		for _, phase := range []exam.Phase{exam.During, exam.AfterSubmit, exam.AfterClose} {
			if phase == exam.AfterSubmit {
				_, err := r.submit.Execute(t.Context(), r.learner, id)
				r.wants(err, attempt.ErrScoreWithheld)
			}
			closes := &open
			if phase == exam.AfterClose {
				closes = &closed
			}
			for field := range reflect.TypeFor[exam.Visible]().NumField() {
				cells++
				var rules exam.ReviewRules
				v := map[exam.Phase]*exam.Visible{exam.During: &rules.During, exam.AfterSubmit: &rules.AfterSubmit, exam.AfterClose: &rules.AfterClose}[phase]
				reflect.ValueOf(v).Elem().Field(field).SetBool(true)
				r.rule(rules, closes)
				r.judgeCell(id, mode, phase, fieldOf(field))
			}
		}
	}
	if cells != 42 {
		t.Errorf("%d cells", cells)
	}
}

func (r *room) judgeCell(id uuid.UUID, mode attempt.Mode, phase exam.Phase, field string) {
	r.t.Helper()
	cell := fmt.Sprintf("%s, %s, %s alone", mode, phase, field)
	got, err := r.review.Execute(r.t.Context(), r.learner, id, 0)
	if mode == attempt.ExamMode && phase == exam.During {
		r.wants(err, attempt.ErrNotSubmitted)
	} else if err != nil {
		r.t.Fatalf("%s: %v", cell, err)
	}
	b, err := json.Marshal(got)
	r.must(err)
	for name, all := range signs {
		want := name == field && len(got.Items) > 0
		for _, sign := range all {
			if strings.Contains(string(b), sign) != want && !(want && sign == `"Correct":true`) { // nobody answered
				r.t.Errorf("%s: %s of %s is there: %v", cell, sign, name, !want)
			}
		}
	}
	if n := strings.Count(strings.ToUpper(string(b)), "CANARY"); n > 0 && len(signs[field]) > 0 && !strings.HasPrefix(signs[field][0], "CANARY") {
		r.t.Errorf("%s: %d canaries", cell, n)
	}
	_, err = r.result.Execute(r.t.Context(), r.learner, id)
	switch {
	case phase == exam.During:
		r.wants(err, attempt.ErrNotSubmitted)
	case field == "Score":
		r.must(err)
	default:
		r.wants(err, attempt.ErrScoreWithheld)
	}
}

// Every combination of what a phase can show: nothing that it hides is there, and all that it shows is.
func TestEveryCombinationOfRulesShowsWhatItSaysAndNothingElse(t *testing.T) {
	r := enter(t)
	r.takenBy(itemstat.MinTakers)
	id := r.begin(attempt.ExamMode).ID
	_, err := r.submit.Execute(t.Context(), r.learner, id)
	r.must(err)
	fields := reflect.TypeFor[exam.Visible]().NumField()
	for mask := range 1 << fields {
		var rules exam.ReviewRules
		shown := map[string]bool{}
		for field := range fields {
			shown[fieldOf(field)] = mask&(1<<field) != 0
			reflect.ValueOf(&rules.AfterSubmit).Elem().Field(field).SetBool(shown[fieldOf(field)])
		}
		r.rule(rules, nil)
		got, err := r.review.Execute(t.Context(), r.learner, id, 0)
		r.must(err)
		b, err := json.Marshal(got)
		r.must(err)
		for name, all := range signs {
			for _, sign := range all {
				if strings.Contains(string(b), sign) != shown[name] && sign != `"Correct":true` { // nobody answered
					t.Errorf("%+v: %s of %s is there: %v", rules.AfterSubmit, sign, name, !shown[name])
				}
			}
		}
		if _, err := r.result.Execute(t.Context(), r.learner, id); (err == nil) != shown["Score"] {
			t.Errorf("%+v: the result: %v", rules.AfterSubmit, err)
		}
	}
}

func TestAReviewTellsHowAnswersChanged(t *testing.T) {
	r := enter(t)
	id := r.begin(attempt.PracticeMode).ID
	right, wrong := examtest.Key(exam.Photographs, 1), exam.Choice('A')
	if right == wrong {
		t.Fatal("the test needs another choice")
	}
	made := noon.Add(-time.Second)
	log := logOf{
		{Answer: attempt.Answer{Number: 1, Choice: wrong, Seq: 1, At: noon, MadeAt: &made}, Outcome: attempt.Applied},
		{Answer: attempt.Answer{Number: 1, Choice: right, Seq: 2, At: noon}, Replaced: wrong, Outcome: attempt.Applied},
		{Answer: attempt.Answer{Number: 20, Choice: 'A', Seq: 1, At: noon}, Outcome: attempt.Late},
	}
	r.review.Log = log
	if _, err := r.put(id, 2, right, 1); err != nil {
		t.Fatal(err)
	}
	_, err := r.submit.Execute(t.Context(), r.learner, id)
	r.must(err)
	got, err := r.review.Execute(t.Context(), r.learner, id, 0)
	r.must(err)
	if got.Phase != exam.AfterSubmit || *got.Swings != (attempt.Swings{WrongToRight: 1}) {
		t.Errorf("phase %s, swings %+v", got.Phase, got.Swings)
	}
	if diff := cmp.Diff([]attempt.Change(log[:2]), got.Items[0].Changes); diff != "" {
		t.Error(diff)
	}
	for _, item := range got.Items[1:] {
		if len(item.Changes) != 0 || *item.Correct {
			t.Errorf("question %d: %+v", item.Number, item)
		}
	}
	part, err := r.review.Execute(t.Context(), r.learner, id, exam.ReadingComprehension)
	r.must(err)
	if *part.Swings != (attempt.Swings{}) {
		t.Errorf("the part without changes has swings %+v", part.Swings)
	}
}

// logOf is a log of one attempt.
type logOf []attempt.Change

func (l logOf) Changes(context.Context, uuid.UUID) ([]attempt.Change, error) { return l, nil }

func TestHowOthersAnsweredIsToldOnceThirtyHave(t *testing.T) {
	r := enter(t)
	id := r.begin(attempt.PracticeMode).ID
	_, err := r.submit.Execute(t.Context(), r.learner, id)
	r.must(err)
	for _, takers := range []int{0, 29, 30} {
		if takers > 0 {
			r.takenBy(takers)
		}
		got, err := r.review.Execute(t.Context(), r.learner, id, 0)
		r.must(err)
		for _, item := range got.Items {
			if (item.Others != nil) != (takers >= 30) {
				t.Errorf("%d takers: question %d says %+v", takers, item.Number, item.Others)
			}
			if o := item.Others; o != nil && (o.Takers != 30 || o.Chosen[1] != 30 || o.Chosen[0] != 0 || o.Blank != 0) {
				t.Errorf("question %d says %+v", item.Number, o)
			}
		}
	}
}

func TestAClosedExamTakesNoMoreAttemptsInExamModeButPractice(t *testing.T) {
	r := enter(t)
	at := noon.Add(time.Minute)
	r.rule(exam.DefaultPolicy(r.exam.ExamID).Review, &at)
	open := r.begin(attempt.ExamMode)
	r.clock.advance(time.Minute)
	start := func(user uuid.UUID, mode attempt.Mode) error {
		_, err := r.start.Execute(t.Context(), attemptapp.StartCommand{User: user, Exam: r.exam.ExamID, Mode: mode})
		return err
	}
	r.wants(start(r.other, attempt.ExamMode), exam.ErrClosed)
	r.must(start(r.other, attempt.PracticeMode))
	if _, err := r.put(open.ID, 1, 'A', 1); err != nil { // whoever began may finish
		t.Error(err)
	}
}

func TestAWithheldScoreIsNowhereToBeFound(t *testing.T) {
	r := enter(t)
	r.rule(exam.ReviewRules{AfterClose: exam.Everything()}, nil)
	v := r.begin(attempt.ExamMode)
	for range 2 { // again, it answers the same
		res, err := r.submit.Execute(t.Context(), r.learner, v.ID)
		r.wants(err, attempt.ErrScoreWithheld)
		if res.Version != "" || res.Total != nil || len(res.Sections) > 0 {
			t.Errorf("a result comes with the refusal: %+v", res)
		}
	}
	got, err := r.get.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if got.Status != attempt.Submitted {
		t.Errorf("status %s", got.Status)
	}
	export := attemptapp.Export{Reads: r.store.AttemptReads(), Sight: attemptapp.Sight{Clock: r.clock, Policies: r.store.Policies()}}
	exported := func() string {
		all, err := export.Execute(t.Context(), r.learner)
		r.must(err)
		b, err := json.Marshal(all)
		r.must(err)
		return string(b)
	}
	if text := exported(); !strings.Contains(text, `"result":null`) {
		t.Errorf("exported: %s", text)
	}
	at := noon
	r.rule(exam.ReviewRules{AfterClose: exam.Everything()}, &at)
	if text := exported(); strings.Contains(text, `"result":null`) {
		t.Errorf("exported after the close: %s", text)
	}
	_, err = r.result.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
}
