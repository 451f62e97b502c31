package entstore_test

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

func learner(email string) identity.User {
	return identity.User{
		ID: uuid.Must(uuid.NewV7()), Email: identity.Email(email), PasswordHash: "hash", Roles: []identity.Role{identity.Learner},
		Profile: identity.Profile{DisplayName: "Ann", Locale: "en"}, CreatedAt: noon, Version: 1,
	}
}

// together calls fn n times at once and returns what each call returned.
func together(n int, fn func(i int) error) []error {
	var group sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		group.Go(func() { errs[i] = fn(i) })
	}
	group.Wait()
	return errs
}
