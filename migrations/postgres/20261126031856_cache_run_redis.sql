-- +goose Up
-- modify "cache_runs" table
ALTER TABLE "cache_runs" ADD COLUMN "far" character varying NOT NULL DEFAULT '';

-- +goose Down
-- reverse: modify "cache_runs" table
ALTER TABLE "cache_runs" DROP COLUMN "far";
