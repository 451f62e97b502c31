package score

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The bounds of what is written about a table, in characters.
const (
	maxVersion = 64
	maxNote    = 500
)

var versionNames = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) // as forms name them

// StoredTable is a conversion table with what is known of where it came from.
type StoredTable struct {
	Table
	Note      string
	CreatedAt *time.Time // nil for the tables that the program ships
}

// Import makes a table of figures that somebody brings. It returns ErrInvalidTable naming every rule that is broken.
func Import(version, note string, listening, reading []int, now time.Time) (StoredTable, error) {
	t := StoredTable{Table: Table{Version: version}, Note: strings.TrimSpace(note), CreatedAt: &now}
	var fields []fault.Field
	if !versionNames.MatchString(version) || len(version) > maxVersion {
		fields = append(fields, field("version", "format", "A version is at most 64 small letters and digits, in words joined by single -."))
	}
	if utf8.RuneCountInString(t.Note) > maxNote {
		fields = append(fields, field("note", "too_long", "The note may have at most 500 characters."))
	}
	whole := true
	for _, c := range []struct {
		name  string
		given []int
		into  *[MaxRaw + 1]int
	}{{"listening", listening, &t.Listening}, {"reading", reading, &t.Reading}} {
		if copy(c.into[:], c.given) != len(c.into) || len(c.given) != len(c.into) {
			fields = append(fields, field(c.name, "length", fmt.Sprintf("There must be %d scaled scores, for the raw scores 0 to 100; there are %d.", len(c.into), len(c.given))))
			whole = false
		}
	}
	if whole {
		var broken *fault.Error
		if errors.As(t.Check(), &broken) {
			fields = append(fields, broken.Fields...)
		}
	}
	if len(fields) > 0 {
		return StoredTable{}, ErrInvalidTable.WithFields(fields...)
	}
	return t, nil
}

// Activation makes a table score an exam from a moment on.
type Activation struct {
	ID      uuid.UUID
	ExamID  uuid.UUID
	Version string
	Note    string
	By      uuid.UUID // the nil UUID for the command line
	At      time.Time
}
