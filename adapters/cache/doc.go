// Package cache keeps what is read often close at hand: in the memory of this process (near), and in Redis (far).
//
// A cache wraps a read port and is that port itself, so that nobody who reads knows of it. Behind the wrappers is one
// [Engine] for each process, and a [Region] of it for each kind of values.
//
// # What readers may rely on
//
// A write deletes, and never sets: whoever changes something evicts what depends on it, after the change is committed and
// before he says so. Then
//
//   - in the process that made the change, no read that begins after Evict has returned is given what was loaded before,
//     whatever state Redis is in, also when a server takes its place within half a minute that has not heard of it. Loads
//     that go on meanwhile are given to those who wait for them already, and to nobody else, and are kept nowhere.
//   - in other processes that hear of it, which takes about a millisecond, the same holds from then on. Redis has forgotten
//     it by then.
//   - a process that loses its connection to Redis, or whose connection leads to a server where nobody says anything any
//     more, as after a failover, notices within about a second. While it hears nothing of the others it keeps nothing for
//     longer than ten seconds near by, and gives out nothing that is past its time, unless the store does not answer. When
//     it hears them again it forgets all that is near by.
//   - a process that cannot reach Redis when it evicts does so as soon as it can. Until then it does not read there what it
//     evicted; but others that reach Redis may find it there, and near by, until its time is over: its time to live in its
//     family, and the time for which it may be given out stale. If the process ends before, that is how long it lasts. The
//     same holds if Redis fails over to a replica that did not hear of the eviction: whoever evicts says again what he
//     evicted in the last half minute, the last ten thousand at most, whenever he hears the others again. That goes by the
//     clocks of those who load, so it holds as far as these agree. No cache that Redis alone holds together can promise
//     more; what must be gone within a second in any case does not belong in a family that is kept in Redis.
//
// Values that are past their time by no more than the Stale of their family are given out while one reader's process loads
// them anew, and while the store does not answer. What was evicted is never given out so.
//
// # What an operator may rely on
//
// No fault of Redis fails a request or gives a wrong answer. Each question to it ends after a tenth of a second. After
// three failures in a row, over at least three tenths of a second, nobody asks any more, but for one question every half
// second, until one is answered. Whatever is under a key of ours that we did not put there, or that was damaged, is not
// believed, and is replaced. Faults are counted by their kinds, and logged once a minute each.
//
// The near tier never takes more than its limit, in bytes as they are counted: what Size says of the values, and what
// entries take beside them.
package cache
