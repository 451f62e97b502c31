package cache

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

// Boards keeps leaderboards as everybody sees them. Where a learner stands who is not among the first is read each time: it
// is theirs alone.
type Boards struct {
	inner  ports.Leaderboards
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
		Family: caching.Leaderboards, Name: "board", Schema: 1, Codec: JSON[[]leaderboard.Row]{},
		Size: func(rows []leaderboard.Row) int64 { return rowBytes * int64(len(rows)) },
		Tags: boardTags,
	})
	return &Boards{inner: inner, region: region}, err
}

// boardTags are the exam and everybody who is on the board, so that it is forgotten when one of them leaves.
func boardTags(id string, rows []leaderboard.Row) []string {
	out := make([]string, 0, len(rows)+2)
	out = append(out, BoardsTag, "board:"+id[:36])
	for _, r := range rows {
		out = append(out, "user:"+r.User.String())
	}
	return out
}

// BoardTag is carried by the leaderboards of an exam.
func BoardTag(exam uuid.UUID) string { return "board:" + exam.String() }

// Board implements ports.Leaderboards. Boards of a window are those of the minute that the window began in.
func (b *Boards) Board(ctx context.Context, q ports.BoardQuery) ([]leaderboard.Row, error) {
	id := fmt.Sprintf("%s/%d/%d", q.Exam, q.Since.Unix()/60, q.Limit)
	public := q
	public.User = uuid.Nil
	rows, err := b.region.Get(ctx, id, func(ctx context.Context) ([]leaderboard.Row, error) { return b.inner.Board(ctx, public) })
	if err != nil || q.User == uuid.Nil || len(rows) < q.Limit || slices.ContainsFunc(rows, func(r leaderboard.Row) bool { return r.User == q.User }) {
		return slices.Clone(rows), err
	}
	return b.inner.Board(ctx, q)
}
