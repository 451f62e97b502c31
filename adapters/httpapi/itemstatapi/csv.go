package itemstatapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
)

// prefersCSV reports whether an Accept header names CSV, and names nothing else that we have before it.
func prefersCSV(accept string) bool {
	weights := map[string]float64{}
	for one := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(one))
		if err != nil {
			continue
		}
		weights[kind] = 1
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			weights[kind] = q
		}
	}
	return weights["text/csv"] > weights["application/json"]
}

// labels are the options that have columns: an item without one leaves them empty.
const labels = "ABCD"

// toCSV writes a line for each item. What is not defined is empty. There is nothing but numbers and fixed words in it, so
// that no spreadsheet can take a cell for a formula.
func toCSV(s itemstat.Statistics) *web.File {
	header := []string{
		"number", "part", "section", "question_id", "key", "takers", "p", "point_biserial", "corrected_point_biserial", "alpha_if_deleted",
		"omitted", "not_reached", "mean_elapsed_ms", "blank", "mean_score_blank",
	}
	for _, o := range labels {
		header = append(header, fmt.Sprintf("chosen_%c", o), fmt.Sprintf("mean_score_%c", o))
	}
	for f := range itemstat.Fifths {
		header = append(header, fmt.Sprintf("fifth_%d_takers", f+1), fmt.Sprintf("fifth_%d_blank", f+1))
		for _, o := range labels {
			header = append(header, fmt.Sprintf("fifth_%d_%c", f+1, o))
		}
	}
	rows := [][]string{append(header, "flags")}
	for _, item := range s.Report.Items {
		rows = append(rows, toRow(item))
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(rows) // a buffer takes everything
	return &web.File{Type: "text/csv; charset=utf-8", Name: "statistics-" + s.Form.String() + ".csv", Data: b.Bytes()}
}

func toRow(r itemstat.ItemReport) []string {
	row := []string{
		strconv.Itoa(r.Number), strconv.Itoa(int(r.Part)), string(r.Section), r.ID.String(), r.Key.String(), strconv.Itoa(r.Takers), figure(r.P),
		figure(r.PointBiserial), figure(r.Corrected), figure(r.AlphaIfDeleted), strconv.Itoa(r.Omitted), strconv.Itoa(r.NotReached),
		figure(r.MeanElapsed), strconv.Itoa(r.Blank.Chosen), figure(r.Blank.MeanScore),
	}
	for _, o := range labels {
		if i := exam.Choice(o).Index(); i < len(r.Options) { //nolint:gosec // o is a letter of labels
			row = append(row, strconv.Itoa(r.Options[i].Chosen), figure(r.Options[i].MeanScore))
		} else {
			row = append(row, "", "")
		}
	}
	for _, f := range r.Fifths {
		row = append(row, strconv.Itoa(f.Takers), strconv.Itoa(f.Blank))
		for i := range labels {
			cell := ""
			if i < len(f.Chosen) {
				cell = strconv.Itoa(f.Chosen[i])
			}
			row = append(row, cell)
		}
	}
	words := make([]string, len(r.Flags))
	for i, f := range r.Flags {
		words[i] = string(f)
	}
	return append(row, strings.Join(words, " "))
}

func figure(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*rounded(v), 'f', -1, 64)
}
