-- +goose Up
-- create "login_guards" table
CREATE TABLE "login_guards" ("account_key" character varying NOT NULL, "failures" bigint NOT NULL, "blocked_until" timestamptz NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("account_key"));
-- create index "login_guards_age" to table: "login_guards"
CREATE INDEX "login_guards_age" ON "login_guards" ("updated_at");
-- create "jobs" table
CREATE TABLE "jobs" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "payload" bytea NOT NULL, "run_at" timestamptz NOT NULL, "tries" bigint NOT NULL, "leased_until" timestamptz NULL, "done_at" timestamptz NULL, "dead_at" timestamptz NULL, "last_error" character varying NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "jobs_done" to table: "jobs"
CREATE INDEX "jobs_done" ON "jobs" ("done_at");
-- create index "jobs_due" to table: "jobs"
CREATE INDEX "jobs_due" ON "jobs" ("run_at") WHERE ((done_at IS NULL) AND (dead_at IS NULL));
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "verified_at" timestamptz NULL, ADD COLUMN "password_changed_at" timestamptz NULL, ADD COLUMN "must_change_password" boolean NULL, ADD COLUMN "suspended_at" timestamptz NULL, ADD COLUMN "suspended_for" character varying NULL;
-- create "secret_keys" table
CREATE TABLE "secret_keys" ("kid" character varying NOT NULL, "purpose" character varying NOT NULL, "sealed" bytea NOT NULL, "created_at" timestamptz NOT NULL, "active_at" timestamptz NOT NULL, PRIMARY KEY ("kid"), CONSTRAINT "secret_keys_purpose" CHECK ((purpose)::text = ANY ((ARRAY['access'::character varying, 'audit'::character varying, 'codes'::character varying])::text[])));
-- create "roles" table
CREATE TABLE "roles" ("name" character varying NOT NULL, "description" character varying NOT NULL, "permissions" jsonb NOT NULL, "version" bigint NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("name"));
-- create "actor_changes" table
CREATE TABLE "actor_changes" ("id" uuid NOT NULL, "subject" character varying NOT NULL, "at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "actor_changes_age" to table: "actor_changes"
CREATE INDEX "actor_changes_age" ON "actor_changes" ("at");
-- create "audit_entries" table
CREATE TABLE "audit_entries" ("seq" bigint NOT NULL, "at" timestamptz NOT NULL, "user_id" uuid NULL, "token_id" uuid NULL, "ip" character varying NOT NULL, "request_id" character varying NOT NULL, "action" character varying NOT NULL, "object" character varying NOT NULL, "before" text NOT NULL, "after" text NOT NULL, "hash" character varying NOT NULL, PRIMARY KEY ("seq"));
-- create index "audit_entries_of_object" to table: "audit_entries"
CREATE INDEX "audit_entries_of_object" ON "audit_entries" ("object", "seq");
-- create index "audit_entries_of_user" to table: "audit_entries"
CREATE INDEX "audit_entries_of_user" ON "audit_entries" ("user_id", "seq");
-- create "audit_head" table
CREATE TABLE "audit_head" ("id" bigint NOT NULL, "seq" bigint NOT NULL, "hash" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "audit_head_single" CHECK (id = 1));
-- modify "user_sessions" table
ALTER TABLE "user_sessions" ADD COLUMN "device" character varying NULL, ADD COLUMN "proved_at" timestamptz NULL, ADD COLUMN "factor_at" timestamptz NULL, ADD COLUMN "end_reason" character varying NULL;
-- create index "user_sessions_expiry" to table: "user_sessions"
CREATE INDEX "user_sessions_expiry" ON "user_sessions" ("expires_at");
-- create "erasures" table
CREATE TABLE "erasures" ("user_id" uuid NOT NULL, "erased_at" timestamptz NOT NULL, PRIMARY KEY ("user_id"));
-- modify "api_tokens" table
ALTER TABLE "api_tokens" ADD COLUMN "last_used_at" timestamptz NULL;
-- create "login_failures" table
CREATE TABLE "login_failures" ("id" uuid NOT NULL, "ip" character varying NOT NULL, "user_id" uuid NULL, "reason" character varying NOT NULL, "at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "login_failures_age" to table: "login_failures"
CREATE INDEX "login_failures_age" ON "login_failures" ("at");
-- create index "login_failures_of_user" to table: "login_failures"
CREATE INDEX "login_failures_of_user" ON "login_failures" ("user_id");
-- create "account_exports" table
CREATE TABLE "account_exports" ("id" uuid NOT NULL, "status" character varying NOT NULL, "data" bytea NULL, "size" bigint NOT NULL, "created_at" timestamptz NOT NULL, "ready_at" timestamptz NULL, "expires_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "account_exports_users_exports" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "account_exports_status" CHECK ((status)::text = ANY ((ARRAY['pending'::character varying, 'ready'::character varying, 'failed'::character varying])::text[])));
-- create index "account_exports_expiry" to table: "account_exports"
CREATE INDEX "account_exports_expiry" ON "account_exports" ("expires_at");
-- create index "account_exports_of_user" to table: "account_exports"
CREATE INDEX "account_exports_of_user" ON "account_exports" ("user_id");
-- create "account_flows" table
CREATE TABLE "account_flows" ("id" uuid NOT NULL, "purpose" character varying NOT NULL, "code_hash" character varying NOT NULL, "second_hash" character varying NOT NULL, "tries" bigint NOT NULL, "state" bytea NOT NULL, "created_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "done_at" timestamptz NULL, "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "account_flows_users_flows" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "account_flows_purpose" CHECK ((purpose)::text = ANY ((ARRAY['registration'::character varying, 'reset'::character varying, 'email_change'::character varying, 'passkey_registration'::character varying, 'passkey_login'::character varying, 'oidc'::character varying])::text[])));
-- create index "account_flows_expiry" to table: "account_flows"
CREATE INDEX "account_flows_expiry" ON "account_flows" ("expires_at");
-- create index "account_flows_of_user" to table: "account_flows"
CREATE INDEX "account_flows_of_user" ON "account_flows" ("user_id");
-- create "external_identities" table
CREATE TABLE "external_identities" ("id" uuid NOT NULL, "provider" character varying NOT NULL, "issuer" character varying NOT NULL, "subject" character varying NOT NULL, "email" character varying NOT NULL, "created_at" timestamptz NOT NULL, "last_used_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "external_identities_users_external_identities" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "external_identities_of_user" to table: "external_identities"
CREATE INDEX "external_identities_of_user" ON "external_identities" ("user_id");
-- create index "external_identities_person" to table: "external_identities"
CREATE UNIQUE INDEX "external_identities_person" ON "external_identities" ("issuer", "subject");
-- create "passkeys" table
CREATE TABLE "passkeys" ("id" uuid NOT NULL, "name" character varying NOT NULL, "credential" bytea NOT NULL, "record" bytea NOT NULL, "created_at" timestamptz NOT NULL, "last_used_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "passkeys_users_passkeys" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "passkeys_credential_key" to table: "passkeys"
CREATE UNIQUE INDEX "passkeys_credential_key" ON "passkeys" ("credential");
-- create index "passkeys_of_user" to table: "passkeys"
CREATE INDEX "passkeys_of_user" ON "passkeys" ("user_id");
-- create "recovery_codes" table
CREATE TABLE "recovery_codes" ("hash" character varying NOT NULL, "used_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("hash"), CONSTRAINT "recovery_codes_users_recovery_codes" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "recovery_codes_of_user" to table: "recovery_codes"
CREATE INDEX "recovery_codes_of_user" ON "recovery_codes" ("user_id");
-- create "totp_devices" table
CREATE TABLE "totp_devices" ("id" uuid NOT NULL, "secret" bytea NOT NULL, "spent_step" bigint NOT NULL, "created_at" timestamptz NOT NULL, "confirmed_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "totp_devices_users_totp" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "totp_devices_user_id_key" to table: "totp_devices"
CREATE UNIQUE INDEX "totp_devices_user_id_key" ON "totp_devices" ("user_id");

-- +goose Down
-- reverse: create index "totp_devices_user_id_key" to table: "totp_devices"
DROP INDEX "totp_devices_user_id_key";
-- reverse: create "totp_devices" table
DROP TABLE "totp_devices";
-- reverse: create index "recovery_codes_of_user" to table: "recovery_codes"
DROP INDEX "recovery_codes_of_user";
-- reverse: create "recovery_codes" table
DROP TABLE "recovery_codes";
-- reverse: create index "passkeys_of_user" to table: "passkeys"
DROP INDEX "passkeys_of_user";
-- reverse: create index "passkeys_credential_key" to table: "passkeys"
DROP INDEX "passkeys_credential_key";
-- reverse: create "passkeys" table
DROP TABLE "passkeys";
-- reverse: create index "external_identities_person" to table: "external_identities"
DROP INDEX "external_identities_person";
-- reverse: create index "external_identities_of_user" to table: "external_identities"
DROP INDEX "external_identities_of_user";
-- reverse: create "external_identities" table
DROP TABLE "external_identities";
-- reverse: create index "account_flows_of_user" to table: "account_flows"
DROP INDEX "account_flows_of_user";
-- reverse: create index "account_flows_expiry" to table: "account_flows"
DROP INDEX "account_flows_expiry";
-- reverse: create "account_flows" table
DROP TABLE "account_flows";
-- reverse: create index "account_exports_of_user" to table: "account_exports"
DROP INDEX "account_exports_of_user";
-- reverse: create index "account_exports_expiry" to table: "account_exports"
DROP INDEX "account_exports_expiry";
-- reverse: create "account_exports" table
DROP TABLE "account_exports";
-- reverse: create index "login_failures_of_user" to table: "login_failures"
DROP INDEX "login_failures_of_user";
-- reverse: create index "login_failures_age" to table: "login_failures"
DROP INDEX "login_failures_age";
-- reverse: create "login_failures" table
DROP TABLE "login_failures";
-- reverse: modify "api_tokens" table
ALTER TABLE "api_tokens" DROP COLUMN "last_used_at";
-- reverse: create "erasures" table
DROP TABLE "erasures";
-- reverse: create index "user_sessions_expiry" to table: "user_sessions"
DROP INDEX "user_sessions_expiry";
-- reverse: modify "user_sessions" table
ALTER TABLE "user_sessions" DROP COLUMN "end_reason", DROP COLUMN "factor_at", DROP COLUMN "proved_at", DROP COLUMN "device";
-- reverse: create "audit_head" table
DROP TABLE "audit_head";
-- reverse: create index "audit_entries_of_user" to table: "audit_entries"
DROP INDEX "audit_entries_of_user";
-- reverse: create index "audit_entries_of_object" to table: "audit_entries"
DROP INDEX "audit_entries_of_object";
-- reverse: create "audit_entries" table
DROP TABLE "audit_entries";
-- reverse: create index "actor_changes_age" to table: "actor_changes"
DROP INDEX "actor_changes_age";
-- reverse: create "actor_changes" table
DROP TABLE "actor_changes";
-- reverse: create "roles" table
DROP TABLE "roles";
-- reverse: create "secret_keys" table
DROP TABLE "secret_keys";
-- reverse: modify "users" table
ALTER TABLE "users" DROP COLUMN "suspended_for", DROP COLUMN "suspended_at", DROP COLUMN "must_change_password", DROP COLUMN "password_changed_at", DROP COLUMN "verified_at";
-- reverse: create index "jobs_due" to table: "jobs"
DROP INDEX "jobs_due";
-- reverse: create index "jobs_done" to table: "jobs"
DROP INDEX "jobs_done";
-- reverse: create "jobs" table
DROP TABLE "jobs";
-- reverse: create index "login_guards_age" to table: "login_guards"
DROP INDEX "login_guards_age";
-- reverse: create "login_guards" table
DROP TABLE "login_guards";
