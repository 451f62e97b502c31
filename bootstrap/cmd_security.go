package bootstrap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

type tokenCreate struct {
	Email string        `required:"" help:"Account that the token acts for."`
	Name  string        `required:"" help:"What the token is for, to recognise it by."`
	Scope string        `required:"" help:"What it may do, separated by commas: a permission, a family such as sessions:*, admin:* or *."`
	TTL   time.Duration `name:"ttl" required:"" help:"How long it lives, such as 8h."`
}

// Run creates the token and prints nothing else on standard output.
func (cmd *tokenCreate) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		token, err := c.identity.createToken.Execute(ctx, identityapp.CreateTokenCommand{
			Email: cmd.Email, Name: cmd.Name, Scope: cmd.Scope, TTL: cmd.TTL,
		})
		if err != nil {
			return r.explained(err)
		}
		r.printf("%s\n", token.Secret)
		return nil
	})
}

type tokenList struct{}

// Run prints one line for each token that can still be used.
func (*tokenList) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		tokens, err := identityapp.Everything(func(p ports.Page) (ports.Slice[identity.APIToken], error) {
			return c.identity.listTokens.Execute(ctx, uuid.Nil, p)
		}, func(t identity.APIToken) identity.APIToken { return t })
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if t.Live(c.clock.Now()) {
				r.printf("%s  %-20s  until %s  last used %s  %s\n", t.ID, t.Name, t.ExpiresAt.Format(time.DateTime), lastUse(t), scopeList(t))
			}
		}
		return nil
	})
}

func lastUse(t identity.APIToken) string {
	if t.UsedAt == nil {
		return "never"
	}
	return t.UsedAt.Format(time.DateTime)
}

func scopeList(t identity.APIToken) string {
	words := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}

type tokenRevoke struct {
	Token string `arg:"" help:"Identifier of the token, as token list prints it."`
}

// Run revokes the token.
func (cmd *tokenRevoke) Run(ctx context.Context, r *run) error {
	id, err := uuid.Parse(cmd.Token)
	if err != nil {
		return misuse{fmt.Errorf("%q is not the identifier of a token", cmd.Token)}
	}
	return r.withCore(ctx, func(c *core) error {
		if err := c.identity.revokeToken.Execute(ctx, identity.Caller{}, uuid.Nil, id); err != nil {
			return r.explained(err)
		}
		r.printf("revoked %s\n", id)
		return nil
	})
}

type auditVerify struct {
	Head string `help:"What the command printed before, to prove that the log still continues it." placeholder:"SEQ:HASH"`
}

// Run fails when an entry was changed, is missing, or was slipped in.
func (cmd *auditVerify) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		head, err := c.identity.verifyAudit.Execute(ctx, cmd.Head)
		if err != nil {
			return err
		}
		r.printf("%d entries, none changed and none missing\nhead %s\n", head.Seq, identityapp.FormatHead(head))
		return nil
	})
}

type keysRotate struct{}

// Run makes a new key for access tokens.
func (*keysRotate) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		done, err := c.identity.keys.Rotate(ctx)
		if err != nil {
			return err
		}
		r.printf("key %s signs from %s on; tokens of the older keys stay good until they expire\n", done.New, done.ActiveAt.Format(time.DateTime))
		for _, id := range done.Removed {
			r.printf("removed key %s, which had signed nothing that is still good\n", id)
		}
		return nil
	})
}
