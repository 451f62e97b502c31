package pack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/ports"
)

// places writes issues as file#pointer code, in the order in which they came.
func places(issues []ports.PackIssue) []string {
	out := make([]string, len(issues))
	for i, issue := range issues {
		out[i] = issue.File + "#" + issue.Pointer + " " + issue.Code
	}
	return out
}

func TestTwelveFaultsAreReportedInOneGoAndInOrder(t *testing.T) {
	f := sound(t)
	for _, c := range [][2]string{
		{`{"format"`, `{"author":"Somebody","format"`},
		{`"slug":"mini-form"`, `"slug":"Mini Form"`},
		{`"kind":"mini"`, `"kind":"maxi"`},
		{`"licence":"CC0-1.0",`, `"license":"CC0-1.0",`},
		{`"language":"en"`, `"language":7`},
		{`"number":1,"groups"`, `"number":1.0,"groups"`},
		{`"media/p1-1.svg"`, `"media/none.svg"`},
		{`"id":"canary-p2-1"`, `"id":""`},
	} {
		change(c[0], c[1])(t, f)
	}
	f["media/script.svg"] = `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`
	f["media/text.png"] = "hello"
	f["run.sh"] = "#!"
	want := []string{
		"exam.json#/author duplicate_key",
		"exam.json#/kind enum",
		"exam.json#/language type",
		"exam.json#/licence required",
		"exam.json#/license unknown",
		"exam.json#/parts/0/groups/0/stimuli/0/media media_missing",
		"exam.json#/parts/0/number type",
		"exam.json#/parts/1/groups/0/id pattern",
		"exam.json#/slug pattern",
		"media/p1-1.svg# unused",
		"media/script.svg# unsafe_svg",
		"media/text.png# media_type",
		"run.sh# unexpected_file",
	}
	for range 5 { // maps are walked in another order each time
		got, issues := read(t, f.folder(t))
		if diff := cmp.Diff(want, places(issues)); diff != "" {
			t.Fatal(diff)
		}
		if got.Form.Title != "Form mini-form" || got.Form.QuestionCount() != 22 {
			t.Errorf("what could be read is lost: %q, %d questions", got.Form.Title, got.Form.QuestionCount())
		}
	}
}

func TestMediaAreCheckedForThemselvesWhenTheDocumentCannotBeRead(t *testing.T) {
	f := sound(t)
	f[pack.Manifest] = "{"
	f["media/bad.svg"] = "<svg>"
	_, issues := read(t, f.folder(t))
	if diff := cmp.Diff([]string{"exam.json# syntax", "media/bad.svg# unsafe_svg"}, places(issues)); diff != "" {
		t.Error(diff)
	}
}

// A form of part 5 refers to no media at all; a file beside it would change the content and reach nobody.
func TestAStrayFileIsNamedEvenWhenTheFormUsesNone(t *testing.T) {
	f := sound(t)
	change(`,"media":"media/p1-1.svg"`, ``)(t, f)
	_, issues := read(t, f.folder(t))
	if diff := cmp.Diff([]string{"media/p1-1.svg# unused"}, places(issues)); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsRefusedIsNotSaidToBeMissingToo(t *testing.T) {
	for name, most := range map[string]int{"media/p1-1.svg": pack.MaxMedia, pack.Manifest: pack.MaxManifest} {
		f := sound(t)
		f[name] = strings.Repeat(" ", most+1)
		_, issues := read(t, f.folder(t))
		if !slices.Equal(places(issues), []string{name + "# too_large"}) {
			t.Errorf("issues %v", places(issues))
		}
	}
}

func TestAnIssueShowsNothingThatATerminalWouldObey(t *testing.T) {
	f := sound(t)
	f["\x1b[2Jevil.sh"] = "#!"
	change(`{"format"`, `{"\u001b[2J":1,"format"`)(t, f)
	_, issues := read(t, f.zip(t, ""))
	if len(issues) != 2 {
		t.Errorf("issues %q", issues)
	}
	for _, i := range issues {
		if strings.Contains(i.File+i.Pointer+i.Detail, "\x1b") {
			t.Errorf("issue %q", i)
		}
	}
}

func TestALongValueIsQuotedOnlyInPart(t *testing.T) {
	f := sound(t)
	change(`"slug":"mini-form"`, `"slug":"`+strings.Repeat("É", 100_000)+`"`)(t, f)
	_, issues := read(t, f.folder(t))
	if !slices.Equal(places(issues), []string{"exam.json#/slug max_length", "exam.json#/slug pattern"}) {
		t.Errorf("issues %v", places(issues))
	}
	for _, i := range issues {
		if len(i.Detail) > 400 || strings.ContainsRune(i.Detail, '\uFFFD') {
			t.Errorf("detail of %d bytes: %q", len(i.Detail), i.Detail)
		}
	}
}
