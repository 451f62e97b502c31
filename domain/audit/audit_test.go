package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/audit"
)

func digest(b []byte) string {
	sum := sha256.Sum256(append([]byte("key"), b...))
	return hex.EncodeToString(sum[:])
}

// chain makes a log of n entries and its head.
func chain(n int) ([]audit.Entry, audit.Head) {
	var (
		head audit.Head
		out  []audit.Entry
	)
	for i := range n {
		e := audit.Entry{
			At: time.Date(2027, 3, 14, 12, 0, i, 0, time.UTC), UserID: uuid.UUID{15: byte(i)}, IP: "192.0.2.1", RequestID: "r",
			Action: audit.RoleChanged, Object: "role:x", Before: "{}", After: `{"a":1}`,
		}
		e, head = head.Append(e, digest)
		out = append(out, e)
	}
	return out, head
}

// verify follows a log to its stored head.
func verify(log []audit.Entry, stored audit.Head) error {
	var (
		head audit.Head
		err  error
	)
	for _, e := range log {
		if head, err = head.Verify(e, digest); err != nil {
			return err
		}
	}
	return head.VerifyEnd(stored)
}

func TestAnUntouchedChainVerifies(t *testing.T) {
	for _, n := range []int{0, 1, 2, 50} {
		log, head := chain(n)
		if err := verify(log, head); err != nil || head.Seq != int64(n) {
			t.Errorf("%d entries: %v, head %d", n, err, head.Seq)
		}
	}
}

func TestEveryFieldOfAnEntryIsCovered(t *testing.T) {
	for name, change := range map[string]func(*audit.Entry){
		"time":    func(e *audit.Entry) { e.At = e.At.Add(time.Microsecond) },
		"user":    func(e *audit.Entry) { e.UserID[0] ^= 1 },
		"token":   func(e *audit.Entry) { e.TokenID[0] ^= 1 },
		"address": func(e *audit.Entry) { e.IP = "192.0.2.2" },
		"request": func(e *audit.Entry) { e.RequestID = "s" },
		"action":  func(e *audit.Entry) { e.Action = audit.RoleDeleted },
		"object":  func(e *audit.Entry) { e.Object = "role:y" },
		"before":  func(e *audit.Entry) { e.Before = "" },
		"after":   func(e *audit.Entry) { e.After = `{"a":2}` },
		"shifted": func(e *audit.Entry) { e.Object, e.Before = "role:x{", "}" },
		"hash":    func(e *audit.Entry) { e.Hash = digest([]byte("x")) },
	} {
		log, head := chain(5)
		change(&log[2])
		if verify(log, head) == nil {
			t.Errorf("a changed %s goes unnoticed", name)
		}
	}
}

func TestWhateverIsDoneToAChainIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, head := chain(rapid.IntRange(2, 20).Draw(t, "entries"))
		i := rapid.IntRange(0, len(log)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"remove", "swap", "repeat", "cut", "renumber"}).Draw(t, "crime") {
		case "remove":
			log = slices.Delete(log, i, i+1)
		case "swap":
			j := (i + 1) % len(log)
			log[i], log[j] = log[j], log[i]
		case "repeat":
			log = slices.Insert(log, i, log[i])
		case "cut":
			log = log[:i]
		case "renumber": // remove one and close the gap
			log = slices.Delete(log, i, i+1)
			for k := range log {
				log[k].Seq = int64(k + 1)
			}
			head.Seq = int64(len(log))
		}
		if verify(log, head) == nil {
			t.Fatal("it goes unnoticed")
		}
	})
}

func TestNobodyCanMakeAChainWithoutTheKey(t *testing.T) {
	var head audit.Head
	forged, head := head.Append(audit.Entry{Action: audit.RoleDeleted}, func(b []byte) string {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	})
	if verify([]audit.Entry{forged}, head) == nil {
		t.Error("a forged chain verifies")
	}
}
