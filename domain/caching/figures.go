package caching

import "time"

// Tier is where values are kept.
type Tier string

// The tiers.
const (
	Near Tier = "near" // the memory of a process
	Far  Tier = "far"  // Redis
)

// Reason is why a value left the near tier.
type Reason string

// The reasons.
const (
	Capacity    Reason = "capacity"    // it made room
	Rejected    Reason = "rejected"    // it was not let in, as what is there is used more
	Expired     Reason = "expired"     // its time was over
	Invalidated Reason = "invalidated" // what it tells changed
	Cleared     Reason = "cleared"     // by an administrator, or because messages of other processes may have been lost
)

// Reasons lists all of them.
func Reasons() []Reason { return []Reason{Capacity, Rejected, Expired, Invalidated, Cleared} }

// FarClearing is what became of the part of a clearing that is Redis's.
type FarClearing string

// What can become of it.
const (
	FarCleared FarClearing = "cleared"
	FarPending FarClearing = "pending" // Redis does not answer; it is cleared as soon as it does
	FarNone    FarClearing = "none"    // there is no Redis
)

// TierFigures counts what happened in a tier since the start of its process. Keys and Bytes are what it holds now.
type TierFigures struct {
	Hits, Misses uint64
	Keys, Bytes  int64
	Evictions    map[Reason]uint64 // of the near tier
	Errors       uint64            // of the far tier; each was answered as a miss
}

// FamilyFigures counts what happened to a family. A read is answered by the near tier, or else by the far tier, or else
// by a load that another caller began, or else by a load of its own.
type FamilyFigures struct {
	Near, Far   TierFigures
	Shared      uint64        // reads that waited for a load of somebody else
	Loads       uint64        // loads from the store
	Failures    uint64        // of these loads
	LoadTime    time.Duration // of all loads
	Stale       uint64        // reads that were given what is past its time
	Negative    uint64        // reads that were told "there is none" from memory; they are hits as well
	Refreshes   uint64        // reads of its own account, to have what is past its time anew; they count in the far tier and as loads, but not as reads
	RefreshHits uint64        // of these, those that the far tier answered
	TTLSum      float64       // seconds that were left of the life of each value in the near tier, when it was given out
}

// Figures is how the caches of one process do.
type Figures struct {
	Replica  string // names the process
	Since    time.Time
	Families map[string]FamilyFigures
	Top      []KeyCount        // the most read keys, most read first, about
	Unlisted uint64            // how often a key that is not in Top may have been read, at most
	Server   map[string]string // what Redis says of itself; empty without Redis
	Limit    int64             // bytes that the near tier may take
	Faults   map[Fault]uint64  // what was wrong with the far tier, how often
	Apart    bool              // whether this process hears nothing of what others change, as Redis does not answer
}

// Fault is what can be wrong with the far tier. None fails a request.
type Fault string

// The faults.
const (
	Slow        Fault = "slow"        // it did not answer in time
	Unreachable Fault = "unreachable" // it refuses connections or loses them
	Failing     Fault = "failing"     // it answers that it cannot serve now, as while it starts or fails over
	OutOfMemory Fault = "memory"      // it has no room
	Corrupt     Fault = "corrupt"     // what is under a key is not what was put there
	OtherFault  Fault = "other"
)

// Faults lists all of them.
func Faults() []Fault { return []Fault{Slow, Unreachable, Failing, OutOfMemory, Corrupt, OtherFault} }

// KeyCount is how often a key was read: at least Count-Error times, at most Count times. Where reads are sampled, as is
// told where they are counted, this holds with high probability only.
type KeyCount struct {
	Key          string
	Count, Error uint64
}
