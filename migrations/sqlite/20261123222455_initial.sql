-- +goose Up
-- create "api_tokens" table
CREATE TABLE `api_tokens` (`id` uuid NOT NULL, `name` text NOT NULL, `hash` text NOT NULL, `scopes` json NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `revoked_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_tokens_users_api_tokens` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "api_tokens_hash_key" to table: "api_tokens"
CREATE UNIQUE INDEX `api_tokens_hash_key` ON `api_tokens` (`hash`);
-- create index "api_tokens_of_user" to table: "api_tokens"
CREATE INDEX `api_tokens_of_user` ON `api_tokens` (`user_id`);
-- create "answers" table
CREATE TABLE `answers` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `number` integer NOT NULL, `choice` text NOT NULL, `seq` integer NOT NULL, `elapsed_ms` integer NOT NULL, `answered_at` datetime NOT NULL, `attempt_id` uuid NOT NULL, CONSTRAINT `answers_attempts_answers` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE CASCADE, CONSTRAINT `answers_choice` CHECK (choice IN ('', 'A', 'B', 'C', 'D')));
-- create index "answers_item" to table: "answers"
CREATE UNIQUE INDEX `answers_item` ON `answers` (`attempt_id`, `number`);
-- create "attempts" table
CREATE TABLE `attempts` (`id` uuid NOT NULL, `mode` text NOT NULL, `status` text NOT NULL, `taken` json NOT NULL, `started_at` datetime NOT NULL, `listening_seconds` integer NOT NULL, `reading_seconds` integer NOT NULL, `advanced_at` datetime NULL, `deadline_at` datetime NULL, `closed_at` datetime NULL, `version` integer NOT NULL, `exam_id` uuid NOT NULL, `revision_id` uuid NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `attempts_exams_exam` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE RESTRICT, CONSTRAINT `attempts_exam_revisions_revision` FOREIGN KEY (`revision_id`) REFERENCES `exam_revisions` (`id`) ON DELETE RESTRICT, CONSTRAINT `attempts_users_attempts` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `attempts_mode` CHECK (mode IN ('exam', 'practice')), CONSTRAINT `attempts_status` CHECK (status IN ('in_progress', 'submitted', 'expired', 'abandoned')));
-- create index "attempts_one_open" to table: "attempts"
CREATE UNIQUE INDEX `attempts_one_open` ON `attempts` (`user_id`, `exam_id`) WHERE status = 'in_progress';
-- create index "attempts_due" to table: "attempts"
CREATE INDEX `attempts_due` ON `attempts` (`deadline_at`) WHERE status = 'in_progress';
-- create index "attempts_of_user" to table: "attempts"
CREATE INDEX `attempts_of_user` ON `attempts` (`user_id`, `id`);
-- create "conversion_tables" table
CREATE TABLE `conversion_tables` (`version` text NOT NULL, `listening` json NOT NULL, `reading` json NOT NULL, PRIMARY KEY (`version`));
-- create "exams" table
CREATE TABLE `exams` (`id` uuid NOT NULL, `slug` text NOT NULL, `kind` text NOT NULL, `created_at` datetime NOT NULL, `current_revision_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `exams_exam_revisions_current` FOREIGN KEY (`current_revision_id`) REFERENCES `exam_revisions` (`id`) ON DELETE RESTRICT, CONSTRAINT `exams_kind` CHECK (kind IN ('full', 'mini', 'part')));
-- create index "exams_slug_key" to table: "exams"
CREATE UNIQUE INDEX `exams_slug_key` ON `exams` (`slug`);
-- create "exam_revisions" table
CREATE TABLE `exam_revisions` (`id` uuid NOT NULL, `number` integer NOT NULL, `hash` text NOT NULL, `title` text NOT NULL, `kind` text NOT NULL, `format` text NOT NULL, `outline` json NOT NULL, `content` blob NOT NULL, `published_at` datetime NOT NULL, `exam_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `exam_revisions_exams_revisions` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE RESTRICT);
-- create index "exam_revisions_number" to table: "exam_revisions"
CREATE UNIQUE INDEX `exam_revisions_number` ON `exam_revisions` (`exam_id`, `number`);
-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`key` text NOT NULL, `fingerprint` text NOT NULL, `reply` blob NULL, `claimed_at` datetime NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`key`));
-- create index "idempotency_keys_expiry" to table: "idempotency_keys"
CREATE INDEX `idempotency_keys_expiry` ON `idempotency_keys` (`expires_at`);
-- create "media_objects" table
CREATE TABLE `media_objects` (`hash` text NOT NULL, `type` text NOT NULL, `size` integer NOT NULL, `data` blob NOT NULL, PRIMARY KEY (`hash`));
-- create "refresh_tokens" table
CREATE TABLE `refresh_tokens` (`hash` text NOT NULL, `created_at` datetime NOT NULL, `spent_at` datetime NULL, `session_id` uuid NOT NULL, PRIMARY KEY (`hash`), CONSTRAINT `refresh_tokens_user_sessions_refresh_tokens` FOREIGN KEY (`session_id`) REFERENCES `user_sessions` (`id`) ON DELETE CASCADE);
-- create index "refresh_tokens_of_session" to table: "refresh_tokens"
CREATE INDEX `refresh_tokens_of_session` ON `refresh_tokens` (`session_id`);
-- create "results" table
CREATE TABLE `results` (`id` uuid NOT NULL, `total` integer NULL, `report` json NOT NULL, `created_at` datetime NOT NULL, `attempt_id` uuid NOT NULL, `conversion_version` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `results_attempts_result` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE CASCADE, CONSTRAINT `results_conversion_tables_conversion` FOREIGN KEY (`conversion_version`) REFERENCES `conversion_tables` (`version`) ON DELETE RESTRICT);
-- create index "results_attempt_id_key" to table: "results"
CREATE UNIQUE INDEX `results_attempt_id_key` ON `results` (`attempt_id`);
-- create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `email` text NOT NULL, `password_hash` text NOT NULL, `roles` json NOT NULL, `display_name` text NOT NULL, `locale` text NOT NULL, `target_score` integer NULL, `test_date` datetime NULL, `minutes_per_day` integer NULL, `created_at` datetime NOT NULL, `deleted_at` datetime NULL, `version` integer NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_email_folded` CHECK (email = lower(email)));
-- create index "users_email_key" to table: "users"
CREATE UNIQUE INDEX `users_email_key` ON `users` (`email`);
-- create "user_sessions" table
CREATE TABLE `user_sessions` (`id` uuid NOT NULL, `ip` text NOT NULL, `user_agent` text NOT NULL, `created_at` datetime NOT NULL, `last_seen_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `revoked_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `user_sessions_users_sessions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "user_sessions_of_user" to table: "user_sessions"
CREATE INDEX `user_sessions_of_user` ON `user_sessions` (`user_id`, `id`);

-- +goose Down
-- reverse: create index "user_sessions_of_user" to table: "user_sessions"
DROP INDEX `user_sessions_of_user`;
-- reverse: create "user_sessions" table
DROP TABLE `user_sessions`;
-- reverse: create index "users_email_key" to table: "users"
DROP INDEX `users_email_key`;
-- reverse: create "users" table
DROP TABLE `users`;
-- reverse: create index "results_attempt_id_key" to table: "results"
DROP INDEX `results_attempt_id_key`;
-- reverse: create "results" table
DROP TABLE `results`;
-- reverse: create index "refresh_tokens_of_session" to table: "refresh_tokens"
DROP INDEX `refresh_tokens_of_session`;
-- reverse: create "refresh_tokens" table
DROP TABLE `refresh_tokens`;
-- reverse: create "media_objects" table
DROP TABLE `media_objects`;
-- reverse: create index "idempotency_keys_expiry" to table: "idempotency_keys"
DROP INDEX `idempotency_keys_expiry`;
-- reverse: create "idempotency_keys" table
DROP TABLE `idempotency_keys`;
-- reverse: create index "exam_revisions_number" to table: "exam_revisions"
DROP INDEX `exam_revisions_number`;
-- reverse: create "exam_revisions" table
DROP TABLE `exam_revisions`;
-- reverse: create index "exams_slug_key" to table: "exams"
DROP INDEX `exams_slug_key`;
-- reverse: create "exams" table
DROP TABLE `exams`;
-- reverse: create "conversion_tables" table
DROP TABLE `conversion_tables`;
-- reverse: create index "attempts_of_user" to table: "attempts"
DROP INDEX `attempts_of_user`;
-- reverse: create index "attempts_due" to table: "attempts"
DROP INDEX `attempts_due`;
-- reverse: create index "attempts_one_open" to table: "attempts"
DROP INDEX `attempts_one_open`;
-- reverse: create "attempts" table
DROP TABLE `attempts`;
-- reverse: create index "answers_item" to table: "answers"
DROP INDEX `answers_item`;
-- reverse: create "answers" table
DROP TABLE `answers`;
-- reverse: create index "api_tokens_of_user" to table: "api_tokens"
DROP INDEX `api_tokens_of_user`;
-- reverse: create index "api_tokens_hash_key" to table: "api_tokens"
DROP INDEX `api_tokens_hash_key`;
-- reverse: create "api_tokens" table
DROP TABLE `api_tokens`;
