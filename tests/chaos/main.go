// Command chaos kills the server, PostgreSQL and Redis at random moments while learners answer and submit, starts them
// again, and looks for what must never be: an acknowledged answer that is lost, an attempt that is scored twice, a job
// whose effect is missing or there twice. It reports how long each recovery took.
//
//	go run ./tests/chaos [-rounds 100] [-seed N] [-quick]
//
// The seed decides what is killed and when, so a run can be repeated as far as processes repeat themselves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/toeic-app/toeic/tests/built"
	"github.com/toeic-app/toeic/tests/learners"
	"github.com/toeic-app/toeic/tests/private"
)

func main() {
	rounds := flag.Int("rounds", 100, "how often to kill something")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "what decides the targets and moments")
	quick := flag.Bool("quick", false, "20 rounds")
	flag.Parse()
	if *quick {
		*rounds = 20
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *rounds, *seed)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "chaos: seed %d: %v\n", *seed, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, seed uint64) (err error) {
	if rounds < 1 {
		return errors.New("-rounds has to be 1 or more")
	}
	fmt.Printf("seed %d\n", seed)
	c := newChaos(rounds, seed)
	defer func() { err = errors.Join(err, c.tearDown()) }()
	if err := c.setUp(ctx); err != nil {
		return err
	}
	for i := range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.round(ctx, i); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	if err := c.conclude(ctx); err != nil {
		return err
	}
	c.report(os.Stdout, seed)
	return nil
}

// chaos is one run.
type chaos struct {
	dir        string
	random     *rand.Rand
	rounds     int
	postgres   *private.Postgres
	redis      *private.Redis
	theatres   []*theatre
	victims    []victim
	deck       []victim // what is yet to be killed before any is killed again
	recoveries map[string][]time.Duration
	began      time.Time
}

func newChaos(rounds int, seed uint64) *chaos {
	return &chaos{random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds, recoveries: map[string][]time.Duration{}, began: time.Now()}
}

func (c *chaos) setUp(ctx context.Context) (err error) {
	if c.dir, err = os.MkdirTemp("", "toeic-chaos-"); err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	if err := os.Chmod(c.dir, 0o755); err != nil { // the account that runs PostgreSQL for root has to pass
		return fmt.Errorf("open the scratch folder: %w", err)
	}
	program, err := built.Program(c.dir)
	if err != nil {
		return err
	}
	form := filepath.Join(c.dir, "form")
	if err := learners.WritePack(form); err != nil {
		return err
	}
	if c.postgres, err = private.StartPostgres(ctx, filepath.Join(c.dir, "pg"), private.WithDurability()); err != nil {
		return err
	}
	if c.redis, err = private.StartRedis(ctx, filepath.Join(c.dir, "redis")); err != nil {
		return err
	}
	settings := []string{
		"RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_ADMIN=0", "RATE_LIMIT_FAILURES=0",
	}
	homes := filepath.Join(c.dir, "home")
	large := &theatre{
		name: "PostgreSQL", url: c.postgres.URL("postgres"), program: program, home: filepath.Join(homes, "postgres"),
		settings: append([]string{"DATABASE_URL=" + c.postgres.URL("postgres"), "REDIS_URL=" + c.redis.URL()}, settings...),
	}
	small := &theatre{
		name: "SQLite", url: "sqlite:" + filepath.Join(homes, "sqlite", "data", "toeic.db"), program: program,
		home: filepath.Join(homes, "sqlite"), settings: settings,
	}
	for _, t := range []*theatre{large, small} {
		c.theatres = append(c.theatres, t)
		if err := t.open(ctx, form, c.rounds, c.random); err != nil {
			return err
		}
	}
	c.victims = []victim{theServer(large, "PostgreSQL"), thePostgres(large, c.postgres), theRedis(large, c.redis), theServer(small, "SQLite")}
	return nil
}

func (c *chaos) tearDown() error {
	var errs []error
	for _, t := range c.theatres {
		errs = append(errs, t.close())
	}
	if c.redis != nil {
		errs = append(errs, c.redis.Stop())
	}
	if c.postgres != nil {
		errs = append(errs, c.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// next draws a victim: each once, in a random order, before any comes again.
func (c *chaos) next() victim {
	if len(c.deck) == 0 {
		c.deck = append(c.deck, c.victims...)
		c.random.Shuffle(len(c.deck), func(i, j int) { c.deck[i], c.deck[j] = c.deck[j], c.deck[i] })
	}
	v := c.deck[0]
	c.deck = c.deck[1:]
	return v
}

const (
	longestLife = 600 * time.Millisecond // of a victim under load
	longestDown = 300 * time.Millisecond
	longestRest = 200 * time.Millisecond // of load after the recovery
	lost        = time.Minute            // what has not recovered by then never does
)

func (c *chaos) within(d time.Duration) time.Duration {
	return time.Duration(c.random.Int64N(int64(d)))
}

// round kills one victim under load, starts it again, and looks for losses.
func (c *chaos) round(ctx context.Context, i int) error {
	v := c.next()
	t := v.theatre
	life, down, after := c.within(longestLife), c.within(longestDown), c.within(longestRest)
	if err := again(ctx, t.renew); err != nil {
		return fmt.Errorf("renew the tokens: %w", err)
	}
	before := t.acknowledged.Load()
	if err := again(ctx, t.order); err != nil { // its job is taken up within the next half second
		return fmt.Errorf("order an export: %w", err)
	}
	err := t.under(ctx, func() error {
		time.Sleep(life)
		if err := v.kill(); err != nil {
			return err
		}
		time.Sleep(down)
		healed := t.restarting()
		if err := v.start(ctx); err != nil {
			return err
		}
		select {
		case <-healed:
		case <-time.After(lost):
			return fmt.Errorf("no request succeeds %v after %s was started again", lost, v.name)
		case <-ctx.Done():
			return ctx.Err()
		}
		time.Sleep(after)
		return nil
	})
	if err != nil {
		return err
	}
	c.recoveries[v.name] = append(c.recoveries[v.name], t.recovery)
	faults, err := t.inspect(ctx, false)
	if err != nil {
		return err
	}
	fmt.Printf("%6.1fs  round %d: killed %s after %v, recovered in %v, %d answers acknowledged\n", time.Since(c.began).Seconds(),
		i+1, v.name, life.Round(time.Millisecond), t.recovery.Round(time.Millisecond), t.acknowledged.Load()-before)
	return broken(faults)
}

// conclude looks at everything once more, when all jobs are done.
func (c *chaos) conclude(ctx context.Context) error {
	var all []string
	for _, t := range c.theatres {
		if err := t.settle(ctx); err != nil {
			return err
		}
		faults, err := t.inspect(ctx, true)
		if err != nil {
			return err
		}
		all = append(all, faults...)
		if faults, err = t.aftermath(ctx); err != nil {
			return err
		}
		all = append(all, faults...)
	}
	return broken(all)
}
