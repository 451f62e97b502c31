-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_cache_runs" table
CREATE TABLE `new_cache_runs` (`id` uuid NOT NULL, `replica` text NOT NULL, `asked_by` uuid NULL, `families` json NOT NULL, `cleared` bool NOT NULL, `far` text NOT NULL DEFAULT (''), `started_at` datetime NOT NULL, `seen_at` datetime NOT NULL, `outcome` text NOT NULL, `ended_at` datetime NULL, `cancelling` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`), CONSTRAINT `cache_runs_outcome` CHECK (outcome IN ('running', 'done', 'cancelled', 'interrupted')));
-- copy rows from old table "cache_runs" to new temporary table "new_cache_runs"
INSERT INTO `new_cache_runs` (`id`, `replica`, `asked_by`, `families`, `cleared`, `started_at`, `seen_at`, `outcome`, `ended_at`, `cancelling`) SELECT `id`, `replica`, `asked_by`, `families`, `cleared`, `started_at`, `seen_at`, `outcome`, `ended_at`, `cancelling` FROM `cache_runs`;
-- drop "cache_runs" table after copying rows
DROP TABLE `cache_runs`;
-- rename temporary table "new_cache_runs" to "cache_runs"
ALTER TABLE `new_cache_runs` RENAME TO `cache_runs`;
-- create index "cache_runs_age" to table: "cache_runs"
CREATE INDEX `cache_runs_age` ON `cache_runs` (`started_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "cache_runs_age" to table: "cache_runs"
DROP INDEX `cache_runs_age`;
-- reverse: create "new_cache_runs" table
DROP TABLE `new_cache_runs`;
