// Package migrations embeds the versioned migrations of both databases, in goose's format, each folder
// with an atlas.sum that pins the bytes of its files. New ones are written by `go run ./tests/migratenew`.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed postgres sqlite
var files embed.FS

// Dialect names a database that the program can use.
type Dialect string

// The dialects.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Dialects lists both dialects.
func Dialects() []Dialect { return []Dialect{Postgres, SQLite} }

// Files returns the migrations of a dialect.
func Files(d Dialect) (fs.FS, error) {
	sub, err := fs.Sub(files, string(d))
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", d, err)
	}
	return sub, nil
}
