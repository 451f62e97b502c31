package main

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/toeic-app/toeic/tests/cachesim"
)

const (
	sector     = 512
	page       = 4096
	mostOfLine = 1 << 20 // blocks that one line may name
	longest    = 1 << 20 // bytes of a line
)

// reader turns a line into reads. It returns the reads that it was given with those of the line.
type reader func(reads []cachesim.Read, line string) ([]cachesim.Read, error)

// readers are the formats; each call begins a file.
var readers = map[string]func() reader{
	"arc":  func() reader { return arc },
	"lirs": func() reader { return lirs },
	"spc":  func() reader { return spc },
	"kv":   kv,
}

// parse reads a trace, at most limit reads of it unless limit is zero. Empty lines are skipped; what is wrong with a line
// is told with its number. Reads without a time come each millisecond, and time never goes back.
func parse(in io.Reader, format string, limit int) ([]cachesim.Read, error) {
	begin, ok := readers[format]
	if !ok {
		return nil, fmt.Errorf("there is no format %q", format)
	}
	take := begin()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longest)
	var reads []cachesim.Read
	number := 0
	for lines.Scan() && (limit <= 0 || len(reads) < limit) {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		before := len(reads)
		var err error
		if reads, err = take(reads, line); errors.Is(err, errEnd) {
			return reads, nil
		} else if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		order(reads, before)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	if limit > 0 && len(reads) > limit {
		reads = reads[:limit]
	}
	return reads, nil
}

// untimed is the time of reads that have none.
const untimed = -1

func order(reads []cachesim.Read, from int) {
	for i := from; i < len(reads); i++ {
		before := time.Duration(0)
		if i > 0 {
			before = reads[i-1].At
		}
		if reads[i].At == untimed {
			reads[i].At = before + time.Millisecond
		}
		reads[i].At = max(reads[i].At, before)
	}
}

func arc(reads []cachesim.Read, line string) ([]cachesim.Read, error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return nil, errors.New("no start and count")
	}
	start, err := strconv.ParseUint(fields[0], 10, 62)
	if err != nil {
		return nil, err
	}
	count, err := strconv.ParseUint(fields[1], 10, 62)
	if err != nil {
		return nil, err
	}
	return blocks(reads, start, count, sector, untimed)
}

// blocks reads count blocks from start on.
func blocks(reads []cachesim.Read, start, count uint64, bytes int64, at time.Duration) ([]cachesim.Read, error) {
	if count > mostOfLine {
		return nil, fmt.Errorf("%d blocks at once", count)
	}
	for i := range count {
		reads = append(reads, cachesim.Read{Key: cachesim.Hash(start + i), Bytes: bytes, At: at})
	}
	return reads, nil
}

// errEnd is at a line after which nothing counts.
var errEnd = errors.New("the end of the trace")

// lirs ends at a line with a star.
func lirs(reads []cachesim.Read, line string) ([]cachesim.Read, error) {
	if line == "*" {
		return reads, errEnd
	}
	if len(strings.Fields(line)) != 1 {
		return nil, errors.New("more than a key")
	}
	return append(reads, cachesim.Read{Key: named(line), Bytes: page, At: untimed}), nil
}

// named is the key of a name.
func named(name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return cachesim.Hash(h.Sum64())
}

func spc(reads []cachesim.Read, line string) ([]cachesim.Read, error) {
	fields := strings.Split(line, ",")
	if len(fields) < 5 {
		return nil, errors.New("fewer than 5 fields")
	}
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(strings.TrimSpace(fields[i]), 10, 40); err != nil {
			return nil, err
		}
	}
	if op := strings.ToLower(strings.TrimSpace(fields[3])); op != "r" && op != "w" {
		return nil, fmt.Errorf("neither read nor written, but %q", op)
	}
	at, err := seconds(fields[4])
	if err != nil {
		return nil, err
	}
	asu, lba, size := n[0], n[1], n[2]
	if asu >= 1<<16 || size == 0 {
		return nil, errors.New("no such unit, or no bytes")
	}
	first, last := lba*sector/page, (lba*sector+size-1)/page
	return blocks(reads, asu<<48|first, last-first+1, page, at)
}

func seconds(s string) (time.Duration, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return 0, err
	}
	if !(v >= 0 && v < math.MaxInt64/1e9) {
		return 0, fmt.Errorf("%q is no time", s)
	}
	return time.Duration(v * 1e9), nil
}

// kv keeps the size of each value from the line that had it last: a read that missed has none, and one byte is taken when
// no line had it. Set and add fill a cache after a miss, which the simulated cache does by itself; what else writes
// changes the value, so that what was kept of it is no longer right.
func kv() reader {
	sizes := map[string]int64{}
	return func(reads []cachesim.Read, line string) ([]cachesim.Read, error) {
		fields := strings.Split(line, ",")
		if len(fields) < 7 {
			return nil, errors.New("fewer than 7 fields")
		}
		tail := fields[len(fields)-6:] // a key may contain commas, if it must
		key := strings.Join(fields[1:len(fields)-5], ",")
		at, err := seconds(fields[0])
		if err != nil {
			return nil, err
		}
		var n [2]uint64
		for i := range n {
			if n[i], err = strconv.ParseUint(tail[i+1], 10, 31); err != nil {
				return nil, err
			}
		}
		if n[1] > 0 {
			sizes[key] = int64(n[1])
		}
		if tail[4] == "set" || tail[4] == "add" {
			return reads, nil
		}
		r := cachesim.Read{Key: named(key), Bytes: int64(n[0]) + max(1, sizes[key]), At: at}
		switch tail[4] {
		case "get", "gets":
		case "replace", "cas", "append", "prepend", "delete", "incr", "decr":
			r.Delete = true
		default:
			return nil, fmt.Errorf("no operation %q", tail[4])
		}
		return append(reads, r), nil
	}
}
