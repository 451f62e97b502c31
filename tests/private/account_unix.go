//go:build unix

package private

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

func supported(string) error { return nil }

// account is the user a server runs as; nil is the caller.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount returns who has to run PostgreSQL in place of root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var failures error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err == nil {
			return newAccount(u)
		}
		failures = errors.Join(failures, err)
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user to run it as: %w", failures)
}

func newAccount(u *user.User) (*account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return &account{name: u.Username, uid: uint32(uid), gid: uint32(gid)}, nil
}

func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a directory to the account.
func (a *account) own(dir string) error {
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.uid), int(a.gid))
}

// blockedAt returns the directory on the way to dir that the account may not enter, or nothing. Supplementary groups
// do not count: the server is started without them.
func (a *account) blockedAt(dir string) string {
	if a == nil {
		return ""
	}
	for at := dir; ; at = filepath.Dir(at) {
		if !a.mayEnter(at) {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

func (a *account) mayEnter(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch {
	case owner.Uid == a.uid:
		return info.Mode().Perm()&0o100 != 0
	case owner.Gid == a.gid:
		return info.Mode().Perm()&0o010 != 0
	default:
		return info.Mode().Perm()&0o001 != 0
	}
}
