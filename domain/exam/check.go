package exam

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Issue is one rule that a form breaks.
type Issue struct {
	Pointer string // JSON pointer into the form document
	Code    string // stable slug
	Detail  string // what is wrong, in a sentence
}

// groupRule says how the groups of a part must be made, whatever the kind of form.
type groupRule struct {
	items      [2]int // least and most items in a group
	texts      [2]int
	images     [2]int
	transcript bool // said aloud at length, so its words must be there
	prompt     bool // each item has a prompt; else none has
}

var groupRules = map[Part]groupRule{
	Photographs:          {items: [2]int{1, 1}, images: [2]int{1, 1}},
	QuestionResponse:     {items: [2]int{1, 1}, prompt: true},
	Conversations:        {items: [2]int{3, 3}, texts: [2]int{0, 1}, images: [2]int{0, 1}, transcript: true, prompt: true},
	Talks:                {items: [2]int{3, 3}, texts: [2]int{0, 1}, images: [2]int{0, 1}, transcript: true, prompt: true},
	IncompleteSentences:  {items: [2]int{1, 1}, prompt: true},
	TextCompletion:       {items: [2]int{4, 4}, texts: [2]int{1, 1}},
	ReadingComprehension: {items: [2]int{2, 5}, texts: [2]int{0, 3}, images: [2]int{0, 3}, prompt: true},
}

// fullGroups is the number of groups of each part of the real test; part 7 has rules of its own.
var fullGroups = map[Part]int{
	Photographs: 6, QuestionResponse: 25, Conversations: 13, Talks: 10, IncompleteSentences: 30, TextCompletion: 4,
}

// The shape of part 7 in the real test: ten single passages with 29 items, then five sets of five
// items, two on two texts and three on three.
const (
	fullSingleSets, fullSingleItems   = 10, 29
	fullDoubleSets, fullTripleSets    = 2, 3
	multipleSetItems, singleMostItems = 5, 4
)

var blankMark = regexp.MustCompile(`\[\[(\d+)\]\]`)

// Check returns every rule of the format that the form breaks, in document order; none means that it may be published.
// It assumes nothing about the form, so it can be run on whatever could be decoded.
func (f Form) Check() []Issue {
	c := &checker{groupIDs: map[string]string{}}
	if f.Format != FormatLR {
		c.add("/format", "unknown_format", "The format must be %q.", FormatLR)
	}
	switch f.Kind {
	case Full, Mini, Only:
	default:
		c.add("/kind", "unknown_kind", "The kind must be full, mini or part.")
	}
	if strings.ContainsFunc(f.Title, unicode.IsControl) {
		c.add("/title", "control_character", "The title must be one line without control characters.")
	}
	previous := Part(0)
	next := 1
	for i, p := range f.Parts {
		at := fmt.Sprintf("/parts/%d", i)
		if !p.Number.Valid() {
			c.add(at+"/number", "unknown_part", "There is no part %d.", p.Number)
			next += p.QuestionCount()
			continue
		}
		if p.Number <= previous {
			c.add(at+"/number", "part_order", "Part %d may not come after part %d.", p.Number, previous)
		}
		previous = p.Number
		next = c.part(at, p, next)
	}
	c.kind(f)
	return c.issues
}

type checker struct {
	issues   []Issue
	groupIDs map[string]string
}

func (c *checker) add(pointer, code, format string, args ...any) {
	c.issues = append(c.issues, Issue{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// kind checks what depends on how much of the test the form claims to cover.
func (c *checker) kind(f Form) {
	outline := f.Outline()
	switch f.Kind {
	case Full:
		c.full(f)
	case Mini:
		for _, s := range Sections() {
			if outline.Count(s) == 0 {
				c.add("/parts", "section_missing", "A mini test needs at least one %s item.", s)
			}
		}
	case Only:
		if len(f.Parts) != 1 {
			c.add("/parts", "part_count", "A form of kind part has exactly one part, not %d.", len(f.Parts))
		}
	}
}

func (c *checker) full(f Form) {
	at := map[Part]int{}
	for i, p := range f.Parts {
		at[p.Number] = i
	}
	for _, part := range Parts() {
		i, ok := at[part]
		if !ok {
			c.add("/parts", "part_missing", "A full form needs part %d.", part)
			continue
		}
		pointer := fmt.Sprintf("/parts/%d/groups", i)
		groups := f.Parts[i].Groups
		if part == ReadingComprehension {
			c.fullPart7(pointer, groups)
		} else if want := fullGroups[part]; len(groups) != want {
			c.add(pointer, "full_count", "Part %d of a full form has %d groups, not %d.", part, want, len(groups))
		}
	}
}

func (c *checker) fullPart7(pointer string, groups []Group) {
	singles, singleItems, doubles, triples := 0, 0, 0, 0
	for _, g := range groups {
		switch g.printed() {
		case 3:
			triples++
		case 2:
			doubles++
		default:
			singles++
			singleItems += len(g.Questions)
			if doubles+triples > 0 {
				c.add(pointer, "full_order", "Single passages come before multiple ones; group %q does not.", g.ID)
			}
		}
	}
	if singles != fullSingleSets || singleItems != fullSingleItems {
		c.add(pointer, "full_count", "Part 7 of a full form has %d single passages with %d items, not %d with %d.", fullSingleSets, fullSingleItems, singles, singleItems)
	}
	if doubles != fullDoubleSets || triples != fullTripleSets {
		c.add(pointer, "full_count", "Part 7 of a full form has %d double and %d triple passages, not %d and %d.", fullDoubleSets, fullTripleSets, doubles, triples)
	}
}

// part checks one part, whose first item must have the number next, and returns the number after its last item.
func (c *checker) part(at string, p PartForm, next int) int {
	for j, g := range p.Groups {
		pointer := fmt.Sprintf("%s/groups/%d", at, j)
		if first, dup := c.groupIDs[g.ID]; dup {
			c.add(pointer+"/id", "duplicate_id", "The id %q is already used at %s.", g.ID, first)
		} else {
			c.groupIDs[g.ID] = pointer
		}
		c.group(pointer, p.Number, g)
		for k, q := range g.Questions {
			qp := fmt.Sprintf("%s/questions/%d", pointer, k)
			if q.Number != next {
				c.add(qp+"/number", "numbering", "The number must be %d, not %d: items are counted through the form.", next, q.Number)
			}
			next++
			c.question(qp, p.Number, q)
		}
	}
	return next
}

func (c *checker) group(at string, part Part, g Group) {
	rule := groupRules[part]
	items := rule.items
	if part == ReadingComprehension {
		items = [2]int{2, singleMostItems}
		if g.Multiple() {
			items = [2]int{multipleSetItems, multipleSetItems}
		}
	}
	c.within(at+"/questions", "group_size", "items", part, len(g.Questions), items)

	count := map[StimulusKind]int{}
	for i, s := range g.Stimuli {
		count[s.Kind]++
		c.stimulus(fmt.Sprintf("%s/stimuli/%d", at, i), s)
	}
	c.within(at+"/stimuli", "stimuli", "texts", part, count[Text], rule.texts)
	c.within(at+"/stimuli", "stimuli", "images", part, count[Image], rule.images)
	recordings := [2]int{0, 0}
	if part.Section() == Listening {
		recordings[1] = 1
	}
	c.within(at+"/stimuli", "stimuli", "recordings", part, count[Audio], recordings)
	switch n := g.printed(); {
	case part == ReadingComprehension && (n < 1 || n > 3):
		c.add(at+"/stimuli", "stimuli", "A group of part 7 has one to three documents, not %d.", n)
	case part.Section() == Listening && n > 1:
		c.add(at+"/stimuli", "stimuli", "A group of part %d has at most one graphic, not %d.", part, n)
	}

	switch {
	case rule.transcript && len(g.Transcript) == 0:
		c.add(at+"/transcript", "transcript_missing", "A group of part %d needs the transcript of what is said.", part)
	case !rule.transcript && len(g.Transcript) > 0:
		c.add(at+"/transcript", "transcript_unexpected", "Only groups of parts 3 and 4 carry a transcript; in parts 1 and 2 the items are the transcript.")
	}
	if part == TextCompletion {
		c.blanks(at, g)
	}
}

// blanks checks that the text of a part 6 group has one numbered blank for each of its items and no other.
func (c *checker) blanks(at string, g Group) {
	found := map[int]int{}
	for _, s := range g.Stimuli {
		for _, m := range blankMark.FindAllStringSubmatch(s.Text, -1) {
			n, _ := strconv.Atoi(m[1])
			found[n]++
		}
	}
	for _, q := range g.Questions {
		if found[q.Number] != 1 {
			c.add(at+"/stimuli", "blank", "The text must have the blank [[%d]] once; it has it %d times.", q.Number, found[q.Number])
		}
		delete(found, q.Number)
	}
	for n := range found {
		c.add(at+"/stimuli", "blank", "The text has the blank [[%d]], but the group has no item %d.", n, n)
	}
}

func (c *checker) stimulus(at string, s Stimulus) {
	switch s.Kind {
	case Text:
		if blank(s.Text) {
			c.add(at+"/text", "text_missing", "A text stimulus needs its text.")
		}
		if s.Media != "" {
			c.add(at+"/media", "media_unexpected", "A text stimulus has no file.")
		}
	case Image, Audio:
		if s.Media == "" {
			c.add(at+"/media", "media_missing", "An %s stimulus needs its file.", s.Kind)
		}
		if s.Text != "" {
			c.add(at+"/text", "text_unexpected", "An %s stimulus has no text.", s.Kind)
		}
		if s.Kind == Image && blank(s.Description) {
			c.add(at+"/description", "description_missing", "An image needs a description, for those who cannot see it.")
		}
	default:
		c.add(at+"/kind", "unknown_stimulus", "The kind must be text, image or audio.")
	}
}

func (c *checker) question(at string, part Part, q Question) {
	if n := part.Options(); len(q.Options) != n {
		c.add(at+"/options", "option_count", "An item of part %d has %d options, not %d.", part, n, len(q.Options))
	}
	key, ok := ParseChoice(q.Key)
	if !ok || key == NoChoice || key.Index() >= part.Options() {
		c.add(at+"/key", "key", "The key must be one of A to %s.", Label(part.Options()-1))
	}
	if q.Ability.Section() != part.Section() {
		c.add(at+"/ability", "ability", "The ability %q is not measured in part %d.", q.Ability, part)
	}
	switch has := !blank(q.Prompt); {
	case groupRules[part].prompt && !has:
		c.add(at+"/prompt", "prompt_missing", "An item of part %d needs its prompt.", part)
	case !groupRules[part].prompt && q.Prompt != "":
		c.add(at+"/prompt", "prompt_unexpected", "An item of part %d has no prompt.", part)
	}
	if part.Printed() && len(q.Voices) > 0 {
		c.add(at+"/voices", "voices_unexpected", "Only items of parts 1 and 2 name voices; elsewhere the transcript does.")
	}
	if blank(q.Explanation) {
		c.add(at+"/explanation", "explanation_missing", "An item needs its explanation.")
	}
	var texts []string
	for i, o := range q.Options {
		op := fmt.Sprintf("%s/options/%d", at, i)
		if blank(o.Text) {
			c.add(op+"/text", "option_empty", "An option needs its text.")
		} else if slices.Contains(texts, o.Text) {
			c.add(op+"/text", "option_repeated", "Two options of one item say the same.")
		}
		texts = append(texts, o.Text)
		if i == key.Index() && o.Rationale != "" {
			c.add(op+"/rationale", "rationale_unexpected", "The right option is explained in the explanation, not in a rationale.")
		}
	}
}

func (c *checker) within(at, code, what string, part Part, n int, bounds [2]int) {
	if n >= bounds[0] && n <= bounds[1] {
		return
	}
	want := strconv.Itoa(bounds[0])
	if bounds[0] != bounds[1] {
		want = fmt.Sprintf("%d to %d", bounds[0], bounds[1])
	}
	c.add(at, code, "A group of part %d has %s %s, not %d.", part, want, what, n)
}
