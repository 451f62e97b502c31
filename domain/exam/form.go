// Package exam is the typed model of a Listening & Reading test form: seven parts, groups of items that
// share stimuli, their keys, and the rules that a form must keep before it may be published.
//
// Form is also the document that a content pack carries as exam.json: its field tags are the published
// file format, from which the pack's JSON Schema is generated. It is not what learners are sent.
package exam

import "strings"

// FormatLR names the only test format known so far, TOEIC Listening & Reading.
const FormatLR = "toeic-lr"

// Kind tells how much of the test a form covers.
type Kind string

// The kinds of form.
const (
	Full Kind = "full" // 200 items in exactly the counts of the real test
	Mini Kind = "mini" // fewer items, both sections
	Only Kind = "part" // one part alone
)

// Form is a whole test, keys included.
type Form struct {
	Schema     string     `json:"$schema,omitempty" description:"Address of this schema, for editors."`
	Format     string     `json:"format" required:"true" enum:"toeic-lr" description:"The test format."`
	Slug       string     `json:"slug" required:"true" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" description:"Names the exam for ever; a new revision keeps it."`
	Title      string     `json:"title" required:"true" minLength:"1" maxLength:"200" description:"Shown to learners."`
	Kind       Kind       `json:"kind" required:"true" enum:"full,mini,part" description:"full: 200 items in the real test's counts; mini: both sections, fewer items; part: one part alone."`
	Conversion string     `json:"conversion" required:"true" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" description:"Version of the raw-to-scaled conversion table that this form is scored with."`
	Language   string     `json:"language" required:"true" pattern:"^[a-z]{2}$" description:"Language of prompts and explanations."`
	Author     string     `json:"author" required:"true" minLength:"1" maxLength:"200" description:"Who wrote it."`
	Licence    string     `json:"licence" required:"true" minLength:"1" maxLength:"200" description:"Under which licence it may be used."`
	Parts      []PartForm `json:"parts" required:"true" minItems:"1" maxItems:"7" description:"In test order."`
}

// PartForm is the content of one part.
type PartForm struct {
	Number Part    `json:"number" required:"true" minimum:"1" maximum:"7" description:"Part of the test, 1 to 7."`
	Groups []Group `json:"groups" required:"true" minItems:"1" maxItems:"100" description:"Sets of items that are shown together."`
}

// Group is one or more items together with what they are about.
type Group struct {
	ID         string     `json:"id" required:"true" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" description:"Unique in the form. The author's own name for the set; learners never see it."`
	Stimuli    []Stimulus `json:"stimuli,omitempty" maxItems:"5" description:"Photograph, texts, graphic or recording."`
	Transcript []Turn     `json:"transcript,omitempty" maxItems:"60" description:"Parts 3 and 4: what is said, turn by turn. Shown only after submission."`
	Questions  []Question `json:"questions" required:"true" minItems:"1" maxItems:"5" description:"The items."`
}

// StimulusKind tells what a stimulus is made of.
type StimulusKind string

// The kinds of stimulus.
const (
	Text  StimulusKind = "text"
	Image StimulusKind = "image"
	Audio StimulusKind = "audio"
)

// Stimulus is something that the items of a group refer to.
type Stimulus struct {
	Kind        StimulusKind `json:"kind" required:"true" enum:"text,image,audio"`
	Style       string       `json:"style,omitempty" enum:"email,memo,letter,notice,article,advertisement,chat,form,schedule,table,webpage,review,invoice" description:"Text only: what sort of document it is."`
	Title       string       `json:"title,omitempty" maxLength:"200" description:"Text only: its heading."`
	Text        string       `json:"text,omitempty" maxLength:"20000" description:"Text only: the document; in part 6 [[number]] marks the blank of that item."`
	Media       string       `json:"media,omitempty" maxLength:"200" pattern:"^media/[A-Za-z0-9._-]+$" description:"Image and audio: the file in the pack."`
	Description string       `json:"description,omitempty" maxLength:"2000" description:"Image: what it shows, for the review. Never shown before submission, because it gives part 1 away."`
}

// Turn is what one speaker says before the next one speaks.
type Turn struct {
	Speaker string `json:"speaker" required:"true" pattern:"^[WM]-(US|UK|CA|AU)[0-9]?$" description:"W or M, accent, and a digit where two speakers share both."`
	Text    string `json:"text" required:"true" minLength:"1" maxLength:"4000"`
}

// Question is one item: what is asked, its options and its key.
type Question struct {
	Number      int      `json:"number" required:"true" minimum:"1" maximum:"200" description:"Counted through the whole form from 1, in the order of the parts."`
	Prompt      string   `json:"prompt,omitempty" maxLength:"2000" description:"The question; spoken in part 2, absent in parts 1 and 6."`
	Voices      []string `json:"voices,omitempty" maxItems:"2" description:"Parts 1 and 2: who speaks, as in a transcript; part 2 has the asker first."`
	Options     []Option `json:"options" required:"true" minItems:"3" maxItems:"4" description:"In order A, B, C, D; three in part 2, four elsewhere."`
	Key         string   `json:"key" required:"true" enum:"A,B,C,D" description:"The one right option."`
	Ability     Ability  `json:"ability" required:"true" enum:"L1,L2,L3,L4,L5,R1,R2,R3,R4,R5" description:"The ability that the item measures."`
	Explanation string   `json:"explanation" required:"true" minLength:"1" maxLength:"4000" description:"Why the key is right. Shown only after submission."`
}

// Option is one of the answers to choose from; spoken in parts 1 and 2.
type Option struct {
	Text      string `json:"text" required:"true" minLength:"1" maxLength:"1000"`
	Rationale string `json:"rationale,omitempty" maxLength:"1000" description:"Wrong options: why it attracts and why it is wrong. Shown only after submission."`
}

// KeyChoice returns the key as a choice. On a checked form it is never NoChoice.
func (q Question) KeyChoice() Choice {
	c, _ := ParseChoice(q.Key)
	return c
}

// Spoken returns what is heard of an item in parts 1 and 2, for the review; nothing elsewhere.
func (q Question) Spoken(p Part) []Turn {
	if p.Printed() {
		return nil
	}
	voice := func(i int) string {
		if len(q.Voices) == 0 {
			return ""
		}
		return q.Voices[min(i, len(q.Voices)-1)]
	}
	var turns []Turn
	if q.Prompt != "" {
		turns = append(turns, Turn{Speaker: voice(0), Text: q.Prompt})
	}
	for i, o := range q.Options {
		turns = append(turns, Turn{Speaker: voice(1), Text: "(" + Label(i).String() + ") " + o.Text})
	}
	return turns
}

// Multiple reports whether a group is a multiple-passage set, that is, has two or three documents to read together.
func (g Group) Multiple() bool { return g.printed() > 1 }

// printed counts what can be looked at or read in a group.
func (g Group) printed() int {
	n := 0
	for _, s := range g.Stimuli {
		if s.Kind != Audio {
			n++
		}
	}
	return n
}

// QuestionCount is the number of items in the part.
func (p PartForm) QuestionCount() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Questions)
	}
	return n
}

// QuestionCount is the number of items in the form.
func (f Form) QuestionCount() int {
	n := 0
	for _, p := range f.Parts {
		n += p.QuestionCount()
	}
	return n
}

// Each calls fn for every item of the form in order, with the part and group it belongs to.
func (f Form) Each(fn func(p Part, g Group, q Question)) {
	for _, p := range f.Parts {
		for _, g := range p.Groups {
			for _, q := range g.Questions {
				fn(p.Number, g, q)
			}
		}
	}
}

// MediaFiles lists the pack files that the form refers to, each once, in order of first use.
func (f Form) MediaFiles() []string {
	var files []string
	seen := map[string]bool{}
	for _, p := range f.Parts {
		for _, g := range p.Groups {
			for _, s := range g.Stimuli {
				if s.Media != "" && !seen[s.Media] {
					seen[s.Media] = true
					files = append(files, s.Media)
				}
			}
		}
	}
	return files
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
