package practiceapp

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// find reads a learner's set; practice.ErrNotFound also for somebody else's.
func find(ctx context.Context, reads ports.PracticeReads, user, id uuid.UUID) (ports.PracticeView, error) {
	v, err := reads.Set(ctx, id)
	switch {
	case err != nil:
		return ports.PracticeView{}, err
	case v.UserID != user:
		return ports.PracticeView{}, practice.ErrNotFound
	}
	return v, nil
}

// Get reads one set.
type Get struct{ Reads ports.PracticeReads }

// Execute returns practice.ErrNotFound unless the set is the user's.
func (uc Get) Execute(ctx context.Context, user, id uuid.UUID) (ports.PracticeView, error) {
	return find(ctx, uc.Reads, user, id)
}

// List lists a learner's sets, newest first.
type List struct{ Reads ports.PracticeReads }

// Execute returns one stretch of the list.
func (uc List) Execute(ctx context.Context, user uuid.UUID, page ports.Page) (ports.Slice[ports.PracticeView], error) {
	return uc.Reads.List(ctx, user, page)
}

// Sheet is what a learner is shown of the questions of a set. Its types have no place for a key, a rationale, an
// explanation, a transcript, a description, or anything that is only heard.
type Sheet struct{ Groups []Group }

// Group is questions that are shown together.
type Group struct {
	ID        string
	Part      exam.Part
	Stimuli   []Stimulus
	Questions []Question
}

// Stimulus is something that the questions of a group refer to.
type Stimulus struct {
	Kind  exam.StimulusKind
	Style string
	Title string
	Text  string
	Media *exam.Media // nil for a text
}

// Question is one question as printed in a test book, under its number in the set.
type Question struct {
	Number  int
	Prompt  string   // "" when nothing is printed
	Options []string // by label A, B, C, D; empty strings when nothing is printed
}

// Questions shows the questions of a set.
type Questions struct {
	Reads     ports.PracticeReads
	Revisions ports.Revisions
}

// Execute returns practice.ErrNotFound unless the set is the user's.
func (uc Questions) Execute(ctx context.Context, user, id uuid.UUID) (Sheet, error) {
	v, err := find(ctx, uc.Reads, user, id)
	if err != nil {
		return Sheet{}, err
	}
	revisions, err := fetch(ctx, uc.Revisions, v.Items)
	if err != nil {
		return Sheet{}, err
	}
	var sheet Sheet
	for first := 0; first < len(v.Items); {
		end := first + 1
		for end < len(v.Items) && v.Items[end].Group == v.Items[first].Group {
			end++
		}
		g, err := revisions.printed(v.Items[first:end], first)
		if err != nil {
			return Sheet{}, err
		}
		sheet.Groups = append(sheet.Groups, g)
		first = end
	}
	return sheet, nil
}

// printed shows the items of one group, whose numbers begin after before.
func (s shelf) printed(items []practice.Item, before int) (Group, error) {
	g, _, err := s.question(items[0])
	if err != nil {
		return Group{}, err
	}
	part := items[0].Part
	out := Group{ID: fmt.Sprintf("g%d", items[0].Group), Part: part}
	places := map[int]int{}
	for i, item := range items {
		_, q, err := s.question(item)
		if err != nil {
			return Group{}, err
		}
		places[q.Number] = before + i + 1
		out.Questions = append(out.Questions, printedQuestion(part, before+i+1, q))
	}
	media := s[items[0].Revision].Content.Media
	for _, st := range g.Stimuli {
		shown := Stimulus{Kind: st.Kind, Style: st.Style, Title: st.Title, Text: st.Text}
		if part == exam.TextCompletion {
			shown.Text = renumbered(st.Text, places)
		}
		if m, ok := media[st.Media]; ok {
			shown.Media = &m
		}
		out.Stimuli = append(out.Stimuli, shown)
	}
	return out, nil
}

func printedQuestion(p exam.Part, number int, q exam.Question) Question {
	out := Question{Number: number, Options: make([]string, len(q.Options))}
	if p.Printed() {
		out.Prompt = q.Prompt
		for i, o := range q.Options {
			out.Options[i] = o.Text
		}
	}
	return out
}

// blankMark is the mark of a numbered blank in the texts of part 6.
var blankMark = regexp.MustCompile(`\[\[(\d+)\]\]`)

// renumbered gives the blanks of a text the numbers that their questions have in the set.
func renumbered(text string, places map[int]int) string {
	return blankMark.ReplaceAllStringFunc(text, func(mark string) string {
		n, _ := strconv.Atoi(mark[2 : len(mark)-2])
		if place, there := places[n]; there {
			return fmt.Sprintf("[[%d]]", place)
		}
		return mark
	})
}
