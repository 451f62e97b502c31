package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

type contentValidate struct {
	Path string `arg:"" help:"Folder or zip file of the pack."`
}

// Run fails when the pack has faults. It needs no database: it knows the conversion tables that the program ships.
func (cmd *contentValidate) Run(ctx context.Context, r *run) error {
	check := examapp.Validate{Packs: pack.New(), Conversions: shippedTables{content.Conversions}}
	read, issues, err := check.Execute(ctx, inDir(r.surroundings.Dir, cmd.Path))
	if err != nil {
		return r.explainedPack(err)
	}
	if err := r.faults(issues); err != nil {
		return err
	}
	r.printf("%s is a valid pack: %q, %d questions, %d media files\n",
		cmd.Path, read.Form.Title, read.Form.QuestionCount(), len(read.Files))
	return nil
}

// shippedTables finds conversion tables among the files of the program.
type shippedTables struct{ files fs.FS }

// Table implements ports.Conversions.
func (t shippedTables) Table(_ context.Context, version string) (score.Table, error) {
	f, err := t.files.Open("conversion/" + version + ".csv")
	if err != nil {
		return score.Table{}, score.ErrTableNotFound.Because(err)
	}
	defer f.Close()
	return score.ReadTable(version, f)
}

type contentImport struct {
	Path string `arg:"" help:"Folder or zip file of the pack."`
}

// Run publishes the pack.
func (cmd *contentImport) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		if err := seedTables(ctx, content.Conversions, c.exams.importTable); err != nil {
			return err
		}
		done, issues, err := c.exams.importPack.Execute(ctx, inDir(r.surroundings.Dir, cmd.Path))
		switch {
		case errors.Is(err, exam.ErrInvalidPack):
			return r.faults(issues)
		case err != nil:
			return r.explainedPack(err)
		}
		r.printf("%s %s: revision %d, %d questions\n", done.Outcome, done.Summary.Slug, done.Summary.Revision, done.Summary.Outline.Count(""))
		return nil
	})
}

// explainedPack shows why a pack could not be read.
func (r *run) explainedPack(err error) error {
	if errors.Is(err, exam.ErrUnreadable) || errors.Is(err, exam.ErrPackTooLarge) {
		if cause := errors.Unwrap(err); cause != nil {
			r.complain("  %v\n", cause)
		}
	}
	return r.explained(err)
}

// faults prints every fault of a pack with its file and place.
func (r *run) faults(issues []ports.PackIssue) error {
	for _, i := range issues {
		place := i.File
		if i.Pointer != "" {
			place += "#" + i.Pointer
		}
		r.printf("%s: %s (%s)\n", place, i.Detail, i.Code)
	}
	if len(issues) > 0 {
		return fmt.Errorf("the pack has %d faults; nothing was stored", len(issues))
	}
	return nil
}

type contentList struct{}

// Run prints a table of what is published.
func (*contentList) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		table := tabwriter.NewWriter(r.surroundings.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "SLUG\tTITLE\tKIND\tQUESTIONS\tREVISION\tID")
		page := ports.Page{Limit: 100}
		for {
			rows, err := c.exams.list.Execute(ctx, ports.ExamFilter{}, page)
			if err != nil {
				return r.explained(err)
			}
			for _, s := range rows.Items {
				fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", s.Slug, s.Title, s.Kind, s.Outline.Count(""), s.Revision, s.ExamID)
			}
			if rows.Next == uuid.Nil {
				return table.Flush()
			}
			page.After = rows.Next
		}
	})
}

type contentSchema struct{}

// Run prints the schema.
func (*contentSchema) Run(r *run) error {
	schema, err := pack.Schema()
	if err != nil {
		return err
	}
	r.printf("%s\n", schema)
	return nil
}

// summary is a result in a few words.
func summary(res score.Result) string {
	total := "no total"
	if res.Total != nil {
		total = fmt.Sprintf("total %d", res.Total.Score)
	}
	return fmt.Sprintf("%s (listening %d right, reading %d right, table %s)",
		total, res.Sections[exam.Listening].Raw, res.Sections[exam.Reading].Raw, res.Version)
}
