package bootstrap

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/itemstat"
)

type statisticsShow struct {
	Exam string `arg:"" help:"Identifier of the exam; see \"toeic content list\"."`
}

// Run prints how the form works that learners take now.
func (cmd *statisticsShow) Run(ctx context.Context, r *run) error {
	return r.withStatistics(ctx, cmd.Exam, func(_ *core, s itemstat.Statistics) { r.statistics(s) })
}

type statisticsRefresh struct {
	Exam string `arg:"" help:"Identifier of the exam; see \"toeic content list\"."`
}

// Run computes the statistics of the form that learners take now, without waiting for the background.
func (cmd *statisticsRefresh) Run(ctx context.Context, r *run) error {
	id, err := examID(cmd.Exam)
	if err != nil {
		return err
	}
	return r.withCore(ctx, func(c *core) error {
		form, err := c.exams.get.Execute(ctx, id)
		if err != nil {
			return r.explained(err)
		}
		s, err := c.itemstat.compute.Execute(ctx, form.FormID())
		if err != nil {
			return r.explained(err)
		}
		r.printf("analysed %d items from the answers of %d takers\n", len(s.Report.Items), s.Takers)
		return nil
	})
}

func examID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, misuse{fmt.Errorf("%q is not the identifier of an exam", text)}
	}
	return id, nil
}

func (r *run) withStatistics(ctx context.Context, exam string, fn func(*core, itemstat.Statistics)) error {
	id, err := examID(exam)
	if err != nil {
		return err
	}
	return r.withCore(ctx, func(c *core) error {
		s, err := c.itemstat.ofExam.Execute(ctx, uuid.Nil, id, uuid.Nil)
		if err != nil {
			return r.explained(err)
		}
		fn(c, s)
		return nil
	})
}

func (r *run) statistics(s itemstat.Statistics) {
	table := tabwriter.NewWriter(r.surroundings.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "SCORE\tTAKERS\tITEMS\tMEAN\tSD\tKR-20\tSEM\tFINISHED\tFLAGS")
	line := func(name string, scale itemstat.Scale, finished *float64, flags []itemstat.Flag) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", name, scale.Takers, scale.Items, digits(scale.Mean, 2), digits(scale.SD, 2),
			digits(scale.KR20, 3), digits(scale.SEM, 2), digits(finished, 2), flagList(flags))
	}
	for _, section := range s.Report.Sections {
		line(string(section.Section), section.Scale, section.Finished, section.Flags)
	}
	line("both", s.Report.Form, nil, nil)
	fmt.Fprintln(table, "\nITEM\tPART\tKEY\tP\tR\tR CORRECTED\tALPHA WITHOUT\tOMITTED\tNOT REACHED\tFLAGS")
	for _, i := range s.Report.Items {
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", i.Number, i.Part, i.Key, digits(i.P, 3), digits(i.PointBiserial, 3),
			digits(i.Corrected, 3), digits(i.AlphaIfDeleted, 3), i.Omitted, i.NotReached, flagList(i.Flags))
	}
	_ = table.Flush() // what cannot be printed cannot be complained about either
}

func digits(v *float64, n int) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', n, 64)
}

func flagList(flags []itemstat.Flag) string {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = string(f)
	}
	return strings.Join(words, " ")
}
