-- +goose Up
-- create "cache_runs" table
CREATE TABLE `cache_runs` (`id` uuid NOT NULL, `replica` text NOT NULL, `asked_by` uuid NULL, `families` json NOT NULL, `cleared` bool NOT NULL, `started_at` datetime NOT NULL, `seen_at` datetime NOT NULL, `outcome` text NOT NULL, `ended_at` datetime NULL, `cancelling` bool NOT NULL DEFAULT (false), `far` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `cache_runs_outcome` CHECK (outcome IN ('running', 'done', 'cancelled', 'interrupted')));
-- create index "cache_runs_age" to table: "cache_runs"
CREATE INDEX `cache_runs_age` ON `cache_runs` (`started_at`);
-- create "cache_settings" table
CREATE TABLE `cache_settings` (`family` text NOT NULL, `ttl_ms` integer NOT NULL, `changed_by` uuid NULL, `changed_at` datetime NOT NULL, PRIMARY KEY (`family`), CONSTRAINT `cache_settings_ttl` CHECK (ttl_ms > 0));

-- +goose Down
-- reverse: create "cache_settings" table
DROP TABLE `cache_settings`;
-- reverse: create index "cache_runs_age" to table: "cache_runs"
DROP INDEX `cache_runs_age`;
-- reverse: create "cache_runs" table
DROP TABLE `cache_runs`;
