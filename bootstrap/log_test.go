package bootstrap

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/domain/identity"
)

// beginsWithTime matches a line as every line of the text format begins but those of failed log-ins.
var beginsWithTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)

// written returns the lines that fn logs in a format.
func written(t *testing.T, format string, fn func(*zap.Logger)) []string {
	t.Helper()
	var out strings.Builder
	fn(newLogger(Config{LogLevel: "DEBUG", LogFormat: format}, &out))
	if !strings.HasSuffix(out.String(), "\n") {
		t.Fatalf("the last line does not end: %q", out.String())
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// fail logs a failed log-in from each address as the program does.
func fail(addresses ...string) func(*zap.Logger) {
	return func(log *zap.Logger) {
		user := uuid.UUID{1}
		for _, ip := range addresses {
			(&core{log: log}).alarm(identity.LoginFailure{IP: ip, UserID: &user, Reason: identity.WrongPassword})
		}
	}
}

func TestALineOfAFailedLogInBeginsWithTheClientsAddress(t *testing.T) {
	addresses := []string{"198.51.100.7", "2001:db8::1", "198.51.100.7"}
	lines := written(t, "text", fail(addresses...))
	if len(lines) != len(addresses) {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, line := range lines {
		rest, ok := strings.CutPrefix(line, addresses[i]+" ")
		if !ok || !beginsWithTime.MatchString(rest) || !strings.Contains(rest, authenticationFailed) || !strings.Contains(rest, "WARN") {
			t.Errorf("line %q", line)
		}
	}
}

func TestEveryOtherLineBeginsWithTheTime(t *testing.T) {
	for name, fn := range map[string]func(*zap.Logger){
		"a request":        func(l *zap.Logger) { l.Info("request", zap.String(clientAddress, "198.51.100.7")) },
		"a longer message": func(l *zap.Logger) { l.Warn(authenticationFailed+" again", zap.String(clientAddress, "198.51.100.7")) },
		"the words in a field": func(l *zap.Logger) {
			l.Info("x", zap.String("msg", authenticationFailed), zap.String(clientAddress, "198.51.100.7"))
		},
		"no client":    func(l *zap.Logger) { l.Warn(authenticationFailed) },
		"what follows": func(l *zap.Logger) { fail("198.51.100.7")(l); l.Info("request") },
		"a child": func(l *zap.Logger) {
			l.With(zap.String(clientAddress, "198.51.100.7")).Named("x").Info("request")
		},
	} {
		lines := written(t, "text", fn)
		if last := lines[len(lines)-1]; !beginsWithTime.MatchString(last) {
			t.Errorf("%s: %q", name, last)
		}
	}
}

func TestAChildOfTheLoggerPutsTheAddressFirstToo(t *testing.T) {
	lines := written(t, "text", func(l *zap.Logger) { fail("198.51.100.7")(l.With(zap.String("worker", "1")).Named("identity")) })
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "198.51.100.7 ") || !strings.Contains(lines[0], "worker") {
		t.Errorf("%q", lines)
	}
}

func TestMachinesReadTheAddressAsAField(t *testing.T) {
	lines := written(t, "json", fail("198.51.100.7"))
	var entry map[string]string
	if err := json.Unmarshal([]byte(lines[0]), &entry); err != nil {
		t.Fatalf("%q: %v", lines[0], err)
	}
	for key, want := range map[string]string{"msg": authenticationFailed, clientAddress: "198.51.100.7", "level": "WARN", "reason": "password", "user": uuid.UUID{1}.String()} {
		if entry[key] != want {
			t.Errorf("%s is %q, want %q", key, entry[key], want)
		}
	}
	if !strings.HasPrefix(lines[0], "{") || !beginsWithTime.MatchString(entry["time"]) {
		t.Errorf("%q", lines[0])
	}
}

func TestTheFormatFollowsTheEnvironmentUnlessItIsSet(t *testing.T) {
	for _, c := range []struct {
		environment Environment
		format      string
		json        bool
	}{
		{Development, "", false},
		{Staging, "", true},
		{Production, "", true},
		{Development, "json", true},
		{Production, "text", false},
	} {
		var out strings.Builder
		newLogger(Config{Environment: c.environment, LogFormat: c.format, LogLevel: "INFO"}, &out).Info("x")
		if got := strings.HasPrefix(out.String(), "{"); got != c.json {
			t.Errorf("%s, %q: %q", c.environment, c.format, out.String())
		}
	}
}
