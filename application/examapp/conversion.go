package examapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// TableUse is a conversion table with the exams that it scores now.
type TableUse struct {
	score.StoredTable
	Exams []exam.Summary // in order of first publication
}

// Tables reads conversion tables.
type Tables struct {
	History   ports.ConversionHistory
	Catalogue ports.Catalogue
	Revisions ports.Revisions
}

// List returns every table, by version.
func (uc Tables) List(ctx context.Context) ([]TableUse, error) {
	stored, err := uc.History.Tables(ctx)
	if err != nil {
		return nil, err
	}
	used, err := uc.used(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]TableUse, len(stored))
	for i, t := range stored {
		out[i] = TableUse{StoredTable: t, Exams: used[t.Version]}
	}
	return out, nil
}

// One returns score.ErrTableNotFound when there is none of that version.
func (uc Tables) One(ctx context.Context, version string) (TableUse, error) {
	stored, err := uc.History.Stored(ctx, version)
	if err != nil {
		return TableUse{}, err
	}
	used, err := uc.used(ctx)
	return TableUse{StoredTable: stored, Exams: used[version]}, err
}

// used finds the exams that each table scores now.
func (uc Tables) used(ctx context.Context) (map[string][]exam.Summary, error) {
	activated, err := uc.History.InForce(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string][]exam.Summary{}
	page := ports.Page{Limit: 100}
	for {
		rows, err := uc.Catalogue.List(ctx, ports.ExamFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range rows.Items {
			version := activated[s.ExamID]
			if version == "" {
				if version, err = own(ctx, uc.Revisions, s); err != nil {
					return nil, err
				}
			}
			out[version] = append(out[version], s)
		}
		if rows.Next == uuid.Nil {
			return out, nil
		}
		page.After = rows.Next
	}
}

// own is the table that the current form of an exam names.
func own(ctx context.Context, revisions ports.Revisions, s exam.Summary) (string, error) {
	r, err := revisions.Revision(ctx, s.RevisionID)
	if err != nil {
		return "", fmt.Errorf("load revision %s: %w", s.RevisionID, err)
	}
	return r.Content.Form.Conversion, nil
}

// AddTable stores a conversion table that somebody brings.
type AddTable struct {
	Clock    ports.Clock
	History  ports.ConversionHistory
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.ConversionRepos]
}

// AddTableCommand is a table, as two columns of figures or as one CSV text.
type AddTableCommand struct {
	By                 identity.Caller
	Version            string
	Note               string
	Listening, Reading []int
	CSV                string
}

// Execute reports whether the table is new; the very same figures again change nothing. It returns
// score.ErrInvalidTable naming what is wrong, and score.ErrTableChanged when the version has other figures.
func (uc AddTable) Execute(ctx context.Context, cmd AddTableCommand) (score.StoredTable, bool, error) {
	if cmd.CSV != "" {
		if len(cmd.Listening)+len(cmd.Reading) > 0 {
			return score.StoredTable{}, false, badCSV("The figures are given twice: as CSV and as columns.")
		}
		read, err := score.ReadTable(cmd.Version, strings.NewReader(cmd.CSV))
		var broken *fault.Error
		switch {
		case err == nil:
			cmd.Listening, cmd.Reading = read.Listening[:], read.Reading[:]
		case errors.As(err, &broken) && len(broken.Fields) == 0:
			return score.StoredTable{}, false, badCSV(fmt.Sprintf("The CSV cannot be read: %v.", errors.Unwrap(broken)))
		default:
			return score.StoredTable{}, false, err
		}
	}
	t, err := score.Import(cmd.Version, cmd.Note, cmd.Listening, cmd.Reading, uc.Clock.Now())
	if err != nil {
		return t, false, err
	}
	var added bool
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.ConversionRepos) error {
		if added, err = repos.Tables.Add(ctx, t); !added || err != nil {
			return err
		}
		after := map[string]any{"note": t.Note, "listening": t.Listening, "reading": t.Reading}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.ConversionImported, "conversion:"+t.Version, nil, after)
	})
	if err != nil || added {
		return t, added, err
	}
	t, err = uc.History.Stored(ctx, cmd.Version) // with its own note
	return t, false, err
}

func badCSV(detail string) error {
	return score.ErrInvalidTable.WithFields(fault.Field{Name: "csv", Code: "format", Detail: detail})
}

// ConversionState is what scores an exam now, and what did before.
type ConversionState struct {
	Exam    uuid.UUID
	Active  string
	Own     string             // what the form names, which scores while nothing was activated
	History []score.Activation // newest first
}

// Version grows with each activation.
func (s ConversionState) Version() int { return len(s.History) + 1 }

func stateOf(id uuid.UUID, own string, history []score.Activation) ConversionState {
	s := ConversionState{Exam: id, Active: own, Own: own, History: history}
	if len(history) > 0 {
		s.Active = history[0].Version
	}
	return s
}

// ExamConversion reads which table scores an exam.
type ExamConversion struct {
	Catalogue ports.Catalogue
	Revisions ports.Revisions
	History   ports.ConversionHistory
}

// Execute returns exam.ErrNotFound when there is no such exam.
func (uc ExamConversion) Execute(ctx context.Context, id uuid.UUID) (ConversionState, error) {
	s, err := uc.Catalogue.Exam(ctx, id)
	if err != nil {
		return ConversionState{}, err
	}
	named, err := own(ctx, uc.Revisions, s)
	if err != nil {
		return ConversionState{}, err
	}
	history, err := uc.History.Activations(ctx, id)
	return stateOf(id, named, history), err
}

// Activate makes a conversion table score an exam from now on. What was scored before keeps its table.
type Activate struct {
	Clock       ports.Clock
	IDs         ports.IDs
	Catalogue   ports.Catalogue
	Revisions   ports.Revisions
	Conversions ports.Conversions
	Recorder    ports.Recorder
	Work        ports.UnitOfWork[ports.ConversionRepos]
}

// ActivateCommand names a table for an exam.
type ActivateCommand struct {
	By      identity.Caller
	Exam    uuid.UUID
	Version string // of the table
	Note    string
	State   int // the version of the state that the change was decided on; zero for any
}

type activeState struct {
	Version string `json:"version"`
	Note    string `json:"note,omitempty"`
}

// Execute returns exam.ErrNotFound, score.ErrTableNotFound, and ports.ErrStale when something was activated meanwhile.
// To activate again what was activated last changes nothing.
func (uc Activate) Execute(ctx context.Context, cmd ActivateCommand) (ConversionState, error) {
	s, err := uc.Catalogue.Exam(ctx, cmd.Exam)
	if err != nil {
		return ConversionState{}, err
	}
	named, err := own(ctx, uc.Revisions, s)
	if err != nil {
		return ConversionState{}, err
	}
	if _, err := uc.Conversions.Table(ctx, cmd.Version); err != nil { // tables are never removed
		return ConversionState{}, err
	}
	var out ConversionState
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.ConversionRepos) error {
		history, err := repos.Tables.ForActivation(ctx, cmd.Exam)
		if err != nil {
			return err
		}
		before := stateOf(cmd.Exam, named, history)
		if cmd.State != 0 && cmd.State != before.Version() {
			return ports.ErrStale
		}
		if out = before; len(history) > 0 && history[0].Version == cmd.Version {
			return nil
		}
		a := score.Activation{ID: uc.IDs.New(), ExamID: cmd.Exam, Version: cmd.Version, Note: strings.TrimSpace(cmd.Note), By: cmd.By.Actor.UserID, At: uc.Clock.Now()}
		if len(history) > 0 && bytes.Compare(a.ID[:], history[0].ID[:]) <= 0 {
			return ports.ErrStale // made by a machine whose clock is ahead of ours; ours would count as the older one
		}
		if err := repos.Tables.Activate(ctx, a); err != nil {
			return err
		}
		out = stateOf(cmd.Exam, named, slices.Concat([]score.Activation{a}, history))
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.ConversionActivated, "exam:"+cmd.Exam.String(),
			activeState{Version: before.Active}, activeState{a.Version, a.Note})
	})
	return out, err
}
