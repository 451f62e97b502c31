// Package content holds what the program ships: original sample tests, conversion tables and norm tables.
package content

import "embed"

// Packs holds one content pack in each folder below "packs".
//
//go:embed packs
var Packs embed.FS

// Conversions holds one conversion table in each file conversion/<version>.csv.
//
//go:embed conversion/*.csv
var Conversions embed.FS

// Norms holds one norm table in each file norms/<norm>.csv.
//
//go:embed norms/*.csv
var Norms embed.FS
