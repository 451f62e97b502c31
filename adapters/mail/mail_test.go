package mail_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	adapter "github.com/toeic-app/toeic/adapters/mail"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return noon }

func writer(t *testing.T) *adapter.Writer {
	t.Helper()
	w, err := adapter.NewWriter("TOEIC practice <noreply@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// parts are a letter's text and page.
type parts struct {
	header     mail.Header
	subject    string
	text, page string
}

// written puts one letter into an outbox and reads it there.
func written(t *testing.T, l identity.Letter) parts {
	t.Helper()
	dir := t.TempDir()
	if err := adapter.NewOutbox(dir, 5, writer(t), clock{}).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if info, err := os.Stat(names[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return read(t, raw)
}

func read(t *testing.T, raw []byte) parts {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := parts{header: m.Header}
	if out.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(m.Body, params["boundary"])
	for _, into := range []*string{&out.text, &out.page} {
		part, err := reader.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*into = string(body)
	}
	return out
}

func TestEveryKindOfLetterIsWrittenInEveryLanguage(t *testing.T) {
	until := noon.AddDate(0, 0, 14)
	subjects := map[string]bool{}
	for _, locale := range identity.Locales() {
		for _, kind := range identity.LetterKinds() {
			l := identity.Letter{ID: uuid.New(), To: "ann@example.com", Name: "Ann", Locale: locale, Kind: kind, Until: &until}
			coded := regexp.MustCompile("verify|reset|confirm").MatchString(string(kind))
			if coded {
				l.Code = "042137"
			}
			p := written(t, l)
			if p.subject == "" || subjects[p.subject] || p.header.Get("Content-Language") != locale {
				t.Errorf("%s in %s: subject %q", kind, locale, p.subject)
			}
			subjects[p.subject] = true
			for _, body := range []string{p.text, p.page} {
				if strings.Contains(body, "042137") != coded || !strings.Contains(body, "Ann") || strings.Contains(body, "<no value>") || strings.Contains(body, "{{") {
					t.Errorf("%s in %s:\n%s", kind, locale, body)
				}
				if !coded && !strings.Contains(body, "2027-03-28 12:00") {
					t.Errorf("%s in %s does not tell the time:\n%s", kind, locale, body)
				}
			}
		}
	}
}

func TestEveryLanguageHasTheSamePhrases(t *testing.T) {
	keys := func(locale string) string {
		raw, err := os.ReadFile(filepath.Join("letters", locale+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Phrases map[string]string
			Letters map[string]struct {
				Subject, Caution string
				Paragraphs       []string
			}
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		for name, l := range c.Letters {
			if l.Subject == "" || l.Caution == "" || len(l.Paragraphs) == 0 {
				t.Errorf("%s lacks something of %s", locale, name)
			}
		}
		if len(c.Letters) != len(identity.LetterKinds()) {
			t.Errorf("%s has %d letters", locale, len(c.Letters))
		}
		shape, err := json.Marshal(map[string]int{"phrases": len(c.Phrases), "letters": len(c.Letters)})
		if err != nil {
			t.Fatal(err)
		}
		return string(shape)
	}
	for _, locale := range identity.Locales() {
		if keys(locale) != keys("en") {
			t.Errorf("%s: %s, en: %s", locale, keys(locale), keys("en"))
		}
	}
}

func TestANameIsNothingButAName(t *testing.T) {
	l := identity.Letter{ID: uuid.New(), To: "ann@example.com", Locale: "en", Kind: identity.LetterVerify, Code: "042137"}
	l.Name = "Ann\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>"
	p := written(t, l)
	if len(p.header["Bcc"]) > 0 || strings.Contains(p.page, "<script>") || strings.Contains(p.text, "\nBcc") {
		t.Errorf("%v\n%s\n%s", p.header, p.text, p.page)
	}
}

func TestTheSameLetterHasTheSameIdentifierAndSaysThatAProgramSentIt(t *testing.T) {
	l := identity.Letter{ID: uuid.UUID{15: 7}, To: "ann@example.com", Locale: "xx", Kind: identity.LetterReset, Code: "042137"}
	one, two := written(t, l), written(t, l)
	if id := one.header.Get("Message-Id"); id != "<00000000-0000-0000-0000-000000000007@example.com>" || id != two.header.Get("Message-Id") {
		t.Errorf("identifier %q", id)
	}
	if one.header.Get("Auto-Submitted") != "auto-generated" || one.header.Get("Content-Language") != "en" || one.header.Get("X-Mailer") != "" {
		t.Errorf("header %v", one.header)
	}
	if at, err := one.header.Date(); err != nil || !at.Equal(noon) {
		t.Errorf("date %v, %v", at, err)
	}
}

func TestTheOutboxKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	o := adapter.NewOutbox(filepath.Join(dir, "outbox"), 3, writer(t), clock{})
	for i := range 5 {
		l := identity.Letter{ID: uuid.UUID{15: byte(i)}, To: "ann@example.com", Locale: "en", Kind: identity.LetterVerify, Code: "00000" + string(rune('0'+i))}
		if err := o.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	got := o.Letters()
	files, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	if err != nil || len(got) != 3 || len(files) != 3 || got[0].Code != "000004" || got[2].Code != "000002" {
		t.Errorf("%d files, letters %+v, %v", len(files), got, err)
	}
}

func TestALetterReachesARealMailServer(t *testing.T) {
	m, err := private.StartMail(t.Context(), t.TempDir(), "", "")
	private.Need(t, err)
	defer m.Stop()
	s, err := adapter.NewSMTP("smtp://"+m.Addr(), writer(t), clock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	l := identity.Letter{ID: uuid.New(), To: "ann@example.com", Locale: "ko", Kind: identity.LetterReset, Code: "042137"}
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	got, err := m.Letters()
	if err != nil || len(got) != 1 || got[0].Header.Get("To") != "<ann@example.com>" {
		t.Errorf("%d letters, %v", len(got), err)
	}
}

// scripted answers each line of a client with the next reply, as a mail server that misbehaves would.
func scripted(t *testing.T, replies ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 4096)
				for _, r := range replies {
					if _, err := io.WriteString(conn, r+"\r\n"); err != nil {
						return
					}
					if _, err := conn.Read(buffer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "smtp://" + l.Addr().String()
}

func TestWhatIsRefusedForGoodIsToldFromWhatMayBeTriedAgain(t *testing.T) {
	refused := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "smtp://" + l.Addr().String()
	}
	for name, tc := range map[string]struct {
		address string
		forGood bool
	}{
		"an unknown mailbox": {scripted(t, "220 hi", "250 hi", "250 ok", "550 5.1.1 no such mailbox", "250 ok"), true},
		"a full mailbox":     {scripted(t, "220 hi", "250 hi", "250 ok", "452 4.2.2 mailbox full", "250 ok"), false},
		"nobody there":       {refused(), false},
		"too busy":           {scripted(t, "421 too busy"), false},
		"no STARTTLS":        {scripted(t, "220 hi", "250 hi", "502 no") + "?tls=required", false},
		"garbage":            {scripted(t, "what?"), false},
	} {
		s, err := adapter.NewSMTP(tc.address, writer(t), clock{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(t.Context(), identity.Letter{ID: uuid.New(), To: "ann@example.com", Locale: "en", Kind: identity.LetterReset, Code: "042137"})
		if err == nil || errors.Is(err, ports.ErrUndeliverable) != tc.forGood {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAddressOfNoMailServerIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, address := range []string{"", "mail.example.com:587", "http://u:canary@mail.example.com", "smtp://", "smtp://u:canary@h:port", "smtp://u:canary@h?tls=maybe", "smtp://u:canary@h%zz"} {
		if _, err := adapter.NewSMTP(address, writer(t), clock{}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := adapter.NewWriter("nobody"); err == nil {
		t.Error("a sender that is no address")
	}
}
