// Package mail writes letters in the reader's language and hands them to an SMTP server or, on development machines,
// to an outbox that can be looked into.
package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"net/mail"
	"strings"
	texttemplate "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/toeic-app/toeic/domain/identity"
)

//go:embed letters/*.json
var files embed.FS

// catalog is what letters are made of in one language.
type catalog struct {
	Phrases struct {
		Hello        string `json:"hello"` // a template of the name
		HelloUnknown string `json:"hello_unknown"`
		CodeLine     string `json:"code_line"`
		Within       string `json:"within"` // how long a code is good
		Until        string `json:"until"`  // a template of the time
		Sign         string `json:"sign"`
		Auto         string `json:"auto"`
	} `json:"phrases"`
	Letters map[identity.LetterKind]struct {
		Subject    string   `json:"subject"`
		Paragraphs []string `json:"paragraphs"`
		Caution    string   `json:"caution"` // what to do if it was somebody else
	} `json:"letters"`
}

// Writer writes letters from one sender.
type Writer struct {
	from     *mail.Address
	domain   string // of the sender; the right side of message identifiers
	catalogs map[string]catalog
	text     *texttemplate.Template
	html     *htmltemplate.Template
}

// NewWriter fails for a sender that is no address.
func NewWriter(from string) (*Writer, error) {
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("read the sender's address: %w", err)
	}
	w := &Writer{from: sender, catalogs: map[string]catalog{}}
	_, w.domain, _ = strings.Cut(sender.Address, "@")
	for _, locale := range identity.Locales() {
		raw, err := files.ReadFile("letters/" + locale + ".json")
		if err != nil {
			return nil, fmt.Errorf("read the letters in %s: %w", locale, err)
		}
		var c catalog
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, fmt.Errorf("read the letters in %s: %w", locale, err)
		}
		w.catalogs[locale] = c
	}
	w.text = texttemplate.Must(texttemplate.New("text").Parse(textLetter))
	w.html = htmltemplate.Must(htmltemplate.New("html").Parse(htmlLetter))
	return w, nil
}

const textLetter = `{{.Greeting}}

{{range .Paragraphs}}{{.}}

{{end}}{{with .Code}}{{$.CodeLine}}

    {{.}}

{{end}}{{with .Deadline}}{{.}}

{{end}}{{.Caution}}

{{.Sign}}
--
{{.Auto}}
`

const htmlLetter = `<!doctype html>
<html lang="{{.Locale}}"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family:sans-serif;line-height:1.5;max-width:36em;margin:2em auto;padding:0 1em;color:#222">
<p>{{.Greeting}}</p>
{{range .Paragraphs}}<p>{{.}}</p>
{{end}}{{with .Code}}<p>{{$.CodeLine}}</p>
<p style="font-size:1.8em;letter-spacing:.2em;font-family:monospace">{{.}}</p>
{{end}}{{with .Deadline}}<p>{{.}}</p>
{{end}}<p>{{.Caution}}</p>
<p>{{.Sign}}</p>
<hr><p style="color:#666;font-size:.85em">{{.Auto}}</p>
</body></html>
`

// content is what the templates fill in.
type content struct {
	Locale, Subject, Greeting, CodeLine, Code, Deadline, Caution, Sign, Auto string
	Paragraphs                                                               []string
}

// contentOf puts a letter into words; identity.Locales()[0] stands in for a language that is not spoken.
func (w *Writer) contentOf(l identity.Letter) (content, error) {
	locale := l.Locale
	c, spoken := w.catalogs[locale]
	if !spoken {
		locale = identity.Locales()[0]
		c = w.catalogs[locale]
	}
	words, known := c.Letters[l.Kind]
	if !known {
		return content{}, fmt.Errorf("there is no letter of the kind %q", l.Kind)
	}
	out := content{
		Locale: locale, Subject: words.Subject, Greeting: c.Phrases.HelloUnknown, CodeLine: c.Phrases.CodeLine, Code: l.Code,
		Caution: words.Caution, Sign: c.Phrases.Sign, Auto: c.Phrases.Auto, Paragraphs: words.Paragraphs,
	}
	if l.Name != "" {
		out.Greeting = strings.ReplaceAll(c.Phrases.Hello, "{{.Name}}", oneLine(l.Name))
	}
	switch {
	case l.Code != "":
		out.Deadline = c.Phrases.Within
	case l.Until != nil:
		out.Deadline = strings.ReplaceAll(c.Phrases.Until, "{{.Until}}", l.Until.UTC().Format("2006-01-02 15:04"))
	}
	return out, nil
}

// oneLine keeps a name from looking like more of the letter than a name.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// write makes the message of a letter, with a text for every reader and a page for those who show one.
func (w *Writer) write(l identity.Letter, at time.Time) (*gomail.Msg, content, error) {
	c, err := w.contentOf(l)
	if err != nil {
		return nil, c, err
	}
	var text, page strings.Builder
	if err := w.text.Execute(&text, c); err != nil {
		return nil, c, fmt.Errorf("write a letter: %w", err)
	}
	if err := w.html.Execute(&page, c); err != nil {
		return nil, c, fmt.Errorf("write a letter: %w", err)
	}
	m := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(w.from)
	if err := m.To(string(l.To)); err != nil {
		return nil, c, fmt.Errorf("address a letter: %w", err)
	}
	m.Subject(c.Subject)
	m.SetDateWithValue(at)
	m.SetMessageIDWithValue(l.ID.String() + "@" + w.domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("Content-Language", c.Locale)
	m.SetBodyString(gomail.TypeTextPlain, text.String())
	m.AddAlternativeString(gomail.TypeTextHTML, page.String())
	return m, c, nil
}
