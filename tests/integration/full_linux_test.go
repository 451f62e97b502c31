package integration

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// onSmallDisk makes a command run with a disk of its own, of that many megabytes, at a folder. Nobody else sees it, and
// it is gone with the process.
func onSmallDisk(cmd *exec.Cmd, folder string, megabytes int) {
	script := fmt.Sprintf(`mount -t tmpfs -o size=%dm,mode=0700 tmpfs "$0" && exec "$@"`, megabytes)
	cmd.Args = append([]string{"sh", "-c", script, folder, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
}

// mayMount skips the test where this process may not mount anything. The promise is tested without a disk as well, by
// adapters/entstore.
func mayMount(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/bin/true")
	onSmallDisk(cmd, t.TempDir(), 1)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this process may not mount a small disk: %v %s", err, out)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); ; {
		switch _, err := f.Write(block); {
		case errors.Is(err, syscall.ENOSPC) && len(block) > 1<<10:
			block = block[:len(block)/2]
		case errors.Is(err, syscall.ENOSPC):
			return
		case err != nil && !errors.Is(err, io.ErrShortWrite):
			t.Fatal(err)
		}
	}
}

func TestAFullDiskIsToldAndHarmsNothing(t *testing.T) {
	t.Parallel()
	mayMount(t)
	p := place{dir: t.TempDir()}
	data := filepath.Join(p.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := p.command(t, "serve", "--addr", "127.0.0.1:0")
	onSmallDisk(cmd, data, 32)
	s := start(t, cmd)
	me, _ := s.register(t)
	a := me.start("practice")
	path := "/api/v1/attempts/" + a.ID
	seq, acknowledged := int64(0), int64(0)
	put := func() reply {
		t.Helper()
		seq++
		r := me.do("PUT", path+"/answers", answers(answer{1, "A", seq}))
		if r.status == 200 {
			acknowledged = seq
		}
		return r
	}
	inside := fmt.Sprintf("/proc/%d/root%s", cmd.Process.Pid, data)
	for range 3 {
		ballast := filepath.Join(inside, "ballast")
		fill(t, ballast)
		var refused reply
		for range 20_000 { // the log of the database has some room of its own at first
			if refused = put(); refused.status != 200 {
				break
			}
		}
		if refused.status != 507 || refused.header.Get("Retry-After") == "" {
			t.Fatalf("%d %v %s", refused.status, refused.header, refused.body)
		}
		me.refused(507, "store.full", "PATCH", "/api/v1/users/me", map[string]any{"display_name": "Somebody with another name"})
		for _, read := range []string{"/api/v1/users/me", "/api/v1/exams", path, path + "/questions"} {
			me.want(200, nil, "GET", read, nil)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		eventually(t, "there is room again", func() bool { return put().status == 200 })
	}
	lost(t, me, path, map[int]int64{1: acknowledged})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(inside, "toeic.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var sound string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the database is %s, %v", sound, err)
	}
}
