//go:build !unix

package private

import (
	"fmt"
	"runtime"
	"syscall"
)

// supported refuses an operating system without Unix signals, where these servers could not be stopped in order.
func supported(variable string) error {
	return fmt.Errorf("%w: private servers do not run on %s; use WSL, or set %s", ErrMissing, runtime.GOOS, variable)
}

// account is the user a server runs as; here always the caller.
type account struct{ name string }

func serverAccount() (*account, error) { return nil, nil }

func (*account) blockedAt(string) string { return "" }

func (*account) own(string) error { return nil }

func attributes(*account, bool) *syscall.SysProcAttr { return nil }

func scratch(options) string { return "" }
