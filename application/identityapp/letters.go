package identityapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// MailLimit is how many letters that anybody can cause one address gets.
func MailLimit() ports.Limit { return ports.Limit{Burst: 5, Window: time.Hour} }

// Post orders letters. They are sent after the unit of work that orders them has been stored, and again until the
// mail system takes them.
type Post struct {
	Clock  ports.Clock
	IDs    ports.IDs
	Sealer ports.Sealer
}

// send orders one letter. A letter to nobody costs the same work and is never sent, so that the time which a request
// takes does not tell whether there is somebody to write to.
func (p Post) send(ctx context.Context, repos ports.IdentityRepos, l identity.Letter) error {
	now := p.Clock.Now()
	l.ID = p.IDs.New()
	plain, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode a letter: %w", err)
	}
	payload, err := p.Sealer.Seal(plain, letterSeal+l.ID.String())
	if err != nil {
		return fmt.Errorf("seal a letter: %w", err)
	}
	_, err = repos.Jobs.Add(ctx, job.New(l.ID, job.SendLetter, payload, now, now))
	return err
}

const letterSeal = "letter "

// about orders a letter that tells the owner of an account what happened to it.
func (p Post) about(ctx context.Context, repos ports.IdentityRepos, u identity.User, kind identity.LetterKind, until *time.Time) error {
	return p.send(ctx, repos, identity.Letter{To: u.Email, Name: u.Profile.DisplayName, Locale: u.Profile.Locale, Kind: kind, Until: until})
}

// DeliverLetter sends the letters that were ordered.
type DeliverLetter struct {
	Clock  ports.Clock
	Sealer ports.Sealer
	Mailer ports.Mailer
}

// Execute does one job of the kind job.SendLetter. No transaction spans a mail system and this one, so a letter is sent
// at least once: a process that dies after the mail system took it sends it again. It has the identifier of the job then
// as before, which is its Message-ID, so that mailboxes show it once. A letter whose code is over is not worth sending.
func (uc DeliverLetter) Execute(ctx context.Context, j job.Job) error {
	plain, err := uc.Sealer.Open(j.Payload, letterSeal+j.ID.String())
	if err != nil {
		return fmt.Errorf("open a letter: %w", errors.Join(job.ErrHopeless, err))
	}
	var l identity.Letter
	if err := json.Unmarshal(plain, &l); err != nil {
		return fmt.Errorf("decode a letter: %w", errors.Join(job.ErrHopeless, err))
	}
	if l.To == "" {
		return nil
	}
	if l.Code != "" && l.Until != nil && !uc.Clock.Now().Before(*l.Until) {
		return fmt.Errorf("the code of a letter ended before it could be sent: %w", job.ErrHopeless)
	}
	err = uc.Mailer.Send(ctx, l)
	if errors.Is(err, ports.ErrUndeliverable) {
		return errors.Join(job.ErrHopeless, err)
	}
	return err
}
