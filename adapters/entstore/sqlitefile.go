package entstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// escaped makes a path safe inside a SQLite URI, where ? and # would end it.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// private makes a new SQLite file readable by its owner alone; SQLite gives its side files the same mode.
func private(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database file: %w", err)
	}
	return f.Close()
}

// replaceFile makes room for a file that is to be written anew.
func replaceFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace an older snapshot: %w", err)
	}
	return nil
}

// lockFile holds a lock that other processes respect and that ends with this one: an exclusive transaction on
// an empty SQLite database. It waits until ctx ends.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+escaped(path)+"?_pragma=busy_timeout(1000)")
	if err != nil {
		return nil, fmt.Errorf("open the migration lock: %w", err)
	}
	db.SetMaxOpenConns(1)
	for {
		_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE")
		if err == nil {
			return func() { _ = db.Close() }, nil // closing the connection ends the transaction
		}
		if ctx.Err() != nil || !busy(err) {
			return nil, errors.Join(fmt.Errorf("take the migration lock: %w", err), db.Close())
		}
	}
}

const (
	reachTime  = 10 * time.Second // as the busy_timeout of all else
	reachPause = 10 * time.Millisecond
)

// reach makes the first connection. On SQLite that makes WAL the journal of a new file, and of several processes that do so
// at once some are refused without a wait, whatever their busy_timeout: one that waited might hold up the other for ever.
func reach(ctx context.Context, db *sql.DB) error {
	for limit := time.Now().Add(reachTime); ; {
		err := db.PingContext(ctx)
		if !busy(err) || time.Now().After(limit) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(reachPause):
		}
	}
}
