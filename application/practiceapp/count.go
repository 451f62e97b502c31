package practiceapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// Count brings scored attempts into the histories of their learners, each once: that an attempt is counted is stored
// together with what it changed, so it does not matter how often or where at once it is tried.
type Count struct {
	Clock     ports.Clock
	Attempts  ports.AttemptReads
	Revisions ports.Revisions
	Work      ports.UnitOfWork[ports.PracticeRepos]
}

// Execute does one job of the kind job.CountAttempt.
func (uc Count) Execute(ctx context.Context, j job.Job) error {
	id, err := uuid.ParseBytes(j.Payload)
	if err != nil {
		return fmt.Errorf("decode the attempt to count: %w: %w", job.ErrHopeless, err)
	}
	_, err = uc.Attempt(ctx, id)
	return err
}

// Attempt counts an attempt and reports whether that was new. An attempt that is not there, or has no result, is not
// counted.
func (uc Count) Attempt(ctx context.Context, id uuid.UUID) (bool, error) {
	head, err := uc.Attempts.Snapshot(ctx, id)
	switch {
	case errors.Is(err, attempt.ErrNotFound):
		return false, nil // the account was erased
	case err != nil:
		return false, err
	case !attempt.Restore(head).Scored() || head.ClosedAt == nil:
		return false, nil
	}
	taken, err := uc.taken(ctx, head)
	if err != nil {
		return false, err
	}
	done := false
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error {
		var err error
		if done, err = repos.Counted.Claim(ctx, id, uc.Clock.Now()); err != nil || !done {
			return err
		}
		if err := repos.Questions.AddMissing(ctx, taken.items); err != nil {
			return err
		}
		return taken.tell(ctx, repos.Histories, head.UserID, *head.ClosedAt)
	})
	return done && err == nil, err
}

// taken is the questions of an attempt, judged.
type taken struct {
	items   []exam.Item
	correct []bool
}

func (uc Count) taken(ctx context.Context, head attempt.Snapshot) (taken, error) {
	r, err := uc.Revisions.Revision(ctx, head.RevisionID)
	if err != nil {
		return taken{}, fmt.Errorf("load revision %s: %w", head.RevisionID, err)
	}
	items, err := r.Items()
	if err != nil {
		return taken{}, err
	}
	sheet, err := uc.Attempts.Sheet(ctx, head.ID)
	if err != nil {
		return taken{}, err
	}
	var out taken
	i := 0
	r.Content.Form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		if head.Taken.HasPart(p) {
			out.items, out.correct = append(out.items, items[i]), append(out.correct, sheet[q.Number].Choice == q.KeyChoice())
		}
		i++
	})
	return out, nil
}

// tell brings the questions into the learner's histories as answered when the attempt was closed: until then every
// answer could be changed, and nothing was known of the keys.
func (t taken) tell(ctx context.Context, histories ports.Histories, user uuid.UUID, at time.Time) error {
	ids := make([]uuid.UUID, len(t.items))
	for i, q := range t.items {
		ids[i] = q.ID
	}
	all, there, err := histories.ForChange(ctx, user, ids)
	if err != nil || !there {
		return err
	}
	changed := make(map[uuid.UUID]practice.History, len(ids))
	for i, id := range ids {
		changed[id] = all[id].Answered(t.correct[i], at)
	}
	return histories.Put(ctx, user, changed)
}

// Fill closes the gaps that are left by what was stored before there was practice: scored attempts that nobody ordered to
// be counted. It also counts those whose job was given up.
type Fill struct {
	Gaps  ports.PracticeGaps
	Count Count
}

// Filled is what Fill did.
type Filled struct{ Attempts int }

// Execute fills all gaps that there are. One attempt that cannot be counted does not keep it from the others; the error
// joins all that went wrong. Any number of processes may do so at once.
func (uc Fill) Execute(ctx context.Context) (Filled, error) {
	var out Filled
	var failed []error
	const stretch = 100
	after := uuid.Nil
	for {
		ids, err := uc.Gaps.Uncounted(ctx, after, stretch)
		if err != nil {
			return out, errors.Join(append(failed, err)...)
		}
		for _, id := range ids {
			counted, err := uc.Count.Attempt(ctx, id)
			if err != nil {
				failed = append(failed, fmt.Errorf("count attempt %s: %w", id, err))
			}
			if counted {
				out.Attempts++
			}
		}
		if len(ids) < stretch || ctx.Err() != nil {
			return out, errors.Join(failed...)
		}
		after = ids[len(ids)-1]
	}
}
