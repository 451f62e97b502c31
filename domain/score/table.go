// Package score turns the answers of an attempt into the figures of a score report: raw and scaled
// scores, an honest band around them, CEFR levels, the certificate colour, and percentages by part and ability.
//
// Every scaled score is an estimate. The real test equates each form and publishes no table, so a form
// here names a version of a circulated conversion table, and a result names the version it used.
package score

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// The bounds of a section's scaled score and the step between scores.
const (
	MinScaled, MaxScaled, Step = 5, 495, 5
	MaxRaw                     = 100 // items of a section of a full form
)

// The failures of this context.
var (
	ErrTableNotFound = fault.New(fault.NotFound, "score.table_not_found", "There is no conversion table of that version.")
	ErrInvalidTable  = fault.New(fault.Invalid, "score.invalid_table", "The conversion table breaks the rules of the scale.")
	ErrTableChanged  = fault.New(fault.Conflict, "score.table_changed", "A conversion table of that version exists with other figures.")
)

// Table maps raw scores of a full form to scaled scores. A version, once used, never changes.
type Table struct {
	Version   string
	Listening [MaxRaw + 1]int // scaled score by raw score
	Reading   [MaxRaw + 1]int
}

// ReadTable reads the CSV form of a table: a header row raw,listening_scaled,reading_scaled and the rows
// 0 to 100 in order. It returns ErrInvalidTable around every rule that the figures break.
func ReadTable(version string, r io.Reader) (Table, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return Table{}, ErrInvalidTable.Because(err)
	}
	if len(rows) != MaxRaw+2 {
		return Table{}, ErrInvalidTable.Because(fmt.Errorf("%d rows, want a header and %d", len(rows), MaxRaw+1))
	}
	t := Table{Version: version}
	for raw, row := range rows[1:] {
		var figures [3]int
		for i := range figures {
			if i >= len(row) {
				return Table{}, ErrInvalidTable.Because(fmt.Errorf("row %d has %d columns, want 3", raw, len(row)))
			}
			if figures[i], err = strconv.Atoi(row[i]); err != nil {
				return Table{}, ErrInvalidTable.Because(fmt.Errorf("row %d: %w", raw, err))
			}
		}
		if figures[0] != raw {
			return Table{}, ErrInvalidTable.Because(fmt.Errorf("row %d is for raw score %d", raw, figures[0]))
		}
		t.Listening[raw], t.Reading[raw] = figures[1], figures[2]
	}
	return t, t.Check()
}

// maxFaults bounds how many faults of a table are told at once.
const maxFaults = 20

// Check returns ErrInvalidTable, naming the figures, unless both columns stay within the scale, in steps of five, and
// never fall.
func (t Table) Check() error {
	var (
		fields []fault.Field
		broken []error
	)
	for _, s := range exam.Sections() {
		column := t.column(s)
		for raw, scaled := range column {
			name := fmt.Sprintf("%s[%d]", s, raw)
			var f fault.Field
			switch {
			case scaled < MinScaled || scaled > MaxScaled || scaled%Step != 0:
				f = field(name, "off_scale", fmt.Sprintf("%d is not on the scale of 5 to 495 in fives.", scaled))
			case raw > 0 && scaled < column[raw-1]:
				f = field(name, "falls", fmt.Sprintf("%d is less than for one right answer fewer.", scaled))
			default:
				continue
			}
			fields, broken = append(fields, f), append(broken, fmt.Errorf("%s: %s", f.Name, f.Detail))
		}
	}
	if len(fields) > 0 {
		return ErrInvalidTable.WithFields(fields[:min(len(fields), maxFaults)]...).Because(errors.Join(broken...))
	}
	return nil
}

func field(name, code, detail string) fault.Field {
	return fault.Field{Name: name, Code: code, Detail: detail}
}

func (t Table) column(s exam.Section) *[MaxRaw + 1]int {
	if s == exam.Listening {
		return &t.Listening
	}
	return &t.Reading
}

// Scale returns the scaled score for raw right answers out of items (at least 1). With fewer items than a
// full form has, the table is read at the same proportion, linearly between its rows, to the nearest step.
func (t Table) Scale(s exam.Section, raw, items int) int {
	column := t.column(s)
	low, rest := raw*MaxRaw/items, raw*MaxRaw%items
	if rest == 0 {
		return column[low]
	}
	// In units of 1/items, so that no rounding happens before the last division.
	exact := column[low]*(items-rest) + column[low+1]*rest
	unit := Step * items
	return (exact + unit/2) / unit * Step
}
