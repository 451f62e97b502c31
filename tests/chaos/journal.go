package main

import (
	"fmt"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// change is one answer as it was sent: its choice follows from the other two, so that whatever is stored can be judged.
type change struct {
	number int
	seq    int64
}

func (c change) choice() string {
	return []string{"A", "B", "C"}[(int64(c.number)+c.seq)%3]
}

// sitting is what a learner knows of one attempt: what was sent, what was acknowledged.
type sitting struct {
	attempt      string
	sent         map[int]int64 // the highest seq of each item, acknowledged or not
	acknowledged map[change]bool
	submitting   bool // a submission was sent
	scored       bool // and acknowledged
	right        int  // raw points of the acknowledged result
}

func newSitting(attempt string) *sitting {
	return &sitting{attempt: attempt, sent: map[int]int64{}, acknowledged: map[change]bool{}}
}

// stored is what the database holds of an attempt.
type stored struct {
	status  string
	answers map[int]storedAnswer
	changes map[change][]string // choices in the log, one for each row of it
	results int
	former  int
}

type storedAnswer struct {
	seq    int64
	choice string
}

// faults are the promises that what is stored breaks.
func (s *sitting) faults(db stored) []string {
	var out []string
	add := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("attempt %s: ", s.attempt)+fmt.Sprintf(format, args...))
	}
	newest := map[int]int64{}
	for c := range s.acknowledged {
		newest[c.number] = max(newest[c.number], c.seq)
		switch logged := db.changes[c]; {
		case len(logged) != 1:
			add("the acknowledged change %d of item %d is %d times in the log", c.seq, c.number, len(logged))
		case logged[0] != c.choice():
			add("change %d of item %d was %s and is %s in the log", c.seq, c.number, c.choice(), logged[0])
		}
	}
	for number, seq := range newest {
		if db.answers[number].seq < seq {
			add("the acknowledged answer %d to item %d is lost, %d is stored", seq, number, db.answers[number].seq)
		}
	}
	for number, a := range db.answers {
		if a.seq > s.sent[number] || a.choice != (change{number, a.seq}).choice() {
			add("answer %d to item %d, %s, was never sent", a.seq, number, a.choice)
		}
	}
	return append(out, s.scoreFaults(db)...)
}

func (s *sitting) scoreFaults(db stored) []string {
	closed := db.status == "submitted"
	switch {
	case closed && !s.submitting:
		return []string{"attempt " + s.attempt + ": closed without having been submitted"}
	case s.scored && !closed:
		return []string{"attempt " + s.attempt + ": its acknowledged submission is lost"}
	case closed && db.results != 1, !closed && db.results != 0, db.former != 0:
		return []string{fmt.Sprintf("attempt %s: it is %s and was scored %d times", s.attempt, db.status, db.results+db.former)}
	case !s.scored:
		return nil
	}
	if want := points(db.answers); s.right != want {
		return []string{fmt.Sprintf("attempt %s: its score says %d right answers, its sheet has %d", s.attempt, s.right, want)}
	}
	return nil
}

// points counts the right answers of a sheet.
func points(sheet map[int]storedAnswer) int {
	n := 0
	examtest.Full().Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		if a, ok := sheet[q.Number]; ok && a.choice == examtest.Key(p, q.Number).String() {
			n++
		}
	})
	return n
}
