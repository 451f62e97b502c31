-- +goose Up
-- add columns to table: "answers"
ALTER TABLE `answers` ADD COLUMN `position` integer NOT NULL DEFAULT 0;
-- add columns to table: "attempts"
ALTER TABLE `attempts` ADD COLUMN `answered` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `position` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `time_percent` integer NOT NULL DEFAULT 100;
ALTER TABLE `attempts` ADD COLUMN `extra_seconds` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `pause_percent` integer NOT NULL DEFAULT 100;
ALTER TABLE `attempts` ADD COLUMN `listening_omitted` bool NOT NULL DEFAULT false;
ALTER TABLE `attempts` ADD COLUMN `limit_seconds` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `paused_at` datetime NULL;
ALTER TABLE `attempts` ADD COLUMN `paused_ms` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `pauses` integer NOT NULL DEFAULT 0;
ALTER TABLE `attempts` ADD COLUMN `session_id` uuid NULL;
ALTER TABLE `attempts` ADD COLUMN `former_session_id` uuid NULL;
ALTER TABLE `attempts` ADD COLUMN `counted_at` datetime NULL;
-- count what is answered already
UPDATE `attempts` SET `answered` = (SELECT count(*) FROM `answers` WHERE `answers`.`attempt_id` = `attempts`.`id` AND `answers`.`choice` <> '');
-- create index "attempts_scored" to table: "attempts"
CREATE INDEX `attempts_scored` ON `attempts` (`exam_id`, `closed_at`) WHERE mode = 'exam' AND (status = 'submitted' OR status = 'expired');
-- add columns to table: "conversion_tables"
ALTER TABLE `conversion_tables` ADD COLUMN `note` text NOT NULL DEFAULT '';
ALTER TABLE `conversion_tables` ADD COLUMN `created_at` datetime NULL;
-- add column "corrects_id" to table: "exam_revisions"
ALTER TABLE `exam_revisions` ADD COLUMN `corrects_id` uuid NULL;
-- add column "revision_id" to table: "results"
ALTER TABLE `results` ADD COLUMN `revision_id` uuid NULL;
-- add column "regrade_id" to table: "results"
ALTER TABLE `results` ADD COLUMN `regrade_id` uuid NULL;
-- add columns to table: "jobs"
ALTER TABLE `jobs` ADD COLUMN `once` text NULL;
-- create index "jobs_once" to table: "jobs"
CREATE UNIQUE INDEX `jobs_once` ON `jobs` (`once`) WHERE done_at IS NULL AND dead_at IS NULL;
-- create "accommodations" table
CREATE TABLE `accommodations` (`id` uuid NOT NULL, `time_percent` integer NOT NULL, `extra_seconds` integer NOT NULL, `pause_percent` integer NOT NULL, `listening_omitted` bool NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `accommodations_users_accommodation` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `accommodations_pause` CHECK (pause_percent BETWEEN 100 AND 300), CONSTRAINT `accommodations_time` CHECK (time_percent BETWEEN 100 AND 300));
-- create index "accommodations_user_id_key" to table: "accommodations"
CREATE UNIQUE INDEX `accommodations_user_id_key` ON `accommodations` (`user_id`);
-- create "answer_changes" table
CREATE TABLE `answer_changes` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `number` integer NOT NULL, `replaced` text NOT NULL, `choice` text NOT NULL, `seq` integer NOT NULL, `elapsed_ms` integer NOT NULL, `outcome` text NOT NULL, `client_at` datetime NULL, `server_at` datetime NOT NULL, `session_id` uuid NULL, `attempt_id` uuid NOT NULL, CONSTRAINT `answer_changes_outcome` CHECK (outcome IN ('applied', 'superseded', 'late')));
-- create index "answer_changes_once" to table: "answer_changes"
CREATE UNIQUE INDEX `answer_changes_once` ON `answer_changes` (`attempt_id`, `number`, `seq`);
-- create "attempt_pauses" table
CREATE TABLE `attempt_pauses` (`id` uuid NOT NULL, `paused_at` datetime NOT NULL, `resumed_at` datetime NULL, `attempt_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `attempt_pauses_attempts_pauses_taken` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE CASCADE);
-- create index "attempt_pauses_of" to table: "attempt_pauses"
CREATE INDEX `attempt_pauses_of` ON `attempt_pauses` (`attempt_id`);
-- create "conversion_activations" table
CREATE TABLE `conversion_activations` (`id` uuid NOT NULL, `note` text NOT NULL, `by_user_id` uuid NULL, `at` datetime NOT NULL, `exam_id` uuid NOT NULL, `version` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `conversion_activations_exams_exam` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE RESTRICT, CONSTRAINT `conversion_activations_conversion_tables_conversion` FOREIGN KEY (`version`) REFERENCES `conversion_tables` (`version`) ON DELETE RESTRICT);
-- create index "conversion_activations_of_exam" to table: "conversion_activations"
CREATE INDEX `conversion_activations_of_exam` ON `conversion_activations` (`exam_id`, `id`);
-- create "exam_policies" table
CREATE TABLE `exam_policies` (`exam_id` uuid NOT NULL, `review` json NOT NULL, `device` text NOT NULL, `closes_at` datetime NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, PRIMARY KEY (`exam_id`), CONSTRAINT `exam_policies_device` CHECK (device IN ('any', 'takeover', 'refuse')));
-- create "form_statistics" table
CREATE TABLE `form_statistics` (`form_id` uuid NOT NULL, `takers` integer NOT NULL, `report` json NOT NULL, `computed_at` datetime NOT NULL, `exam_id` uuid NOT NULL, PRIMARY KEY (`form_id`), CONSTRAINT `form_statistics_exams_exam` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE CASCADE);
-- create "former_results" table
CREATE TABLE `former_results` (`id` uuid NOT NULL, `conversion_version` text NOT NULL, `revision_id` uuid NULL, `total` integer NULL, `report` json NOT NULL, `created_at` datetime NOT NULL, `replaced_at` datetime NOT NULL, `regrade_id` uuid NULL, `attempt_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `former_results_attempts_former_results` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE CASCADE);
-- create index "former_results_of" to table: "former_results"
CREATE INDEX `former_results_of` ON `former_results` (`attempt_id`);
-- create index "former_results_regrade" to table: "former_results"
CREATE INDEX `former_results_regrade` ON `former_results` (`regrade_id`);
-- create "leaderboard_entries" table
CREATE TABLE `leaderboard_entries` (`id` uuid NOT NULL, `pseudonym` text NOT NULL, `folded` text NOT NULL, `joined_at` datetime NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `leaderboard_entries_users_leaderboard_entry` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "leaderboard_entries_folded_key" to table: "leaderboard_entries"
CREATE UNIQUE INDEX `leaderboard_entries_folded_key` ON `leaderboard_entries` (`folded`);
-- create index "leaderboard_entries_user_id_key" to table: "leaderboard_entries"
CREATE UNIQUE INDEX `leaderboard_entries_user_id_key` ON `leaderboard_entries` (`user_id`);
-- create "learner_items" table
CREATE TABLE `learner_items` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `seen` integer NOT NULL, `wrong` integer NOT NULL, `last_correct` bool NOT NULL, `last_at` datetime NOT NULL, `right_days` integer NOT NULL, `right_on` text NOT NULL, `in_book_since` datetime NULL, `question_id` uuid NOT NULL, `user_id` uuid NOT NULL, CONSTRAINT `learner_items_questions_question` FOREIGN KEY (`question_id`) REFERENCES `questions` (`id`) ON DELETE RESTRICT, CONSTRAINT `learner_items_users_items` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "learner_items_one" to table: "learner_items"
CREATE UNIQUE INDEX `learner_items_one` ON `learner_items` (`user_id`, `question_id`);
-- create index "learner_items_book" to table: "learner_items"
CREATE INDEX `learner_items_book` ON `learner_items` (`user_id`, `in_book_since`) WHERE in_book_since IS NOT NULL;
-- create "practice_answers" table
CREATE TABLE `practice_answers` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `number` integer NOT NULL, `choice` text NOT NULL, `seq` integer NOT NULL, `elapsed_ms` integer NOT NULL, `answered_at` datetime NOT NULL, `set_id` uuid NOT NULL, CONSTRAINT `practice_answers_practice_sets_answers` FOREIGN KEY (`set_id`) REFERENCES `practice_sets` (`id`) ON DELETE CASCADE, CONSTRAINT `practice_answers_choice` CHECK (choice IN ('', 'A', 'B', 'C', 'D')));
-- create index "practice_answers_item" to table: "practice_answers"
CREATE UNIQUE INDEX `practice_answers_item` ON `practice_answers` (`set_id`, `number`);
-- create "practice_sets" table
CREATE TABLE `practice_sets` (`id` uuid NOT NULL, `status` text NOT NULL, `feedback` text NOT NULL, `criteria` json NOT NULL, `items` json NOT NULL, `created_at` datetime NOT NULL, `finished_at` datetime NULL, `version` integer NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `practice_sets_users_practice_sets` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `practice_sets_feedback` CHECK (feedback IN ('immediate', 'final')), CONSTRAINT `practice_sets_status` CHECK (status IN ('open', 'finished')));
-- create index "practice_sets_of_user" to table: "practice_sets"
CREATE INDEX `practice_sets_of_user` ON `practice_sets` (`user_id`, `id`);
-- create "questions" table
CREATE TABLE `questions` (`id` uuid NOT NULL, `revision_id` uuid NOT NULL, `number` integer NOT NULL, `part` integer NOT NULL, `ability` text NOT NULL, `current` bool NOT NULL, `difficulty` real NULL, `exam_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `questions_exams_exam` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE RESTRICT);
-- create index "questions_of_exam" to table: "questions"
CREATE INDEX `questions_of_exam` ON `questions` (`exam_id`);
-- create index "questions_to_practise" to table: "questions"
CREATE INDEX `questions_to_practise` ON `questions` (`part`, `ability`) WHERE current;
-- create "regrades" table
CREATE TABLE `regrades` (`id` uuid NOT NULL, `question_id` uuid NOT NULL, `number` integer NOT NULL, `from_key` text NOT NULL, `to_key` text NOT NULL, `from_revision_id` uuid NOT NULL, `to_revision_id` uuid NOT NULL, `reason` text NOT NULL, `attempts` integer NOT NULL, `changed` integer NOT NULL, `by_user_id` uuid NULL, `at` datetime NOT NULL, `exam_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `regrades_exams_exam` FOREIGN KEY (`exam_id`) REFERENCES `exams` (`id`) ON DELETE RESTRICT);
-- create index "regrades_of_exam" to table: "regrades"
CREATE INDEX `regrades_of_exam` ON `regrades` (`exam_id`, `id`);
-- create "schedules" table
CREATE TABLE `schedules` (`name` text NOT NULL, `next_at` datetime NOT NULL, `leased_until` datetime NULL, `began_at` datetime NULL, `succeeded_at` datetime NULL, `last_error` text NOT NULL, `runs` integer NOT NULL, PRIMARY KEY (`name`));

-- +goose Down
-- reverse: create "schedules" table
DROP TABLE `schedules`;
-- reverse: create index "regrades_of_exam" to table: "regrades"
DROP INDEX `regrades_of_exam`;
-- reverse: create "regrades" table
DROP TABLE `regrades`;
-- reverse: create index "questions_to_practise" to table: "questions"
DROP INDEX `questions_to_practise`;
-- reverse: create index "questions_of_exam" to table: "questions"
DROP INDEX `questions_of_exam`;
-- reverse: create "questions" table
DROP TABLE `questions`;
-- reverse: create index "practice_sets_of_user" to table: "practice_sets"
DROP INDEX `practice_sets_of_user`;
-- reverse: create "practice_sets" table
DROP TABLE `practice_sets`;
-- reverse: create index "practice_answers_item" to table: "practice_answers"
DROP INDEX `practice_answers_item`;
-- reverse: create "practice_answers" table
DROP TABLE `practice_answers`;
-- reverse: create index "learner_items_book" to table: "learner_items"
DROP INDEX `learner_items_book`;
-- reverse: create index "learner_items_one" to table: "learner_items"
DROP INDEX `learner_items_one`;
-- reverse: create "learner_items" table
DROP TABLE `learner_items`;
-- reverse: create index "leaderboard_entries_user_id_key" to table: "leaderboard_entries"
DROP INDEX `leaderboard_entries_user_id_key`;
-- reverse: create index "leaderboard_entries_folded_key" to table: "leaderboard_entries"
DROP INDEX `leaderboard_entries_folded_key`;
-- reverse: create "leaderboard_entries" table
DROP TABLE `leaderboard_entries`;
-- reverse: create index "former_results_regrade" to table: "former_results"
DROP INDEX `former_results_regrade`;
-- reverse: create index "former_results_of" to table: "former_results"
DROP INDEX `former_results_of`;
-- reverse: create "former_results" table
DROP TABLE `former_results`;
-- reverse: create "form_statistics" table
DROP TABLE `form_statistics`;
-- reverse: create "exam_policies" table
DROP TABLE `exam_policies`;
-- reverse: create index "conversion_activations_of_exam" to table: "conversion_activations"
DROP INDEX `conversion_activations_of_exam`;
-- reverse: create "conversion_activations" table
DROP TABLE `conversion_activations`;
-- reverse: create index "attempt_pauses_of" to table: "attempt_pauses"
DROP INDEX `attempt_pauses_of`;
-- reverse: create "attempt_pauses" table
DROP TABLE `attempt_pauses`;
-- reverse: create index "answer_changes_once" to table: "answer_changes"
DROP INDEX `answer_changes_once`;
-- reverse: create "answer_changes" table
DROP TABLE `answer_changes`;
-- reverse: create index "accommodations_user_id_key" to table: "accommodations"
DROP INDEX `accommodations_user_id_key`;
-- reverse: create "accommodations" table
DROP TABLE `accommodations`;
-- reverse: create index "jobs_once" to table: "jobs"
DROP INDEX `jobs_once`;
-- reverse: create "new_jobs" table
ALTER TABLE `jobs` DROP COLUMN `once`;
-- reverse: add column "regrade_id" to table: "results"
ALTER TABLE `results` DROP COLUMN `regrade_id`;
-- reverse: add column "revision_id" to table: "results"
ALTER TABLE `results` DROP COLUMN `revision_id`;
-- reverse: add column "corrects_id" to table: "exam_revisions"
ALTER TABLE `exam_revisions` DROP COLUMN `corrects_id`;
-- reverse: create "new_conversion_tables" table
ALTER TABLE `conversion_tables` DROP COLUMN `created_at`;
ALTER TABLE `conversion_tables` DROP COLUMN `note`;
-- reverse: create index "attempts_scored" to table: "attempts"
DROP INDEX `attempts_scored`;
-- reverse: create "new_attempts" table
ALTER TABLE `attempts` DROP COLUMN `counted_at`;
ALTER TABLE `attempts` DROP COLUMN `former_session_id`;
ALTER TABLE `attempts` DROP COLUMN `session_id`;
ALTER TABLE `attempts` DROP COLUMN `pauses`;
ALTER TABLE `attempts` DROP COLUMN `paused_ms`;
ALTER TABLE `attempts` DROP COLUMN `paused_at`;
ALTER TABLE `attempts` DROP COLUMN `limit_seconds`;
ALTER TABLE `attempts` DROP COLUMN `listening_omitted`;
ALTER TABLE `attempts` DROP COLUMN `pause_percent`;
ALTER TABLE `attempts` DROP COLUMN `extra_seconds`;
ALTER TABLE `attempts` DROP COLUMN `time_percent`;
ALTER TABLE `attempts` DROP COLUMN `position`;
ALTER TABLE `attempts` DROP COLUMN `answered`;
-- reverse: create "new_answers" table
ALTER TABLE `answers` DROP COLUMN `position`;
