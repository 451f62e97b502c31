package entstore_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// era is what was stored when one migration was the newest: testdata/eras/<version>.<dialect>.sql. The rows
// are the same in every era, as far as its tables could hold them.
type era struct {
	version int64
	rows    string
}

// eras returns the eras of a dialect; a migration without one fails the test.
func eras(t *testing.T, d migrations.Dialect) []era {
	t.Helper()
	var all []era
	for _, name := range names(t, d) {
		digits, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(digits, 10, 64)
		must(t, err)
		rows, err := os.ReadFile(filepath.Join("testdata", "eras", digits+"."+string(d)+".sql"))
		if err != nil {
			t.Fatalf("add rows of each table as of migration %s, so that they stay readable: %v", name, err)
		}
		all = append(all, era{version: version, rows: string(rows)})
	}
	if len(all) == 0 {
		t.Fatal("there are no migrations")
	}
	return all
}

// live moves a new database to an era, fills it, and leaves it there.
func (e era) live(t *testing.T, url string) *entstore.Store {
	t.Helper()
	s := openAt(t, url)
	must(t, s.MigrateTo(t.Context(), e.version))
	execute(t, s, e.rows)
	return s
}

func TestRowsOfEveryEraAreReadToday(t *testing.T) {
	t.Parallel()
	for _, d := range migrations.Dialects() {
		for _, e := range eras(t, d) {
			t.Run(strconv.FormatInt(e.version, 10)+"/"+string(d), func(t *testing.T) {
				t.Parallel()
				s := e.live(t, empty(t, d))
				for _, table := range tables(t, s) {
					if count(t, s.DB(), table) == 0 {
						t.Errorf("the era has no row of table %s", table)
					}
				}
				_, err := s.Migrate(t.Context())
				must(t, err)
				readIdentity(t, s, e.version)
				readContent(t, s)
				readAttempts(t, s, e.version)
				readReplies(t, s)
				readPractice(t, s, e.version)
				if e.version >= scheduleEra {
					readSchedules(t, s)
				}
				if e.version >= cacheEra {
					readCaches(t, s)
				}
			})
		}
	}
}

// tables lists the program's own tables.
func tables(t *testing.T, s *entstore.Store) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if s.Dialect() == migrations.Postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	rows, err := s.DB().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		if name != "goose_db_version" {
			all = append(all, name)
		}
	}
	must(t, rows.Err())
	if len(all) < 12 { // as the first era had
		t.Errorf("found the tables %v only", all)
	}
	return all
}

// The times of the rows, and the identifier of row n of a kind.
var (
	early = time.Date(2026, 12, 1, 9, 30, 0, 123456000, time.UTC)
	later = time.Date(2026, 12, 1, 10, 30, 0, 0, time.UTC)
	last  = time.Date(2026, 12, 2, 9, 30, 0, 500000000, time.UTC)
)

func row(kind, n int) uuid.UUID {
	id := uuid.MustParse("01939000-0000-7000-8000-000000000000")
	id[5], id[15] = byte(kind), byte(n)
	return id
}

func pointer[T any](v T) *T { return &v }

func same[T any](t *testing.T, got T, err error, want T) {
	t.Helper()
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// identityEra is the first era of second factors, roles, jobs and the audit log.
const identityEra = 20261124021955

func readIdentity(t *testing.T, s *entstore.Store, era int64) {
	t.Helper()
	roles := []identity.Role{identity.Learner, identity.Admin}
	ann := identity.User{
		ID: row(1, 1), Email: "ann@example.com", PasswordHash: "$argon2id$v=19$era", Roles: roles, CreatedAt: early, Version: 3,
		Profile: identity.Profile{DisplayName: "Ann 안", Locale: "ko", TargetScore: pointer(860), TestDate: &last, MinutesPerDay: pointer(45)},
	}
	bob := identity.User{
		ID: row(1, 2), Email: "bob@example.com", PasswordHash: "$argon2id$v=19$era", Roles: roles[:1], CreatedAt: early, DeletedAt: &later, Version: 2,
		Profile: identity.Profile{DisplayName: "Bob", Locale: "en"},
	}
	browser, gone := identity.Device{IP: "192.0.2.1", UserAgent: "Browser/1.0"}, identity.EndReason("")
	var proved, factor *time.Time
	if era >= identityEra {
		bob.VerifiedAt, bob.ChangedAt, bob.MustChange, bob.SuspendedAt, bob.SuspendedFor = &early, &later, true, &last, "Spam"
		browser.Name, gone, proved, factor = "Browser on Linux", identity.LoggedOut, &early, &later
		readAccess(t, s)
	}
	for _, want := range []identity.User{ann, bob} {
		got, err := s.Users().ByID(t.Context(), want.ID)
		same(t, got, err, want)
	}
	sessions, err := s.Sessions().List(t.Context(), ports.SessionFilter{}, ports.Page{Limit: 10})
	same(t, sessions.Items, err, []identity.Session{
		{ID: row(2, 2), UserID: bob.ID, Device: identity.Device{IP: "2001:db8::1"}, CreatedAt: early, LastSeenAt: early, ExpiresAt: last, RevokedAt: &later, EndReason: gone},
		{ID: row(2, 1), UserID: ann.ID, Device: browser, CreatedAt: early, LastSeenAt: later, ExpiresAt: last, ProvedAt: proved, FactorAt: factor},
	})
	actor, err := s.Actors().OfSession(t.Context(), row(2, 1), last.Add(-time.Microsecond))
	same(t, actor, err, identity.Actor{UserID: ann.ID, SessionID: row(2, 1), Roles: roles, ProvedAt: proved, FactorAt: factor, Until: last})
	actor, err = s.Actors().OfToken(t.Context(), "era-token", last.Add(-time.Microsecond))
	same(t, actor, err, identity.Actor{UserID: ann.ID, TokenID: row(3, 1), Roles: roles, Scopes: []identity.Scope{"sessions:*", "exams:read"}, Until: last})
	must(t, s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
		for hash, want := range map[string]identity.RefreshToken{
			"era-spent":   {Hash: "era-spent", SessionID: row(2, 1), CreatedAt: early, SpentAt: &later},
			"era-unspent": {Hash: "era-unspent", SessionID: row(2, 1), CreatedAt: later},
		} {
			got, err := r.RefreshTokens.ByHash(ctx, hash)
			same(t, got, err, want)
		}
		return nil
	}))
}

func readContent(t *testing.T, s *entstore.Store) {
	t.Helper()
	question := exam.Question{
		Number: 1, Prompt: "The shop ---- at nine.", Key: "A", Ability: "R4", Explanation: "The subject is singular.",
		Options: []exam.Option{{Text: "opens"}, {Text: "open", Rationale: "Plural."}, {Text: "opening", Rationale: "No verb."}, {Text: "to open", Rationale: "No verb."}},
	}
	content := exam.Content{Media: map[string]exam.Media{}, Form: exam.Form{
		Format: "toeic-lr", Slug: "era-one", Title: "Era one – 試験", Kind: exam.Only, Conversion: "era-1", Language: "en", Author: "Tests", Licence: "CC0-1.0",
		Parts: []exam.PartForm{{Number: 5, Groups: []exam.Group{{ID: "p5-1", Questions: []exam.Question{question}}}}},
	}}
	summary := exam.Summary{
		ExamID: row(4, 1), RevisionID: row(5, 1), Revision: 1, Slug: "era-one", Title: "Era one – 試験", Kind: exam.Only, Format: "toeic-lr",
		Hash: "5156719f2943b52c87639d275aa52ebb7460455d675c8cf874f8dd9570baa125", Outline: exam.Outline{{Part: 5, First: 1, Count: 1}}, PublishedAt: early,
	}
	got, err := s.Catalogue().Exam(t.Context(), row(4, 1))
	same(t, got, err, summary)
	revision, err := s.Revisions().Revision(t.Context(), row(5, 1))
	same(t, revision, err, &exam.Revision{Summary: summary, Content: content})

	hash := exam.Hash([]byte("<svg/>"))
	media, data, err := s.MediaFiles().File(t.Context(), hash)
	same(t, media, err, exam.Media{Hash: hash, Type: "image/svg+xml", Size: 6})
	same(t, string(data), nil, "<svg/>")

	table := score.Table{Version: "era-1"}
	for raw := range table.Listening {
		table.Listening[raw], table.Reading[raw] = min(495, 5+5*raw), min(495, 5+5*raw)
	}
	stored, err := s.Conversions().Table(t.Context(), "era-1")
	same(t, stored, err, table)
}

// roomEra is the first era of pauses, accommodations and devices.
const roomEra = 20261125171023

func readAttempts(t *testing.T, s *entstore.Store, era int64) {
	t.Helper()
	taken := exam.Outline{{Part: 5, First: 1, Count: 1}}
	expired := attempt.Snapshot{
		ID: row(6, 1), UserID: row(1, 1), ExamID: row(4, 1), RevisionID: row(5, 1), Mode: attempt.ExamMode, Status: attempt.Expired, Taken: taken,
		StartedAt: early, ReadingTime: 45 * time.Second, AdvancedAt: &early, DeadlineAt: &later, ClosedAt: &last, Version: 3,
		Answered: 1, // which the migration counts
	}
	open := attempt.Snapshot{
		ID: row(6, 2), UserID: row(1, 1), ExamID: row(4, 1), RevisionID: row(5, 1), Mode: attempt.PracticeMode, Status: attempt.InProgress, Taken: taken,
		StartedAt: later, Version: 1,
	}
	var position int64
	if era >= roomEra {
		position = 7
		expired.Position, expired.Holder, expired.FormerHolder = 7, pointer(row(2, 1)), pointer(row(2, 2))
		expired.Granted = attempt.Accommodation{MoreTime: 50, Extra: time.Minute, MorePause: 100, ListeningOmitted: true}
		open.Position, open.Limit, open.PausedAt, open.Paused, open.Pauses = 2, 10*time.Minute, &later, 1500*time.Millisecond, 2
		grant, err := s.Accommodations().Grant(t.Context(), row(1, 1))
		same(t, grant, err, attempt.Grant{UserID: row(1, 1), Accommodation: expired.Granted, UpdatedAt: later, Version: 2})
		policy, err := s.Policies().Policy(t.Context(), row(4, 1))
		same(t, policy.Device, err, exam.TakeOver)
	}
	list, err := s.AttemptReads().List(t.Context(), ports.AttemptFilter{User: row(1, 1)}, ports.Page{Limit: 10})
	same(t, list.Items, err, []ports.AttemptView{{Snapshot: open, Revision: 1}, {Snapshot: expired, Revision: 1}})
	sheet, err := s.AttemptReads().Sheet(t.Context(), expired.ID)
	same(t, sheet, err, attempt.Sheet{1: {Number: 1, Choice: 'A', Seq: attempt.MaxSeq, Elapsed: 1500, At: later, Position: position}})
	sheet, err = s.AttemptReads().Sheet(t.Context(), open.ID)
	same(t, sheet, err, attempt.Sheet{1: {Number: 1, Seq: 2, At: later}})
	result, err := s.AttemptReads().Result(t.Context(), expired.ID)
	same(t, result, err, score.Result{
		Version: "era-1", Parts: []score.PartResult{{Part: 5, Correct: 1, Items: 1}}, Abilities: []score.AbilityResult{{Ability: "R4", Percent: 100, Items: 1}},
		Sections: map[exam.Section]score.SectionResult{
			exam.Reading: {Raw: 1, Items: 1, Scaled: &score.Scaled{Score: 495, Band: score.Band{Low: 385, High: 495}, CEFR: "C1"}},
		},
	})
}

func readReplies(t *testing.T, s *entstore.Store) {
	t.Helper()
	reply, err := s.Replies().Claim(t.Context(), "era-answered", "print", later, time.Minute, time.Hour)
	same(t, string(reply), err, `{"id": 1}`)
	reply, err = s.Replies().Claim(t.Context(), "era-claimed", "print", later, time.Minute, time.Hour) // long stale, so taken over
	same(t, reply, err, nil)
}
