package practiceapp

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// shelf holds the revisions that a set's questions are of. It is filled before a unit of work, which must not wait for a
// second connection while it holds one.
type shelf map[uuid.UUID]*exam.Revision

func fetch(ctx context.Context, revisions ports.Revisions, items []practice.Item) (shelf, error) {
	out := shelf{}
	for _, item := range items {
		if out[item.Revision] != nil {
			continue
		}
		r, err := revisions.Revision(ctx, item.Revision)
		if err != nil {
			return nil, fmt.Errorf("load revision %s: %w", item.Revision, err)
		}
		out[item.Revision] = r
	}
	return out, nil
}

// question returns what a set's item is about. A revision never changes, so it is there.
func (s shelf) question(item practice.Item) (exam.Group, exam.Question, error) {
	_, g, q, there := s[item.Revision].Question(item.Number)
	if !there {
		return g, q, fmt.Errorf("revision %s has no question %d", item.Revision, item.Number)
	}
	return g, q, nil
}

// correct reports whether an answer is right.
func (s shelf) correct(item practice.Item, a practice.Answer) (bool, error) {
	_, q, err := s.question(item)
	return a.Choice == q.KeyChoice(), err
}

// ReviewItem is one question of a set with everything that is hidden before it is answered.
type ReviewItem struct {
	practice.Item
	Place        int // in the set
	Question     exam.Question
	Transcript   []exam.Turn
	Descriptions []string // of the images
	Answer       practice.Answer
	Correct      bool
}

// review shows all of one question.
func (s shelf) review(place int, item practice.Item, a practice.Answer) (ReviewItem, error) {
	g, q, err := s.question(item)
	out := ReviewItem{
		Item: item, Place: place, Question: q, Transcript: slices.Concat(g.Transcript, q.Spoken(item.Part)), Answer: a, Correct: a.Choice == q.KeyChoice(),
	}
	for _, st := range g.Stimuli {
		if st.Description != "" {
			out.Descriptions = append(out.Descriptions, st.Description)
		}
	}
	return out, err
}

// summary judges a whole set.
func (s shelf) summary(items []practice.Item, sheet practice.Sheet) (practice.Summary, error) {
	marks := make([]practice.Mark, len(items))
	for i, item := range items {
		a := sheet[i+1]
		correct, err := s.correct(item, a)
		if err != nil {
			return practice.Summary{}, err
		}
		marks[i] = practice.Mark{Part: item.Part, Ability: item.Ability, Answered: a.Choice != exam.NoChoice, Correct: correct}
	}
	return practice.Summarise(marks), nil
}

// tell brings answers to a set into the histories of its learner; blanks tell nothing, as a set may be left at any time.
func (s shelf) tell(ctx context.Context, histories ports.Histories, set *practice.Set, answers []practice.Answer) error {
	var questions []uuid.UUID
	var told []practice.Answer
	for _, a := range answers {
		if item, there := set.Item(a.Number); there && a.Choice != exam.NoChoice {
			questions, told = append(questions, item.Question), append(told, a)
		}
	}
	if len(told) == 0 {
		return nil
	}
	user := set.Snapshot().UserID
	all, there, err := histories.ForChange(ctx, user, questions)
	if err != nil || !there {
		return err
	}
	changed := make(map[uuid.UUID]practice.History, len(told))
	for _, a := range told {
		item, _ := set.Item(a.Number)
		correct, err := s.correct(item, a)
		if err != nil {
			return err
		}
		changed[item.Question] = all[item.Question].Answered(correct, a.At)
	}
	return histories.Put(ctx, user, changed)
}
