package attemptapp_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// flat is a table that gives nobody more than the least score.
func flat(version string) score.Table {
	t := score.Table{Version: version}
	for raw := range t.Listening {
		t.Listening[raw], t.Reading[raw] = 5, 5
	}
	return t
}

// activate makes a new table score the exam.
func (r *room) activate(t score.Table, note string) {
	r.t.Helper()
	now := r.clock.Now()
	r.must(r.store.Conversion().Do(r.t.Context(), func(ctx context.Context, repos ports.ConversionRepos) error {
		if _, err := repos.Tables.Add(ctx, score.StoredTable{Table: t, Note: "imported", CreatedAt: &now}); err != nil {
			return err
		}
		return repos.Tables.Activate(ctx, score.Activation{ID: ids{}.New(), ExamID: r.exam.ExamID, Version: t.Version, Note: note, At: now})
	}))
}

func (r *room) explain() attemptapp.Explain {
	return attemptapp.Explain{
		Reads: r.store.AttemptReads(), Scores: r.store.ScoreReads(), Revisions: r.store.Revisions(), History: r.store.ConversionHistory(), Review: r.review,
	}
}

func (r *room) compare() attemptapp.Compare {
	return attemptapp.Compare{Reads: r.store.AttemptReads(), Scores: r.store.ScoreReads(), Revisions: r.store.Revisions(), Sight: attemptapp.Sight{Clock: r.clock, Policies: r.store.Policies()}}
}

// sit takes the form with every item of some parts right and submits it.
func (r *room) sit(mode attempt.Mode, right ...exam.Part) (uuid.UUID, score.Result) {
	r.t.Helper()
	v := r.begin(mode)
	r.form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		for _, part := range right {
			if p == part {
				_, err := r.put(v.ID, 1, q.KeyChoice(), q.Number)
				r.must(err)
			}
		}
	})
	r.clock.advance(time.Minute)
	res, err := r.submit.Execute(r.t.Context(), r.learner, v.ID)
	r.must(err)
	return v.ID, res
}

func TestTheActiveTableScoresFromThenOnAndOldResultsKeepTheirs(t *testing.T) {
	r := enter(t)
	_, before := r.sit(attempt.ExamMode, exam.Photographs, exam.QuestionResponse)
	r.clock.advance(time.Minute)
	r.activate(flat("flat-1"), "for once")
	_, after := r.sit(attempt.ExamMode, exam.Photographs, exam.QuestionResponse)
	if before.Version != r.form.Conversion || before.Total.Score <= 10 {
		t.Errorf("before: %+v", before.Total)
	}
	if after.Version != "flat-1" || after.Total.Score != 10 || after.Sections[exam.Listening].Raw != before.Sections[exam.Listening].Raw {
		t.Errorf("after: %+v", after.Total)
	}
	same := 0
	r.must(r.rescore.Execute(t.Context(), uuid.Nil, func(got attemptapp.Rescored) error {
		if !got.Same() {
			t.Errorf("scored again: %s", cmp.Diff(got.Stored, got.Computed))
		}
		same++
		return nil
	}))
	if same != 2 {
		t.Errorf("%d results were scored again", same)
	}
}

func TestAnExplanationNamesTheTableTheRowsAndTheAnswers(t *testing.T) {
	r := enter(t)
	id, res := r.sit(attempt.PracticeMode, exam.Photographs, exam.QuestionResponse)
	got, err := r.explain().Execute(t.Context(), r.learner, id)
	r.must(err)
	listening := got.Sections[exam.Listening]
	// Three of nine is a third of the way: 33⅓ of 100.
	want := score.Lookup{Position: 100.0 / 3, Rows: []score.Row{{Raw: 33, Scaled: 170}, {Raw: 34, Scaled: 175}}, Exact: 170 + 5.0/3, Scaled: 170}
	if diff := cmp.Diff(want, listening.Lookup); diff != "" || listening.Lookup.Scaled != res.Sections[exam.Listening].Scaled.Score {
		t.Errorf("lookup: %s", diff)
	}
	if got.Table.Version != res.Version || got.Activation != nil || got.Regraded || !got.ScoredAt.Equal(got.ClosedAt) || listening.Error.Error != score.StandardError(9) {
		t.Errorf("explanation: %+v", got)
	}
	if !got.KeysShown || len(got.Items) != r.form.QuestionCount() {
		t.Fatalf("%d items, keys %v", len(got.Items), got.KeysShown)
	}
	for i, item := range got.Items {
		key := examtest.Key(item.Part, item.Number)
		right := item.Part == exam.Photographs || item.Part == exam.QuestionResponse
		if item.Number != i+1 || item.Key != key || *item.Correct != right || (right && item.Choice != key) || (!right && item.Choice != exam.NoChoice) {
			t.Errorf("item: %+v", item)
		}
	}
	_, err = r.explain().Execute(t.Context(), r.other, id)
	r.wants(err, attempt.ErrNotFound)
}

func TestAnExplanationTellsWhoseDecisionTheTableWas(t *testing.T) {
	r := enter(t)
	r.activate(flat("flat-1"), "for once")
	id, _ := r.sit(attempt.PracticeMode)
	r.clock.advance(time.Minute)
	r.activate(steps("flat-2"), "too late for that")
	r.activate(flat("flat-1"), "too late as well")
	got, err := r.explain().Execute(t.Context(), r.learner, id)
	r.must(err)
	if got.Activation == nil || got.Activation.Note != "for once" || got.Table.Version != "flat-1" || got.Table.Note != "imported" {
		t.Errorf("explanation: %+v of %+v", got.Activation, got.Table)
	}
}

func TestAnExplanationKeepsTheKeysWhileTheReviewIsLocked(t *testing.T) {
	r := enter(t)
	id, _ := r.sit(attempt.PracticeMode, exam.Photographs)
	next := r.begin(attempt.ExamMode)
	got, err := r.explain().Execute(t.Context(), r.learner, id)
	r.must(err)
	if got.KeysShown || len(got.Items) != r.form.QuestionCount() {
		t.Fatalf("%d items, keys %v", len(got.Items), got.KeysShown)
	}
	for _, item := range got.Items {
		if item.Key != exam.NoChoice || item.Correct != nil {
			t.Errorf("a key is given away: %+v", item)
		}
	}
	if got.Items[0].Choice != examtest.Key(exam.Photographs, 1) {
		t.Errorf("the learner's own choice is missing: %+v", got.Items[0])
	}
	_, err = r.submit.Execute(t.Context(), r.learner, next.ID)
	r.must(err)
	if got, err = r.explain().Execute(t.Context(), r.learner, id); err != nil || !got.KeysShown {
		t.Errorf("keys %v, %v", got.KeysShown, err)
	}
}

func TestAResultIsComparedWithEarlierOnesOfItsOwnMode(t *testing.T) {
	r := enter(t)
	first, low := r.sit(attempt.ExamMode)
	r.clock.advance(time.Hour)
	r.sit(attempt.PracticeMode, exam.Photographs)
	second, high := r.sit(attempt.ExamMode, exam.Photographs, exam.QuestionResponse, exam.Conversations, exam.Talks)
	r.clock.advance(time.Hour)
	third, _ := r.sit(attempt.ExamMode)

	got, err := r.compare().Execute(t.Context(), r.learner, second)
	r.must(err)
	if len(got) != 1 || got[0].Attempt != first || !got[0].SameExam || !got[0].SameTable {
		t.Fatalf("compared: %+v", got)
	}
	if diff := cmp.Diff(score.Compare(high, low), got[0].Comparison); diff != "" || got[0].Comparison.Sections[exam.Listening].Verdict != score.Significant {
		t.Errorf("comparison: %s", diff)
	}
	if got, err = r.compare().Execute(t.Context(), r.learner, third); err != nil || len(got) != 2 || got[0].Attempt != second {
		t.Errorf("the third is compared with %+v, %v", got, err)
	}
	if got, err = r.compare().Execute(t.Context(), r.learner, first); err != nil || len(got) != 0 {
		t.Errorf("the first is compared with %+v, %v", got, err)
	}
	_, err = r.compare().Execute(t.Context(), r.other, second)
	r.wants(err, attempt.ErrNotFound)
	open := r.begin(attempt.PracticeMode)
	_, err = r.compare().Execute(t.Context(), r.learner, open.ID)
	r.wants(err, attempt.ErrNotSubmitted)
}

func TestPartsThatHaveNoScoreInCommonAreNotCompared(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode, exam.IncompleteSentences)
	r.clock.advance(time.Minute)
	_, err := r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	id, _ := r.sit(attempt.PracticeMode)
	got, err := r.compare().Execute(t.Context(), r.learner, id)
	if err != nil || len(got) != 0 {
		t.Errorf("compared with %+v, %v", got, err)
	}
}
