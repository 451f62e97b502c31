package cache

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

// Boards keeps leaderboards as everybody sees them, near by: they name people and stay out of Redis. Where a learner stands
// who is not among the first is read each time: it is theirs alone.
type Boards struct {
	inner  ports.Leaderboards
	engine *Engine
	region *Region[[]leaderboard.Row]
}

var _ ports.Leaderboards = (*Boards)(nil)

// BoardsTag is carried by all leaderboards.
const BoardsTag = "leaderboards"

// rowBytes is the memory that a row takes.
const rowBytes = 256

// NewBoards returns a cache before inner.
func NewBoards(e *Engine, inner ports.Leaderboards) (*Boards, error) {
	region, err := NewRegion(e, RegionOptions[[]leaderboard.Row]{
		Family: caching.Leaderboards, Name: "board", Schema: 1, Local: true,
		Size: func(rows []leaderboard.Row) int64 { return rowBytes * int64(len(rows)) },
		Tags: boardTags, Concerns: func(id, tag string) bool {
			exam, of := strings.CutPrefix(tag, boardTag)
			return !of || exam == id[:36]
		},
	})
	return &Boards{inner: inner, engine: e, region: region}, err
}

// boardTags are the exam and everybody who is on the board, so that it is forgotten when one of them leaves.
func boardTags(id string, rows []leaderboard.Row) []string {
	out := make([]string, 0, len(rows)+2)
	out = append(out, BoardsTag, boardTag+id[:36])
	for _, r := range rows {
		out = append(out, "user:"+r.User.String())
	}
	return out
}

// boardID names a leaderboard.
func boardID(q ports.BoardQuery) string {
	since := int64(0)
	if !q.Since.IsZero() {
		since = q.Since.Unix()
	}
	return fmt.Sprintf("%s/%d/%d", q.Exam, since, q.Limit)
}

// boardTag begins the tag of the leaderboards of an exam.
const boardTag = "board:"

// BoardTag is carried by the leaderboards of an exam.
func BoardTag(exam uuid.UUID) string { return boardTag + exam.String() }

// Board implements ports.Leaderboards.
func (b *Boards) Board(ctx context.Context, q ports.BoardQuery) ([]leaderboard.Row, error) {
	public := q
	public.User = uuid.Nil
	rows, err := b.region.Get(ctx, boardID(q), func(ctx context.Context) ([]leaderboard.Row, error) { return b.inner.Board(ctx, public) })
	if err != nil || q.User == uuid.Nil || len(rows) < q.Limit || slices.ContainsFunc(rows, func(r leaderboard.Row) bool { return r.User == q.User }) {
		return slices.Clone(rows), err
	}
	return b.inner.Board(ctx, q)
}

// Pseudonyms has leaderboards forgotten when somebody joins them, leaves them, or goes by another name.
func (b *Boards) Pseudonyms(inner ports.Pseudonyms) ports.Pseudonyms {
	return boardPseudonyms{inner, b.engine}
}

type boardPseudonyms struct {
	ports.Pseudonyms
	engine *Engine
}

// Put implements ports.Pseudonyms.
func (p boardPseudonyms) Put(ctx context.Context, e leaderboard.Entry) error {
	defer p.engine.EvictTags(context.WithoutCancel(ctx), BoardsTag)
	return p.Pseudonyms.Put(ctx, e)
}

// Remove implements ports.Pseudonyms.
func (p boardPseudonyms) Remove(ctx context.Context, user uuid.UUID) error {
	defer p.engine.EvictTags(context.WithoutCancel(ctx), BoardsTag)
	return p.Pseudonyms.Remove(ctx, user)
}
