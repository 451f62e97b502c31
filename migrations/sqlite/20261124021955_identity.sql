-- +goose Up
-- add column "last_used_at" to table: "api_tokens"
ALTER TABLE `api_tokens` ADD COLUMN `last_used_at` datetime NULL;
-- add column "verified_at" to table: "users"
ALTER TABLE `users` ADD COLUMN `verified_at` datetime NULL;
-- add column "password_changed_at" to table: "users"
ALTER TABLE `users` ADD COLUMN `password_changed_at` datetime NULL;
-- add column "must_change_password" to table: "users"
ALTER TABLE `users` ADD COLUMN `must_change_password` bool NULL;
-- add column "suspended_at" to table: "users"
ALTER TABLE `users` ADD COLUMN `suspended_at` datetime NULL;
-- add column "suspended_for" to table: "users"
ALTER TABLE `users` ADD COLUMN `suspended_for` text NULL;
-- add column "device" to table: "user_sessions"
ALTER TABLE `user_sessions` ADD COLUMN `device` text NULL;
-- add column "proved_at" to table: "user_sessions"
ALTER TABLE `user_sessions` ADD COLUMN `proved_at` datetime NULL;
-- add column "factor_at" to table: "user_sessions"
ALTER TABLE `user_sessions` ADD COLUMN `factor_at` datetime NULL;
-- add column "end_reason" to table: "user_sessions"
ALTER TABLE `user_sessions` ADD COLUMN `end_reason` text NULL;
-- create index "user_sessions_expiry" to table: "user_sessions"
CREATE INDEX `user_sessions_expiry` ON `user_sessions` (`expires_at`);
-- create "account_exports" table
CREATE TABLE `account_exports` (`id` uuid NOT NULL, `status` text NOT NULL, `data` blob NULL, `size` integer NOT NULL, `created_at` datetime NOT NULL, `ready_at` datetime NULL, `expires_at` datetime NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `account_exports_users_exports` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `account_exports_status` CHECK (status IN ('pending', 'ready', 'failed')));
-- create index "account_exports_of_user" to table: "account_exports"
CREATE INDEX `account_exports_of_user` ON `account_exports` (`user_id`);
-- create index "account_exports_expiry" to table: "account_exports"
CREATE INDEX `account_exports_expiry` ON `account_exports` (`expires_at`);
-- create "account_flows" table
CREATE TABLE `account_flows` (`id` uuid NOT NULL, `purpose` text NOT NULL, `code_hash` text NOT NULL, `second_hash` text NOT NULL, `tries` integer NOT NULL, `state` blob NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `done_at` datetime NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `account_flows_users_flows` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE, CONSTRAINT `account_flows_purpose` CHECK (purpose IN ('registration', 'reset', 'email_change', 'passkey_registration', 'passkey_login', 'oidc')));
-- create index "account_flows_expiry" to table: "account_flows"
CREATE INDEX `account_flows_expiry` ON `account_flows` (`expires_at`);
-- create index "account_flows_of_user" to table: "account_flows"
CREATE INDEX `account_flows_of_user` ON `account_flows` (`user_id`);
-- create "actor_changes" table
CREATE TABLE `actor_changes` (`id` uuid NOT NULL, `subject` text NOT NULL, `at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "actor_changes_age" to table: "actor_changes"
CREATE INDEX `actor_changes_age` ON `actor_changes` (`at`);
-- create "audit_entries" table
CREATE TABLE `audit_entries` (`seq` integer NOT NULL, `at` datetime NOT NULL, `user_id` uuid NULL, `token_id` uuid NULL, `ip` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `object` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `hash` text NOT NULL, PRIMARY KEY (`seq`));
-- create index "audit_entries_of_object" to table: "audit_entries"
CREATE INDEX `audit_entries_of_object` ON `audit_entries` (`object`, `seq`);
-- create index "audit_entries_of_user" to table: "audit_entries"
CREATE INDEX `audit_entries_of_user` ON `audit_entries` (`user_id`, `seq`);
-- create "audit_head" table
CREATE TABLE `audit_head` (`id` integer NOT NULL, `seq` integer NOT NULL, `hash` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `audit_head_single` CHECK (id = 1));
-- create "erasures" table
CREATE TABLE `erasures` (`user_id` uuid NOT NULL, `erased_at` datetime NOT NULL, PRIMARY KEY (`user_id`));
-- create "external_identities" table
CREATE TABLE `external_identities` (`id` uuid NOT NULL, `provider` text NOT NULL, `issuer` text NOT NULL, `subject` text NOT NULL, `email` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `external_identities_users_external_identities` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "external_identities_person" to table: "external_identities"
CREATE UNIQUE INDEX `external_identities_person` ON `external_identities` (`issuer`, `subject`);
-- create index "external_identities_of_user" to table: "external_identities"
CREATE INDEX `external_identities_of_user` ON `external_identities` (`user_id`);
-- create "jobs" table
CREATE TABLE `jobs` (`id` uuid NOT NULL, `kind` text NOT NULL, `payload` blob NOT NULL, `run_at` datetime NOT NULL, `tries` integer NOT NULL, `leased_until` datetime NULL, `done_at` datetime NULL, `dead_at` datetime NULL, `last_error` text NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "jobs_due" to table: "jobs"
CREATE INDEX `jobs_due` ON `jobs` (`run_at`) WHERE done_at IS NULL AND dead_at IS NULL;
-- create index "jobs_done" to table: "jobs"
CREATE INDEX `jobs_done` ON `jobs` (`done_at`);
-- create "login_failures" table
CREATE TABLE `login_failures` (`id` uuid NOT NULL, `ip` text NOT NULL, `user_id` uuid NULL, `reason` text NOT NULL, `at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "login_failures_age" to table: "login_failures"
CREATE INDEX `login_failures_age` ON `login_failures` (`at`);
-- create index "login_failures_of_user" to table: "login_failures"
CREATE INDEX `login_failures_of_user` ON `login_failures` (`user_id`);
-- create "login_guards" table
CREATE TABLE `login_guards` (`account_key` text NOT NULL, `failures` integer NOT NULL, `blocked_until` datetime NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`account_key`));
-- create index "login_guards_age" to table: "login_guards"
CREATE INDEX `login_guards_age` ON `login_guards` (`updated_at`);
-- create "passkeys" table
CREATE TABLE `passkeys` (`id` uuid NOT NULL, `name` text NOT NULL, `credential` blob NOT NULL, `record` blob NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `passkeys_users_passkeys` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "passkeys_credential_key" to table: "passkeys"
CREATE UNIQUE INDEX `passkeys_credential_key` ON `passkeys` (`credential`);
-- create index "passkeys_of_user" to table: "passkeys"
CREATE INDEX `passkeys_of_user` ON `passkeys` (`user_id`);
-- create "recovery_codes" table
CREATE TABLE `recovery_codes` (`hash` text NOT NULL, `used_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`hash`), CONSTRAINT `recovery_codes_users_recovery_codes` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "recovery_codes_of_user" to table: "recovery_codes"
CREATE INDEX `recovery_codes_of_user` ON `recovery_codes` (`user_id`);
-- create "roles" table
CREATE TABLE `roles` (`name` text NOT NULL, `description` text NOT NULL, `permissions` json NOT NULL, `version` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`name`));
-- create "secret_keys" table
CREATE TABLE `secret_keys` (`kid` text NOT NULL, `purpose` text NOT NULL, `sealed` blob NOT NULL, `created_at` datetime NOT NULL, `active_at` datetime NOT NULL, PRIMARY KEY (`kid`), CONSTRAINT `secret_keys_purpose` CHECK (purpose IN ('access', 'audit', 'codes')));
-- create "totp_devices" table
CREATE TABLE `totp_devices` (`id` uuid NOT NULL, `secret` blob NOT NULL, `spent_step` integer NOT NULL, `created_at` datetime NOT NULL, `confirmed_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `totp_devices_users_totp` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- create index "totp_devices_user_id_key" to table: "totp_devices"
CREATE UNIQUE INDEX `totp_devices_user_id_key` ON `totp_devices` (`user_id`);

-- +goose Down
-- reverse: create index "totp_devices_user_id_key" to table: "totp_devices"
DROP INDEX `totp_devices_user_id_key`;
-- reverse: create "totp_devices" table
DROP TABLE `totp_devices`;
-- reverse: create "secret_keys" table
DROP TABLE `secret_keys`;
-- reverse: create "roles" table
DROP TABLE `roles`;
-- reverse: create index "recovery_codes_of_user" to table: "recovery_codes"
DROP INDEX `recovery_codes_of_user`;
-- reverse: create "recovery_codes" table
DROP TABLE `recovery_codes`;
-- reverse: create index "passkeys_of_user" to table: "passkeys"
DROP INDEX `passkeys_of_user`;
-- reverse: create index "passkeys_credential_key" to table: "passkeys"
DROP INDEX `passkeys_credential_key`;
-- reverse: create "passkeys" table
DROP TABLE `passkeys`;
-- reverse: create index "login_guards_age" to table: "login_guards"
DROP INDEX `login_guards_age`;
-- reverse: create "login_guards" table
DROP TABLE `login_guards`;
-- reverse: create index "login_failures_of_user" to table: "login_failures"
DROP INDEX `login_failures_of_user`;
-- reverse: create index "login_failures_age" to table: "login_failures"
DROP INDEX `login_failures_age`;
-- reverse: create "login_failures" table
DROP TABLE `login_failures`;
-- reverse: create index "jobs_done" to table: "jobs"
DROP INDEX `jobs_done`;
-- reverse: create index "jobs_due" to table: "jobs"
DROP INDEX `jobs_due`;
-- reverse: create "jobs" table
DROP TABLE `jobs`;
-- reverse: create index "external_identities_of_user" to table: "external_identities"
DROP INDEX `external_identities_of_user`;
-- reverse: create index "external_identities_person" to table: "external_identities"
DROP INDEX `external_identities_person`;
-- reverse: create "external_identities" table
DROP TABLE `external_identities`;
-- reverse: create "erasures" table
DROP TABLE `erasures`;
-- reverse: create "audit_head" table
DROP TABLE `audit_head`;
-- reverse: create index "audit_entries_of_user" to table: "audit_entries"
DROP INDEX `audit_entries_of_user`;
-- reverse: create index "audit_entries_of_object" to table: "audit_entries"
DROP INDEX `audit_entries_of_object`;
-- reverse: create "audit_entries" table
DROP TABLE `audit_entries`;
-- reverse: create index "actor_changes_age" to table: "actor_changes"
DROP INDEX `actor_changes_age`;
-- reverse: create "actor_changes" table
DROP TABLE `actor_changes`;
-- reverse: create index "account_flows_of_user" to table: "account_flows"
DROP INDEX `account_flows_of_user`;
-- reverse: create index "account_flows_expiry" to table: "account_flows"
DROP INDEX `account_flows_expiry`;
-- reverse: create "account_flows" table
DROP TABLE `account_flows`;
-- reverse: create index "account_exports_expiry" to table: "account_exports"
DROP INDEX `account_exports_expiry`;
-- reverse: create index "account_exports_of_user" to table: "account_exports"
DROP INDEX `account_exports_of_user`;
-- reverse: create "account_exports" table
DROP TABLE `account_exports`;
-- reverse: create index "user_sessions_expiry" to table: "user_sessions"
DROP INDEX `user_sessions_expiry`;
-- reverse: add column "end_reason" to table: "user_sessions"
ALTER TABLE `user_sessions` DROP COLUMN `end_reason`;
-- reverse: add column "factor_at" to table: "user_sessions"
ALTER TABLE `user_sessions` DROP COLUMN `factor_at`;
-- reverse: add column "proved_at" to table: "user_sessions"
ALTER TABLE `user_sessions` DROP COLUMN `proved_at`;
-- reverse: add column "device" to table: "user_sessions"
ALTER TABLE `user_sessions` DROP COLUMN `device`;
-- reverse: add column "suspended_for" to table: "users"
ALTER TABLE `users` DROP COLUMN `suspended_for`;
-- reverse: add column "suspended_at" to table: "users"
ALTER TABLE `users` DROP COLUMN `suspended_at`;
-- reverse: add column "must_change_password" to table: "users"
ALTER TABLE `users` DROP COLUMN `must_change_password`;
-- reverse: add column "password_changed_at" to table: "users"
ALTER TABLE `users` DROP COLUMN `password_changed_at`;
-- reverse: add column "verified_at" to table: "users"
ALTER TABLE `users` DROP COLUMN `verified_at`;
-- reverse: add column "last_used_at" to table: "api_tokens"
ALTER TABLE `api_tokens` DROP COLUMN `last_used_at`;
