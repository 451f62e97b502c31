package web_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
)

// chosen are the codings that follow from Accept-Encoding headers; lines end with "\n".
var chosen = map[string]string{
	// what browsers and programs send
	"gzip, deflate, br, zstd": "zstd", "gzip, deflate, br": "gzip", "gzip, deflate": "gzip", "gzip": "gzip", "gzip;q=1.0": "gzip", "zstd": "zstd",
	"br;q=1.0, gzip;q=0.8, *;q=0.1": "gzip", "deflate, gzip;q=1.0, *;q=0.5": "gzip", "x-gzip": "gzip",
	// nothing that there is
	"": "identity", "identity": "identity", "br": "identity", ",, ,": "identity", ";q=1": "identity", "deflate, br;q=1": "identity", "gzipped, zst": "identity",
	// weights
	"gzip;q=0.5, zstd;q=0.4": "gzip", "zstd;q=0.4, gzip;q=0.5": "gzip", "zstd;q=0.5, gzip;q=0.5": "zstd", "gzip;q=0.501, zstd;q=0.5": "gzip", "gzip;q=0.001": "gzip",
	"identity;q=0.5, gzip;q=0.4": "identity", "identity, zstd;q=0.9": "identity", "identity;q=0.5, gzip;q=0.5": "gzip", "identity, gzip": "gzip", "gzip;q=1.000, zstd;q=0.999": "gzip",
	"gzip;q=1.": "gzip", "gzip;q=.5, zstd;q=.4": "gzip", "gzip;q=0.33339, zstd;q=0.3333": "zstd",
	// refusals
	"gzip;q=0": "identity", "gzip;q=0.0": "identity", "gzip;q=0.000, zstd": "zstd", "zstd;q=0, gzip": "gzip", "identity;q=0": "identity", "identity;q=0, br": "identity",
	"identity;q=0, gzip;q=0.1": "gzip", "*;q=0": "identity", "*;q=0, gzip": "gzip", "gzip;q=0, zstd;q=0, identity;q=0": "identity",
	// whatever is not named
	"*": "zstd", "*, gzip;q=0": "zstd", "*, zstd;q=0": "gzip", "zstd;q=0, gzip;q=0, *": "identity", "gzip;q=0.5, *;q=0.8": "zstd", "gzip, *;q=0.1": "gzip",
	"zstd;q=0.5, gzip;q=0.5, *;q=0.8": "identity", "*;q=0.1, identity;q=0.2": "identity",
	// writing
	"GZIP": "gzip", "ZStd;Q=0.5": "zstd", "gzip ; q=0.5": "gzip", "\tgzip;\tq=0.5\t,zstd;q=0.1": "gzip", "gzip;": "gzip", "gzip\nzstd": "zstd", "zstd;q=0\n*": "gzip", "\ngzip": "gzip",
	// said twice: the first holds
	"gzip;q=0, gzip": "identity", "gzip, gzip;q=0": "gzip", "*;q=0, *": "identity", "x-gzip;q=0, gzip": "identity", "gzip\ngzip;q=0": "gzip",
	// what is no weight refuses
	"gzip;q=": "identity", "gzip;q=x": "identity", "gzip;q": "identity", "gzip;q=-1": "identity", "gzip;q=2": "identity", "gzip;q=1.001": "identity", "gzip;q=0.5.5": "identity", "gzip;q=.": "identity",
	"gzip;q=0,5": "identity", "gzip;q=1.-5": "identity", "gzip;q=0./5": "identity", "gzip;q=0.:": "identity", "gzip;q=0.00-": "identity", "gzip;q=0.500x": "identity", "gzip;q=0.5 5": "identity", "gzip;q=NaN": "identity", "gzip;q=Inf": "identity", "gzip;q=1e0": "identity", "gzip;q=0x1": "identity", "gzip;q=+1": "identity", "gzip;q=00.5": "identity",
	"gzip;level=9": "identity", "gzip;q=0.5;level=9": "identity", "gzip;q = 0.5": "identity", "gzip;q=\"1\"": "identity", "gzip;q=x, zstd;q=0.1": "zstd", "*;q=x": "identity", "*;q=x, gzip": "gzip",
	// what is no name is passed over
	"gzip q=1": "identity", "gzip\x00": "identity", "g zip": "identity", "\"gzip\"": "identity", "gzip=1, zstd": "zstd", "**": "identity", "* gzip": "identity", "gzip|zstd": "identity", "한, gzip": "gzip",
}

func TestTheBestCodingThatAClientTakesIsChosen(t *testing.T) {
	for header, want := range chosen {
		if got := web.Negotiate(strings.Split(header, "\n")...); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	if got := web.Negotiate(); got != "identity" {
		t.Errorf("without a header: %s", got)
	}
}

func TestTheChoiceOfACodingDoesNotAllocate(t *testing.T) {
	for _, header := range []string{"gzip, deflate, br, zstd", "gzip, deflate, br", "gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity;q=0, *;q=x", ""} {
		lines := []string{header}
		if n := testing.AllocsPerRun(100, func() { web.Negotiate(lines...) }); n > 0 {
			t.Errorf("%q: %v allocations", header, n)
		}
	}
}

// weightRule is what counts as a weight: that of RFC 9110, section 12.4.2, but of any number of digits and without the
// zero before the point if there are digits behind it.
var weightRule = regexp.MustCompile(`^[qQ]=(?:([01])(?:\.([0-9]*))?|\.([0-9]+))$`)

// slowWeight reads a weight by the rule.
func slowWeight(text string) int {
	text = strings.TrimSpace(text)
	if text == "" {
		return 1000
	}
	m := weightRule.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	digits := (m[2] + m[3] + "000")[:3]
	n, err := strconv.Atoi(m[1] + digits)
	if err != nil || n > 1000 {
		return 0
	}
	return n
}

// slowChoice chooses a coding in the order of the rule rather than in that of the header.
func slowChoice(header string) string {
	said := map[string]int{}
	for _, item := range strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == '\n' }) {
		name, weight, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "x-gzip" {
			name = "gzip"
		}
		if _, again := said[name]; !again {
			said[name] = slowWeight(weight)
		}
	}
	weight := func(name string) int {
		if w, named := said[name]; named {
			return w
		}
		return said["*"]
	}
	best := slices.MaxFunc([]string{"zstd", "gzip", "identity"}, func(a, b string) int { return weight(a) - weight(b) }) // the first of equals
	if weight(best) == 0 {
		return "identity"
	}
	return best
}

func FuzzNegotiate(f *testing.F) {
	for header := range chosen {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for _, r := range header {
			if r >= 0x80 { // the long s, which is an s in other letters, comes in no header
				return
			}
		}
		if got, want := web.Negotiate(strings.Split(header, "\n")...), slowChoice(header); got != want {
			t.Fatalf("%q: %s, want %s", header, got, want)
		}
	})
}
