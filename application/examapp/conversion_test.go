package examapp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// recorder remembers what was recorded, or fails.
type recorder struct {
	actions []audit.Action
	fails   error
}

func (r *recorder) Record(_ context.Context, _ ports.AuditLog, _ identity.Caller, what audit.Action, _ string, _, _ any) error {
	r.actions = append(r.actions, what)
	return r.fails
}

// office is a library with an exam and the use cases of conversion.
type office struct {
	*library
	exam     uuid.UUID
	log      *recorder
	add      examapp.AddTable
	state    examapp.ExamConversion
	activate examapp.Activate
	tables   examapp.Tables
}

func openOffice(t *testing.T) *office {
	t.Helper()
	l := open(t)
	l.packs["mini"] = examtest.Mini()
	done, _, err := l.load.Execute(t.Context(), "mini")
	if err != nil {
		t.Fatal(err)
	}
	s, log := l.store, &recorder{}
	return &office{
		library: l, exam: done.Summary.ExamID, log: log,
		add:   examapp.AddTable{Clock: clock{}, History: s.ConversionHistory(), Recorder: log, Work: s.Conversion()},
		state: examapp.ExamConversion{Catalogue: s.Catalogue(), Revisions: s.Revisions(), History: s.ConversionHistory()},
		activate: examapp.Activate{
			Clock: clock{}, IDs: ids{}, Catalogue: s.Catalogue(), Revisions: s.Revisions(), Conversions: s.Conversions(), Recorder: log, Work: s.Conversion(),
		},
		tables: examapp.Tables{History: s.ConversionHistory(), Catalogue: s.Catalogue(), Revisions: s.Revisions()},
	}
}

func (o *office) wants(err, want error) {
	o.t.Helper()
	if !errors.Is(err, want) {
		o.t.Fatalf("error %v, want %v", err, want)
	}
}

func TestAnImportOfTheSameTableChangesNothingAndOfAnotherIsRefused(t *testing.T) {
	o := openOffice(t)
	first, added, err := o.add.Execute(t.Context(), examapp.AddTableCommand{Version: "mine-1", Note: "first", CSV: csv(10)})
	if err != nil || !added || *first.CreatedAt != (clock{}).Now() {
		t.Fatalf("%+v, %v, %v", first, added, err)
	}
	again, added, err := o.add.Execute(t.Context(), examapp.AddTableCommand{Version: "mine-1", Note: "second", Listening: first.Listening[:], Reading: first.Reading[:]})
	if err != nil || added || again.Note != "first" {
		t.Fatalf("again: %+v, %v, %v", again.Note, added, err)
	}
	_, _, err = o.add.Execute(t.Context(), examapp.AddTableCommand{Version: "mine-1", CSV: csv(5)})
	o.wants(err, score.ErrTableChanged)
	if diff := cmp.Diff([]audit.Action{audit.ConversionImported}, o.log.actions); diff != "" {
		t.Errorf("recorded: %s", diff)
	}
}

func TestATableThatCannotBeReadIsRefusedByItsField(t *testing.T) {
	o := openOffice(t)
	for name, tc := range map[string]struct {
		cmd   examapp.AddTableCommand
		field string
	}{
		"no figures":       {examapp.AddTableCommand{Version: "mine-1"}, "listening"},
		"no CSV":           {examapp.AddTableCommand{Version: "mine-1", CSV: "a,b\n\"c"}, "csv"},
		"too few rows":     {examapp.AddTableCommand{Version: "mine-1", CSV: "raw,listening_scaled,reading_scaled\n0,5,5\n"}, "csv"},
		"both":             {examapp.AddTableCommand{Version: "mine-1", CSV: csv(10), Listening: []int{5}}, "csv"},
		"off the scale":    {examapp.AddTableCommand{Version: "mine-1", CSV: strings.Replace(csv(5), "\n3,20,", "\n3,21,", 1)}, "listening[3]"},
		"no name":          {examapp.AddTableCommand{CSV: csv(10)}, "version"},
		"a path of a name": {examapp.AddTableCommand{Version: "../x", CSV: csv(10)}, "version"},
	} {
		_, _, err := o.add.Execute(t.Context(), tc.cmd)
		var f *fault.Error
		if !errors.Is(err, score.ErrInvalidTable) || !errors.As(err, &f) || len(f.Fields) == 0 || f.Fields[0].Name != tc.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(o.log.actions) > 0 {
		t.Errorf("recorded: %v", o.log.actions)
	}
}

func TestActivationsAreRecordedAndToldWithTheirHistory(t *testing.T) {
	o := openOffice(t)
	ctx, own := t.Context(), examtest.Mini().Conversion
	_, _, err := o.add.Execute(ctx, examapp.AddTableCommand{Version: "mine-1", CSV: csv(10)})
	o.wants(err, nil)
	before, err := o.state.Execute(ctx, o.exam)
	if err != nil || before.Active != own || before.Own != own || before.Version() != 1 {
		t.Fatalf("before: %+v, %v", before, err)
	}
	by := identity.Caller{Actor: identity.Actor{UserID: ids{}.New()}}
	after, err := o.activate.Execute(ctx, examapp.ActivateCommand{By: by, Exam: o.exam, Version: "mine-1", Note: " why ", State: before.Version()})
	o.wants(err, nil)
	if after.Active != "mine-1" || after.Own != own || after.Version() != 2 || after.History[0].By != by.Actor.UserID || after.History[0].Note != "why" {
		t.Fatalf("after: %+v", after)
	}
	_, err = o.activate.Execute(ctx, examapp.ActivateCommand{Exam: o.exam, Version: own, State: before.Version()})
	o.wants(err, ports.ErrStale)
	again, err := o.activate.Execute(ctx, examapp.ActivateCommand{Exam: o.exam, Version: "mine-1"})
	if err != nil || again.Version() != 2 {
		t.Fatalf("again: %+v, %v", again, err)
	}
	back, err := o.activate.Execute(ctx, examapp.ActivateCommand{Exam: o.exam, Version: own})
	if err != nil || back.Active != own || back.Version() != 3 {
		t.Fatalf("back: %+v, %v", back, err)
	}
	read, err := o.state.Execute(ctx, o.exam)
	o.wants(err, nil)
	if diff := cmp.Diff(back, read); diff != "" {
		t.Errorf("read again: %s", diff)
	}
	want := []audit.Action{audit.ConversionImported, audit.ConversionActivated, audit.ConversionActivated}
	if diff := cmp.Diff(want, o.log.actions); diff != "" {
		t.Errorf("recorded: %s", diff)
	}
	_, err = o.activate.Execute(ctx, examapp.ActivateCommand{Exam: o.exam, Version: "unknown"})
	o.wants(err, score.ErrTableNotFound)
	_, err = o.activate.Execute(ctx, examapp.ActivateCommand{Exam: ids{}.New(), Version: own})
	o.wants(err, exam.ErrNotFound)
}

func TestWhatCannotBeRecordedIsNotDone(t *testing.T) {
	o := openOffice(t)
	o.log.fails = errors.New("the log is full")
	_, _, err := o.add.Execute(t.Context(), examapp.AddTableCommand{Version: "mine-1", CSV: csv(10)})
	o.wants(err, o.log.fails)
	_, err = o.store.Conversions().Table(t.Context(), "mine-1")
	o.wants(err, score.ErrTableNotFound)
	_, err = o.activate.Execute(t.Context(), examapp.ActivateCommand{Exam: o.exam, Version: examtest.Mini().Conversion})
	o.wants(err, o.log.fails)
	if s, err := o.state.Execute(t.Context(), o.exam); err != nil || len(s.History) != 0 {
		t.Errorf("state %+v, %v", s, err)
	}
}

// slow makes identifiers as a machine does whose clock is behind.
type slow struct{}

func (slow) New() uuid.UUID { return uuid.UUID{15: 1} }

func TestAnActivationThatWouldCountAsTheOlderOneIsRefused(t *testing.T) {
	o := openOffice(t)
	_, _, err := o.add.Execute(t.Context(), examapp.AddTableCommand{Version: "mine-1", CSV: csv(10)})
	o.wants(err, nil)
	_, err = o.activate.Execute(t.Context(), examapp.ActivateCommand{Exam: o.exam, Version: "mine-1"})
	o.wants(err, nil)
	behind := o.activate
	behind.IDs = slow{}
	_, err = behind.Execute(t.Context(), examapp.ActivateCommand{Exam: o.exam, Version: examtest.Mini().Conversion})
	o.wants(err, ports.ErrStale)
}

func TestATableTellsWhichExamsItScoresNow(t *testing.T) {
	o := openOffice(t)
	ctx, own := t.Context(), examtest.Mini().Conversion
	_, _, err := o.add.Execute(ctx, examapp.AddTableCommand{Version: "mine-1", CSV: csv(10)})
	o.wants(err, nil)
	uses := func() map[string]int {
		t.Helper()
		all, err := o.tables.List(ctx)
		o.wants(err, nil)
		out := map[string]int{}
		for _, use := range all {
			out[use.StoredTable.Version] = len(use.Exams)
		}
		return out
	}
	if diff := cmp.Diff(map[string]int{own: 1, "mine-1": 0}, uses()); diff != "" {
		t.Error(diff)
	}
	_, err = o.activate.Execute(ctx, examapp.ActivateCommand{Exam: o.exam, Version: "mine-1"})
	o.wants(err, nil)
	if diff := cmp.Diff(map[string]int{own: 0, "mine-1": 1}, uses()); diff != "" {
		t.Error(diff)
	}
	one, err := o.tables.One(ctx, "mine-1")
	if err != nil || len(one.Exams) != 1 || one.Exams[0].ExamID != o.exam || one.Listening[10] != 105 || one.CreatedAt.After(time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = o.tables.One(ctx, "unknown")
	o.wants(err, score.ErrTableNotFound)
}
