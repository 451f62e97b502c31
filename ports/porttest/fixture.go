// Package porttest holds the contracts of the ports as test suites. Every adapter of a port passes its suite.
package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// Store is a whole store, through its ports.
type Store interface {
	Identity() ports.UnitOfWork[ports.IdentityRepos]
	Users() ports.Users
	UserList() ports.UserList
	Factors() ports.Factors
	Guards() ports.Guards
	LoginFailures() ports.LoginFailures
	APITokens() ports.APITokenList
	AuditReader() ports.AuditReader
	ActorChanges() ports.ActorChanges
	Queue() ports.JobQueue
	JobList() ports.JobList
	JobWork() ports.UnitOfWork[ports.JobRepos]
	Schedules() ports.Schedules
	Housekeeping() ports.Housekeeping
	Sessions() ports.SessionList
	Actors() ports.Actors
	Publication() ports.UnitOfWork[ports.PublicationRepos]
	Catalogue() ports.Catalogue
	Revisions() ports.Revisions
	MediaFiles() ports.MediaFiles
	Conversions() ports.Conversions
	Closings() ports.Closings
	ConversionHistory() ports.ConversionHistory
	Conversion() ports.UnitOfWork[ports.ConversionRepos]
	ScoreReads() ports.ScoreReads
	Pseudonyms() ports.Pseudonyms
	Leaderboards() ports.Leaderboards
	Attempts() ports.UnitOfWork[ports.AttemptRepos]
	AnswerSheets() ports.UnitOfWork[ports.AnswerRepos]
	AnswerLog() ports.AnswerLog
	AttemptReads() ports.AttemptReads
	Accommodations() ports.AccommodationReads
	Replies() ports.Replies
	practiceStore
	Takers() ports.Takers
	Policies() ports.Policies
	PolicyWork() ports.UnitOfWork[ports.PolicyRepos]
	Statistics() ports.Statistics
	CacheSettings() ports.CacheSettings
	CacheSettingsWork() ports.UnitOfWork[ports.CacheSettingsRepos]
	CacheRuns() ports.CacheRuns
	CacheRunWork() ports.UnitOfWork[ports.CacheRunRepos]
}

// Run runs every suite, each test on an empty store that open makes.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	run(t, open, []suite{
		{"Identity", identityTests()},
		{"Access", accessTests()},
		{"Jobs", jobTests()},
		{"Orders", orderTests()},
		{"Schedules", scheduleTests()},
		{"Publication", publicationTests()},
		{"Attempts", attemptTests()},
		{"Answers", answerTests()},
		{"Conditions", conditionTests()},
		{"Lists", listTests()},
		{"Scoring", scoringTests()},
		{"Leaderboards", leaderboardTests()},
		{"Replies", replyTests()},
		{"Practice", practiceTests()},
		{"Policies", policyTests()},
		{"Statistics", statisticsTests()},
		{"Caches", cacheTests()},
		{"UnitOfWork", unitTests()},
	})
}

// RunAnswers runs only those that hand in answers.
func RunAnswers(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	run(t, open, []suite{{"Answers", answerTests()}, {"Conditions", conditionTests()}})
}

// suite is the contracts of one thing.
type suite struct {
	name  string
	tests map[string]func(*fixture)
}

func run(t *testing.T, open func(t *testing.T) Store, suites []suite) {
	t.Helper()
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			for name, test := range s.tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(&fixture{T: t, store: open(t), ctx: context.WithoutCancel(t.Context())})
				})
			}
		})
	}
}

// noon is the time at which everything here happens: as precise as every store keeps it, and no more.
var noon = time.Date(2027, 3, 14, 12, 0, 0, 123456000, time.UTC)

// fixture is one test with its store.
type fixture struct {
	*testing.T
	store Store
	ctx   context.Context //nolint:containedctx // it is the test's own
	last  int
}

func (f *fixture) id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) wants(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("error %v, want %v", err, want)
	}
}

// equal compares values; times must be the same moment in the same zone.
func (f *fixture) equal(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (f *fixture) user() identity.User {
	f.Helper()
	f.last++
	score, minutes := 800, 30
	u := identity.User{
		ID: f.id(), Email: identity.Email(fmt.Sprintf("user-%d@example.com", f.last)), PasswordHash: "hash",
		Roles:   []identity.Role{identity.Learner},
		Profile: identity.Profile{DisplayName: "Zoë 山田", Locale: "ja", TargetScore: &score, MinutesPerDay: &minutes},
		// A time in another zone must come back as the same moment in UTC.
		CreatedAt: noon.In(time.FixedZone("east", 9*3600)), Version: 1,
	}
	f.must(f.store.Users().Add(f.ctx, u))
	return u
}

func (f *fixture) session(user uuid.UUID, ip string) identity.Session {
	f.Helper()
	s := identity.OpenSession(f.id(), user, identity.Proof{Factor: true}, identity.Device{IP: ip, UserAgent: "test", Name: "Test on Test"}, noon)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Sessions.Add(ctx, s) }))
	return s
}

func (f *fixture) identity(fn func(context.Context, ports.IdentityRepos) error) error {
	return f.store.Identity().Do(f.ctx, fn)
}

func (f *fixture) attempts(fn func(context.Context, ports.AttemptRepos) error) error {
	return f.store.Attempts().Do(f.ctx, fn)
}

func (f *fixture) publish(fn func(context.Context, ports.Publication) error) error {
	return f.store.Publication().Do(f.ctx, func(ctx context.Context, r ports.PublicationRepos) error { return fn(ctx, r.Publication) })
}

// table is a conversion table of equal steps.
func table(version string) score.Table {
	t := score.Table{Version: version}
	for raw := range t.Listening {
		t.Listening[raw], t.Reading[raw] = min(495, 5+5*raw), min(495, 5+4*raw/5*5)
	}
	return t
}

// revision makes a revision of a form without storing it.
func (f *fixture) revision(form exam.Form, number int, id uuid.UUID) (exam.Revision, []byte) {
	f.Helper()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	for _, name := range form.MediaFiles() {
		content.Media[name] = exam.Media{Hash: exam.Hash([]byte(name)), Type: "image/svg+xml", Size: int64(len(name))}
	}
	encoded, err := content.Encode()
	f.must(err)
	return exam.Revision{Content: content, Summary: exam.Summary{
		ExamID: id, RevisionID: f.id(), Revision: number, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
		Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
	}}, encoded
}

// exam publishes a mini form under a slug of its own.
func (f *fixture) exam() exam.Summary {
	f.Helper()
	f.last++
	form := examtest.Mini()
	form.Slug = fmt.Sprintf("exam-%d", f.last)
	r, encoded := f.revision(form, 1, f.id())
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error {
		if _, err := p.PutTable(ctx, table(form.Conversion)); err != nil {
			return err
		}
		return p.Publish(ctx, r, encoded)
	}))
	return r.Summary
}

func (f *fixture) start(user uuid.UUID, form exam.Summary, mode attempt.Mode) *attempt.Attempt {
	f.Helper()
	a, err := attempt.Start(f.id(), user, form, attempt.Terms{Mode: mode}, noon)
	f.must(err)
	f.must(f.add(a))
	return a
}

func (f *fixture) add(a *attempt.Attempt) error {
	return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error { return r.Attempts.Add(ctx, a) })
}

// together runs fn n times at once and returns how many times it reported success.
func (f *fixture) together(n int, fn func(i int) bool) int {
	var wait sync.WaitGroup
	won := make([]bool, n)
	for i := range n {
		wait.Go(func() { won[i] = fn(i) })
	}
	wait.Wait()
	total := 0
	for _, w := range won {
		if w {
			total++
		}
	}
	return total
}
