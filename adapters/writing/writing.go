// Package writing knows which texts Unicode calls the same.
package writing

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.Writing = Writing{}

// Writing tells which texts are the same to a reader.
type Writing struct{}

// Compatible implements ports.Writing.
func (Writing) Compatible(s string) string { return norm.NFKC.String(s) }

// Fold implements ports.Writing.
func (Writing) Fold(s string) string { return cases.Fold().String(s) }
