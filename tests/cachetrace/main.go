// Command cachetrace reads a public trace of a cache or a disk and compares what the advisor predicts from a sample of it
// with what an exact simulation of LRU measures:
//
//	go run ./tests/cachetrace [-format arc|lirs|spc|kv] [-memory BYTES] [-ttl 0] [-keys 16384] [-rate 1] [-limit 0] FILE
//
// FILE - is the standard input. The formats:
//
//   - arc: "start count …" on each line, blocks of 512 bytes from start on (Megiddo, Modha, "ARC", FAST 2003)
//   - lirs: one key on each line, blocks of 4096 bytes (Jiang, Zhang, "LIRS", SIGMETRICS 2002)
//   - spc: "ASU,LBA,size,opcode,timestamp", read in pages of 4096 bytes (Storage Performance Council, trace file format 1.0.1)
//   - kv: "timestamp,key,key size,value size,client,operation,TTL" (Yang, Yue, Rashmi, "Twitter cache clusters", OSDI 2020)
//
// It exits 1, after printing, when one of the predictions is off by more than two points beyond the margin that the advisor
// states.
//
// Without -memory it takes a tenth of the bytes of all keys. -ttl is a time to live for all keys; it needs times, which
// only spc and kv have: in the others a read comes each millisecond.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

func main() {
	var o options
	flag.StringVar(&o.format, "format", "arc", "arc, lirs, spc or kv")
	flag.Int64Var(&o.memory, "memory", 0, "bytes of the cache; 0 for a tenth of all values")
	flag.DurationVar(&o.ttl, "ttl", 0, "how long a value is kept after its load; 0 for any time")
	flag.IntVar(&o.keys, "keys", caching.MaxSampledKeys, "keys to sample at most; as a server does unless given")
	flag.Float64Var(&o.rate, "rate", 1, "share of the keys to sample at first")
	flag.IntVar(&o.limit, "limit", 0, "reads to stop after; 0 for all")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "cachetrace: give one file")
		os.Exit(2)
	}
	if err := start(flag.Arg(0), o); err != nil {
		fmt.Fprintln(os.Stderr, "cachetrace:", err)
		os.Exit(1)
	}
}

type options struct {
	format string
	memory int64
	ttl    time.Duration
	keys   int
	rate   float64
	limit  int
}

func start(file string, o options) error {
	if file == "-" {
		return run(os.Stdin, os.Stdout, o)
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	return run(in, os.Stdout, o)
}

func run(in io.Reader, out io.Writer, o options) error {
	reads, err := parse(in, o.format, o.limit)
	if err != nil {
		return err
	}
	if len(reads) == 0 {
		return errors.New("the trace is empty")
	}
	return report(out, reads, o)
}
