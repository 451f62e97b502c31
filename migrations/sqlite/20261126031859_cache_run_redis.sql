-- +goose Up
-- modify "cache_runs" table
ALTER TABLE `cache_runs` ADD COLUMN `far` text NOT NULL DEFAULT ('');

-- +goose Down
-- reverse: modify "cache_runs" table
ALTER TABLE `cache_runs` DROP COLUMN `far`;
