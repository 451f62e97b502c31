package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/tests/private"
)

// engine puts a docker client first in PATH that runs no containers: it notes its arguments, and its exit code is that
// of what the script says. The returned function reads the notes.
func engine(t *testing.T, script string) func() []string {
	t.Helper()
	dir := t.TempDir()
	notes := filepath.Join(dir, "notes")
	text := "#!/bin/sh\necho \"$* $TOEIC_POSTGRES_PORT\" >> '" + notes + "'\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return func() []string {
		t.Helper()
		text, err := os.ReadFile(notes)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		var composed []string
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "compose --file "); ok {
				composed = append(composed, strings.TrimSpace(rest))
			}
		}
		return composed
	}
}

func TestUpAndDownUseContainersWhereAnEngineAnswers(t *testing.T) {
	composed := engine(t, "exit 0")
	t.Setenv("TEST_NO_SERVERS", "1") // nothing else may be tried
	p := newPlace(t)
	p.private, p.postgresPort = false, 20123
	if err := p.up(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("an engine that starts nothing: %v", err)
	}
	if err := p.down(t.Context()); err != nil {
		t.Error(err)
	}
	want := []string{"docker/compose.dev.yml up --detach --wait 20123", "docker/compose.dev.yml down 20123"}
	if diff := cmp.Diff(want, composed()); diff != "" {
		t.Errorf("docker compose (-want +got):\n%s", diff)
	}
	p.private = true
}

func TestAFailureOfComposeIsReported(t *testing.T) {
	engine(t, `[ "$4" != up ]`)
	p := newPlace(t)
	p.private = false
	if err := p.up(t.Context()); err == nil || errors.Is(err, errDown) {
		t.Errorf("up: %v", err)
	}
	p.private = true
}

func TestContainersAreNotUsedWithoutEngineOrAgainstTheDevelopersWill(t *testing.T) {
	cases := []struct {
		name, script string
		private      bool
	}{
		{"a client without an engine", `[ "$1" != version ]`, false},
		{"an engine without compose", `[ "$1" != compose ]`, false},
		{"private servers are asked for", "exit 0", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			composed := engine(t, c.script)
			t.Setenv("TEST_NO_SERVERS", "1")
			p := newPlace(t)
			p.private = c.private
			if err := p.up(t.Context()); !errors.Is(err, private.ErrMissing) {
				t.Errorf("up: %v", err)
			}
			if err := p.down(t.Context()); err != nil {
				t.Errorf("down: %v", err)
			}
			if got := composed(); len(got) > 0 {
				t.Errorf("docker compose %q", got)
			}
		})
	}
}

// An engine that is started later must not give a developer other, empty servers; nor would these get the ports.
func TestPrivateServersStayWhenAnEngineComesUp(t *testing.T) {
	p := started(t)
	composed := engine(t, "exit 0")
	p.private = false
	if err := p.up(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.down(t.Context()); err != nil {
		t.Error(err)
	}
	if got := composed(); len(got) > 0 {
		t.Errorf("docker compose %q", got)
	}
}
