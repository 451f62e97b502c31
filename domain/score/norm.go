package score

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/toeic-app/toeic/domain/exam"
)

// NormClass is one row of a norm table: the scores that are counted together.
type NormClass struct {
	From, To int     // scaled scores, both included
	Count    int     // takers in the class
	Below    float64 // percentage of the takers whose score is less than From
}

// Norm says how the takers of one administration of the real test did. What is not in it is not known: a score
// that no class holds has no percentile rank.
type Norm struct {
	ID           string
	Administered time.Time // the day
	Takers       int
	Sections     map[exam.Section][]NormClass // highest class first
	Total        []NormClass
}

// Percentiles are the percentile ranks of a result by a norm. A rank is the percentage of the takers whose score lies
// below the class that the score is in, which is how norms are printed; nil where the norm has no such class.
type Percentiles struct {
	Norm         string
	Administered time.Time
	Takers       int
	Listening    *float64
	Reading      *float64
	Total        *float64
}

// Of returns the percentile ranks of a result, nil when there is none. Only sections of full length are ranked: the
// takers of the norm took nothing shorter.
func (n Norm) Of(r Result) *Percentiles {
	out := Percentiles{Norm: n.ID, Administered: n.Administered, Takers: n.Takers}
	whole := true
	for _, s := range exam.Sections() {
		section := r.Sections[s]
		if section.Scaled == nil || section.Items != MaxRaw {
			whole = false
			continue
		}
		rank := below(n.Sections[s], section.Scaled.Score)
		if s == exam.Listening {
			out.Listening = rank
		} else {
			out.Reading = rank
		}
	}
	if whole && r.Total != nil {
		out.Total = below(n.Total, r.Total.Score)
	}
	if out.Listening == nil && out.Reading == nil && out.Total == nil {
		return nil
	}
	return &out
}

// below finds the class of a score and returns its percentile rank.
func below(classes []NormClass, score int) *float64 {
	for _, c := range classes {
		if c.From <= score && score <= c.To {
			return &c.Below
		}
	}
	return nil
}

// normColumns of the CSV form: the first two are the same in every row.
const normColumns = 7

// ReadNorm reads the CSV form of a norm table: a header row administered,takers,section,score_from,score_to,count,
// percent_below and one row for each class, section total for the total. Its error names the first broken rule.
func ReadNorm(id string, r io.Reader) (Norm, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = normColumns
	rows, err := reader.ReadAll()
	if err != nil {
		return Norm{}, fmt.Errorf("norm %s: %w", id, err)
	}
	if len(rows) < 2 { // the header alone
		return Norm{}, fmt.Errorf("norm %s has no rows", id)
	}
	n := Norm{ID: id, Sections: map[exam.Section][]NormClass{}}
	for i, row := range rows[1:] {
		if row[0] != rows[1][0] || row[1] != rows[1][1] {
			return Norm{}, fmt.Errorf("norm %s, row %d: another administration", id, i+1)
		}
		if err := n.take(row); err != nil {
			return Norm{}, fmt.Errorf("norm %s, row %d: %w", id, i+1, err)
		}
	}
	return n, n.check()
}

func (n *Norm) take(row []string) error {
	var (
		c    NormClass
		errs [6]error
	)
	n.Administered, errs[0] = time.Parse(time.DateOnly, row[0])
	n.Takers, errs[1] = strconv.Atoi(row[1])
	c.From, errs[2] = strconv.Atoi(row[3])
	c.To, errs[3] = strconv.Atoi(row[4])
	c.Count, errs[4] = strconv.Atoi(row[5])
	c.Below, errs[5] = strconv.ParseFloat(row[6], 64)
	switch s := exam.Section(row[2]); {
	case row[2] == "total":
		n.Total = append(n.Total, c)
	case slices.Contains(exam.Sections(), s):
		n.Sections[s] = append(n.Sections[s], c)
	default:
		return fmt.Errorf("there is no section %q", row[2])
	}
	return errors.Join(errs[:]...)
}

// check brings the classes into order and refuses those that contradict each other.
func (n *Norm) check() error {
	if n.Takers < 1 {
		return fmt.Errorf("norm %s has no takers", n.ID)
	}
	if err := ordered(n.Total, 2*MinScaled, 2*MaxScaled); err != nil {
		return fmt.Errorf("norm %s, total: %w", n.ID, err)
	}
	for s, classes := range n.Sections {
		if err := ordered(classes, MinScaled, MaxScaled); err != nil {
			return fmt.Errorf("norm %s, %s: %w", n.ID, s, err)
		}
	}
	return nil
}

func ordered(classes []NormClass, least, most int) error {
	slices.SortFunc(classes, func(a, b NormClass) int { return cmp.Compare(b.From, a.From) })
	for i, c := range classes {
		switch {
		case c.From < least || c.To > most || c.From > c.To:
			return fmt.Errorf("%d to %d is not on the scale", c.From, c.To)
		case !(c.Below >= 0 && c.Below <= 100) || c.Count < 0: // which a NaN is not either
			return fmt.Errorf("class %d: %v %% below, %d in it", c.From, c.Below, c.Count)
		case i > 0 && (c.To >= classes[i-1].From || c.Below > classes[i-1].Below):
			return fmt.Errorf("class %d contradicts the one above", c.From)
		}
	}
	return nil
}
