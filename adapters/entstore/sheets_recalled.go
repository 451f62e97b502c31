package entstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

const (
	// maxRecalled bounds the attempts that are remembered with their sheets; up to three kilobytes each.
	maxRecalled = 16_384

	// recallTime is how long an attempt is believed to be as it was read, before it is read again. Whatever is remembered is
	// compared when something is stored, so it bounds only how long a database that was put in the place of another, with
	// the very same counts, is mistaken for it.
	recallTime = time.Minute
)

// recalled is an attempt with its sheet, as this process last read or stored it. It is exact as long as the attempt's row
// has the same version, which counts changes of the attempt, and the same position, which counts its answers.
type recalled struct {
	snapshot attempt.Snapshot
	sheet    sheetMemory
	readAt   time.Time // zero: it is to be read
	doubted  time.Time // until then it is read each time
}

// sheetMemory is what judging the next answer takes of each item, by number.
type sheetMemory struct {
	seqs    []int64 // zero: never answered
	choices []exam.Choice
}

func (m *sheetMemory) put(number int, c exam.Choice, seq int64) {
	if number >= len(m.seqs) {
		m.seqs = append(m.seqs, make([]int64, number+1-len(m.seqs))...)
		m.choices = append(m.choices, make([]exam.Choice, number+1-len(m.choices))...)
	}
	m.seqs[number], m.choices[number] = seq, c
}

func (m *sheetMemory) of(number int) (attempt.Answer, bool) {
	if number < 0 || number >= len(m.seqs) || m.seqs[number] == 0 {
		return attempt.Answer{}, false
	}
	return attempt.Answer{Number: number, Choice: m.choices[number], Seq: m.seqs[number]}, true
}

// memory keeps attempts that were answered lately.
type memory struct {
	mu   sync.Mutex // also guards what is in the entries
	kept *lru.Cache[uuid.UUID, *recalled]
}

func newMemory() (*memory, error) {
	kept, err := lru.New[uuid.UUID, *recalled](maxRecalled)
	if err != nil {
		return nil, fmt.Errorf("make the memory of attempts: %w", err)
	}
	return &memory{kept: kept}, nil
}

// forget makes the attempts be read when they are answered next.
func (m *memory) forget(based map[uuid.UUID]expected) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range based {
		if k, ok := m.kept.Peek(id); ok {
			k.readAt = time.Time{}
		}
	}
}

// doubt takes note of attempts that somebody else answers as well, such as another process that gets every other request of
// a learner: for some time they are read each time, which costs less than to be mistaken.
func (m *memory) doubt(based, found map[uuid.UUID]expected) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until := time.Now().Add(recallTime)
	for id, was := range based {
		now, ok := found[id]
		if k, kept := m.kept.Peek(id); kept && ok && now.position != was.position {
			k.doubted = until
		}
	}
}

// recalledSheets implements ports.AnswerSheets on what is remembered. It stores nothing by itself, and holds nobody up:
// commit stores everything in one statement, if all attempts still are as they were remembered.
type recalledSheets struct {
	memory *memory
	load   func(ctx context.Context, ids []uuid.UUID) ([]*recalled, error)

	based   map[uuid.UUID]expected
	changes []ports.SheetChange
}

// Hold returns the attempts as they are remembered. Those that are not are read.
func (r *recalledSheets) Hold(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*attempt.Attempt, error) {
	r.based = make(map[uuid.UUID]expected, len(ids))
	out := make(map[uuid.UUID]*attempt.Attempt, len(ids))
	unknown := r.recall(ids, out)
	if len(unknown) == 0 {
		return out, nil
	}
	read, err := r.load(ctx, unknown)
	if err != nil {
		return nil, err
	}
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	for _, k := range read {
		if before, ok := r.memory.kept.Peek(k.snapshot.ID); ok {
			k.doubted = before.doubted
		}
		r.memory.kept.Add(k.snapshot.ID, k)
		r.take(k, out)
	}
	return out, nil
}

// recall takes what is remembered and returns what is not.
func (r *recalledSheets) recall(ids []uuid.UUID, out map[uuid.UUID]*attempt.Attempt) (unknown []uuid.UUID) {
	now := time.Now()
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	for _, id := range ids {
		k, ok := r.memory.kept.Get(id)
		if !ok || now.Sub(k.readAt) > recallTime || now.Before(k.doubted) {
			unknown = append(unknown, id)
			continue
		}
		r.take(k, out)
	}
	return unknown
}

func (r *recalledSheets) take(k *recalled, out map[uuid.UUID]*attempt.Attempt) {
	s := k.snapshot
	r.based[s.ID] = expected{s.Version, s.Position}
	out[s.ID] = attempt.Restore(s)
}

// Stored returns what is remembered of the items.
func (r *recalledSheets) Stored(_ context.Context, items []ports.SheetItem) (map[uuid.UUID]attempt.Sheet, error) {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	out := make(map[uuid.UUID]attempt.Sheet, len(r.based))
	for _, item := range items {
		k, ok := r.memory.kept.Peek(item.Attempt)
		if !ok || (expected{k.snapshot.Version, k.snapshot.Position}) != r.based[item.Attempt] {
			return nil, errMistaken // it changed under our hands
		}
		a, answered := k.sheet.of(item.Number)
		if !answered {
			continue
		}
		if out[item.Attempt] == nil {
			out[item.Attempt] = attempt.Sheet{}
		}
		out[item.Attempt][item.Number] = a
	}
	return out, nil
}

// Store keeps the changes for commit.
func (r *recalledSheets) Store(_ context.Context, changes []ports.SheetChange) error {
	r.changes = changes
	return nil
}

// stored remembers what was committed, and nothing before: the same position can be reached in another way.
func (r *recalledSheets) stored() {
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	for _, c := range r.changes {
		id := c.Attempt.ID()
		k, ok := r.memory.kept.Peek(id)
		if !ok {
			continue
		}
		if (expected{k.snapshot.Version, k.snapshot.Position}) != r.based[id] { // read anew meanwhile, before the commit or after it
			k.readAt = time.Time{}
			continue
		}
		k.snapshot.Answered, k.snapshot.Position = c.Attempt.Progress()
		for _, a := range c.Answers {
			k.sheet.put(a.Number, a.Choice, a.Seq)
		}
	}
}

// loadSheets reads attempts with their whole sheets, as of one moment.
func (s *Store) loadSheets(ctx context.Context, ids []uuid.UUID) ([]*recalled, error) {
	list, in, args := "group_concat", places(1, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	if s.dialect == migrations.Postgres {
		list, in, args = "string_agg", "(SELECT unnest($1::uuid[]))", []any{uuids(ids)}
	}
	rows, err := s.answerPool.QueryContext(ctx, "SELECT "+heldColumns+", (SELECT "+list+"(number || ':' || choice || ':' || seq, ',') "+ //nolint:gosec // places are question marks
		"FROM answers WHERE attempt_id = attempts.id) FROM attempts WHERE id IN "+in, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	now := time.Now()
	var out []*recalled
	for rows.Next() {
		k := &recalled{readAt: now}
		var sheet sql.NullString
		if k.snapshot, err = scanAttempt(rows, &sheet); err != nil {
			return nil, err
		}
		if err := k.sheet.parse(sheet.String); err != nil {
			return nil, fmt.Errorf("sheet of attempt %s: %w", k.snapshot.ID, err)
		}
		out = append(out, k)
	}
	return out, translate(rows.Err())
}

// parse reads answers as number:choice:seq, separated by commas.
func (m *sheetMemory) parse(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		if item == "" {
			continue
		}
		parts := strings.Split(item, ":")
		if len(parts) != 3 {
			return fmt.Errorf("answer %q", item)
		}
		number, err := strconv.Atoi(parts[0])
		choice, ok := exam.ParseChoice(parts[1])
		seq, err2 := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || err2 != nil || !ok {
			return fmt.Errorf("answer %q", item)
		}
		m.put(number, choice, seq)
	}
	return nil
}
