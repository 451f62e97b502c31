package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// load reads a YAML file of the project.
func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type task struct {
	Desc     string
	Internal bool
	Cmds     []string // a step that is more than a command does not fit, and fails the test
}

func tasks(t *testing.T) map[string]task {
	t.Helper()
	var file struct {
		Version string
		Tasks   map[string]task
	}
	load(t, "Taskfile.yml", &file)
	if file.Version != "3" || len(file.Tasks) == 0 {
		t.Fatalf("version %q with %d tasks", file.Version, len(file.Tasks))
	}
	return file.Tasks
}

func TestTheTasksAreFewAndEachSaysWhatItDoes(t *testing.T) {
	public := 0
	for name, task := range tasks(t) {
		if task.Internal {
			continue
		}
		public++
		if task.Desc == "" || len(task.Cmds) == 0 {
			t.Errorf("task %s has description %q and %d commands", name, task.Desc, len(task.Cmds))
		}
	}
	if public > 20 {
		t.Errorf("%d tasks are more than anybody remembers", public)
	}
}

// A task is forgotten when what it runs is renamed.
func TestWhatTheTasksRunExists(t *testing.T) {
	path := regexp.MustCompile(`(?:^|\s)((?:\./|content/|\.ci/)[\w./-]+)`)
	found := 0
	for name, task := range tasks(t) {
		for _, match := range path.FindAllStringSubmatch(strings.Join(task.Cmds, "\n"), -1) {
			if strings.HasSuffix(match[1], "...") {
				continue
			}
			found++
			if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
				t.Errorf("task %s: %v", name, err)
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d paths only: the search is broken", found)
	}
}

func TestOnlyThisMachineReachesTheContainers(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Ports       []string
			Healthcheck map[string]any
		}
	}
	load(t, composeFile, &file)
	if len(file.Services) != 2 {
		t.Fatalf("%d services", len(file.Services))
	}
	for name, s := range file.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s listens to everyone: %s", name, port)
			}
		}
		if len(s.Ports) != 1 || len(s.Healthcheck) == 0 {
			t.Errorf("%s has %d ports and health check %v: up could not wait for it", name, len(s.Ports), s.Healthcheck)
		}
	}
}

func TestTheEditorsSettingsCanBeRead(t *testing.T) {
	var file struct {
		Version string
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct{ Deny []struct{ Pkg, Desc string } }
				}
			}
		}
	}
	load(t, ".golangci.yml", &file)
	rules := file.Linters.Settings.Depguard.Rules
	if file.Version != "2" || len(rules) == 0 {
		t.Fatalf("version %q with %d rules", file.Version, len(rules))
	}
	for name, rule := range rules {
		for _, ban := range rule.Deny {
			if ban.Pkg == "" || ban.Desc == "" {
				t.Errorf("rule %s bans %q for reason %q", name, ban.Pkg, ban.Desc)
			}
		}
	}
}
