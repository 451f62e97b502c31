package bootstrap

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/adapters/httpapi/examapi"
	"github.com/toeic-app/toeic/adapters/httpapi/leaderboardapi"
	"github.com/toeic-app/toeic/adapters/writing"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/application/leaderboardapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/score"
)

// noNorm is the value of NORM_TABLE that leaves percentiles out.
const noNorm = "none"

// scoringCases are the use cases of conversion, of what is told about a result, and of leaderboards.
type scoringCases struct {
	tables      examapp.Tables
	addTable    examapp.AddTable
	state       examapp.ExamConversion
	activate    examapp.Activate
	compare     attemptapp.Compare
	explain     attemptapp.Explain
	percentiles func(score.Result) *score.Percentiles
	membership  leaderboardapp.Membership
	join        leaderboardapp.Join
	leave       leaderboardapp.Leave
	show        leaderboardapp.Show
}

func wireScoring(c *core, recorder identityapp.Recorder) (scoringCases, error) {
	norm, err := normTable(content.Norms, c.config.NormTable)
	if err != nil {
		return scoringCases{}, err
	}
	history, catalogue, reads := c.store.ConversionHistory(), c.store.Catalogue(), c.store.AttemptReads()
	return scoringCases{
		tables:   examapp.Tables{History: history, Catalogue: catalogue, Revisions: c.remembered.revisions},
		addTable: examapp.AddTable{Clock: c.clock, History: history, Recorder: recorder, Work: c.store.Conversion()},
		state:    examapp.ExamConversion{Catalogue: catalogue, Revisions: c.remembered.revisions, History: history},
		activate: examapp.Activate{
			Clock: c.clock, IDs: c.ids, Catalogue: catalogue, Revisions: c.remembered.revisions, Conversions: c.store.Conversions(),
			Recorder: recorder, Work: c.store.Conversion(),
		},
		compare: attemptapp.Compare{Reads: reads, Scores: c.store.ScoreReads(), Revisions: c.remembered.revisions, Sight: c.sight()},
		explain: attemptapp.Explain{
			Reads: reads, Scores: c.store.ScoreReads(), Revisions: c.remembered.revisions, History: history, Review: c.attempts.review,
		},
		percentiles: norm.Of,
		membership:  leaderboardapp.Membership{Pseudonyms: c.store.Pseudonyms()},
		join:        leaderboardapp.Join{Clock: c.clock, IDs: c.ids, Writing: writing.Writing{}, Pseudonyms: c.remembered.boards.Pseudonyms(c.store.Pseudonyms())},
		leave:       leaderboardapp.Leave{Pseudonyms: c.remembered.boards.Pseudonyms(c.store.Pseudonyms())},
		show:        leaderboardapp.Show{Clock: c.clock, Catalogue: c.remembered.catalogue, Policies: c.store.Policies(), Boards: c.remembered.boards},
	}, nil
}

// conversion are the use cases of the routes of conversion tables.
func (s scoringCases) conversion() examapi.ConversionCases {
	return examapi.ConversionCases{
		List: s.tables.List, Table: s.tables.One, Add: s.addTable.Execute, State: s.state.Execute, Activate: s.activate.Execute,
	}
}

// leaderboards are the use cases of the routes of leaderboards.
func (s scoringCases) leaderboards() leaderboardapi.UseCases {
	return leaderboardapi.UseCases{Membership: s.membership.Execute, Join: s.join.Execute, Leave: s.leave.Execute, Show: s.show.Execute}
}

// results adds to the use cases of attempts what is told about a result.
func (s scoringCases) results(uc attemptapi.UseCases) attemptapi.UseCases {
	uc.Compare, uc.Explain, uc.Percentiles = s.compare.Execute, s.explain.Execute, s.percentiles
	return uc
}

// normNames lists the norm tables that the program ships.
func normNames(files fs.FS) []string {
	names, _ := fs.Glob(files, "norms/*.csv") // the pattern is well-formed
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".csv")
	}
	return names
}

// normTable reads the norm of that name, for "" the newest. Without a norm nothing has a percentile.
func normTable(files fs.FS, wanted string) (score.Norm, error) {
	var newest score.Norm
	if wanted == noNorm {
		return newest, nil
	}
	for _, name := range normNames(files) {
		f, err := files.Open("norms/" + name + ".csv")
		if err != nil {
			return newest, fmt.Errorf("open a norm table: %w", err)
		}
		n, err := score.ReadNorm(name, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return newest, err
		}
		if name == wanted {
			return n, nil
		}
		if n.Administered.After(newest.Administered) {
			newest = n
		}
	}
	if wanted != "" || newest.ID == "" {
		return newest, fmt.Errorf("there is no norm table %q", wanted)
	}
	return newest, nil
}

// checkNorm: a wrong name would leave percentiles out without a word.
func (c Config) checkNorm() []Problem {
	known := append(normNames(content.Norms), noNorm)
	if c.NormTable == "" || slices.Contains(known, c.NormTable) {
		return nil
	}
	return []Problem{{Setting: "NORM_TABLE", Detail: "must be one of " + strings.Join(known, ", ")}}
}
