package leaderboard

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toeic-app/toeic/domain/fault"
)

// The bounds of a pseudonym, in characters.
const (
	minPseudonym = 2
	maxPseudonym = 30
	maxMarks     = 2 // combining marks on one character; more is drawing, not writing
)

// Pseudonym is the name that others see.
type Pseudonym struct {
	Shown  string
	Folded string // equal for pseudonyms that a reader would take for the same
}

// separators may stand between two letters or digits, one at a time.
const separators = " _-.'・"

// reserved words speak for the service; a pseudonym that holds one could be taken for its voice.
var reserved = []string{"admin", "moderator", "official", "support", "toeic", "teacher"}

// reservedWhole are too short to be refused wherever they occur.
var reservedWhole = []string{"ets", "iibc", "staff", "system", "root"}

// systems are the writing systems that one name may be of. Japanese, Korean and Chinese mix with Latin letters by
// nature; others do so to deceive.
var systems = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Hangul"}, {"Latin", "Han", "Bopomofo"},
}

// ParsePseudonym reads a pseudonym. compatible brings text into the normalization form NFKC, and fold takes away
// differences of case. It returns ErrInvalidPseudonym naming every rule that is broken.
func ParsePseudonym(text string, compatible, fold func(string) string) (Pseudonym, error) {
	p := Pseudonym{Shown: strings.TrimSpace(compatible(text))}
	p.Folded = lookalike(compatible(fold(p.Shown)))
	var fields []fault.Field
	if n := utf8.RuneCountInString(p.Shown); n < minPseudonym || n > maxPseudonym || utf8.RuneCountInString(p.Folded) < minPseudonym {
		fields = append(fields, field("pseudonym", "length", "A pseudonym has 2 to 30 characters, of which 2 are letters or digits."))
	}
	if !written(p.Shown) {
		fields = append(fields, field("pseudonym", "invalid", "A pseudonym is made of letters and digits, with single spaces or one of _ - . ' between them."))
	}
	if !oneSystem(p.Shown) {
		fields = append(fields, field("pseudonym", "mixed_scripts", "The letters of a pseudonym are of one writing system."))
	}
	if speaksForUs(p.Folded) {
		fields = append(fields, field("pseudonym", "reserved", "A pseudonym must not look as if it were of the service itself."))
	}
	if len(fields) > 0 {
		return Pseudonym{}, ErrInvalidPseudonym.WithFields(fields...)
	}
	return p, nil
}

func field(name, code, detail string) fault.Field {
	return fault.Field{Name: name, Code: code, Detail: detail}
}

// written reports whether s has nothing but letters, digits, a few marks on them, and separators between them. Control
// and format characters, which nobody sees, are none of these.
func written(s string) bool {
	marks, between := 0, true // as if a separator stood before the beginning
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) && !blank(r), unicode.Is(unicode.Nd, r):
			marks, between = 0, false
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r):
			if marks++; between || marks > maxMarks {
				return false
			}
		case strings.ContainsRune(separators, r) && !between:
			between = true
		default:
			return false
		}
	}
	return !between
}

// blank tells the letters that look like nothing.
func blank(r rune) bool { return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) }

// oneSystem reports whether the letters of s are of one script, or of scripts that are written together.
func oneSystem(s string) bool {
	var used []string
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		if name := scriptOf(r); name != "" && !slices.Contains(used, name) {
			used = append(used, name)
		}
	}
	if len(used) < 2 {
		return true
	}
	return slices.ContainsFunc(systems, func(system []string) bool {
		return !slices.ContainsFunc(used, func(name string) bool { return !slices.Contains(system, name) })
	})
}

// scriptOf names the script of a letter; "" for those that several share.
func scriptOf(r rune) string {
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// doubles are characters that look like others once differences of case are gone: by each, those that pass for it.
var doubles = map[rune]string{
	'a': "аα", 'b': "вβ", 'c': "с", 'd': "ԁ", 'e': "еε", 'h': "нһη", 'j': "ј", 'k': "кκ", 'l': "1iіӏιı", 'm': "мμ",
	'n': "п", 'o': "0оο", 'p': "рρ", 'q': "ԛ", 's': "ѕ5", 't': "тτ", 'v': "ν", 'w': "ԝω", 'x': "хχ", 'y': "уγ", 'z': "ζ2",
}

// lookalike keeps the letters, digits and marks of folded text, each character that passes for another as that one.
func lookalike(folded string) string {
	plain := map[rune]rune{}
	for r, others := range doubles {
		for _, o := range others {
			plain[o] = r
		}
	}
	return strings.Map(func(r rune) rune {
		if p, double := plain[r]; double {
			return p
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, folded)
}

func speaksForUs(folded string) bool {
	same := func(word string) bool { return lookalike(word) == folded }
	within := func(word string) bool { return strings.Contains(folded, lookalike(word)) }
	return slices.ContainsFunc(reserved, within) || slices.ContainsFunc(reservedWhole, same)
}
