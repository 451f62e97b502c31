// Package examtest builds forms for tests: valid ones of any shape, to be broken one field at a time.
package examtest

import (
	"fmt"

	"github.com/toeic-app/toeic/domain/exam"
)

// Full returns a full form of 200 items that passes every check. The key of item n is Key(n).
func Full() exam.Form {
	return build("full-form", exam.Full, map[exam.Part][]int{
		1: repeat(1, 6), 2: repeat(1, 25), 3: repeat(3, 13), 4: repeat(3, 10), 5: repeat(1, 30), 6: repeat(4, 4),
		7: {2, 2, 2, 2, 3, 3, 3, 4, 4, 4, -5, -5, 5, 5, 5},
	})
}

// Mini returns a form of 22 items over all seven parts that passes every check.
func Mini() exam.Form {
	return build("mini-form", exam.Mini, map[exam.Part][]int{
		1: {1}, 2: {1, 1}, 3: {3}, 4: {3}, 5: {1, 1}, 6: {4}, 7: {2, 5},
	})
}

// Key is the key of item n of part p in every form built here: A, B, C (and D) in turn.
func Key(p exam.Part, n int) exam.Choice { return exam.Label(n % p.Options()) }

func repeat(size, times int) []int {
	out := make([]int, times)
	for i := range out {
		out[i] = size
	}
	return out
}

// build makes groups of the given sizes; in part 7, 5 is a triple passage and -5 a double one.
func build(slug string, kind exam.Kind, sizes map[exam.Part][]int) exam.Form {
	f := exam.Form{
		Format: exam.FormatLR, Slug: slug, Title: "Form " + slug, Kind: kind, Conversion: "circulated-a-1",
		Language: "en", Author: "Tests", Licence: "CC0-1.0",
	}
	next := 1
	for _, p := range exam.Parts() {
		if len(sizes[p]) == 0 {
			continue
		}
		pf := exam.PartForm{Number: p}
		for i, size := range sizes[p] {
			documents := 1
			switch size {
			case 5:
				documents = 3
			case -5:
				size, documents = 5, 2
			}
			pf.Groups = append(pf.Groups, group(p, i+1, next, size, documents))
			next += size
		}
		f.Parts = append(f.Parts, pf)
	}
	return f
}

func group(p exam.Part, index, first, size, documents int) exam.Group {
	g := exam.Group{ID: fmt.Sprintf("canary-p%d-%d", p, index)}
	switch p {
	case exam.Photographs:
		g.Stimuli = []exam.Stimulus{{Kind: exam.Image, Media: fmt.Sprintf("media/p1-%d.svg", index), Description: fmt.Sprintf("CANARY-DESCRIPTION-%d", first)}}
	case exam.Conversations, exam.Talks:
		g.Transcript = []exam.Turn{{Speaker: "W-US", Text: fmt.Sprintf("CANARY-TRANSCRIPT-%d", first)}}
	case exam.TextCompletion:
		text := "Dear all,"
		for i := range size {
			text += fmt.Sprintf(" [[%d]]", first+i)
		}
		g.Stimuli = []exam.Stimulus{{Kind: exam.Text, Style: "email", Text: text}}
	case exam.ReadingComprehension:
		for d := range documents {
			g.Stimuli = append(g.Stimuli, exam.Stimulus{Kind: exam.Text, Style: "notice", Text: fmt.Sprintf("Document %d of set %d", d+1, index)})
		}
	}
	for i := range size {
		g.Questions = append(g.Questions, question(p, first+i))
	}
	return g
}

func question(p exam.Part, n int) exam.Question {
	q := exam.Question{
		Number: n, Key: Key(p, n).String(), Explanation: fmt.Sprintf("CANARY-EXPLANATION-%d", n), Ability: exam.LocateDetail,
	}
	if p.Section() == exam.Listening {
		q.Ability = exam.DetailsShort
		if p.Printed() {
			q.Ability = exam.DetailsExtended
		}
	}
	secret := ""
	if !p.Printed() {
		q.Voices = []string{"M-UK"}
		secret = "CANARY-SPOKEN-"
	}
	if p != exam.Photographs && p != exam.TextCompletion {
		q.Prompt = fmt.Sprintf("%sPrompt of item %d", secret, n)
	}
	for i := range p.Options() {
		o := exam.Option{Text: fmt.Sprintf("%sOption %d of item %d", secret, i+1, n)}
		if i != Key(p, n).Index() {
			o.Rationale = fmt.Sprintf("CANARY-RATIONALE-%d-%d", n, i)
		}
		q.Options = append(q.Options, o)
	}
	return q
}
