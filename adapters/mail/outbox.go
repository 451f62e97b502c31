package mail

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Mailer = (*Outbox)(nil)

// Outbox keeps letters in files rather than sending them; for development machines, where there is no mail server and
// whoever reads the files is whoever the letters are for.
type Outbox struct {
	writer *Writer
	clock  ports.Clock
	dir    string
	keep   int
	mu     sync.Mutex
	recent []Kept // newest first
}

// Kept is a letter in the outbox.
type Kept struct {
	To      identity.Email
	Kind    identity.LetterKind
	Subject string
	Code    string
	At      time.Time
}

// NewOutbox writes letters into dir, the newest keep of them.
func NewOutbox(dir string, keep int, w *Writer, clock ports.Clock) *Outbox {
	return &Outbox{writer: w, clock: clock, dir: dir, keep: keep}
}

const letterFile = ".eml"

// Send implements ports.Mailer.
func (o *Outbox) Send(_ context.Context, l identity.Letter) error {
	now := o.clock.Now()
	m, c, err := o.writer.write(l, now)
	if err != nil {
		return ports.ErrUndeliverable.Because(err)
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("make the outbox: %w", err)
	}
	name := filepath.Join(o.dir, now.Format("20060102-150405.000000")+"-"+l.ID.String()+letterFile)
	if err := os.WriteFile(name, raw.Bytes(), 0o600); err != nil {
		return fmt.Errorf("put a letter into the outbox: %w", err)
	}
	o.recent = append([]Kept{{To: l.To, Kind: l.Kind, Subject: c.Subject, Code: l.Code, At: now}}, o.recent...)
	o.recent = o.recent[:min(len(o.recent), o.keep)]
	return o.prune()
}

// prune removes the oldest files beyond those that are kept.
func (o *Outbox) prune() error {
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return fmt.Errorf("look into the outbox: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !strings.HasSuffix(e.Name(), letterFile) })
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	for _, e := range entries[min(len(entries), o.keep):] {
		if err := os.Remove(filepath.Join(o.dir, e.Name())); err != nil {
			return fmt.Errorf("remove an old letter: %w", err)
		}
	}
	return nil
}

// Letters returns the letters since the start, newest first.
func (o *Outbox) Letters() []Kept {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.recent)
}
