package examapp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

type clock struct{}

func (clock) Now() time.Time { return time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC) }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// picture is the one media file of every pack here.
const picture = "one picture for all"

// shelf holds packs by path; what is not there cannot be read.
type shelf map[string]exam.Form

func (s shelf) Read(_ context.Context, path string) (ports.Pack, []ports.PackIssue, error) {
	form, ok := s[path]
	if !ok {
		return ports.Pack{}, nil, exam.ErrUnreadable
	}
	pack := ports.Pack{Form: form, Files: map[string]ports.PackFile{}}
	for _, name := range form.MediaFiles() {
		pack.Files[name] = ports.PackFile{
			Data: []byte(picture), Media: exam.Media{Hash: exam.Hash([]byte(picture)), Type: "image/svg+xml", Size: int64(len(picture))},
		}
	}
	if form.Author == "" {
		return pack, []ports.PackIssue{{File: "exam.json", Pointer: "/author", Code: "required", Detail: "The field is missing."}}, nil
	}
	return pack, nil, nil
}

// library is a store with a conversion table, and a shelf of packs.
type library struct {
	t     *testing.T
	store *entstore.Store
	packs shelf
	load  examapp.Import
	table examapp.ImportTable
}

func open(t *testing.T) *library {
	t.Helper()
	s := storetest.SQLite(t)
	l := &library{t: t, store: s, packs: shelf{}, table: examapp.ImportTable{Work: s.Publication()}}
	l.load = examapp.Import{Clock: clock{}, IDs: ids{}, Work: s.Publication(), Validate: examapp.Validate{Packs: l.packs, Conversions: s.Conversions()}}
	if _, err := l.table.Execute(t.Context(), examtest.Mini().Conversion, strings.NewReader(csv(5))); err != nil {
		t.Fatal(err)
	}
	return l
}

// csv is a conversion table of equal steps.
func csv(step int) string {
	var b strings.Builder
	b.WriteString("raw,listening_scaled,reading_scaled\n")
	for raw := range score.MaxRaw + 1 {
		scaled := min(495, 5+raw*step)
		fmt.Fprintf(&b, "%d,%d,%d\n", raw, scaled, scaled)
	}
	return b.String()
}

func (l *library) wants(path string, outcome examapp.Outcome, revision int) exam.Summary {
	l.t.Helper()
	done, issues, err := l.load.Execute(l.t.Context(), path)
	if err != nil || len(issues) > 0 {
		l.t.Fatalf("%v %v", err, issues)
	}
	if done.Outcome != outcome || done.Summary.Revision != revision {
		l.t.Errorf("%s revision %d, want %s revision %d", done.Outcome, done.Summary.Revision, outcome, revision)
	}
	return done.Summary
}

func (l *library) published() []exam.Summary {
	l.t.Helper()
	got, err := l.store.Catalogue().List(l.t.Context(), ports.ExamFilter{}, ports.Page{Limit: 100})
	if err != nil {
		l.t.Fatal(err)
	}
	return got.Items
}

func TestAPackBecomesAnExamThenItsRevisionsAndTheSameAgainNothing(t *testing.T) {
	l := open(t)
	form := examtest.Mini()
	l.packs["p"] = form
	first := l.wants("p", examapp.Created, 1)
	l.wants("p", examapp.Unchanged, 1)
	for revision := 2; revision <= 4; revision++ {
		form.Title += "!"
		l.packs["p"] = form
		if next := l.wants("p", examapp.Revised, revision); next.ExamID != first.ExamID || next.RevisionID == first.RevisionID {
			t.Errorf("revision %d belongs to another exam, or is the first one", revision)
		}
	}
	if got := l.published(); len(got) != 1 || got[0].Revision != 4 || got[0].Title != form.Title {
		t.Errorf("published: %+v", got)
	}
	old, err := l.store.Revisions().Revision(t.Context(), first.RevisionID)
	if err != nil || old.Title != examtest.Mini().Title {
		t.Errorf("the first revision is %+v, %v", old, err)
	}
}

func TestAPackWithAnyFaultStoresNothing(t *testing.T) {
	for name, harm := range map[string]func(*exam.Form){
		"a fault of the document":   func(f *exam.Form) { f.Author = "" },
		"a fault of the format":     func(f *exam.Form) { f.Parts[0].Groups[0].Questions[0].Key = "E" },
		"an unknown table":          func(f *exam.Form) { f.Conversion = "made-up-1" },
		"a full form that is short": func(f *exam.Form) { f.Kind = exam.Full },
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t)
			form := examtest.Mini()
			harm(&form)
			l.packs["p"] = form
			if _, issues, err := l.load.Execute(t.Context(), "p"); !errors.Is(err, exam.ErrInvalidPack) || len(issues) == 0 {
				t.Errorf("error %v, issues %v", err, issues)
			}
			if got := l.published(); len(got) != 0 {
				t.Errorf("published: %v", got)
			}
			if _, _, err := l.store.MediaFiles().File(t.Context(), exam.Hash([]byte(picture))); !errors.Is(err, exam.ErrMediaNotFound) {
				t.Errorf("a picture was stored: %v", err)
			}
		})
	}
	l := open(t)
	if _, _, err := l.load.Execute(t.Context(), "nowhere"); !errors.Is(err, exam.ErrUnreadable) {
		t.Errorf("an unreadable pack: %v", err)
	}
}

// Whatever count is broken, a form that is not the real test is not published as one.
func TestAFullFormThatBreaksACountIsNotPublished(t *testing.T) {
	l := open(t)
	l.packs["whole"] = examtest.Full()
	l.wants("whole", examapp.Created, 1)
	for part := range examtest.Full().Parts {
		form := examtest.Full()
		form.Slug = "short"
		groups := form.Parts[part].Groups
		form.Parts[part].Groups = groups[:len(groups)-1]
		number := 1
		for p := range form.Parts { // count anew, so that nothing else is wrong
			for g := range form.Parts[p].Groups {
				for q := range form.Parts[p].Groups[g].Questions {
					form.Parts[p].Groups[g].Questions[q].Number = number
					number++
				}
			}
		}
		l.packs["short"] = form
		if _, issues, err := l.load.Execute(t.Context(), "short"); !errors.Is(err, exam.ErrInvalidPack) || len(issues) == 0 {
			t.Errorf("without the last group of part %d: %v", part+1, err)
		}
	}
	if got := l.published(); len(got) != 1 {
		t.Errorf("published: %v", got)
	}
}

func TestOfManyImportsOfOnePackAtOnceOneRevisionComes(t *testing.T) {
	l := open(t)
	l.packs["p"] = examtest.Mini()
	var wait sync.WaitGroup
	outcomes := make([]examapp.Outcome, 8)
	for i := range outcomes {
		wait.Go(func() {
			done, _, err := l.load.Execute(context.WithoutCancel(t.Context()), "p")
			if err != nil {
				t.Error(err)
			}
			outcomes[i] = done.Outcome
		})
	}
	wait.Wait()
	slices.Sort(outcomes)
	if outcomes[0] != examapp.Created || outcomes[1] != examapp.Unchanged || outcomes[7] != examapp.Unchanged {
		t.Errorf("outcomes: %v", outcomes)
	}
	if got := l.published(); len(got) != 1 || got[0].Revision != 1 {
		t.Errorf("published: %+v", got)
	}
}

func TestATableKeepsItsFiguresForEver(t *testing.T) {
	l := open(t)
	version := examtest.Mini().Conversion
	if added, err := l.table.Execute(t.Context(), version, strings.NewReader(csv(5))); added || err != nil {
		t.Errorf("the same again: added %v, %v", added, err)
	}
	if _, err := l.table.Execute(t.Context(), version, strings.NewReader(csv(10))); !errors.Is(err, score.ErrTableChanged) {
		t.Errorf("other figures: %v", err)
	}
	if _, err := l.table.Execute(t.Context(), "new-1", strings.NewReader("rubbish")); !errors.Is(err, score.ErrInvalidTable) {
		t.Errorf("rubbish: %v", err)
	}
}

func TestMediaAreFoundByTheirWholeHashAlone(t *testing.T) {
	l := open(t)
	l.packs["p"] = examtest.Mini()
	l.wants("p", examapp.Created, 1)
	media := examapp.Media{Files: l.store.MediaFiles()}
	hash := exam.Hash([]byte(picture))
	if _, data, err := media.Execute(t.Context(), hash); err != nil || string(data) != picture {
		t.Errorf("%q, %v", data, err)
	}
	for _, wrong := range []string{"", hash[:63], hash + "0", strings.ToUpper(hash), "../" + hash[3:], strings.Repeat("z", 64), "\x00" + hash[1:]} {
		if _, _, err := media.Execute(t.Context(), wrong); !errors.Is(err, exam.ErrMediaNotFound) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// What the program ships does not undo what an operator, or a newer program, published after it.
func TestContentThatWasRevisedSinceIsLeftAloneWhereOnlyNewContentIsWanted(t *testing.T) {
	l := open(t)
	shipped, corrected, next := examtest.Mini(), examtest.Mini(), examtest.Mini()
	corrected.Title += " (corrected)"
	next.Title += " (second edition)"
	l.packs["shipped"], l.packs["corrected"], l.packs["next"] = shipped, corrected, next
	l.load.OnlyNew = true
	l.wants("shipped", examapp.Created, 1)
	l.wants("corrected", examapp.Revised, 2)
	l.wants("shipped", examapp.Unchanged, 2)
	if got := l.published(); len(got) != 1 || got[0].Title != corrected.Title {
		t.Errorf("the correction was undone: %v", got)
	}
	l.wants("next", examapp.Revised, 3)
	l.load.OnlyNew = false
	l.wants("shipped", examapp.Revised, 4)
}
