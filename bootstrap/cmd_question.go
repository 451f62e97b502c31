package bootstrap

import (
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/regradeapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

type questionList struct {
	Exam string `arg:"" help:"Slug or identifier of the exam."`
}

// Run prints a table of the questions of the form that learners take now.
func (cmd *questionList) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		id, err := examNamed(ctx, c, cmd.Exam)
		if err != nil {
			return r.explained(err)
		}
		list, err := c.regrade.questions.Execute(ctx, uuid.Nil, id)
		if err != nil {
			return r.explained(err)
		}
		table := tabwriter.NewWriter(r.surroundings.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "NUMBER\tPART\tABILITY\tKEY\tID")
		for _, q := range list {
			fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\n", q.Number, q.Part, q.Ability, q.Key, q.ID)
		}
		return table.Flush()
	})
}

type questionRegrade struct {
	Question    string            `arg:"" help:"Identifier of the question; see \"toeic question list\"."`
	Key         string            `required:"" help:"The option that is right." placeholder:"LETTER"`
	Reason      string            `required:"" help:"Why the former key was wrong."`
	Explanation *string           `help:"Why the key is right; the former explanation stays without it." placeholder:"TEXT"`
	Rationale   map[string]string `help:"Why a wrong option is wrong, such as the one that was the key." placeholder:"LETTER=TEXT" mapsep:"none"`
	DryRun      bool              `help:"Only show who would change from what to what."`
}

// Run corrects the key, or shows what that would change.
func (cmd *questionRegrade) Run(ctx context.Context, r *run) error {
	fix, err := cmd.command()
	if err != nil {
		return err
	}
	return r.withCore(ctx, func(c *core) error {
		out, err := c.regrade.regrade.Execute(ctx, fix)
		if err != nil {
			return r.explained(err)
		}
		table := tabwriter.NewWriter(r.surroundings.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "ATTEMPT\tUSER\tLISTENING\tREADING\tTOTAL")
		for _, c := range out.Changes {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.Attempt, c.User, sectionChange(c.Before, c.After, exam.Listening),
				sectionChange(c.Before, c.After, exam.Reading), arrow(total(c.Before), total(c.After)))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if out.Changed > len(out.Changes) {
			r.printf("… and %d more\n", out.Changed-len(out.Changes))
		}
		verb := "changed"
		if cmd.DryRun {
			verb = "would change"
		}
		r.printf("question %d from %s to %s: %d of %d results %s\n", out.Number, out.From, out.To, out.Changed, out.Attempts, verb)
		return nil
	})
}

func (cmd *questionRegrade) command() (regradeapp.Command, error) {
	id, err := uuid.Parse(cmd.Question)
	if err != nil {
		return regradeapp.Command{}, misuse{fmt.Errorf("%q is not the identifier of a question", cmd.Question)}
	}
	out := regradeapp.Command{Question: id, DryRun: cmd.DryRun, Correction: exam.Correction{
		Explanation: cmd.Explanation, Reason: cmd.Reason, Rationales: map[exam.Choice]string{},
	}}
	out.Key, _ = exam.ParseChoice(cmd.Key) // what is none is refused with the others that the question does not have
	for label, text := range cmd.Rationale {
		option, ok := exam.ParseChoice(label)
		if !ok || option == exam.NoChoice {
			return regradeapp.Command{}, misuse{fmt.Errorf("%q is not the letter of an option", label)}
		}
		out.Rationales[option] = text
	}
	return out, nil
}

// sectionChange is raw and scaled score of a section, before and after.
func sectionChange(before, after score.Result, code exam.Section) string {
	figures := func(r score.Result) string {
		s, taken := r.Sections[code]
		switch {
		case !taken:
			return "-"
		case s.Scaled == nil:
			return strconv.Itoa(s.Raw) + " right"
		default:
			return fmt.Sprintf("%d right (%d)", s.Raw, s.Scaled.Score)
		}
	}
	return arrow(figures(before), figures(after))
}

func total(r score.Result) string {
	if r.Total == nil {
		return "-"
	}
	return strconv.Itoa(r.Total.Score)
}

func arrow(before, after string) string {
	if before == after {
		return before
	}
	return before + " → " + after
}
