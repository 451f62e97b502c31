package main

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// kept is a sitting of three changes on two items, and what a database holds that lost nothing.
func kept() (*sitting, stored) {
	s := newSitting("a")
	db := stored{status: "in_progress", answers: map[int]storedAnswer{}, changes: map[change][]string{}}
	for _, c := range []change{{1, 1}, {2, 2}, {1, 3}} {
		s.sent[c.number] = c.seq
		s.acknowledged[c] = true
		db.answers[c.number] = storedAnswer{c.seq, c.choice()}
		db.changes[c] = []string{c.choice()}
	}
	return s, db
}

// scored makes the sitting a submitted one.
func scored(s *sitting, db *stored) {
	s.submitting, s.scored, s.right = true, true, points(db.answers)
	db.status, db.results = "submitted", 1
}

func TestWhatIsStoredAsItWasAcknowledgedHasNoFault(t *testing.T) {
	s, db := kept()
	if got := s.faults(db); len(got) > 0 {
		t.Error(got)
	}
	scored(s, &db)
	if got := s.faults(db); len(got) > 0 {
		t.Error(got)
	}
	// What was sent and not acknowledged may be stored or not, and a submission done or not.
	s, db = kept()
	s.sent[3], s.submitting = 4, true
	db.answers[3], db.changes[change{3, 4}] = storedAnswer{4, change{3, 4}.choice()}, []string{change{3, 4}.choice()}
	db.status, db.results = "submitted", 1
	if got := s.faults(db); len(got) > 0 {
		t.Error(got)
	}
}

func TestEveryBrokenPromiseIsFound(t *testing.T) {
	for name, broken := range map[string]func(*sitting, *stored){
		"a lost answer":                    func(_ *sitting, db *stored) { delete(db.answers, 2) },
		"an answer that went back":         func(_ *sitting, db *stored) { db.answers[1] = storedAnswer{1, change{1, 1}.choice()} },
		"another choice":                   func(_ *sitting, db *stored) { db.answers[1] = storedAnswer{3, "D"} },
		"an answer that was never sent":    func(_ *sitting, db *stored) { db.answers[9] = storedAnswer{1, change{9, 1}.choice()} },
		"a seq that was never sent":        func(_ *sitting, db *stored) { db.answers[1] = storedAnswer{6, change{1, 6}.choice()} },
		"a change that is not logged":      func(_ *sitting, db *stored) { delete(db.changes, change{1, 1}) },
		"a change that is logged twice":    func(_ *sitting, db *stored) { db.changes[change{1, 1}] = []string{"C", "C"} },
		"a change logged with another one": func(_ *sitting, db *stored) { db.changes[change{1, 1}] = []string{"D"} },
		"closed by nobody":                 func(_ *sitting, db *stored) { db.status, db.results = "submitted", 1 },
		"scored while open":                func(_ *sitting, db *stored) { db.results = 1 },
		"a lost submission":                func(s *sitting, _ *stored) { s.submitting, s.scored = true, true },
		"scored twice":                     func(s *sitting, db *stored) { scored(s, db); db.results = 2 },
		"scored again":                     func(s *sitting, db *stored) { scored(s, db); db.former = 1 },
		"closed without a result":          func(s *sitting, db *stored) { scored(s, db); db.results = 0 },
		"a wrong score":                    func(s *sitting, db *stored) { scored(s, db); s.right++ },
	} {
		s, db := kept()
		broken(s, &db)
		if len(s.faults(db)) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
}

func TestPointsAreThoseOfTheKeys(t *testing.T) {
	sheet := map[int]storedAnswer{}
	examtest.Full().Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		sheet[q.Number] = storedAnswer{1, examtest.Key(p, q.Number).String()}
	})
	if got := points(sheet); got != 200 {
		t.Errorf("a perfect sheet has %d points", got)
	}
	wrong := maps.Clone(sheet)
	wrong[7] = storedAnswer{1, "-"}
	delete(wrong, 8)
	if got := points(wrong); got != 198 {
		t.Errorf("a wrong and a blank leave %d points", got)
	}
}

func TestASeedDecidesWhatIsKilledAndEverybodyGetsATurn(t *testing.T) {
	draw := func(seed uint64) string {
		c := newChaos(1, seed)
		c.victims = []victim{{name: "a"}, {name: "b"}, {name: "c"}}
		var names []string
		for range 9 {
			names = append(names, c.next().name)
		}
		return strings.Join(names, "")
	}
	first, again := draw(1), draw(1)
	if first != again || (first == draw(2) && first == draw(3)) {
		t.Error("the seed decides nothing")
	}
	for i := range 3 {
		turn := draw(1)[3*i : 3*i+3]
		for _, name := range []string{"a", "b", "c"} {
			if !strings.Contains(turn, name) {
				t.Errorf("%s is not in %s", name, turn)
			}
		}
	}
}

func TestRecoveriesAreSummedUp(t *testing.T) {
	all := []time.Duration{9, 1, 5, 7}
	if middle(all) != 5 || longest(all) != 9 || middle(nil) != 0 || longest(nil) != 0 {
		t.Errorf("median %d, longest %d", middle(all), longest(all))
	}
	if broken(nil) != nil || broken(make([]string, 99)) == nil {
		t.Error("faults make no error")
	}
}
