package private

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// postgresDirs is where packages put PostgreSQL outside PATH, since several versions may be installed side by side.
func postgresDirs() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	}
}

// noServersVariable makes a machine look as if it had Go only, which taking the programs from PATH does not achieve:
// PostgreSQL is also looked for elsewhere.
const noServersVariable = "TEST_NO_SERVERS"

// available refuses, with [ErrMissing], a machine that cannot or shall not run private servers. variable is what names
// another server in place of one.
func available(variable string) error {
	if os.Getenv(noServersVariable) == "1" {
		return pretended(variable)
	}
	return supported(variable)
}

func pretended(variable string) error {
	return fmt.Errorf("%w: %s=1 says so; unset it, or set %s", ErrMissing, noServersVariable, variable)
}

// findPostgres returns the directory of initdb and postgres. The two come from one directory, as a cluster made by
// one version is refused by another.
func findPostgres(path string, patterns []string) (string, error) {
	dirs := filepath.SplitList(path)
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for PostgreSQL: %w", err)
		}
		slices.SortFunc(found, newestFirst)
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if filepath.IsAbs(dir) && executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: PostgreSQL was not found; install it (apt-get install postgresql, brew install postgresql@16) or set %s",
		ErrMissing, databaseVariable)
}

// PostgresProgram returns the path of a program that stands beside the server's, such as pgbench. Where PATH has links
// to the server alone, it is looked for where they lead.
func PostgresProgram(name string) (string, error) {
	if err := available(databaseVariable); err != nil {
		return "", err
	}
	bin, err := findPostgres(os.Getenv("PATH"), postgresDirs())
	if err != nil {
		return "", err
	}
	if server, err := filepath.EvalSymlinks(filepath.Join(bin, "postgres")); err == nil {
		bin = filepath.Dir(server)
	}
	program := filepath.Join(bin, name)
	if !executable(program) {
		return "", fmt.Errorf("%w: %s has no %s; install the whole of PostgreSQL's server package", ErrMissing, bin, name)
	}
	return program, nil
}

func findRedis() (string, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("%w: redis-server was not found; install it (apt-get install redis-server, brew install redis) or set %s",
			ErrMissing, redisVariable)
	}
	return program, nil
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// newestFirst orders directories by the version in their path: as text, 9.6 would come before 15.
func newestFirst(a, b string) int { return cmp.Compare(version(b), version(a)) }

func version(dir string) float64 {
	v, err := strconv.ParseFloat(regexp.MustCompile(`\d+(\.\d+)?`).FindString(dir), 64)
	if err != nil {
		return 0
	}
	return v
}
