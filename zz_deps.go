//go:build zzdeps

package main

import (
	_ "ariga.io/atlas/sql/migrate"
	_ "entgo.io/ent/dialect/entsql"
	_ "github.com/alecthomas/kong"
	_ "github.com/caarlos0/env/v11"
	_ "github.com/dgraph-io/ristretto/v2"
	_ "github.com/go-playground/validator/v10"
	_ "github.com/golang-jwt/jwt/v5"
	_ "github.com/joho/godotenv"
	_ "github.com/labstack/echo/v4"
	_ "github.com/lib/pq"
	_ "github.com/pressly/goose/v3"
	_ "github.com/redis/go-redis/v9"
	_ "github.com/santhosh-tekuri/jsonschema/v6"
	_ "github.com/swaggest/jsonschema-go"
	_ "github.com/swaggest/openapi-go/openapi31"
	_ "github.com/swaggest/swgui/v5emb"
	_ "go.uber.org/goleak"
	_ "go.uber.org/zap"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/term"
	_ "golang.org/x/text/language"
	_ "modernc.org/sqlite"
)
