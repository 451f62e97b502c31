package bootstrap

import (
	"errors"
	"strconv"
	"strings"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/leaderboardapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// remembered are the read ports that the caches stand before. Whoever decides something reads the store instead, but for
// what never changes.
type remembered struct {
	revisions  *cache.Revisions // these never change
	tables     *cache.Tables    // nor do these
	actors     *cache.Actors    // these are believed for less than a second
	heads      *cache.Heads
	catalogue  *cache.Catalogue
	boards     *cache.Boards
	statistics *cache.Statistics
	profiles   *cache.Profiles
	replies    *cache.Region[web.Stored]
}

// remember puts the caches before the store. What other processes change is heard of through the list of changes in the
// store, and sooner through Redis.
func (c *core) remember() error {
	if c.engine == nil {
		return nil // which is an error of its own
	}
	var errs [9]error
	r := &c.remembered
	r.revisions, errs[0] = cache.NewRevisions(c.engine, c.store.Revisions())
	r.tables, errs[1] = cache.NewTables(c.engine, c.store.Conversions())
	r.actors, errs[2] = cache.NewActors(c.engine, c.store.Actors(), c.store.ActorChanges(), c.clock, c.heed)
	r.heads, errs[3] = cache.NewHeads(c.engine, c.store.AttemptReads())
	r.catalogue, errs[4] = cache.NewCatalogue(c.engine, c.store.Catalogue())
	r.boards, errs[5] = cache.NewBoards(c.engine, c.store.Leaderboards())
	r.statistics, errs[6] = cache.NewStatistics(c.engine, c.store.Statistics())
	r.profiles, errs[7] = cache.NewProfiles(c.engine, c.store.Users())
	r.replies, errs[8] = newShelf(c.engine)
	return errors.Join(errs[:]...)
}

// publication runs units of work that publish exams.
func (c *core) publication() ports.UnitOfWork[ports.PublicationRepos] {
	return cache.Synced(c.store.Publication(), c.remembered.actors, c.callOthers)
}

// regrading runs units of work that correct keys, which publishes and scores anew.
func (c *core) regrading() ports.UnitOfWork[ports.RegradeRepos] {
	return cache.Synced(c.store.Regrading(), c.remembered.actors, c.callOthers)
}

// warmer fills the caches in advance with what is said of what is published.
func (c *core) warmer(published ports.Catalogue) cache.Warmer {
	r := c.remembered
	return cache.Warmer{
		Clock: c.clock, Published: published, Catalogue: r.catalogue, Revisions: r.revisions, Boards: r.boards, Statistics: r.statistics,
		PageSize: web.DefaultLimit, BoardSize: leaderboardapp.Size,
	}
}

// newShelf keeps encoded replies. They hold nothing but what learners are shown of exams, the same for all. Another version
// of the program may write them in another way and keeps its own.
func newShelf(e *cache.Engine) (*cache.Region[web.Stored], error) {
	return cache.NewRegion(e, cache.RegionOptions[web.Stored]{
		Family: caching.Content, Name: "reply-" + strings.NewReplacer(":", "-", ".", "-").Replace(version()), Schema: 2, Size: web.Stored.Size, Codec: cache.Parts[web.Stored]{Split: split, Join: join},
	})
}

// split takes a reply apart for Redis.
func split(s web.Stored) [][]byte {
	return [][]byte{[]byte(strconv.Itoa(s.Status)), []byte(s.Type), []byte(s.Hash), []byte(s.Name), s.Body, s.Gzip, s.Zstd}
}

var errNoReply = errors.New("this is no reply")

func join(parts [][]byte) (web.Stored, error) {
	const fields = 7
	if len(parts) != fields {
		return web.Stored{}, errNoReply
	}
	status, err := strconv.Atoi(string(parts[0]))
	return web.Stored{
		Status: status, Type: string(parts[1]), Hash: string(parts[2]), Name: string(parts[3]),
		Body: parts[4], Gzip: some(parts[5]), Zstd: some(parts[6]),
	}, err
}

// some tells a coding that is not there by its length: none is empty.
func some(part []byte) []byte {
	if len(part) == 0 {
		return nil
	}
	return part
}
