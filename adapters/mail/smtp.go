package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var (
	_ ports.Mailer = (*SMTP)(nil)
	_ ports.Probe  = (*SMTP)(nil)
)

// sendTime bounds the talk with a mail server about one letter.
const sendTime = 30 * time.Second

// SMTP sends letters through a mail server. Each letter has a connection of its own: letters are few, and a worker
// sends one at a time.
type SMTP struct {
	writer  *Writer
	clock   ports.Clock
	host    string
	options []gomail.Option
}

// Option changes how a mail server is talked to.
type Option func(*settings)

type settings struct{ roots *x509.CertPool }

// WithRoots trusts these certificates in place of the system's.
func WithRoots(roots *x509.CertPool) Option { return func(s *settings) { s.roots = roots } }

// NewSMTP prepares a connection to smtp://user:password@host:587 or smtps://…, which is made for each letter. Over
// smtp:// the connection is secured by STARTTLS before anything is said; ?tls=off gives that up, and is the default
// for a server on this machine. The server's certificate is always checked. Errors never repeat the address, which
// may hold a password.
func NewSMTP(address string, w *Writer, clock ports.Clock, options ...Option) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("a mail server is smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	var s settings
	for _, set := range options {
		set(&s)
	}
	security, err := securityOf(u)
	if err != nil {
		return nil, err
	}
	out := &SMTP{writer: w, clock: clock, host: u.Hostname(), options: security}
	out.options = append(out.options, gomail.WithTimeout(sendTime), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{ServerName: u.Hostname(), RootCAs: s.roots, MinVersion: tls.VersionTLS12}))
	if port := u.Port(); port != "" {
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, errors.New("the port of a mail server is a number")
		}
		out.options = append(out.options, gomail.WithPort(n))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		out.options = append(out.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return out, nil
}

// securityOf reads how a connection is to be secured.
func securityOf(u *url.URL) ([]gomail.Option, error) {
	if u.Scheme == "smtps" {
		return []gomail.Option{gomail.WithSSL(), gomail.WithPort(gomail.DefaultPortSSL)}, nil
	}
	port := gomail.WithPort(gomail.DefaultPortTLS)
	switch tls := u.Query().Get("tls"); {
	case tls == "required", tls == "" && !loopback(u.Hostname()):
		return []gomail.Option{port, gomail.WithTLSPolicy(gomail.TLSMandatory)}, nil
	case tls == "off", tls == "":
		return []gomail.Option{port, gomail.WithTLSPolicy(gomail.NoTLS)}, nil
	default:
		return nil, errors.New("the option tls of a mail server is required or off")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Send implements ports.Mailer. A server that refuses the recipient or the letter for good makes it
// ports.ErrUndeliverable; everything else may be tried again.
func (s *SMTP) Send(ctx context.Context, l identity.Letter) error {
	m, _, err := s.writer.write(l, s.clock.Now())
	if err != nil {
		return ports.ErrUndeliverable.Because(err)
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("prepare to send a letter: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, m)
	var refused *gomail.SendError
	if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return ports.ErrUndeliverable.Because(err)
	}
	if err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	return nil
}

// Name names the dependency in health reports.
func (s *SMTP) Name() string { return "mail" }

// Check opens a connection, signs in where that is configured, and closes it.
func (s *SMTP) Check(ctx context.Context) error {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("prepare to reach the mail server: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	if err := client.Close(); err != nil {
		return fmt.Errorf("leave the mail server: %w", err)
	}
	return nil
}
