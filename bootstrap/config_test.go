package bootstrap

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestAConfigurationNeverShowsItsSecrets(t *testing.T) {
	c := Config{
		TokenSigningKey: "canary-key", DatabaseURL: "postgres://ann:canary-1@db/x?password=canary-2", RedisURL: "redis://:canary-3@cache:6379/0",
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, encoded, strings.Join(c.Effective(), " "))
	if strings.Contains(shown, "canary") {
		t.Errorf("a secret shows: %s", shown)
	}
	if !strings.Contains(shown, "********@db/x") || !strings.Contains(shown, "********@cache:6379/0") {
		t.Errorf("the hosts are hidden too: %s", shown)
	}
}

func TestEverySettingIsExplainedInTheExample(t *testing.T) {
	example, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[Config]().Fields() {
		if name := f.Tag.Get("env"); !strings.Contains(string(example), "# "+name+"=") {
			t.Errorf("%s is not in .env.example", name)
		}
	}
	if !strings.Contains(string(example), exampleKey) {
		t.Error("the example key is not the one that is refused")
	}
}

func TestTheExampleWithItsCommentsTakenAwayIsReadAsItSays(t *testing.T) {
	example, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	uncommented := regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(string(example), "$1")
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(uncommented), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := Load(dir, nil, ".env", nil)
	if len(problems) != 1 || problems[0].Setting != "TOKEN_SIGNING_KEY" {
		t.Errorf("problems: %v, want only the example key", problems)
	}
	if c.DBMaxConnections != 25 || c.LogFormat != "text" || c.DatabaseURL != "postgres://toeic:toeic@127.0.0.1:55432/toeic" {
		t.Errorf("read: %v", c.Effective())
	}
}

func TestOfManyProcessesThatMakeAKeyAllUseTheSame(t *testing.T) {
	c := Config{DataDir: t.TempDir()}
	keys := make(chan string, 16)
	for range cap(keys) {
		go func() {
			key, err := c.signingKey()
			if err != nil {
				t.Error(err)
			}
			keys <- string(key)
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first {
			t.Error("two processes have different keys")
		}
	}
	if len(first) < minKey {
		t.Errorf("the key has %d characters", len(first))
	}
	left, err := os.ReadDir(c.DataDir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLevelsAreWrittenAsOperatorsSearchThem(t *testing.T) {
	var out strings.Builder
	log := newLogger(Config{LogLevel: "DEBUG", LogFormat: "json"}, &out)
	log.Debug("x")
	log.Info("x")
	log.Warn("x")
	log.Error("x")
	log.DPanic("x")
	func() {
		defer func() { _ = recover() }()
		log.Panic("x")
	}()
	var levels []string
	for line := range strings.Lines(out.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, entry.Level)
	}
	if got := strings.Join(levels, " "); got != "DEBUG INFO WARN ERROR PANIC PANIC" {
		t.Errorf("levels: %s", got)
	}
}

func TestAnUnreadableSettingsFileIsNotQuoted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("Some words.\nTOKEN_SIGNING_KEY=canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(dir, nil, ".env", nil)
	if shown := fmt.Sprint(problems); len(problems) != 1 || strings.Contains(shown, "canary") || !strings.Contains(shown, "NAME=value") {
		t.Errorf("problems: %s", shown)
	}
}
