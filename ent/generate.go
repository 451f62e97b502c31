// Package ent is generated from the hand-written tables in ent/schema. Only the entstore adapter and
// bootstrap import it.
package ent

//go:generate go tool ent generate --feature sql/upsert,sql/modifier,sql/lock,sql/versioned-migration,sql/execquery ./schema
