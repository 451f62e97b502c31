package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/toeic-app/toeic/tests/built"
	"github.com/toeic-app/toeic/tests/learners"
)

// furtherForms are imported beside the first, so that the list of exams is about two kilobytes long.
const furtherForms = 2

// hot measures content that is in the near cache, as a signed-in learner gets it, against the bare handler with the same
// reply, headers and all, and the same check of the token.
func (b *bench) hot(ctx context.Context) (rows []row, err error) {
	h, err := b.library(ctx)
	if err != nil {
		return nil, err
	}
	for _, what := range []struct {
		name, path string
		target     float64
	}{
		{"the list of exams, from the cache", "/api/v1/exams", 0.85},
		{"questions of a full form, from the cache", questionsPath, 0.9},
	} {
		r, err := b.heated(ctx, h, what.name, what.path)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r.judge(ratioAtLeast, what.target))
	}
	return rows, nil
}

// heated measures one path.
func (b *bench) heated(ctx context.Context, h *house, name, path string) (r row, err error) {
	reply, err := h.fetch(ctx, h.sitting[0], path)
	if err != nil {
		return r, err
	}
	reply.Key = rand.Text() + rand.Text()
	limit, err := startBare(ctx, reply)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, limit.stop()) }()
	size := len(reply.Body)
	p := plan{Kind: get, Paths: []string{path}, Bytes: size, Warm: b.warm, Length: b.length}
	return b.against(ctx, h, fmt.Sprintf("%s, %.1f KB", name, float64(size)/1000), p, limit)
}

// library is a house with several exams.
func (b *bench) library(ctx context.Context) (*house, error) {
	b.progress("preparing a library of exams")
	h, err := b.onPostgres(ctx, "library", class, 0)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(b.dir, "home", "library")
	for n := range furtherForms {
		pack, err := b.another(n)
		if err != nil {
			return nil, err
		}
		if err := built.Run(b.program, home, []string{"DATABASE_URL=" + h.url}, "content", "import", pack); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// another makes a pack like the first under another name.
func (s *stage) another(n int) (string, error) {
	dir := filepath.Join(s.dir, fmt.Sprintf("form-%d", n))
	if err := learners.WritePack(dir); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "exam.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the form: %w", err)
	}
	renamed := strings.Replace(string(text), learners.FormSlug, fmt.Sprintf("%s-%d", learners.FormSlug, n), 1)
	if err := os.WriteFile(file, []byte(renamed), 0o600); err != nil {
		return "", fmt.Errorf("write the form: %w", err)
	}
	return dir, nil
}
