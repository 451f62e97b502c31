package private

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	_ "github.com/lib/pq" // the driver that production uses
)

// Superuser is the role that owns the cluster of every private server, the same as in the operations manual. It has no
// password.
const Superuser = "root"

const (
	maintenance = "postgres"
	longSocket  = 80 // a socket's path may have some 100 bytes, with PostgreSQL's own file name at its end
)

// Postgres is a running private PostgreSQL server.
type Postgres struct {
	server
	port int
	made []string // directories outside the caller's, removed by Stop
}

// StartPostgres starts a PostgreSQL server with its files in dir, and returns when it accepts connections. A cluster
// that is already there is used again. ctx bounds the start only: the server runs until Stop.
//
// PostgreSQL refuses to run as root, so for root it runs as user postgres (or nobody). Where that user cannot reach
// dir, as with most directories of [testing.T.TempDir], the files are in a temporary directory that Stop removes.
func StartPostgres(ctx context.Context, dir string, opts ...Option) (*Postgres, error) {
	o := apply(opts)
	if err := available(databaseVariable); err != nil {
		return nil, err
	}
	bin, err := findPostgres(os.Getenv("PATH"), postgresDirs())
	if err != nil {
		return nil, err
	}
	p := &Postgres{}
	if err := p.start(ctx, bin, dir, o); err != nil {
		return nil, joined(err, p.removeMade())
	}
	return p, nil
}

// URL is the address of a database of this server, for role root without a password.
func (p *Postgres) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(Superuser), Host: address(p.port), Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Stop shuts the server down, ending its sessions, and removes what it kept outside the caller's directory. A server
// that does not end within ten seconds is killed, which is an error. Calling Stop again does nothing.
func (p *Postgres) Stop() error {
	return joined(p.stop(), p.removeMade())
}

func (p *Postgres) start(ctx context.Context, bin, dir string, o options) error {
	who, err := serverAccount()
	if err != nil {
		return err
	}
	if dir, err = p.place(dir, who, o); err != nil {
		return fmt.Errorf("prepare PostgreSQL's directory: %w", err)
	}
	data := filepath.Join(dir, "postgres")
	sockets, err := p.socketDir(dir, who)
	if err != nil {
		return fmt.Errorf("prepare PostgreSQL's directory: %w", err)
	}
	if err := initialise(ctx, bin, data, who, o); err != nil {
		return err
	}
	return onFreePort(o.port, func(port int) error {
		p.port = port
		p.name, p.logFile = "PostgreSQL", filepath.Join(dir, "postgres.log")
		p.command = func() *exec.Cmd {
			return command(who, o, data, filepath.Join(bin, "postgres"), postgresArgs(data, sockets, port, o)...)
		}
		p.ready = func(ctx context.Context, pid int) error { return postgresAnswers(ctx, p.URL(maintenance), pid) }
		return p.launch(ctx)
	})
}

// place returns dir, or a directory of its own where the server's account cannot reach dir.
func (p *Postgres) place(dir string, who *account, o options) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	blocked := who.blockedAt(dir)
	switch {
	case blocked == "":
		return dir, nil
	case o.detached:
		return "", fmt.Errorf("user %s, who runs PostgreSQL for root, may not enter %s; choose a directory elsewhere", who.name, blocked)
	}
	return p.temporary(who, scratch(o))
}

// temporary makes a directory for the server in parent, or in the system's usual place.
func (p *Postgres) temporary(who *account, parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, "toeic-pg-")
	if err != nil {
		return "", err
	}
	p.made = append(p.made, dir)
	if blocked := who.blockedAt(filepath.Dir(dir)); blocked != "" {
		return "", fmt.Errorf("user %s, who runs PostgreSQL for root, may not enter %s; set TMPDIR to a directory that all may enter", who.name, blocked)
	}
	return dir, who.own(dir)
}

// socketDir is where the server puts its Unix socket. Nothing here uses the socket, but its default place may not be
// writable, and one below a deep directory would have too long a name.
func (p *Postgres) socketDir(dir string, who *account) (string, error) {
	if own := filepath.Join(dir, "socket"); len(own) <= longSocket {
		return ownedDir(own, who)
	}
	return p.temporary(who, "")
}

func (p *Postgres) removeMade() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, dir := range p.made {
		err = joined(err, os.RemoveAll(dir))
	}
	p.made = nil
	return err
}

// initialise makes the cluster unless there is one. It is made under another name, so that what an interrupted initdb
// leaves is never taken for a cluster.
func initialise(ctx context.Context, bin, data string, who *account, o options) error {
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		return nil
	}
	making := data + ".new"
	if err := os.RemoveAll(making); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	if _, err := ownedDir(making, who); err != nil {
		return fmt.Errorf("prepare PostgreSQL's directory: %w", err)
	}
	if err := initdb(ctx, bin, making, who, o); err != nil {
		return fmt.Errorf("run initdb: %w", err)
	}
	if err := os.Rename(making, data); err != nil {
		return fmt.Errorf("keep the new cluster: %w", err)
	}
	return nil
}

// initdb makes a cluster in the empty directory data. Its order of text is C, the same on every machine, while letters
// beyond ASCII still have their upper and lower case, as in production.
func initdb(ctx context.Context, bin, data string, who *account, o options) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	letters := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		letters = "en_US.UTF-8" // macOS knows no C.UTF-8 before version 15
	}
	args := []string{
		"--pgdata=" + data, "--username=" + Superuser, "--auth=trust", "--encoding=UTF8",
		"--lc-collate=C", "--lc-messages=C", "--lc-ctype=" + letters,
	}
	if !o.durable {
		args = append(args, "--no-sync")
	}
	// It may not be detached: if the wait for it is given up, it has to go as well.
	cmd := command(who, options{}, data, filepath.Join(bin, "initdb"), args...)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	p, err := begin(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
		err = p.err
	case <-ctx.Done():
		err = joined(ctx.Err(), p.stop(os.Interrupt, stopGrace))
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, lastLines(output.String(), 15))
	}
	return nil
}

func postgresArgs(data, sockets string, port int, o options) []string {
	args := []string{"-D", data, "-h", "127.0.0.1", "-p", fmt.Sprint(port), "-k", sockets}
	settings := []string{"max_connections=200", "timezone=UTC", "log_timezone=UTC", "lc_messages=C"}
	if o.durable {
		settings = append(settings, "fsync=on", "synchronous_commit=on", "full_page_writes=on")
	} else {
		// The log of changes stays small because it may be in memory.
		settings = append(settings, "fsync=off", "full_page_writes=off", "max_wal_size=256MB")
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// postgresAnswers tells whether the server at this address is the process with this id: on a fixed port another server
// may be the one that answers.
func postgresAnswers(ctx context.Context, address string, pid int) error {
	db, err := sql.Open("postgres", address+"&connect_timeout=2")
	if err != nil {
		return err
	}
	defer db.Close()
	var id string
	if err := db.QueryRowContext(ctx, `SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)`).Scan(&id); err != nil {
		return err
	}
	if id != fmt.Sprint(pid) {
		return fmt.Errorf("the server on this port is process %s", id)
	}
	return nil
}

// command prepares a program that runs as who, in dir, without the caller's PG* variables, which change the defaults of
// PostgreSQL's programs.
func command(who *account, o options, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = attributes(who, o.detached)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PG") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// ownedDir makes a directory that belongs to who.
func ownedDir(dir string, who *account) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, who.own(dir)
}
