-- Rows of each table as the program wrote them when this migration was the newest. Never change them.
INSERT INTO users (id, email, password_hash, roles, display_name, locale, target_score, test_date, minutes_per_day, created_at, deleted_at, version) VALUES
  ('01939000-0001-7000-8000-000000000001', 'ann@example.com', '$argon2id$v=19$era', CAST('["learner","admin"]' AS BLOB), 'Ann 안', 'ko', 860, '2026-12-02 09:30:00.5+00:00', 45, '2026-12-01 09:30:00.123456+00:00', NULL, 3),
  ('01939000-0001-7000-8000-000000000002', 'bob@example.com', '$argon2id$v=19$era', CAST('["learner"]' AS BLOB), 'Bob', 'en', NULL, NULL, NULL, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', 2);
INSERT INTO user_sessions (id, user_id, ip, user_agent, created_at, last_seen_at, expires_at, revoked_at) VALUES
  ('01939000-0002-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', '192.0.2.1', 'Browser/1.0', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '2026-12-02 09:30:00.5+00:00', NULL),
  ('01939000-0002-7000-8000-000000000002', '01939000-0001-7000-8000-000000000002', '2001:db8::1', '', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 09:30:00.123456+00:00', '2026-12-02 09:30:00.5+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO refresh_tokens (hash, session_id, created_at, spent_at) VALUES
  ('era-spent', '01939000-0002-7000-8000-000000000001', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00'),
  ('era-unspent', '01939000-0002-7000-8000-000000000001', '2026-12-01 10:30:00+00:00', NULL);
INSERT INTO api_tokens (id, user_id, name, hash, scopes, created_at, expires_at, revoked_at) VALUES
  ('01939000-0003-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'backup', 'era-token', CAST('["sessions:*","exams:read"]' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-02 09:30:00.5+00:00', NULL);
INSERT INTO conversion_tables (version, listening, reading) VALUES
  ('era-1', CAST('[5,10,15,20,25,30,35,40,45,50,55,60,65,70,75,80,85,90,95,100,105,110,115,120,125,130,135,140,145,150,155,160,165,170,175,180,185,190,195,200,205,210,215,220,225,230,235,240,245,250,255,260,265,270,275,280,285,290,295,300,305,310,315,320,325,330,335,340,345,350,355,360,365,370,375,380,385,390,395,400,405,410,415,420,425,430,435,440,445,450,455,460,465,470,475,480,485,490,495,495,495]' AS BLOB), CAST('[5,10,15,20,25,30,35,40,45,50,55,60,65,70,75,80,85,90,95,100,105,110,115,120,125,130,135,140,145,150,155,160,165,170,175,180,185,190,195,200,205,210,215,220,225,230,235,240,245,250,255,260,265,270,275,280,285,290,295,300,305,310,315,320,325,330,335,340,345,350,355,360,365,370,375,380,385,390,395,400,405,410,415,420,425,430,435,440,445,450,455,460,465,470,475,480,485,490,495,495,495]' AS BLOB));
INSERT INTO media_objects (hash, type, size, data) VALUES
  ('d4dc56669143034f31aa309635d4113d9ad76a02b1739da22c965ed2049be9e6', 'image/svg+xml', 6, CAST('<svg/>' AS BLOB));
INSERT INTO exams (id, slug, kind, created_at, current_revision_id) VALUES
  ('01939000-0004-7000-8000-000000000001', 'era-one', 'part', '2026-12-01 09:30:00.123456+00:00', NULL);
INSERT INTO exam_revisions (id, exam_id, number, hash, title, kind, format, outline, content, published_at) VALUES
  ('01939000-0005-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', 1, '5156719f2943b52c87639d275aa52ebb7460455d675c8cf874f8dd9570baa125', 'Era one – 試験', 'part', 'toeic-lr', CAST('[{"part":5,"first":1,"count":1}]' AS BLOB), CAST('{"form":{"format":"toeic-lr","slug":"era-one","title":"Era one – 試験","kind":"part","conversion":"era-1","language":"en","author":"Tests","licence":"CC0-1.0","parts":[{"number":5,"groups":[{"id":"p5-1","questions":[{"number":1,"prompt":"The shop ---- at nine.","options":[{"text":"opens"},{"text":"open","rationale":"Plural."},{"text":"opening","rationale":"No verb."},{"text":"to open","rationale":"No verb."}],"key":"A","ability":"R4","explanation":"The subject is singular."}]}]}]},"media":{}}' AS BLOB), '2026-12-01 09:30:00.123456+00:00');
UPDATE exams SET current_revision_id = '01939000-0005-7000-8000-000000000001';
INSERT INTO attempts (id, user_id, exam_id, revision_id, mode, status, taken, started_at, listening_seconds, reading_seconds, advanced_at, deadline_at, closed_at, version) VALUES
  ('01939000-0006-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', '01939000-0005-7000-8000-000000000001', 'exam', 'expired', CAST('[{"part":5,"first":1,"count":1}]' AS BLOB), '2026-12-01 09:30:00.123456+00:00', 0, 45, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '2026-12-02 09:30:00.5+00:00', 3),
  ('01939000-0006-7000-8000-000000000002', '01939000-0001-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', '01939000-0005-7000-8000-000000000001', 'practice', 'in_progress', CAST('[{"part":5,"first":1,"count":1}]' AS BLOB), '2026-12-01 10:30:00+00:00', 0, 0, NULL, NULL, NULL, 1);
INSERT INTO answers (attempt_id, number, choice, seq, elapsed_ms, answered_at) VALUES
  ('01939000-0006-7000-8000-000000000001', 1, 'A', 9007199254740991, 1500, '2026-12-01 10:30:00+00:00'),
  ('01939000-0006-7000-8000-000000000002', 1, '', 2, 0, '2026-12-01 10:30:00+00:00');
INSERT INTO results (id, attempt_id, conversion_version, total, report, created_at) VALUES
  ('01939000-0006-7000-8000-000000000001', '01939000-0006-7000-8000-000000000001', 'era-1', NULL, CAST('{"Version":"era-1","Sections":{"reading":{"Raw":1,"Items":1,"Scaled":{"Score":495,"Band":{"Low":385,"High":495},"CEFR":"C1"}}},"Total":null,"Parts":[{"Part":5,"Correct":1,"Items":1}],"Abilities":[{"Ability":"R4","Percent":100,"Items":1}]}' AS BLOB), '2026-12-02 09:30:00.5+00:00');
INSERT INTO idempotency_keys (key, fingerprint, reply, claimed_at, expires_at) VALUES
  ('era-answered', 'print', CAST('{"id": 1}' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-02 09:30:00.5+00:00'),
  ('era-claimed', 'print', NULL, '2026-12-01 09:30:00.123456+00:00', '2026-12-02 09:30:00.5+00:00');
UPDATE users SET verified_at = '2026-12-01 09:30:00.123456+00:00', password_changed_at = '2026-12-01 10:30:00+00:00', must_change_password = 1, suspended_at = '2026-12-02 09:30:00.5+00:00', suspended_for = 'Spam' WHERE id = '01939000-0001-7000-8000-000000000002';
UPDATE user_sessions SET device = 'Browser on Linux', proved_at = '2026-12-01 09:30:00.123456+00:00', factor_at = '2026-12-01 10:30:00+00:00' WHERE id = '01939000-0002-7000-8000-000000000001';
UPDATE user_sessions SET end_reason = 'logout' WHERE id = '01939000-0002-7000-8000-000000000002';
UPDATE api_tokens SET last_used_at = '2026-12-01 10:30:00+00:00';
INSERT INTO account_flows (id, user_id, purpose, code_hash, second_hash, tries, state, created_at, expires_at, done_at) VALUES
  ('01939000-0007-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'email_change', 'era-new', 'era-old', 2, CAST('sealed' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-02 09:30:00.5+00:00', NULL);
INSERT INTO account_exports (id, user_id, status, data, size, created_at, ready_at, expires_at) VALUES
  ('01939000-0008-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'ready', CAST('zip' AS BLOB), 3, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '2026-12-02 09:30:00.5+00:00');
INSERT INTO erasures (user_id, erased_at) VALUES ('01939000-0001-7000-8000-000000000009', '2026-12-01 10:30:00+00:00');
INSERT INTO totp_devices (id, user_id, secret, spent_step, created_at, confirmed_at) VALUES ('01939000-0009-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', CAST('sealed' AS BLOB), 59, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO recovery_codes (hash, user_id, used_at) VALUES ('era-used', '01939000-0001-7000-8000-000000000001', '2026-12-01 10:30:00+00:00'), ('era-unused', '01939000-0001-7000-8000-000000000001', NULL);
INSERT INTO passkeys (id, user_id, name, credential, record, created_at, last_used_at) VALUES ('01939000-000a-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'laptop 노트북', CAST('credential' AS BLOB), CAST('{}' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO external_identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at) VALUES
  ('01939000-000b-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'club', 'https://club.example', 'ann', 'Ann@Example.com', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO roles (name, description, permissions, version, created_at) VALUES ('watcher', 'On call', CAST('["sessions:read","audit:read"]' AS BLOB), 2, '2026-12-01 09:30:00.123456+00:00');
INSERT INTO login_guards (account_key, failures, blocked_until, updated_at) VALUES ('era-guard', 6, '2026-12-02 09:30:00.5+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO login_failures (id, ip, user_id, reason, at) VALUES ('01939000-000c-7000-8000-000000000001', '192.0.2.1', '01939000-0001-7000-8000-000000000001', 'password', '2026-12-01 10:30:00+00:00'), ('01939000-000c-7000-8000-000000000002', '192.0.2.1', NULL, 'unknown_account', '2026-12-01 09:30:00.123456+00:00');
INSERT INTO secret_keys (kid, purpose, sealed, created_at, active_at) VALUES ('era-kid', 'access', CAST('sealed' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00');
INSERT INTO actor_changes (id, subject, at) VALUES ('01939000-000d-7000-8000-000000000001', 'roles', '2026-12-01 10:30:00+00:00');
INSERT INTO audit_entries (seq, at, user_id, token_id, ip, request_id, action, object, before, after, hash) VALUES
  (1, '2026-12-01 09:30:00.123456+00:00', '01939000-0001-7000-8000-000000000001', '01939000-0003-7000-8000-000000000001', '192.0.2.1', 'era-request', 'role.define', 'role:watcher', '', '{"permissions":["sessions:read"]}', 'era-hash');
INSERT INTO audit_head (id, seq, hash) VALUES (1, 1, 'era-hash');
INSERT INTO jobs (id, kind, payload, run_at, tries, leased_until, done_at, dead_at, last_error, created_at) VALUES
  ('01939000-000e-7000-8000-000000000001', 'send_letter', CAST('sealed' AS BLOB), '2026-12-01 10:30:00+00:00', 3, NULL, NULL, NULL, 'the mail server was down', '2026-12-01 09:30:00.123456+00:00');
UPDATE attempts SET answered = 1, position = 7, time_percent = 150, extra_seconds = 60, pause_percent = 200, listening_omitted = 1, session_id = '01939000-0002-7000-8000-000000000001', former_session_id = '01939000-0002-7000-8000-000000000002', counted_at = '2026-12-02 09:30:00.5+00:00' WHERE id = '01939000-0006-7000-8000-000000000001';
UPDATE attempts SET position = 2, limit_seconds = 600, paused_at = '2026-12-01 10:30:00+00:00', paused_ms = 1500, pauses = 2 WHERE id = '01939000-0006-7000-8000-000000000002';
UPDATE answers SET position = 7 WHERE attempt_id = '01939000-0006-7000-8000-000000000001';
UPDATE results SET revision_id = '01939000-0005-7000-8000-000000000001', regrade_id = '01939000-0010-7000-8000-000000000001';
UPDATE conversion_tables SET note = 'From the era', created_at = '2026-12-01 09:30:00.123456+00:00';
INSERT INTO answer_changes (attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, client_at, server_at, session_id) VALUES
  ('01939000-0006-7000-8000-000000000001', 1, '', 'B', 1, 500, 'superseded', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '01939000-0002-7000-8000-000000000001'),
  ('01939000-0006-7000-8000-000000000001', 1, 'B', 'A', 9007199254740991, 1500, 'applied', NULL, '2026-12-01 10:30:00+00:00', NULL);
INSERT INTO attempt_pauses (id, attempt_id, paused_at, resumed_at) VALUES ('01939000-000f-7000-8000-000000000001', '01939000-0006-7000-8000-000000000002', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00'), ('01939000-000f-7000-8000-000000000002', '01939000-0006-7000-8000-000000000002', '2026-12-01 10:30:00+00:00', NULL);
INSERT INTO regrades (id, exam_id, question_id, number, from_key, to_key, from_revision_id, to_revision_id, reason, attempts, changed, by_user_id, at) VALUES
  ('01939000-0010-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', '01939000-0011-7000-8000-000000000001', 1, 'B', 'A', '01939000-0005-7000-8000-000000000001', '01939000-0005-7000-8000-000000000001', 'Two were right', 3, 1, '01939000-0001-7000-8000-000000000001', '2026-12-01 10:30:00+00:00');
INSERT INTO former_results (id, attempt_id, conversion_version, revision_id, total, report, created_at, replaced_at, regrade_id) VALUES
  ('01939000-0012-7000-8000-000000000001', '01939000-0006-7000-8000-000000000001', 'era-1', '01939000-0005-7000-8000-000000000001', NULL, CAST('{"Version":"era-1","Sections":{},"Total":null,"Parts":null,"Abilities":null}' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '01939000-0010-7000-8000-000000000001');
INSERT INTO conversion_activations (id, exam_id, version, note, by_user_id, at) VALUES ('01939000-0013-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', 'era-1', 'Better', '01939000-0001-7000-8000-000000000001', '2026-12-01 10:30:00+00:00');
INSERT INTO questions (id, exam_id, revision_id, number, part, ability, current, difficulty) VALUES ('01939000-0011-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', '01939000-0005-7000-8000-000000000001', 1, 5, 'R4', 1, 0.75);
INSERT INTO exam_policies (exam_id, review, device, closes_at, updated_at, version) VALUES ('01939000-0004-7000-8000-000000000001', CAST('{}' AS BLOB), 'takeover', '2026-12-02 09:30:00.5+00:00', '2026-12-01 10:30:00+00:00', 2);
INSERT INTO accommodations (id, user_id, time_percent, extra_seconds, pause_percent, listening_omitted, updated_at, version) VALUES ('01939000-0014-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 150, 60, 200, 1, '2026-12-01 10:30:00+00:00', 2);
INSERT INTO learner_items (user_id, question_id, seen, wrong, last_correct, last_at, right_days, right_on, in_book_since) VALUES ('01939000-0001-7000-8000-000000000001', '01939000-0011-7000-8000-000000000001', 3, 2, 1, '2026-12-01 10:30:00+00:00', 1, '2026-12-01', '2026-12-01 09:30:00.123456+00:00');
INSERT INTO practice_sets (id, user_id, status, feedback, criteria, items, created_at, finished_at, version) VALUES ('01939000-0015-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'finished', 'final', CAST('{}' AS BLOB), CAST('[]' AS BLOB), '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', 2);
INSERT INTO practice_answers (set_id, number, choice, seq, elapsed_ms, answered_at) VALUES ('01939000-0015-7000-8000-000000000001', 1, 'A', 1, 1500, '2026-12-01 10:30:00+00:00');
INSERT INTO leaderboard_entries (id, user_id, pseudonym, folded, joined_at) VALUES ('01939000-0016-7000-8000-000000000001', '01939000-0001-7000-8000-000000000001', 'Ann 안', 'ann 안', '2026-12-01 09:30:00.123456+00:00');
INSERT INTO form_statistics (form_id, exam_id, takers, report, computed_at) VALUES ('01939000-0005-7000-8000-000000000001', '01939000-0004-7000-8000-000000000001', 31, CAST('{}' AS BLOB), '2026-12-01 10:30:00+00:00');
INSERT INTO schedules (name, next_at, leased_until, began_at, succeeded_at, last_error, runs) VALUES ('era', '2026-12-02 09:30:00.5+00:00', NULL, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', '', 4);
INSERT INTO cache_settings (family, ttl_ms, changed_by, changed_at) VALUES ('content', 1500, '01939000-0001-7000-8000-000000000001', '2026-12-01 10:30:00+00:00'), ('users', 60000, NULL, '2026-12-01 09:30:00.123456+00:00');
INSERT INTO cache_runs (id, replica, asked_by, families, cleared, started_at, seen_at, outcome, ended_at, cancelling, far) VALUES
  ('01939000-0017-7000-8000-000000000001', 'era-1', '01939000-0001-7000-8000-000000000001', '[{"Family":"content","Planned":3,"Loaded":2,"Failed":1,"Note":"Era"}]', true, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', 'done', '2026-12-01 10:30:00+00:00', false, 'pending'),
  ('01939000-0017-7000-8000-000000000002', 'era-1', NULL, '[]', false, '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00', 'running', NULL, true, '');
