package bootstrap

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// maxTableFile bounds the file of a conversion table, in bytes; a sound one has less than two thousand.
const maxTableFile = 20_000

type conversionImport struct {
	File    string `arg:"" help:"CSV file: a header raw,listening_scaled,reading_scaled and the rows 0 to 100."`
	Version string `help:"Name of the table; the name of the file without .csv by default." placeholder:"NAME"`
	Note    string `help:"Where the figures come from."`
}

// Run stores the table.
func (cmd *conversionImport) Run(ctx context.Context, r *run) error {
	text, err := readBounded(inDir(r.surroundings.Dir, cmd.File))
	if err != nil {
		return err
	}
	version := cmd.Version
	if version == "" {
		version = strings.TrimSuffix(filepath.Base(cmd.File), ".csv")
	}
	return r.withCore(ctx, func(c *core) error {
		t, added, err := c.scoring.addTable.Execute(ctx, examapp.AddTableCommand{Version: version, Note: cmd.Note, CSV: text})
		switch {
		case err != nil:
			return r.explained(err)
		case added:
			r.printf("imported %s; it scores nothing before it is activated\n", t.Version)
		default:
			r.printf("unchanged %s: it is there already, with the same figures\n", t.Version)
		}
		return nil
	})
}

// readBounded reads a text file that must not be empty.
func readBounded(name string) (string, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return "", misuse{err}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTableFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", name, err)
	case len(text) == 0 || len(text) > maxTableFile:
		return "", misuse{fmt.Errorf("%s is no conversion table: it is empty or larger than %d bytes", name, maxTableFile)}
	}
	return string(text), nil
}

type conversionList struct{}

// Run prints a table of the conversion tables and of what each scores.
func (*conversionList) Run(ctx context.Context, r *run) error {
	return r.withSeededTables(ctx, func(c *core) error {
		tables, err := c.scoring.tables.List(ctx)
		if err != nil {
			return r.explained(err)
		}
		out := tabwriter.NewWriter(r.surroundings.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(out, "VERSION\tIMPORTED\tSCORES\tNOTE")
		for _, t := range tables {
			imported := "shipped"
			if t.CreatedAt != nil {
				imported = t.CreatedAt.Format(time.DateTime)
			}
			var slugs []string
			for _, s := range t.Exams {
				slugs = append(slugs, s.Slug)
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", t.Version, imported, strings.Join(slugs, ", "), t.Note)
		}
		return out.Flush()
	})
}

type conversionActivate struct {
	Exam    string `arg:"" help:"Slug or identifier of the exam."`
	Version string `arg:"" help:"Version of the conversion table."`
	Note    string `help:"Why."`
}

// Run makes the table score the exam.
func (cmd *conversionActivate) Run(ctx context.Context, r *run) error {
	return r.withSeededTables(ctx, func(c *core) error {
		id, err := examNamed(ctx, c, cmd.Exam)
		if err != nil {
			return r.explained(err)
		}
		before, err := c.scoring.state.Execute(ctx, id)
		if err != nil {
			return r.explained(err)
		}
		after, err := c.scoring.activate.Execute(ctx, examapp.ActivateCommand{Exam: id, Version: cmd.Version, Note: cmd.Note})
		switch {
		case err != nil:
			return r.explained(err)
		case len(after.History) == len(before.History):
			r.printf("unchanged: %s scores %s already\n", after.Active, cmd.Exam)
		default:
			r.printf("%s scores %s from now on; before it was %s\n", after.Active, cmd.Exam, before.Active)
		}
		return nil
	})
}

// withSeededTables runs fn on stores that have the tables that the program ships.
func (r *run) withSeededTables(ctx context.Context, fn func(*core) error) error {
	return r.withCore(ctx, func(c *core) error {
		if err := seedTables(ctx, content.Conversions, c.exams.importTable); err != nil {
			return err
		}
		return fn(c)
	})
}

// examNamed finds a published exam by its slug or identifier; exam.ErrNotFound.
func examNamed(ctx context.Context, c *core, name string) (uuid.UUID, error) {
	if id, err := uuid.Parse(name); err == nil {
		return id, nil
	}
	page := ports.Page{Limit: 100}
	for {
		rows, err := c.exams.list.Execute(ctx, ports.ExamFilter{}, page)
		if err != nil {
			return uuid.Nil, err
		}
		for _, s := range rows.Items {
			if s.Slug == name {
				return s.ExamID, nil
			}
		}
		if rows.Next == uuid.Nil {
			return uuid.Nil, exam.ErrNotFound
		}
		page.After = rows.Next
	}
}
