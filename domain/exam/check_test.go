package exam_test

import (
	"testing"
	"time"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

func TestWellMadeFormsHaveNoIssue(t *testing.T) {
	for _, f := range []exam.Form{examtest.Full(), examtest.Mini()} {
		for _, i := range f.Check() {
			t.Errorf("%s: %+v", f.Slug, i)
		}
	}
}

func TestEachBrokenRuleIsNamedWithItsPlace(t *testing.T) {
	cases := []struct {
		name    string
		break_  func(f *exam.Form)
		pointer string
		code    string
	}{
		{"format", func(f *exam.Form) { f.Format = "toefl" }, "/format", "unknown_format"},
		{"kind", func(f *exam.Form) { f.Kind = "half" }, "/kind", "unknown_kind"},
		{"no such part", func(f *exam.Form) { f.Parts[6].Number = 8 }, "/parts/6/number", "unknown_part"},
		{"part order", func(f *exam.Form) { f.Parts[1].Number = 1 }, "/parts/1/number", "part_order"},
		{"part missing", func(f *exam.Form) { f.Parts = f.Parts[:6] }, "/parts", "part_missing"},
		{"part 1 count", func(f *exam.Form) { f.Parts[0].Groups = f.Parts[0].Groups[1:] }, "/parts/0/groups", "full_count"},
		{"part 7 singles", func(f *exam.Form) { f.Parts[6].Groups = f.Parts[6].Groups[1:] }, "/parts/6/groups", "full_count"},
		{"part 7 doubles", func(f *exam.Form) { f.Parts[6].Groups = f.Parts[6].Groups[:14] }, "/parts/6/groups", "full_count"},
		{"part 7 order", func(f *exam.Form) { g := f.Parts[6].Groups; g[9], g[10] = g[10], g[9] }, "/parts/6/groups", "full_order"},
		{"numbering", func(f *exam.Form) { f.Parts[0].Groups[2].Questions[0].Number = 9 }, "/parts/0/groups/2/questions/0/number", "numbering"},
		{"a title with a control character", func(f *exam.Form) { f.Title = "A\x00B" }, "/title", "control_character"},
		{"duplicate id", func(f *exam.Form) { f.Parts[0].Groups[1].ID = f.Parts[0].Groups[0].ID }, "/parts/0/groups/1/id", "duplicate_id"},
		{"group size", func(f *exam.Form) { g := &f.Parts[2].Groups[0]; g.Questions = g.Questions[:2] }, "/parts/2/groups/0/questions", "group_size"},
		{"no photograph", func(f *exam.Form) { f.Parts[0].Groups[0].Stimuli = nil }, "/parts/0/groups/0/stimuli", "stimuli"},
		{"no documents", func(f *exam.Form) { f.Parts[6].Groups[0].Stimuli = nil }, "/parts/6/groups/0/stimuli", "stimuli"},
		{"recording in Reading", func(f *exam.Form) {
			g := &f.Parts[4].Groups[0]
			g.Stimuli = []exam.Stimulus{{Kind: exam.Audio, Media: "media/a.mp3"}}
		}, "/parts/4/groups/0/stimuli", "stimuli"},
		{"no transcript", func(f *exam.Form) { f.Parts[3].Groups[1].Transcript = nil }, "/parts/3/groups/1/transcript", "transcript_missing"},
		{"transcript in part 5", func(f *exam.Form) {
			f.Parts[4].Groups[0].Transcript = []exam.Turn{{Speaker: "W-US", Text: "x"}}
		}, "/parts/4/groups/0/transcript", "transcript_unexpected"},
		{"blank missing", func(f *exam.Form) { f.Parts[5].Groups[0].Stimuli[0].Text = "[[131]] [[132]] [[133]]" }, "/parts/5/groups/0/stimuli", "blank"},
		{"blank of another item", func(f *exam.Form) { f.Parts[5].Groups[0].Stimuli[0].Text += " [[7]]" }, "/parts/5/groups/0/stimuli", "blank"},
		{"text without text", func(f *exam.Form) { f.Parts[6].Groups[0].Stimuli[0].Text = " " }, "/parts/6/groups/0/stimuli/0/text", "text_missing"},
		{"image without file", func(f *exam.Form) { f.Parts[0].Groups[0].Stimuli[0].Media = "" }, "/parts/0/groups/0/stimuli/0/media", "media_missing"},
		{"image without description", func(f *exam.Form) { f.Parts[0].Groups[0].Stimuli[0].Description = "" }, "/parts/0/groups/0/stimuli/0/description", "description_missing"},
		{"stimulus kind", func(f *exam.Form) { f.Parts[6].Groups[0].Stimuli[0].Kind = "video" }, "/parts/6/groups/0/stimuli/0/kind", "unknown_stimulus"},
		{"options", func(f *exam.Form) {
			q := &f.Parts[1].Groups[0].Questions[0]
			q.Options = append(q.Options, exam.Option{Text: "x"})
		}, "/parts/1/groups/0/questions/0/options", "option_count"},
		{"key beyond part 2", func(f *exam.Form) { f.Parts[1].Groups[0].Questions[0].Key = "D" }, "/parts/1/groups/0/questions/0/key", "key"},
		{"no key", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Key = "" }, "/parts/4/groups/0/questions/0/key", "key"},
		{"ability of the other section", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Ability = "L1" }, "/parts/4/groups/0/questions/0/ability", "ability"},
		{"prompt missing", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Prompt = "" }, "/parts/4/groups/0/questions/0/prompt", "prompt_missing"},
		{"prompt in part 1", func(f *exam.Form) { f.Parts[0].Groups[0].Questions[0].Prompt = "Look" }, "/parts/0/groups/0/questions/0/prompt", "prompt_unexpected"},
		{"voices in part 5", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Voices = []string{"W-US"} }, "/parts/4/groups/0/questions/0/voices", "voices_unexpected"},
		{"explanation", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Explanation = "" }, "/parts/4/groups/0/questions/0/explanation", "explanation_missing"},
		{"option empty", func(f *exam.Form) { f.Parts[4].Groups[0].Questions[0].Options[0].Text = "" }, "/parts/4/groups/0/questions/0/options/0/text", "option_empty"},
		{"option repeated", func(f *exam.Form) { o := f.Parts[4].Groups[0].Questions[0].Options; o[1].Text = o[0].Text }, "/parts/4/groups/0/questions/0/options/1/text", "option_repeated"},
		{"rationale of the key", func(f *exam.Form) {
			q := &f.Parts[4].Groups[0].Questions[0]
			q.Options[q.KeyChoice().Index()].Rationale = "x"
		}, "", "rationale_unexpected"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f := examtest.Full()
			tc.break_(&f)
			issues := f.Check()
			for _, i := range issues {
				if i.Code == tc.code && (tc.pointer == "" || i.Pointer == tc.pointer) {
					return
				}
			}
			t.Errorf("want %s at %q, got %+v", tc.code, tc.pointer, issues)
		})
	}
}

func TestAMiniTestNeedsBothSectionsAndAPartFormOnePart(t *testing.T) {
	f := examtest.Mini()
	f.Parts = f.Parts[:4]
	if issues := f.Check(); len(issues) != 1 || issues[0].Code != "section_missing" {
		t.Errorf("mini: %+v", issues)
	}
	f.Kind = exam.Only
	if issues := f.Check(); len(issues) != 1 || issues[0].Code != "part_count" {
		t.Errorf("part: %+v", issues)
	}
}

func TestTheOutlineGivesTheRealNumbersAndTimes(t *testing.T) {
	o := examtest.Full().Outline()
	want := exam.Outline{{Part: 1, First: 1, Count: 6}, {Part: 2, First: 7, Count: 25}, {Part: 3, First: 32, Count: 39}, {Part: 4, First: 71, Count: 30}, {Part: 5, First: 101, Count: 30}, {Part: 6, First: 131, Count: 16}, {Part: 7, First: 147, Count: 54}}
	for i := range want {
		if o[i] != want[i] {
			t.Errorf("span %d = %+v, want %+v", i, o[i], want[i])
		}
	}
	if l, r := o.Time(exam.Listening), o.Time(exam.Reading); l != 45*time.Minute || r != 75*time.Minute {
		t.Errorf("times = %v, %v", l, r)
	}
	if p, ok := o.PartOf(100); !ok || p != exam.Talks {
		t.Errorf("item 100 is in part %d", p)
	}
	if _, ok := o.PartOf(201); ok {
		t.Error("item 201 exists")
	}
	if d := examtest.Mini().Outline().Time(exam.Listening); d != 243*time.Second {
		t.Errorf("9 Listening items take %v, want 27 s each", d)
	}
}

func TestEqualContentHasEqualBytesAndSurvivesStorage(t *testing.T) {
	c := exam.Content{Form: examtest.Full(), Media: map[string]exam.Media{"media/b": {Hash: "2"}, "media/a": {Hash: "1"}}}
	a, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := exam.DecodeContent(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := back.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if exam.Hash(a) != exam.Hash(b) {
		t.Error("the hash changed in storage")
	}
	back.Form.Parts[0].Groups[0].Questions[0].Key = "C"
	if d, _ := back.Encode(); exam.Hash(d) == exam.Hash(a) {
		t.Error("another key has the same hash")
	}
}
