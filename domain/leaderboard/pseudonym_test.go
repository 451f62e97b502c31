package leaderboard_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/leaderboard"
)

func parse(s string) (leaderboard.Pseudonym, error) {
	return leaderboard.ParsePseudonym(s, norm.NFKC.String, cases.Fold().String)
}

func TestPseudonymsOfManyLanguagesAreGood(t *testing.T) {
	for in, shown := range map[string]string{
		"Ann": "Ann", "  Ann  ": "Ann", "Night Owl 7": "Night Owl 7", "o'neil": "o'neil", "山田 太郎": "山田 太郎", "トム・ハンクス": "トム・ハンクス",
		"ヤマダTom": "ヤマダTom", "김민준": "김민준", "Nguyễn Văn A": "Nguyễn Văn A", "Ａｎｎ": "Ann", "สมชาย": "สมชาย", "Ελένη": "Ελένη",
		"Иван": "Иван", "मोहन": "मोहन", "42 is it": "42 is it", strings.Repeat("a", 30): strings.Repeat("a", 30),
	} {
		p, err := parse(in)
		if err != nil || p.Shown != shown {
			t.Errorf("%q: %q, %v", in, p.Shown, err)
		}
	}
}

func TestPseudonymsThatDeceiveAreRefused(t *testing.T) {
	for in, code := range map[string]string{
		"":                      "length",
		"a":                     "length",
		strings.Repeat("a", 31): "length",
		"...":                   "length",
		"An\u200bn":             "invalid", // a space without width
		"An\u202en":             "invalid", // turns the writing round
		"An\tn":                 "invalid",
		"An\x00n":               "invalid",
		"An\u3164n":             "invalid", // a letter that looks like nothing
		"Ann  Lee":              "invalid",
		"_Ann":                  "invalid",
		"Ann.":                  "invalid",
		"Ann😀":                  "invalid",
		"a\u0316\u0317\u0318b":  "invalid", // letters as drawings
		"\u0301ab":              "invalid",
		"<b>Ann</b>":            "invalid",
		"\xff\xfe":              "invalid",
		"Аnn":                   "mixed_scripts", // the first letter is Cyrillic
		"Annα":                  "mixed_scripts",
		"Admin":                 "reserved",
		"аdmіn":                 "reserved",
		"T.O.E.I.C":             "reserved",
		"0fficial":              "reserved",
		"The Moderat0r":         "reserved",
		"ETS":                   "reserved",
		"ｓｙｓｔｅｍ":                "reserved",
	} {
		_, err := parse(in)
		var f *fault.Error
		if !errors.As(err, &f) || !errors.Is(err, leaderboard.ErrInvalidPseudonym) || !slices.ContainsFunc(f.Fields, func(f fault.Field) bool { return f.Code == code }) {
			t.Errorf("%q: %v, want the code %s", in, err, code)
		}
	}
	if _, err := parse("Poets"); err != nil {
		t.Errorf("a word that merely holds a short one: %v", err)
	}
}

func TestPseudonymsThatLookTheSameAreTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"Ann", "ann"},
		{"Ann", "ＡＮＮ"},
		{"Ann", "A-n.n"},
		{"Ann Lee", "annlee"},
		{"Al", "AI"},
		{"Bob", "B0b"},
		{"Straße", "STRASSE"},
		{"cap", "сар"},
		{"é1", "e\u03011"},
		{"ﬁne", "fine"},
		{"Ivan O", "1van 0"},
	} {
		a, err := parse(pair[0])
		b, err2 := parse(pair[1])
		if err != nil || err2 != nil || a.Folded != b.Folded {
			t.Errorf("%q is %q, %q is %q (%v, %v)", pair[0], a.Folded, pair[1], b.Folded, err, err2)
		}
	}
	ann, _ := parse("Ann")
	for _, other := range []string{"Anna", "Án", "Anm", "アン"} {
		if p, err := parse(other); err != nil || p.Folded == ann.Folded {
			t.Errorf("%q passes for Ann (%v)", other, err)
		}
	}
}

func TestWhateverIsTypedAPseudonymIsGoodOnceItIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := parse(rapid.String().Draw(t, "typed"))
		if err != nil {
			if !errors.Is(err, leaderboard.ErrInvalidPseudonym) {
				t.Fatal(err)
			}
			return
		}
		again, err := parse(p.Shown)
		if err != nil || again != p {
			t.Fatalf("%+v becomes %+v (%v)", p, again, err)
		}
	})
}
