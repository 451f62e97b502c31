//go:build !unix

package ratelimit_test

import "testing"

// stop is never reached: private servers need Unix.
func stop(t *testing.T, _ int) func() {
	t.Helper()
	t.Fatal("a process cannot be stopped here")
	return nil
}
