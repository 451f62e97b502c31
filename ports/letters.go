package ports

import (
	"context"

	"github.com/toeic-app/toeic/domain/identity"
)

// Mailer hands letters to a mail system. An error means that the letter may be sent again later, unless it is
// ErrUndeliverable.
type Mailer interface {
	Send(ctx context.Context, l identity.Letter) error
}
