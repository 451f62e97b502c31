package attemptapp

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// AnswerCommand hands in choices.
type AnswerCommand struct {
	User    uuid.UUID
	Session uuid.UUID // the nil UUID for an API token
	Attempt uuid.UUID
	Answers []attempt.Answer
}

// Answered is what became of a batch of answers.
type Answered struct {
	Accepted   int // stored as the newest of their items
	Ignored    int // older than, or the same as, what was stored
	Late       int // of a section whose time was over; logged, not taken
	Answered   int // items of the attempt that have a choice now
	Position   int64
	Now        time.Time
	DeadlineAt *time.Time
}

// Verdict is the answer to one of many commands: what became of it, or why it was refused.
type Verdict struct {
	Answered Answered
	Err      error
}

// Answer stores choices, those of many learners in one unit of work, because what is promised is that they are
// committed, and a commit costs the same for one as for many. What it acknowledges is committed.
type Answer struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AnswerRepos]
}

// Execute returns a verdict for each command, in their order, as if each had come alone, one after the other. The
// failure of a verdict is attempt.ErrNotFound, ErrOtherDevice, ErrTakenOver, ErrPaused, ErrClosed, or ErrAnswersDenied naming each answer that
// cannot be accepted; then none of that command is stored. With an error nothing at all is stored. Written is called when
// what is left to do is the store's, maybe more than once.
func (uc Answer) Execute(ctx context.Context, commands []AnswerCommand, written func()) ([]Verdict, error) {
	verdicts := make([]Verdict, len(commands))
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.AnswerRepos) error {
		desk, err := open(ctx, repos.Sheets, commands)
		if err != nil {
			return err
		}
		now := uc.Clock.Now() // after the wait for the attempts, so that nothing is taken late
		for i, cmd := range commands {
			verdicts[i] = desk.judge(cmd, now)
		}
		err = repos.Sheets.Store(ctx, desk.changed())
		written()
		return err
	})
	return verdicts, err
}

// desk holds the attempts and what matters of their sheets while commands are judged one after the other.
type desk struct {
	attempts map[uuid.UUID]*attempt.Attempt
	sheets   map[uuid.UUID]attempt.Sheet
	changes  map[uuid.UUID][]ports.LoggedChange
}

// open takes hold of what the commands are about.
func open(ctx context.Context, sheets ports.AnswerSheets, commands []AnswerCommand) (desk, error) {
	ids := make([]uuid.UUID, len(commands))
	for i, cmd := range commands {
		ids[i] = cmd.Attempt
	}
	slices.SortFunc(ids, func(x, y uuid.UUID) int { return slices.Compare(x[:], y[:]) })
	held, err := sheets.Hold(ctx, slices.Compact(ids))
	if err != nil {
		return desk{}, err
	}
	var items []ports.SheetItem
	for _, cmd := range commands {
		if a := held[cmd.Attempt]; a == nil || !a.Owned(cmd.User) {
			continue
		}
		for _, ans := range cmd.Answers {
			items = append(items, ports.SheetItem{Attempt: cmd.Attempt, Number: ans.Number})
		}
	}
	stored, err := sheets.Stored(ctx, items)
	return desk{attempts: held, sheets: stored, changes: make(map[uuid.UUID][]ports.LoggedChange, len(held))}, err
}

func (d desk) judge(cmd AnswerCommand, now time.Time) Verdict {
	a, err := owned(d.attempts[cmd.Attempt], nil, cmd.User)
	if err != nil {
		return Verdict{Err: err}
	}
	if err := a.HeldBy(cmd.Session); err != nil {
		return Verdict{Err: err}
	}
	sheet := d.sheets[cmd.Attempt]
	if sheet == nil {
		sheet = attempt.Sheet{}
		d.sheets[cmd.Attempt] = sheet
	}
	taken, err := a.Take(sheet, cmd.Answers, now)
	for _, c := range taken.Changes {
		d.changes[cmd.Attempt] = append(d.changes[cmd.Attempt], ports.LoggedChange{Change: c, Session: cmd.Session})
	}
	if err != nil {
		return Verdict{Err: err}
	}
	answered, position := a.Progress()
	return Verdict{Answered: Answered{
		Accepted: taken.Accepted, Ignored: taken.Ignored, Late: taken.Late, Answered: answered, Position: position, Now: now, DeadlineAt: a.Deadline(),
	}}
}

// changed lists what is to be stored: of each item the newest answer, and every change for the log.
func (d desk) changed() []ports.SheetChange {
	out := make([]ports.SheetChange, 0, len(d.changes))
	for id, changes := range d.changes {
		if len(changes) == 0 {
			continue
		}
		newest := map[int]attempt.Answer{}
		for _, c := range changes {
			if c.Outcome == attempt.Applied {
				newest[c.Number] = c.Answer
			}
		}
		out = append(out, ports.SheetChange{Attempt: d.attempts[id], Answers: slices.Collect(maps.Values(newest)), Changes: changes})
	}
	return out
}

// Sync tells what was answered lately, so that several devices show the same sheet.
type Sync struct {
	Clock ports.Clock
	Reads ports.AttemptReads
}

// Synced is what was answered after a position.
type Synced struct {
	View
	Answers []attempt.Answer // in the order in which they were taken
}

// Execute returns attempt.ErrNotFound unless the attempt is the user's. Of an item that was answered several times it
// tells the newest answer alone; position 0 asks for the whole sheet.
func (uc Sync) Execute(ctx context.Context, user, id uuid.UUID, position int64) (Synced, error) {
	v, err := view(ctx, uc.Reads, user, id, uc.Clock.Now()) // first, so that its position is not beyond the answers
	if err != nil {
		return Synced{}, err
	}
	out := Synced{View: v}
	if position == 0 {
		position = -1 // answers from before positions were counted have none
	}
	out.Answers, err = uc.Reads.AnswersSince(ctx, id, position)
	return out, err
}
