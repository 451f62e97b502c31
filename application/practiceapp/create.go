// Package practiceapp holds the use cases of practice: drawing a set of questions, answering it, seeing what was right,
// and the book of wrong answers.
package practiceapp

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// CreateCommand asks for a new set.
type CreateCommand struct {
	User     uuid.UUID
	Criteria practice.Criteria
	Feedback practice.Feedback
}

// Create draws a set of questions for a learner.
type Create struct {
	Clock     ports.Clock
	IDs       ports.IDs
	Seeds     ports.Seeds
	OpenExams ports.OpenExams
	Pool      ports.QuestionPool
	Revisions ports.Revisions
	Work      ports.UnitOfWork[ports.PracticeRepos]
}

// Execute returns the set, which has fewer questions than were asked for where too few match. Questions of an exam that
// the learner is taking in exam mode never do. Failures are practice.ErrInvalid and practice.ErrNothingMatches.
func (uc Create) Execute(ctx context.Context, cmd CreateCommand) (ports.PracticeView, error) {
	if err := cmd.Criteria.Check(); err != nil {
		return ports.PracticeView{}, err
	}
	open, err := uc.OpenExams.OpenExams(ctx, cmd.User)
	if err != nil {
		return ports.PracticeView{}, err
	}
	now := uc.Clock.Now()
	candidates, err := uc.Pool.Candidates(ctx, cmd.User, cmd.Criteria, open, now)
	if err != nil {
		return ports.PracticeView{}, err
	}
	seed := uc.Seeds.New()
	groups := grouping{revisions: uc.Revisions, known: map[uuid.UUID]map[uuid.UUID][]exam.Item{}}
	items, err := practice.Choose(seed, cmd.Criteria.Count, candidates, func(c practice.Candidate) ([]exam.Item, error) { return groups.of(ctx, c) })
	if err != nil {
		return ports.PracticeView{}, err
	}
	set, err := practice.New(uc.IDs.New(), cmd.User, cmd.Feedback, cmd.Criteria, seed, items, now)
	if err != nil {
		return ports.PracticeView{}, err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error { return repos.Sets.Add(ctx, set) })
	return ports.PracticeView{Snapshot: set.Snapshot()}, err
}

// grouping finds the questions that belong together, reading each revision once.
type grouping struct {
	revisions ports.Revisions
	known     map[uuid.UUID]map[uuid.UUID][]exam.Item // by revision, then by question
}

func (g grouping) of(ctx context.Context, c practice.Candidate) ([]exam.Item, error) {
	groups, known := g.known[c.Revision]
	if !known {
		r, err := g.revisions.Revision(ctx, c.Revision)
		if err != nil {
			return nil, fmt.Errorf("load revision %s: %w", c.Revision, err)
		}
		if groups, err = groupsOf(r); err != nil {
			return nil, err
		}
		g.known[c.Revision] = groups
	}
	items, there := groups[c.ID]
	if !there {
		return nil, fmt.Errorf("revision %s has no question %s", c.Revision, c.ID)
	}
	return items, nil
}

// groupsOf returns the group of each question of a revision.
func groupsOf(r *exam.Revision) (map[uuid.UUID][]exam.Item, error) {
	items, err := r.Items()
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID][]exam.Item, len(items))
	for _, p := range r.Content.Form.Parts {
		for _, g := range p.Groups {
			group := items[:len(g.Questions):len(g.Questions)]
			items = items[len(g.Questions):]
			for _, q := range group {
				out[q.ID] = group
			}
		}
	}
	return out, nil
}
