package exam_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/fault"
)

func published(form exam.Form) exam.Revision {
	return exam.Revision{
		Summary: exam.Summary{ExamID: uuid.UUID{1}, RevisionID: uuid.UUID{2}, Revision: 1, Slug: form.Slug, Outline: form.Outline()},
		Content: exam.Content{Form: form},
	}
}

// Whatever is corrected, the form stays valid, the question stays the same one, and nothing else changes.
func TestACorrectionChangesTheKeyOfOneQuestionAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := published(examtest.Mini())
		n := rapid.IntRange(1, r.Content.Form.QuestionCount()).Draw(t, "number")
		part, _, old, _ := r.Question(n)
		key := exam.Label(rapid.IntRange(0, part.Options()-1).Draw(t, "key"))
		former, reason := "It was thought right.", "Two editors agree."
		c := exam.Correction{Key: key, Reason: reason, Rationales: map[exam.Choice]string{old.KeyChoice(): former}}
		content, was, err := r.Corrected(n, c)
		if key == old.KeyChoice() {
			if !errors.Is(err, exam.ErrSameKey) {
				t.Fatalf("the same key: %v", err)
			}
			return
		}
		if err != nil || was != old.KeyChoice() {
			t.Fatalf("was %v, %v", was, err)
		}
		if issues := content.Form.Check(); len(issues) > 0 {
			t.Fatalf("the corrected form breaks rules: %+v", issues)
		}
		if diff := cmp.Diff(examtest.Mini(), r.Content.Form); diff != "" {
			t.Fatalf("the corrected revision itself was changed:\n%s", diff)
		}
		next := r.Correcting(uuid.UUID{3}, content, nil, time.Time{})
		before, _ := r.Items()
		after, _ := next.Items()
		for i := range before {
			if before[i].ID != after[i].ID {
				t.Fatalf("question %d is another one", i+1)
			}
		}
		want := examtest.Mini()
		want.Each(func(_ exam.Part, g exam.Group, q exam.Question) {
			if q.Number != n {
				return
			}
			for i := range g.Questions {
				if g.Questions[i].Number == n {
					g.Questions[i].Key = key.String()
					g.Questions[i].Options[key.Index()].Rationale = ""
					g.Questions[i].Options[was.Index()].Rationale = former
				}
			}
		})
		if diff := cmp.Diff(want, content.Form); diff != "" {
			t.Fatalf("what changed is not the key alone:\n%s", diff)
		}
	})
}

func TestCorrectionsOfACorrectionAreOfTheSameForm(t *testing.T) {
	r := published(examtest.Mini())
	for i, key := range []exam.Choice{'A', 'C', 'B'} {
		content, _, err := r.Corrected(1, exam.Correction{Key: key, Reason: "because"})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := content.Encode()
		if err != nil {
			t.Fatal(err)
		}
		r = r.Correcting(uuid.UUID{3, byte(i)}, content, encoded, time.Unix(int64(i), 0))
		if r.FormID() != (uuid.UUID{2}) || r.Revision != i+2 || r.Hash != exam.Hash(encoded) || r.RevisionID != (uuid.UUID{3, byte(i)}) {
			t.Errorf("correction %d: %+v", i, r.Summary)
		}
	}
}

func TestACorrectionThatIsNotOneIsRefusedByName(t *testing.T) {
	r := published(examtest.Mini())
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		number int
		fix    exam.Correction
		fields []string
	}{
		"no such option in part 2": {2, exam.Correction{Key: 'D', Reason: "r"}, []string{"key:key"}},
		"no key":                   {1, exam.Correction{Reason: "r"}, []string{"key:key"}},
		"no reason":                {1, exam.Correction{Key: 'A', Reason: " \n"}, []string{"reason:required"}},
		"a long reason":            {1, exam.Correction{Key: 'A', Reason: strings.Repeat("é", 501)}, []string{"reason:too_long"}},
		"no explanation":           {1, exam.Correction{Key: 'A', Reason: "r", Explanation: text(" ")}, []string{"explanation:explanation_missing"}},
		"a long explanation":       {1, exam.Correction{Key: 'A', Reason: "r", Explanation: text(strings.Repeat("x", 4001))}, []string{"explanation:too_long"}},
		"a rationale of the key":   {1, exam.Correction{Key: 'A', Reason: "r", Rationales: map[exam.Choice]string{'A': "x"}}, []string{"rationales.A:rationale_unexpected"}},
		"a rationale of no option": {2, exam.Correction{Key: 'A', Reason: "r", Rationales: map[exam.Choice]string{'D': "x"}}, []string{"rationales.D:unknown"}},
		"a long rationale":         {1, exam.Correction{Key: 'A', Reason: "r", Rationales: map[exam.Choice]string{'B': strings.Repeat("x", 1001)}}, []string{"rationales.B:too_long"}},
	} {
		_, _, err := r.Corrected(c.number, c.fix)
		var f *fault.Error
		if !errors.Is(err, exam.ErrInvalidCorrection) || !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, field := range f.Fields {
			got = append(got, field.Name+":"+field.Code)
		}
		if diff := cmp.Diff(c.fields, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, _, err := r.Corrected(99, exam.Correction{Key: 'A', Reason: "r"}); !errors.Is(err, exam.ErrQuestionNotOnForm) {
		t.Errorf("a question that is not there: %v", err)
	}
}

// Forms that were published before a rule was made can be corrected.
func TestWhatWasWrongBeforeDoesNotStandInTheWay(t *testing.T) {
	form := examtest.Mini()
	form.Parts[4].Groups[0].Questions[0].Explanation = ""
	r := published(form)
	if _, _, err := r.Corrected(1, exam.Correction{Key: 'A', Reason: "r"}); err != nil {
		t.Error(err)
	}
}
