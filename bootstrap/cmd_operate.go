package bootstrap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/term"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/fault"
)

type adminCreate struct {
	Email         string `required:"" help:"Address of the administrator."`
	Name          string `default:"Administrator" help:"Display name."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input rather than asking for it."`
}

// Run creates the account.
func (cmd *adminCreate) Run(ctx context.Context, r *run) error {
	password, err := r.password(cmd.PasswordStdin)
	if err != nil {
		return err
	}
	return r.withCore(ctx, func(c *core) error {
		u, err := c.identity.createAdmin.Execute(ctx, identityapp.CreateAdminCommand{
			Email: cmd.Email, Password: password, DisplayName: cmd.Name,
		})
		if err != nil {
			return r.explained(err)
		}
		r.printf("created administrator %s (%s)\n", u.Email, u.ID)
		return nil
	})
}

// password asks for a new password twice without showing it, or reads it from standard input.
func (r *run) password(stdin bool) (string, error) {
	if stdin {
		line, err := bufio.NewReader(io.LimitReader(r.surroundings.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	terminal, ok := r.surroundings.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return "", misuse{errors.New("there is no terminal to ask for a password: use --password-stdin")}
	}
	var typed [2]string
	for i, prompt := range []string{"Password (at least 10 characters): ", "Again: "} {
		r.complain("%s", prompt)
		secret, err := term.ReadPassword(int(terminal.Fd()))
		r.complain("\n")
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(secret)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the passwords differ")
	}
	return typed[0], nil
}

// explained adds the offending fields to a failure.
func (r *run) explained(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		for _, field := range f.Fields {
			r.complain("  %s: %s\n", field.Name, field.Detail)
		}
		if fault.KindOf(err) == fault.Invalid {
			return misuse{errors.New(f.Message)}
		}
		return errors.New(f.Message)
	}
	return err
}

type attemptRescore struct {
	Attempt string `arg:"" optional:"" help:"Identifier of one attempt; all that were scored by default."`
}

// Run fails when any stored result does not follow from its answers.
func (cmd *attemptRescore) Run(ctx context.Context, r *run) error {
	id := uuid.Nil
	if cmd.Attempt != "" {
		var err error
		if id, err = uuid.Parse(cmd.Attempt); err != nil {
			return misuse{fmt.Errorf("%q is not the identifier of an attempt", cmd.Attempt)}
		}
	}
	return r.withCore(ctx, func(c *core) error {
		same, different := 0, 0
		err := c.attempts.rescore.Execute(ctx, id, func(s attemptapp.Rescored) error {
			if s.Same() {
				same++
				return nil
			}
			different++
			r.printf("%s: stored %s, computed %s\n", s.Attempt, summary(s.Stored), summary(s.Computed))
			return nil
		})
		if err != nil {
			return r.explained(err)
		}
		r.printf("%d results agree with their answers, %d do not\n", same, different)
		if different > 0 {
			return fmt.Errorf("%d stored results do not follow from their answers", different)
		}
		return nil
	})
}
