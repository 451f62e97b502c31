package private

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mailVariable would name another server in place of a private one; there is none for mail, because tests read what
// was delivered.
const mailVariable = "nothing else"

// Mail is a running private mail server: aiosmtpd, which takes letters for anybody and puts them into a folder.
type Mail struct {
	server
	port int
	box  string
}

// StartMail starts a mail server with its mailbox and log in dir, and returns when it answers. ctx bounds the start
// only: the server runs until Stop. certificate is for STARTTLS, which is then required; none when empty.
func StartMail(ctx context.Context, dir, certificate, key string, opts ...Option) (*Mail, error) {
	o := apply(opts)
	if err := available(mailVariable); err != nil {
		return nil, err
	}
	python, err := findMail(ctx)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("prepare the mail server's directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare the mail server's directory: %w", err)
	}
	m := &Mail{box: filepath.Join(dir, "box")}
	err = onFreePort(o.port, func(port int) error {
		m.port = port
		args := []string{"-m", "aiosmtpd", "-n", "-l", address(port), "-c", "aiosmtpd.handlers.Mailbox", m.box}
		if certificate != "" {
			args = slices.Insert(args, 5, "--tlscert", certificate, "--tlskey", key)
		}
		m.name, m.logFile = "the mail server", filepath.Join(dir, "mail.log")
		m.command = func() *exec.Cmd { return command(nil, o, dir, python, args...) }
		m.ready = func(context.Context, int) error { return mailAnswers(port) }
		return m.launch(ctx)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// findMail returns a Python that has aiosmtpd. The one that the system's packages are for need not be the first in PATH.
func findMail(ctx context.Context) (string, error) {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(ctx, python, "-c", "import aiosmtpd").Run() == nil {
			return python, nil
		}
	}
	return "", fmt.Errorf("%w: aiosmtpd was not found; install it (apt-get install python3-aiosmtpd, pip install aiosmtpd)", ErrMissing)
}

func mailAnswers(port int) error {
	c, err := smtp.Dial(address(port))
	if err != nil {
		return err
	}
	return c.Quit()
}

// Addr is host:port of the server.
func (m *Mail) Addr() string { return address(m.port) }

// Stop shuts the server down. Calling it again does nothing.
func (m *Mail) Stop() error { return m.stop() }

// Letters reads what was delivered so far, in the order of delivery.
func (m *Mail) Letters() ([]*mail.Message, error) {
	names, err := filepath.Glob(filepath.Join(m.box, "new", "*"))
	if err != nil {
		return nil, err
	}
	type delivered struct {
		name string
		at   int64
	}
	var order []delivered
	for _, name := range names {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		order = append(order, delivered{name, info.ModTime().UnixNano()})
	}
	slices.SortFunc(order, func(a, b delivered) int { return int(a.at - b.at) })
	var out []*mail.Message
	for _, d := range order {
		text, err := os.ReadFile(d.name)
		if err != nil {
			return nil, err
		}
		letter, err := mail.ReadMessage(strings.NewReader(string(text)))
		if err != nil {
			return nil, fmt.Errorf("read a letter: %w", err)
		}
		out = append(out, letter)
	}
	return out, nil
}
