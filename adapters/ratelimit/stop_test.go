//go:build unix

package ratelimit_test

import (
	"sync"
	"syscall"
	"testing"
)

// stop stops a process until the returned function, or the end of the test, lets it go on.
func stop(t *testing.T, pid int) func() {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	resume := sync.OnceFunc(func() {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(resume)
	return resume
}
