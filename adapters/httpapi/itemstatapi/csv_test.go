package itemstatapi

import (
	"bytes"
	"encoding/csv"
	"testing"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/itemstat"
)

func TestCSVIsSentToWhoPrefersIt(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/csv": true, "text/csv, */*;q=0.1": true, "TEXT/CSV; header=present": true,
		"text/csv, application/json": false, "text/csv, application/json;q=0.9": true, "application/json, text/csv;q=0.5": false, "text/csv;q=0": false, ";;": false,
	} {
		if got := prefersCSV(accept); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func TestTheTableHasALineForEachItemAndNoCellOfAnUndefinedFigure(t *testing.T) {
	items, err := itemstat.Items(exam.Revision{Content: exam.Content{Form: examtest.Mini()}})
	if err != nil {
		t.Fatal(err)
	}
	sample := itemstat.NewSample(items)
	sample.Add(examtest.Mini().Outline(), []itemstat.Response{{Number: 1, Choice: 'B', Elapsed: 1500}})
	file := toCSV(itemstat.Statistics{Report: sample.Report()})
	rows, err := csv.NewReader(bytes.NewReader(file.Data)).ReadAll() // which refuses lines of different lengths
	if err != nil || len(rows) != len(items)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cell := func(row int, name string) string {
		for i, column := range rows[0] {
			if column == name {
				return rows[row][i]
			}
		}
		t.Fatalf("there is no column %s", name)
		return ""
	}
	for name, want := range map[string]string{
		"number": "1", "part": "1", "section": "listening", "key": "B", "takers": "1", "p": "1", "point_biserial": "", "corrected_point_biserial": "",
		"mean_elapsed_ms": "1500", "chosen_B": "1", "mean_score_B": "1", "mean_score_A": "", "fifth_3_takers": "1", "fifth_3_B": "1", "fifth_1_takers": "0",
	} {
		if got := cell(1, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if cell(2, "chosen_D") != "" || cell(2, "chosen_C") != "0" { // part 2 has three options
		t.Errorf("part 2: %v", rows[2])
	}
}
