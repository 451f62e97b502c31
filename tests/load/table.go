package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// rule is how a figure is held against its target.
type rule string

const (
	ratioAtLeast rule = "ratio >= target"
	ratioAtMost  rule = "ratio <= target"
	valueAtLeast rule = "value >= target"
	valueAtMost  rule = "value <= target"
)

// row is one line of the table. What does not apply is nil.
type row struct {
	Scenario  string   `json:"scenario"`
	Value     float64  `json:"value"`
	Unit      string   `json:"unit"`
	Reference *float64 `json:"reference"`
	Ratio     *float64 `json:"ratio"`
	Target    *float64 `json:"target"`
	Met       *bool    `json:"met"`

	Rule           rule     `json:"rule,omitempty"`
	Against        string   `json:"against,omitempty"` // what the reference is
	ServerMicros   *float64 `json:"server_cpu_us"`
	DatabaseMicros *float64 `json:"database_cpu_us"`
	LoadMicros     *float64 `json:"load_cpu_us"`
	P50            *float64 `json:"p50_ms"`
	P99            *float64 `json:"p99_ms"`
	Peak           *float64 `json:"peak_mb"`
	Others         *float64 `json:"others_percent"` // of all processors, taken meanwhile by programs without a part in this
	Note           string   `json:"note,omitempty"`
}

// judge holds the row against a target.
func (r row) judge(how rule, target float64) row {
	r.Rule, r.Target = how, &target
	met := false
	switch how {
	case ratioAtLeast:
		met = r.Ratio != nil && *r.Ratio >= target
	case ratioAtMost:
		met = r.Ratio != nil && *r.Ratio <= target
	case valueAtLeast:
		met = r.Value >= target
	case valueAtMost:
		met = r.Value <= target
	}
	r.Met = &met
	return r
}

// against sets the reference.
func (r row) against(what string, reference float64) row {
	r.Against, r.Reference = what, &reference
	if reference > 0 {
		ratio := r.Value / reference
		r.Ratio = &ratio
	}
	return r
}

// series is what the rounds of one scenario gave.
type series struct {
	samples    []sample
	references []float64
}

// measured makes a row of the medians. value is taken from each sample.
func (s series) measured(scenario, unit string, value func(sample) float64) row {
	mid := func(of func(sample) float64) *float64 {
		all := make([]float64, len(s.samples))
		for i, one := range s.samples {
			all[i] = of(one)
		}
		m := median(all)
		return &m
	}
	r := row{
		Scenario: scenario, Unit: unit, Value: *mid(value),
		ServerMicros: mid(func(o sample) float64 { return perRequest(o.server, o.Requests) }),
		P50:          mid(func(o sample) float64 { return milliseconds(o.P50) }),
		P99:          mid(func(o sample) float64 { return milliseconds(o.P99) }),
	}
	if machine := mid(func(o sample) float64 { return o.machine.Seconds() }); *machine > 0 {
		r.Others = mid(func(o sample) float64 { return percent(o.others(), o.Elapsed) })
	}
	if database := mid(func(o sample) float64 { return perRequest(o.database, o.Requests) }); *database > 0 {
		r.DatabaseMicros = database // it is a process of its own
	}
	if load := mid(func(o sample) float64 { return perRequest(o.load, o.Requests) }); *load > 0 {
		r.LoadMicros = load
	}
	refused := 0
	for _, one := range s.samples {
		refused += one.Refused
	}
	if refused > 0 {
		r.Note = fmt.Sprintf("%d requests were told to come again (503)", refused)
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// median of some values: the mean of the middle two when their number is even.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// why says where the processors' time went, for a row that missed its target: what is bound by them can only become
// faster by doing less, and what shares them with strangers is slower than it is.
func (r row) why() string {
	var parts []string
	for _, p := range []struct {
		name string
		us   *float64
	}{{"server", r.ServerMicros}, {"database", r.DatabaseMicros}, {"load generator", r.LoadMicros}} {
		if p.us != nil {
			parts = append(parts, fmt.Sprintf("%s %.0f", p.name, *p.us))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	said := "µs of a processor a request: " + strings.Join(parts, ", ")
	if r.Others != nil {
		said += fmt.Sprintf("; other programs had %.0f %% of the processors", *r.Others)
	}
	return said
}

// percent is the share of all processors in that time.
func percent(used, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return 100 * used.Seconds() / elapsed.Seconds() / float64(runtime.NumCPU())
}

// perSecond is the unit of throughput in requests.
const perSecond = "requests/s"

var columns = []string{"scenario", "value", "unit", "reference", "ratio", "target", "met", "server µs", "database µs", "p50 ms", "p99 ms", "peak MB"}

func (r row) cells() []string {
	return []string{
		r.Scenario, figure(&r.Value), r.Unit, reference(r), figure(r.Ratio), r.target(), met(r.Met),
		figure(r.ServerMicros), figure(r.DatabaseMicros), figure(r.P50), figure(r.P99), figure(r.Peak),
	}
}

func (r row) target() string {
	if r.Target == nil {
		return "–"
	}
	sign := "≥ "
	if r.Rule == ratioAtMost || r.Rule == valueAtMost {
		sign = "≤ "
	}
	text := sign + figure(r.Target)
	if r.Rule == ratioAtLeast || r.Rule == ratioAtMost {
		text += " ×"
	}
	return text
}

func reference(r row) string {
	if r.Reference == nil {
		return "–"
	}
	return figure(r.Reference) + " (" + r.Against + ")"
}

func met(m *bool) string {
	switch {
	case m == nil:
		return "–"
	case *m:
		return "yes"
	}
	return "no"
}

// figure prints three digits or so of a number.
func figure(f *float64) string {
	switch {
	case f == nil:
		return "–"
	case *f != 0 && *f < 10:
		return fmt.Sprintf("%.2f", *f)
	case *f < 100:
		return fmt.Sprintf("%.1f", *f)
	}
	return fmt.Sprintf("%.0f", *f)
}

// printTable prints Markdown that also reads well in a terminal, and below it what was not reached.
func printTable(out io.Writer, rows []row, footer string) {
	lines := [][]string{columns}
	for _, r := range rows {
		lines = append(lines, r.cells())
	}
	widths := make([]int, len(columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for i, line := range lines {
		for j, cell := range line {
			fmt.Fprintf(out, "| %s%s ", cell, strings.Repeat(" ", widths[j]-len([]rune(cell))))
		}
		fmt.Fprintln(out, "|")
		if i == 0 {
			for _, w := range widths {
				fmt.Fprint(out, "|", strings.Repeat("-", w+2))
			}
			fmt.Fprintln(out, "|")
		}
	}
	fmt.Fprintln(out)
	for _, r := range rows {
		var said []string
		if r.Met != nil && !*r.Met {
			said = append(said, "not reached")
			if why := r.why(); why != "" {
				said = append(said, why)
			}
		}
		if r.Note != "" {
			said = append(said, r.Note)
		}
		if len(said) > 0 {
			fmt.Fprintf(out, "%s: %s.\n", r.Scenario, strings.Join(said, "; "))
		}
	}
	fmt.Fprintln(out, footer)
}

func printJSON(out io.Writer, rows []row) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if rows == nil {
		rows = []row{}
	}
	return e.Encode(rows)
}
