package main

import (
	"slices"
	"testing"
	"time"
)

func TestPgbenchIsUnderstood(t *testing.T) {
	const said = `pgbench (15.13 (Debian 15.13-0+deb12u1))
transaction type: insert.sql
scaling factor: 1
query mode: prepared
number of clients: 32
number of threads: 2
maximum number of tries: 1
duration: 1 s
number of transactions actually processed: 5043
number of failed transactions: 0 (0.000%)
latency average = 6.021 ms
initial connection time = 52.262 ms
tps = 5314.620311 (without initial connection time)
`
	if got, err := parsePgbench(said); err != nil || got != 5314.620311 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := parsePgbench("pgbench: error: connection failed"); err == nil {
		t.Errorf("a failure gives %v", got)
	}
	if got, err := parsePgbench("number of failed transactions: 3 (0.1%)\ntps = 5.0 (without)\n"); err == nil {
		t.Errorf("failed transactions give %v", got)
	}
}

func TestAProcessIsUnderstoodWhateverItsName(t *testing.T) {
	got, err := parseStat("4242 (postgres: a) b (c) S 77 1 1 0 -1 4194304 9 8 7 6 150 50 30 20 20 0 1 0 5 6 7")
	if err != nil {
		t.Fatal(err)
	}
	want := stat{parent: 77, own: 2 * time.Second, waited: 500 * time.Millisecond, program: "postgres: a) b (c"}
	if got != want {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"", "1 (x", "1 (x) S 1 2", "1 (x) S a 1 1 0 -1 4 9 8 7 6 1 2 3 4"} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

func TestTheMachinesTimeIsAllButItsRest(t *testing.T) {
	got, err := parseMachine("cpu  100 20 30 4000 500 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
	if err != nil || got != 171*tick {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "cpu0 1 2 3 4 5 6 7 8 9", "cpu 1 2 3", "cpu a b c d e f g h i"} {
		if _, err := parseMachine(bad); err == nil {
			t.Errorf("%q is understood", bad)
		}
	}
}

func TestStatementsAreCountedWithoutTheEndsOfTransactions(t *testing.T) {
	const log = `2026-11-25 18:00:00.123 UTC [42] LOG:  statement: BEGIN
2026-11-25 18:00:00.124 UTC [42] LOG:  execute <unnamed>: SELECT 1
2026-11-25 18:00:00.124 UTC [42] DETAIL:  parameters: $1 = 'LOG: statement'
2026-11-25 18:00:00.125 UTC [42] LOG:  execute lib_pq_1: UPDATE attempts
	SET x = 1
2026-11-25 18:00:00.125 UTC [42] LOG:  statement: COMMIT
2026-11-25 18:00:00.126 UTC [42] LOG:  checkpoint starting: time
`
	work, ends := statementsIn([]byte(log))
	if !slices.Equal(work, []string{"SELECT 1", "UPDATE attempts"}) || ends != 2 {
		t.Errorf("%q and %d ends", work, ends)
	}
}

func TestALostOrChangedAnswerIsFound(t *testing.T) {
	acknowledged := map[int]written{1: {5, "A"}, 2: {6, "B"}}
	for name, stored := range map[string]map[int]written{
		"lost":    {1: {5, "A"}},
		"older":   {1: {5, "A"}, 2: {4, "B"}},
		"changed": {1: {5, "A"}, 2: {6, "C"}},
	} {
		if compare(acknowledged, stored) == nil {
			t.Errorf("%s: nothing is found", name)
		}
	}
	if err := compare(acknowledged, map[int]written{1: {5, "A"}, 2: {6, "B"}, 3: {1, "A"}}); err != nil {
		t.Error(err)
	}
}

func TestUnknownScenariosAreRefused(t *testing.T) {
	if got, err := (options{rounds: 3, only: "sqlite,answers-32"}).chosen(); err != nil || len(got) != 2 || got[0].name != "answers-32" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := (options{rounds: 3, only: "nothing"}).chosen(); err == nil {
		t.Error("a scenario that does not exist is chosen")
	}
	if _, err := (options{}).chosen(); err == nil {
		t.Error("no rounds are run")
	}
}
