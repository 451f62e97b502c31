package exam

// Section is one of the two separately timed and separately scored halves of the test.
type Section string

// The sections of a Listening & Reading test, in the order they are taken.
const (
	Listening Section = "listening"
	Reading   Section = "reading"
)

// Sections lists both sections in test order.
func Sections() []Section { return []Section{Listening, Reading} }

// Part is the number of one of the seven parts of a Listening & Reading test.
type Part int

// The parts, under the names the test itself uses.
const (
	Photographs          Part = 1
	QuestionResponse     Part = 2
	Conversations        Part = 3
	Talks                Part = 4
	IncompleteSentences  Part = 5
	TextCompletion       Part = 6
	ReadingComprehension Part = 7
)

// Parts lists the seven parts in test order.
func Parts() []Part {
	return []Part{Photographs, QuestionResponse, Conversations, Talks, IncompleteSentences, TextCompletion, ReadingComprehension}
}

// Valid reports whether p is one of the seven parts.
func (p Part) Valid() bool { return p >= Photographs && p <= ReadingComprehension }

// Section returns the half of the test to which p belongs.
func (p Part) Section() Section {
	if p <= Talks {
		return Listening
	}
	return Reading
}

// Options is the number of options an item of this part has: three in part 2, four elsewhere.
func (p Part) Options() int {
	if p == QuestionResponse {
		return 3
	}
	return 4
}

// Printed reports whether prompt and options are on the page. In parts 1 and 2 they are only heard.
func (p Part) Printed() bool { return p != Photographs && p != QuestionResponse }

// Name returns the part's English name.
func (p Part) Name() string {
	switch p {
	case Photographs:
		return "Photographs"
	case QuestionResponse:
		return "Question-Response"
	case Conversations:
		return "Conversations"
	case Talks:
		return "Talks"
	case IncompleteSentences:
		return "Incomplete Sentences"
	case TextCompletion:
		return "Text Completion"
	case ReadingComprehension:
		return "Reading Comprehension"
	default:
		return ""
	}
}

// Choice is the letter of an option, 'A' to 'D', or NoChoice for a blank.
type Choice byte

// NoChoice is a blank: never chosen, or cleared again.
const NoChoice Choice = 0

// ParseChoice reads one upper-case letter; the empty string is NoChoice.
func ParseChoice(s string) (Choice, bool) {
	switch {
	case s == "":
		return NoChoice, true
	case len(s) == 1 && s[0] >= 'A' && s[0] <= 'D':
		return Choice(s[0]), true
	default:
		return NoChoice, false
	}
}

// String returns the letter, or the empty string for NoChoice.
func (c Choice) String() string {
	if c == NoChoice {
		return ""
	}
	return string(rune(c))
}

// Index is the place of the option in its list, counted from zero; -1 for NoChoice.
func (c Choice) Index() int {
	if c == NoChoice {
		return -1
	}
	return int(c - 'A')
}

// Label returns the letter of the option at index i.
func Label(i int) Choice { return Choice('A' + i) } //nolint:gosec // i is an index of at most four options.

// Ability is one of the ten "abilities measured" of the score report. Each item is tagged with one.
type Ability string

// The abilities: L1–L5 for Listening, R1–R5 for Reading.
const (
	GistShort       Ability = "L1" // gist, purpose and context in short spoken texts (parts 1–2)
	GistExtended    Ability = "L2" // the same in extended spoken texts (parts 3–4)
	DetailsShort    Ability = "L3" // details in short spoken texts
	DetailsExtended Ability = "L4" // details in extended spoken texts
	ImpliedMeaning  Ability = "L5" // a speaker's purpose or implied meaning
	Inference       Ability = "R1" // inferences from written texts
	LocateDetail    Ability = "R2" // locating and understanding specific information
	ConnectDetails  Ability = "R3" // connecting information across sentences or texts
	Vocabulary      Ability = "R4" // vocabulary in written texts
	Grammar         Ability = "R5" // grammar in written texts
)

// Abilities lists the ten abilities in report order.
func Abilities() []Ability {
	return []Ability{
		GistShort, GistExtended, DetailsShort, DetailsExtended, ImpliedMeaning,
		Inference, LocateDetail, ConnectDetails, Vocabulary, Grammar,
	}
}

// Section returns the section in which a is measured, or "" when a is no known ability.
func (a Ability) Section() Section {
	for _, known := range Abilities() {
		if a != known {
			continue
		}
		if a[0] == 'L' {
			return Listening
		}
		return Reading
	}
	return ""
}
