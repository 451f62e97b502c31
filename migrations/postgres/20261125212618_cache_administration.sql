-- +goose Up
-- create "cache_runs" table
CREATE TABLE "cache_runs" ("id" uuid NOT NULL, "replica" character varying NOT NULL, "asked_by" uuid NULL, "families" jsonb NOT NULL, "cleared" boolean NOT NULL, "started_at" timestamptz NOT NULL, "seen_at" timestamptz NOT NULL, "outcome" character varying NOT NULL, "ended_at" timestamptz NULL, "cancelling" boolean NOT NULL DEFAULT false, "far" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "cache_runs_outcome" CHECK ((outcome)::text = ANY ((ARRAY['running'::character varying, 'done'::character varying, 'cancelled'::character varying, 'interrupted'::character varying])::text[])));
-- create index "cache_runs_age" to table: "cache_runs"
CREATE INDEX "cache_runs_age" ON "cache_runs" ("started_at");
-- create "cache_settings" table
CREATE TABLE "cache_settings" ("family" character varying NOT NULL, "ttl_ms" bigint NOT NULL, "changed_by" uuid NULL, "changed_at" timestamptz NOT NULL, PRIMARY KEY ("family"), CONSTRAINT "cache_settings_ttl" CHECK (ttl_ms > 0));

-- +goose Down
-- reverse: create "cache_settings" table
DROP TABLE "cache_settings";
-- reverse: create index "cache_runs_age" to table: "cache_runs"
DROP INDEX "cache_runs_age";
-- reverse: create "cache_runs" table
DROP TABLE "cache_runs";
