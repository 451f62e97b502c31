//go:build unix

package private

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// needServers skips or fails the test where a helper could not start its servers.
func needServers(t *testing.T) {
	t.Helper()
	_, err := findPostgres(os.Getenv("PATH"), postgresDirs())
	Need(t, joined(available(databaseVariable), err))
	_, err = findRedis()
	Need(t, err)
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestADetachedServerOutlivesItsStarterAndEndsByItsProcessID(t *testing.T) {
	t.Parallel()
	needServers(t)
	helper, said := child(t, "leave detached servers", Dir(t))
	if len(said) != 4 {
		t.Fatalf("the helper said %q", said)
	}
	postgres, redis := number(t, said[0]), number(t, said[2])
	t.Cleanup(func() { _, _ = syscall.Kill(postgres, syscall.SIGQUIT), syscall.Kill(redis, syscall.SIGQUIT) })
	if err := helper.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := joined(askPostgres(t.Context(), said[1]), askRedis(t.Context(), said[3])); err != nil {
		t.Fatalf("after the end of their starter: %v", err)
	}
	for _, pid := range []int{postgres, redis} {
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
			t.Error(err)
		}
	}
	await(t, "the servers to end", func() bool {
		return askPostgres(t.Context(), said[1]) != nil && askRedis(t.Context(), said[3]) != nil
	})
}

func TestServersEndWithATestProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a parent death signal")
	}
	needServers(t)
	helper, said := child(t, "hold servers until killed", Dir(t))
	if len(said) != 4 {
		t.Fatalf("the helper said %q", said)
	}
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "the servers to end", func() bool {
		return askPostgres(t.Context(), said[1]) != nil && askRedis(t.Context(), said[3]) != nil
	})
}

func TestMainLeavesNeitherServersNorFiles(t *testing.T) {
	t.Parallel()
	needServers(t)
	dir := Dir(t)
	helper, said := child(t, "share servers", dir)
	if len(said) != 2 {
		t.Fatalf("the helper said %q", said)
	}
	if err := helper.Wait(); err != nil {
		t.Fatal(err)
	}
	if askPostgres(t.Context(), said[0]) == nil || askRedis(t.Context(), said[1]) == nil {
		t.Error("a server is left")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
