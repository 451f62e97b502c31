package web

import (
	"embed"
	"encoding/json"
	"fmt"

	"golang.org/x/text/language"

	"github.com/toeic-app/toeic/domain/fault"
)

//go:embed messages/*.json
var messageFiles embed.FS

// catalog is the failures in one language; what it lacks is said in English.
type catalog struct {
	Titles map[fault.Kind]string `json:"titles"`
	Codes  map[string]string     `json:"codes"`
	Fields map[string]string     `json:"fields"`
}

func (c catalog) title(k fault.Kind) string {
	if s := c.Titles[k]; s != "" {
		return s
	}
	return kinds()[k].title
}

func (c catalog) detail(f *fault.Error) string {
	if s := c.Codes[f.Code]; s != "" {
		return s
	}
	return f.Message
}

func (c catalog) field(f fault.Field) string {
	if s := c.Fields[f.Code]; s != "" {
		return s
	}
	return f.Detail
}

// negotiator chooses among the languages that the program speaks.
type negotiator struct {
	locales  []string
	matcher  language.Matcher
	catalogs map[string]catalog
}

// newNegotiator reads the catalogs of all locales but the first, whose words are in the code.
func newNegotiator(locales []string) (negotiator, error) {
	n := negotiator{locales: locales, catalogs: map[string]catalog{}}
	var tags []language.Tag
	for i, locale := range locales {
		tag, err := language.Parse(locale)
		if err != nil {
			return n, fmt.Errorf("web: locale %s: %w", locale, err)
		}
		tags = append(tags, tag)
		if i == 0 {
			continue
		}
		data, err := messageFiles.ReadFile("messages/" + locale + ".json")
		if err != nil {
			return n, fmt.Errorf("web: catalog of %s: %w", locale, err)
		}
		var c catalog
		if err := json.Unmarshal(data, &c); err != nil {
			return n, fmt.Errorf("web: catalog of %s: %w", locale, err)
		}
		n.catalogs[locale] = c
	}
	n.matcher = language.NewMatcher(tags)
	return n, nil
}

// maxAccept bounds the Accept-Language header that is looked at, in bytes; a longer one is nobody's browser.
const maxAccept = 200

// match returns the locale that suits an Accept-Language header best, the first when it says nothing useful.
func (n negotiator) match(accept string) string {
	if accept == "" || len(accept) > maxAccept {
		return n.locales[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return n.locales[0]
	}
	_, index, _ := n.matcher.Match(wanted...) // the index is exact; the tag is decorated
	return n.locales[index]
}

func (n negotiator) catalog(locale string) catalog { return n.catalogs[locale] }
