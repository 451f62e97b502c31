package attemptapp_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

// verdict is what one command was told, without the time of day.
type verdict struct {
	Answered attemptapp.Answered
	Failure  string
}

func told(verdicts []attemptapp.Verdict) []verdict {
	out := make([]verdict, len(verdicts))
	for i, v := range verdicts {
		out[i].Answered = v.Answered
		out[i].Answered.Now = time.Time{}
		if v.Err != nil {
			out[i].Failure = v.Err.Error()
		}
	}
	return out
}

// outcome is what commands left behind.
type outcome struct {
	Verdicts []verdict
	Sheets   [2]attempt.Sheet
	Logs     [2][]attempt.Change
}

// judged runs commands on two new attempts, one of each learner; whose says for which of the two each command is.
func (r *room) judged(ctx context.Context, commands []attemptapp.AnswerCommand, whose []int, run func([]attemptapp.AnswerCommand) []attemptapp.Verdict) outcome {
	r.t.Helper()
	var ids [2]uuid.UUID
	for i, learner := range []uuid.UUID{r.learner, r.other} {
		v, err := r.start.Execute(ctx, attemptapp.StartCommand{User: learner, Exam: r.exam.ExamID, Mode: attempt.PracticeMode})
		r.must(err)
		ids[i] = v.ID
	}
	for i := range commands {
		commands[i].Attempt = ids[whose[i]]
	}
	var out outcome
	out.Verdicts = told(run(commands))
	for i, id := range ids {
		var err error
		out.Sheets[i], err = r.store.AttemptReads().Sheet(ctx, id)
		r.must(err)
		out.Logs[i], err = r.store.AnswerLog().Changes(ctx, id)
		r.must(err)
		_, err = r.abandon.Execute(ctx, []uuid.UUID{r.learner, r.other}[i], id)
		r.must(err)
	}
	return out
}

// Many commands in one unit of work are judged as if each had come alone, one after the other.
func TestCommandsTogetherAreJudgedAsIfEachCameAlone(t *testing.T) {
	r := enter(t)
	rapid.Check(t, func(rt *rapid.T) {
		var (
			commands []attemptapp.AnswerCommand
			whose    []int
		)
		for range rapid.IntRange(1, 8).Draw(rt, "commands") {
			one := rapid.IntRange(0, 1).Draw(rt, "whose")
			user := []uuid.UUID{r.learner, r.other}[one]
			if rapid.IntRange(0, 5).Draw(rt, "stranger") == 0 {
				user = []uuid.UUID{r.other, r.learner}[one]
			}
			whose = append(whose, one)
			commands = append(commands, attemptapp.AnswerCommand{User: user, Answers: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) attempt.Answer {
				return attempt.Answer{ // some are refused: there is no item 0, and two choices may share a number
					Number: rapid.IntRange(0, 4).Draw(rt, "item"), Choice: exam.Label(rapid.IntRange(0, 2).Draw(rt, "choice")),
					Seq: rapid.Int64Range(1, 6).Draw(rt, "seq"),
				}
			}), 1, 3).Draw(rt, "answers")})
		}
		together := r.judged(t.Context(), commands, whose, func(all []attemptapp.AnswerCommand) []attemptapp.Verdict {
			verdicts, err := r.answer.Execute(t.Context(), all, func() {})
			if err != nil {
				rt.Fatal(err)
			}
			return verdicts
		})
		alone := r.judged(t.Context(), commands, whose, func(all []attemptapp.AnswerCommand) []attemptapp.Verdict {
			var out []attemptapp.Verdict
			for i := range all {
				verdicts, err := r.answer.Execute(t.Context(), all[i:i+1], func() {})
				if err != nil {
					rt.Fatal(err)
				}
				out = append(out, verdicts...)
			}
			return out
		})
		if diff := cmp.Diff(alone, together); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestASecondDeviceLearnsWhatWasAnsweredLately(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode)
	hand := func(answers ...attempt.Answer) int64 {
		t.Helper()
		done, err := r.hand(t.Context(), attemptapp.AnswerCommand{User: r.learner, Attempt: v.ID, Answers: answers})
		r.must(err)
		return done.Position
	}
	first := hand(attempt.Answer{Number: 1, Choice: 'A', Seq: 1}, attempt.Answer{Number: 2, Choice: 'B', Seq: 1})
	last := hand(attempt.Answer{Number: 1, Choice: 'C', Seq: 2}, attempt.Answer{Number: 3, Seq: 1})
	for since, want := range map[int64][]int{0: {2, 1, 3}, first: {1, 3}, last: {}} {
		got, err := r.sync.Execute(t.Context(), r.learner, v.ID, since)
		r.must(err)
		numbers := []int{}
		for _, a := range got.Answers {
			numbers = append(numbers, a.Number)
		}
		if diff := cmp.Diff(want, numbers); diff != "" || got.Position != last || got.Answered != 2 {
			t.Errorf("since %d: %s position %d, %d answered", since, diff, got.Position, got.Answered)
		}
	}
	_, err := r.sync.Execute(t.Context(), r.other, v.ID, 0)
	if diff := cmp.Diff(attempt.ErrNotFound.Error(), err.Error()); diff != "" {
		t.Error(diff)
	}
}
