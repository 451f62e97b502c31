package private

import (
	"os"
	"syscall"
)

const (
	memoryFiles = "/dev/shm"
	tmpfsMagic  = 0x01021994
	memoryRoom  = 4 << 30 // free for files: far more than tests need, so that they never are what fills the memory
)

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

// scratch is the directory for temporary files of a server with these options, or nothing for the system's usual place.
//
// What a crash of the machine may take is kept in memory if there is plenty. Every database is some 300 files, and every
// cluster 1000: a disk's file system takes longer to make and remove them than PostgreSQL does for all the rest.
// TMPDIR is respected.
func scratch(o options) string {
	if o.durable || o.detached || os.Getenv("TMPDIR") != "" {
		return ""
	}
	var at syscall.Statfs_t
	if err := syscall.Statfs(memoryFiles, &at); err != nil || at.Type != tmpfsMagic || at.Bavail*uint64(at.Bsize) < memoryRoom {
		return ""
	}
	return memoryFiles
}
