package system_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/system"
)

func TestTheClockTellsTheTimeInUTCAsStoresKeepIt(t *testing.T) {
	for range 1000 { // one reading in a thousand is whole by chance
		before := time.Now().Truncate(time.Microsecond)
		now := system.Clock{}.Now()
		after := time.Now()
		if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Fatalf("%s is not in UTC or finer than a microsecond", now)
		}
		if now.Before(before) || now.After(after) {
			t.Fatalf("%s is not between %s and %s", now, before, after)
		}
		if stored := time.UnixMicro(now.UnixMicro()).UTC(); now != stored { // == also compares what Equal ignores
			t.Fatalf("%#v is read back as %#v", now, stored)
		}
	}
}

func TestIdentifiersOfOneProcessGrow(t *testing.T) {
	var last uuid.UUID
	for range 10_000 {
		next := system.IDs{}.New()
		if next.Version() != 7 || next.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is not a UUIDv7", next)
		}
		if bytes.Compare(next[:], last[:]) <= 0 {
			t.Fatalf("%s follows %s", next, last)
		}
		last = next
	}
}

func TestAnIdentifierTellsWhenItWasMade(t *testing.T) {
	before := time.Now().UnixMilli()
	id := system.IDs{}.New()
	made := int64(id[0])<<40 | int64(id[1])<<32 | int64(id[2])<<24 | int64(id[3])<<16 | int64(id[4])<<8 | int64(id[5])
	if made < before || made > before+60_000 {
		t.Errorf("made at %d, before was %d", made, before)
	}
}

func TestIdentifiersMadeAtOnceDiffer(t *testing.T) {
	const makers, each = 8, 1000
	made := make([][]uuid.UUID, makers)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			for range each {
				made[i] = append(made[i], system.IDs{}.New())
			}
		})
	}
	wg.Wait()
	seen := map[uuid.UUID]bool{}
	for _, ids := range made {
		for _, id := range ids {
			seen[id] = true
		}
	}
	if len(seen) != makers*each {
		t.Errorf("%d different identifiers of %d", len(seen), makers*each)
	}
}
