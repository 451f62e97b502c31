package porttest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

func orderTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"TheSameWorkIsQueuedOnce":                orderingOnce,
		"OfConcurrentOrdersOneIsNews":            orderingTogether,
		"WorkOrderedWhileItIsDoneIsDoneAgain":    orderingAgain,
		"TheEarlierOfTwoOrdersDecides":           orderingEarlier,
		"WorkThatIsOverCanBeOrderedAnew":         orderingAnew,
		"NoWorkerBeginsBeforeASecondOrderStored": orderingBeforeTheWork,
		"AnEffectIsStoredWithItsJobOrNotAtAll":   doneWithEffect,
		"OfTwoClaimsOneLeavesAnEffect":           doneOnce,
		"ALeaseIsExtendedByWhoHasIt":             extendingLeases,
		"AJobThatIsHandedBackIsDueAtOnce":        releasingJobs,
		"OrdersRingTheBellWhenTheyAreStored":     ringing,
		"JobsAreListedByStateWithoutPayloads":    listingJobs,
		"AJobThatWasGivenUpIsQueuedAgain":        requeueing,
		"ARemovedJobIsGone":                      removing,
	}
}

// only orders work under the name "work".
func (f *fixture) only(runAt time.Time) (job.Job, bool) {
	f.Helper()
	j := job.New(f.id(), job.ExportData, []byte("x"), noon, runAt).OnlyOnce("work")
	var news bool
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) (err error) {
		news, err = r.Jobs.Add(ctx, j)
		return err
	}))
	return j, news
}

func orderingOnce(f *fixture) {
	j, first := f.only(noon)
	_, second := f.only(noon)
	f.equal("news", []bool{first, second}, []bool{true, false})
	other := job.New(f.id(), job.ExportData, nil, noon, noon).OnlyOnce("other work")
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return added(r.Jobs.Add(ctx, other)) }))
	got := f.take(noon, 10)
	f.equal("queued", len(got), 2)
	f.equal("the first order", []any{got[0].ID, got[0].Once, got[0].Payload}, []any{j.ID, "work", []byte("x")})
}

func orderingTogether(f *fixture) {
	news := f.together(8, func(int) bool {
		_, news := f.only(noon)
		return news
	})
	f.equal("news", news, 1)
	f.equal("queued", len(f.take(noon, 10)), 1)
}

func orderingAgain(f *fixture) {
	j, _ := f.only(noon)
	for round := range 3 { // what is ordered while a job is done may have come too late for it, each time
		claimed := f.take(noon.Add(time.Hour), 1)
		f.equal("claimed", []any{len(claimed), claimed[0].ID, claimed[0].Tries}, []any{1, j.ID, 1})
		for range 2 {
			if _, news := f.only(noon); news {
				f.Error("it is queued beside itself")
			}
		}
		f.equal("while it is done", len(f.take(noon.Add(time.Hour), 1)), 0)
		if round%2 == 0 {
			f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Jobs.Done(ctx, claimed[0], noon) }))
		}
		f.must(f.store.Queue().Done(f.ctx, claimed[0], noon)) // after the other one it changes nothing
	}
	last := f.take(noon.Add(time.Hour), 1)[0]
	f.must(f.store.Queue().Done(f.ctx, last, noon))
	f.equal("afterwards", len(f.take(noon.Add(2*time.Hour), 1)), 0)
}

func orderingEarlier(f *fixture) {
	f.only(noon.Add(time.Hour))
	f.only(noon.Add(time.Minute))
	f.only(noon.Add(2 * time.Hour))
	f.equal("before both", len(f.take(noon.Add(time.Minute-time.Microsecond), 1)), 0)
	f.equal("at the earlier", len(f.take(noon.Add(time.Minute), 1)), 1)
}

func orderingAnew(f *fixture) {
	f.only(noon)
	f.must(f.store.Queue().Done(f.ctx, f.take(noon, 1)[0], noon))
	_, afterDone := f.only(noon)
	f.must(f.store.Queue().Bury(f.ctx, f.take(noon, 1)[0], noon, "hopeless"))
	_, afterBurial := f.only(noon)
	f.equal("news", []bool{afterDone, afterBurial}, []bool{true, true})
}

// A second order may be about what its unit of work has not stored yet. A worker that began now would not find it.
func orderingBeforeTheWork(f *fixture) {
	f.only(noon)
	var early atomic.Int64
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		if _, err := r.Jobs.Add(ctx, job.New(f.id(), job.ExportData, nil, noon, noon).OnlyOnce("work")); err != nil {
			return err
		}
		impatient, cancel := context.WithTimeout(ctx, 100*time.Millisecond) // SQLite makes the worker wait, PostgreSQL makes it pass
		defer cancel()
		if got, err := f.store.Queue().Claim(impatient, noon, lease, 1); err == nil {
			early.Add(int64(len(got)))
		}
		return nil
	}))
	f.equal("begun too early", early.Load(), int64(0))
	f.equal("begun afterwards", len(f.take(noon, 1)), 1)
}

// effect does a job whose effect is another job, and fails with whatever fails.
func (f *fixture) effect(j job.Job, failure error) error {
	return f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		if _, err := r.Jobs.Add(ctx, job.New(f.id(), "effect", nil, noon, noon.Add(24*time.Hour))); err != nil {
			return err
		}
		if err := r.Jobs.Done(ctx, j, noon); err != nil {
			return err
		}
		return failure
	})
}

func (f *fixture) effects() int {
	f.Helper()
	got, err := f.store.JobList().List(f.ctx, ports.JobFilter{Kind: "effect"}, noon, ports.Page{Limit: 100})
	f.must(err)
	return len(got.Items)
}

func doneWithEffect(f *fixture) {
	f.order(noon)
	j := f.take(noon, 1)[0]
	f.wants(f.effect(j, ports.ErrStale), ports.ErrStale)
	f.equal("effects of what failed", f.effects(), 0)
	again := f.take(noon.Add(lease), 1)
	f.equal("due again", len(again), 1)
	f.must(f.effect(again[0], nil))
	f.equal("effects", f.effects(), 1)
	f.wants(f.effect(again[0], nil), job.ErrLeaseLost)
	f.equal("effects of doing it twice", f.effects(), 1)
}

func doneOnce(f *fixture) {
	f.order(noon)
	slow := f.take(noon, 1)[0]
	quick := f.take(noon.Add(lease), 1)[0]
	f.wants(f.effect(slow, nil), job.ErrLeaseLost)
	f.must(f.effect(quick, nil))
	f.equal("effects", f.effects(), 1)
}

func extendingLeases(f *fixture) {
	f.order(noon)
	j := f.take(noon, 1)[0]
	f.must(f.store.Queue().Extend(f.ctx, j, noon.Add(2*lease)))
	f.equal("within the extension", len(f.take(noon.Add(2*lease-time.Microsecond), 1)), 0)
	other := f.take(noon.Add(2*lease), 1)[0]
	f.wants(f.store.Queue().Extend(f.ctx, j, noon.Add(9*lease)), job.ErrLeaseLost)
	f.must(f.store.Queue().Done(f.ctx, other, noon))
	f.wants(f.store.Queue().Extend(f.ctx, other, noon.Add(9*lease)), job.ErrLeaseLost)
}

func releasingJobs(f *fixture) {
	f.order(noon)
	lost := f.take(noon, 1)[0]
	j := f.take(noon.Add(lease), 1)[0]
	f.must(f.store.Queue().Release(f.ctx, lost))
	f.equal("released by who lost it", len(f.take(noon.Add(lease), 1)), 0)
	f.must(f.store.Queue().Release(f.ctx, j))
	f.equal("released", len(f.take(noon.Add(lease), 1)), 1)
}

func ringing(f *fixture) {
	rung := func() bool {
		select {
		case <-f.store.Queue().Ordered():
			return true
		default:
			return false
		}
	}
	f.equal("before any order", rung(), false)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		if _, err := r.Jobs.Add(ctx, job.New(f.id(), job.SendLetter, nil, noon, noon)); err != nil {
			return err
		}
		if rung() {
			f.Error("it rings before the order is stored")
		}
		return nil
	}))
	f.equal("after an order", []bool{rung(), rung()}, []bool{true, false})
	f.order(noon.Add(time.Hour))
	f.equal("after an order for later", rung(), false)
}

func listingJobs(f *fixture) {
	kept := map[job.State]uuid.UUID{}
	f.order(noon)
	f.order(noon)
	f.order(noon)
	taken := f.take(noon, 3)
	f.must(f.store.Queue().Done(f.ctx, taken[0], noon))
	f.must(f.store.Queue().Bury(f.ctx, taken[1], noon, "hopeless"))
	kept[job.Done], kept[job.Dead], kept[job.Running] = taken[0].ID, taken[1].ID, taken[2].ID
	kept[job.Queued] = f.order(noon).ID
	list := func(which ports.JobFilter, at time.Time, page ports.Page) ports.Slice[job.Job] {
		f.Helper()
		got, err := f.store.JobList().List(f.ctx, which, at, page)
		f.must(err)
		for _, j := range got.Items {
			if len(j.Payload) > 0 {
				f.Errorf("job %s is listed with its payload", j.ID)
			}
		}
		return got
	}
	for state, id := range kept {
		got := list(ports.JobFilter{State: state}, noon, ports.Page{Limit: 10})
		f.equal(string(state), len(got.Items), 1)
		f.equal(string(state), []any{got.Items[0].ID, got.Items[0].State(noon)}, []any{id, state})
	}
	f.equal("running after its lease", len(list(ports.JobFilter{State: job.Running}, noon.Add(lease), ports.Page{Limit: 10}).Items), 0)
	f.equal("queued after its lease", len(list(ports.JobFilter{State: job.Queued}, noon.Add(lease), ports.Page{Limit: 10}).Items), 2)
	f.equal("another kind", len(list(ports.JobFilter{Kind: job.EraseAccount}, noon, ports.Page{Limit: 10}).Items), 0)

	var all []uuid.UUID
	for page := (ports.Page{Limit: 3}); ; {
		got := list(ports.JobFilter{Kind: job.SendLetter}, noon, page)
		for _, j := range got.Items {
			all = append(all, j.ID)
		}
		if page.After = got.Next; got.Next == uuid.Nil {
			break
		}
	}
	f.equal("page by page", len(all), 4)
	f.equal("newest first", all[0], kept[job.Queued])
	one, err := f.store.JobList().ByID(f.ctx, kept[job.Dead])
	f.must(err)
	f.equal("one", []any{one.LastError, len(one.Payload)}, []any{"hopeless", 0})
	_, err = f.store.JobList().ByID(f.ctx, f.id())
	f.wants(err, job.ErrNotFound)
}

func (f *fixture) desk(fn func(context.Context, ports.JobRepos) error) error {
	return f.store.JobWork().Do(f.ctx, fn)
}

func (f *fixture) revive(id uuid.UUID, at time.Time) error {
	return f.desk(func(ctx context.Context, r ports.JobRepos) error {
		j, err := r.Jobs.ForChange(ctx, id)
		if err != nil {
			return err
		}
		f.equal("payload", len(j.Payload), 0)
		if j, err = j.Revived(at); err != nil {
			return err
		}
		return r.Jobs.Requeue(ctx, j)
	})
}

func requeueing(f *fixture) {
	j, _ := f.only(noon)
	dead := f.take(noon, 1)[0]
	f.must(f.store.Queue().Bury(f.ctx, dead, noon, "hopeless"))
	_, news := f.only(noon.Add(time.Hour))
	f.equal("news", news, true)
	f.wants(f.revive(j.ID, noon), job.ErrAlreadyQueued)
	f.must(f.store.Queue().Done(f.ctx, f.take(noon.Add(time.Hour), 1)[0], noon))
	f.must(f.revive(j.ID, noon.Add(2*time.Hour)))
	f.must(f.store.Queue().Done(f.ctx, dead, noon)) // its worker of before has no say
	again := f.take(noon.Add(2*time.Hour), 1)
	f.equal("again", []any{len(again), again[0].ID, again[0].Tries, again[0].Payload}, []any{1, j.ID, 1, []byte("x")})
	f.wants(f.revive(j.ID, noon), job.ErrNotDead)
	f.wants(f.revive(f.id(), noon), job.ErrNotFound)
}

func removing(f *fixture) {
	j := f.order(noon)
	remove := func() error {
		return f.desk(func(ctx context.Context, r ports.JobRepos) error { return r.Jobs.Remove(ctx, j.ID) })
	}
	f.must(remove())
	f.equal("jobs", len(f.take(noon, 1)), 0)
	f.wants(remove(), job.ErrNotFound)
}
