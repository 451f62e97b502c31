package porttest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

func jobTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"EachJobIsClaimedByOneWorker":           claimingJobs,
		"AJobIsDueInItsTimeAndItsOrder":         dueJobs,
		"AJobWhoseWorkerDiedIsClaimedAgain":     reclaimingJobs,
		"AJobThatIsOverIsNotClaimed":            finishingJobs,
		"AJobOfAFailedUnitOfWorkIsNeverThere":   rollingBackJobs,
		"WhoLostTheLeaseSaysNothingAboutTheJob": losingLeases,
		"AFailedJobComesBackWithWhatWentWrong":  retryingJobs,
		"ManyWorkersLeaveNoJobBehind":           drainingJobs,
	}
}

const lease = time.Minute

// errNotAdded says that an order was no news where it should have been.
var errNotAdded = errors.New("the job was not added")

func added(news bool, err error) error {
	if err == nil && !news {
		return errNotAdded
	}
	return err
}

func (f *fixture) order(runAt time.Time) job.Job {
	f.Helper()
	j := job.New(f.id(), job.SendLetter, []byte{0, 0xff}, noon, runAt)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return added(r.Jobs.Add(ctx, j)) }))
	return j
}

func (f *fixture) take(at time.Time, limit int) []job.Job {
	f.Helper()
	got, err := f.store.Queue().Claim(f.ctx, at, lease, limit)
	f.must(err)
	return got
}

func claimingJobs(f *fixture) {
	f.order(noon)
	won := f.together(10, func(int) bool {
		got, err := f.store.Queue().Claim(f.ctx, noon, lease, 1)
		if err != nil {
			f.Error(err)
		}
		return len(got) == 1
	})
	f.equal("workers with the job", won, 1)
}

func drainingJobs(f *fixture) {
	const jobs = 60
	for range jobs {
		f.order(noon)
	}
	var (
		mu   sync.Mutex
		seen = map[uuid.UUID]int{}
	)
	f.together(6, func(int) bool {
		for {
			got, err := f.store.Queue().Claim(f.ctx, noon, lease, 2)
			if err != nil {
				f.Error(err)
				return false
			}
			if len(got) == 0 {
				return true
			}
			for _, j := range got {
				mu.Lock()
				seen[j.ID]++
				mu.Unlock()
				if err := f.store.Queue().Done(f.ctx, j, noon); err != nil {
					f.Error(err)
				}
			}
		}
	})
	// A worker may stop early because all that was left was being claimed by others; what is left is nobody's.
	for _, j := range f.take(noon, jobs) {
		seen[j.ID]++
	}
	f.equal("jobs", len(seen), jobs)
	for id, n := range seen {
		if n != 1 {
			f.Errorf("job %s was claimed %d times", id, n)
		}
	}
}

func dueJobs(f *fixture) {
	late, early := f.order(noon.Add(time.Second)), f.order(noon)
	f.equal("too early", len(f.take(noon.Add(-time.Microsecond), 10)), 0)
	got := f.take(noon.Add(time.Second), 10)
	f.equal("order", []uuid.UUID{got[0].ID, got[1].ID}, []uuid.UUID{early.ID, late.ID})
	f.equal("claimed", []any{got[0].Tries, got[0].Payload, got[0].Kind}, []any{1, []byte{0, 0xff}, job.SendLetter})
}

func reclaimingJobs(f *fixture) {
	j := f.order(noon)
	f.take(noon, 1)
	f.equal("within the lease", len(f.take(noon.Add(lease-time.Microsecond), 1)), 0)
	again := f.take(noon.Add(lease), 1)
	f.equal("after it", []any{again[0].ID, again[0].Tries}, []any{j.ID, 2})
}

func finishingJobs(f *fixture) {
	f.order(noon)
	f.order(noon)
	got := f.take(noon, 2)
	f.must(f.store.Queue().Done(f.ctx, got[0], noon))
	f.must(f.store.Queue().Bury(f.ctx, got[1], noon, "hopeless"))
	f.equal("claimed later", len(f.take(noon.Add(time.Hour), 10)), 0)
}

func retryingJobs(f *fixture) {
	f.order(noon)
	j := f.take(noon, 1)[0]
	f.must(f.store.Queue().Retry(f.ctx, j, noon.Add(time.Hour), "the mail server was down"))
	f.equal("too early", len(f.take(noon.Add(time.Hour-time.Microsecond), 1)), 0)
	again := f.take(noon.Add(time.Hour), 1)[0]
	f.equal("again", []any{again.Tries, again.LastError}, []any{2, "the mail server was down"})
}

func losingLeases(f *fixture) {
	f.order(noon)
	slow := f.take(noon, 1)[0]
	quick := f.take(noon.Add(lease), 1)[0]
	f.must(f.store.Queue().Bury(f.ctx, slow, noon, "too slow"))
	f.must(f.store.Queue().Retry(f.ctx, slow, noon, "too slow"))
	f.equal("while the other works", len(f.take(noon.Add(lease), 1)), 0)
	f.must(f.store.Queue().Done(f.ctx, quick, noon))
	f.equal("afterwards", len(f.take(noon.Add(time.Hour), 1)), 0)
}

func rollingBackJobs(f *fixture) {
	if err := f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		f.must(added(r.Jobs.Add(ctx, job.New(f.id(), job.SendLetter, nil, noon, noon))))
		return ports.ErrStale
	}); err == nil {
		f.Error("the unit of work was stored")
	}
	f.equal("jobs", len(f.take(noon, 1)), 0)
}
