//go:build unix && !linux

package private

import "syscall"

// attributes leaves the child in the terminal's process group, so that Ctrl-C ends it together with the test: there
// is no parent death signal here.
func attributes(who *account, detached bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who.credential(), Setsid: detached}
}

func scratch(options) string { return "" }
