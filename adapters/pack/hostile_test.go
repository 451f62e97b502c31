package pack_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// Each of these would take minutes or gigabytes to judge if it were judged at all.
func TestADocumentThatIsCostlyToJudgeIsRefusedAsAWhole(t *testing.T) {
	for code, text := range map[string]string{
		"too_many_values": `{"parts":[` + strings.Repeat(`{},`, 1_000_000) + `{}]}`,
		"long_name":       `{"` + strings.Repeat("k", 4<<20) + `":[` + strings.Repeat(`1,`, 1_000_000) + `1]}`,
		"too_deep":        strings.Repeat(`{"a":`, 1_000_000),
	} {
		_, issues := read(t, files{pack.Manifest: text}.folder(t))
		if diff := cmp.Diff([]string{"exam.json# " + code}, places(issues)); diff != "" {
			t.Error(diff)
		}
	}
}

// JSON Schema takes 1.0 and 1e0 for integers, Go does not; and nobody should compute the last ones.
func TestANumberThatIsNotWrittenAsAWholeOneIsNamed(t *testing.T) {
	for _, number := range []string{"1.0", "1e0", "1E+0", "1e999999", "1e-999999999", strings.Repeat("9", 1<<20), "-0.5"} {
		f := sound(t)
		change(`"number":1,"groups"`, `"number":`+number+`,"groups"`)(t, f)
		_, issues := read(t, f.folder(t))
		if diff := cmp.Diff([]string{"exam.json#/parts/0/number type"}, places(issues)); diff != "" {
			t.Errorf("%.20s: %s", number, diff)
		}
	}
}

// The limits of a document are for hostile ones: a full form, and ten of them, stay below.
func TestAFullFormIsFarFromTheLimitsOfADocument(t *testing.T) {
	form := examtest.Full()
	encoded, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	full := files{pack.Manifest: string(encoded)}
	for _, name := range form.MediaFiles() {
		full[name] = drawing
	}
	if _, issues := read(t, full.folder(t)); len(issues) > 0 {
		t.Errorf("issues %v", issues)
	}
	ten := "[" + strings.Repeat(string(encoded)+",", 9) + string(encoded) + "]"
	if _, issues := read(t, files{pack.Manifest: ten}.folder(t)); strings.Contains(fmt.Sprint(places(issues)), "too_many_values") {
		t.Error("ten full forms go beyond the limit")
	}
}

func TestAnUnsafeFolderAroundEverythingIsNotCutOff(t *testing.T) {
	for _, prefix := range []string{"../", "./", "/", `..\/`, "C:/"} {
		_, issues := read(t, sound(t).zip(t, prefix))
		if got := fmt.Sprint(places(issues)); !strings.Contains(got, "unsafe_name") {
			t.Errorf("everything below %q: %s", prefix, got)
		}
	}
}

// Only a folder that holds everything is the pack; else files from two places would be mixed.
func TestAFolderBesideOtherFilesIsNotTakenForThePack(t *testing.T) {
	f := sound(t)
	f["old/exam.json"] = "{}"
	_, issues := read(t, f.zip(t, ""))
	if diff := cmp.Diff([]string{"old/exam.json# unexpected_file"}, places(issues)); diff != "" {
		t.Error(diff)
	}
	_, issues = read(t, files{"x/exam.json": f[pack.Manifest], "media/p1-1.svg": drawing}.zip(t, ""))
	if diff := cmp.Diff([]string{"exam.json# missing", "x/exam.json# unexpected_file"}, places(issues)); diff != "" {
		t.Error(diff)
	}
}

func TestHiddenFoldersAreIgnoredInAFolderAndInAZipFile(t *testing.T) {
	f := sound(t)
	f[".git/config"], f["media/.cache/x"] = "x", "x"
	for _, path := range []string{f.folder(t), f.zip(t, ""), f.zip(t, "top/")} {
		if _, issues := read(t, path); len(issues) > 0 {
			t.Errorf("issues %v", issues)
		}
	}
}

// All of the list is read before the first file, so that the number of files alone would not protect the memory.
func TestAnEndlessListOfFilesIsNotReadToItsEnd(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	long := strings.Repeat("n", 60_000)
	for i := range 100 {
		if _, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(long, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// A hundred files are few: what is too long is their list.
	if _, _, err := pack.New().Read(t.Context(), save(t, b.Bytes())); !errors.Is(err, exam.ErrPackTooLarge) || errors.Is(err, exam.ErrUnreadable) {
		t.Errorf("error %v", err)
	}
}

// A hidden name would otherwise be ignored, and a media file only be unused.
func TestAControlCharacterInANameIsRefused(t *testing.T) {
	for _, name := range []string{".\x1b[2J", "media/\na.svg", "media/\x00.svg"} {
		f := sound(t)
		f[name] = drawing
		_, issues := read(t, f.zip(t, ""))
		if len(issues) != 1 || issues[0].Code != "unsafe_name" {
			t.Errorf("%q: issues %v", name, issues)
		}
	}
}

func TestAFileOfTheProgramIsNoPack(t *testing.T) {
	if _, _, err := pack.NewFS(sound(t).fs()).Read(t.Context(), "p/"+pack.Manifest); !errors.Is(err, exam.ErrUnreadable) {
		t.Errorf("error %v", err)
	}
}
