package private

import "syscall"

// attributes makes the kernel end the child when this process ends, however that happens. SIGQUIT is PostgreSQL's
// immediate shutdown, which still ends its children and gives its shared memory back; it ends Redis as well.
func attributes(who *account, detached bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Credential: who.credential()}
	if detached {
		a.Setsid = true
		return a
	}
	a.Pdeathsig = syscall.SIGQUIT
	a.Setpgid = true // a Ctrl-C in the terminal is for the test, which then stops its servers in order
	return a
}
