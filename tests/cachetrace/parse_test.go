package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/tests/cachesim"
)

func block(n uint64, bytes int64, at time.Duration) cachesim.Read {
	return cachesim.Read{Key: cachesim.Hash(n), Bytes: bytes, At: at}
}

func TestEachFormatIsRead(t *testing.T) {
	cases := []struct {
		format, trace string
		want          []cachesim.Read
	}{
		{"arc", "5 2 0 0\n\n9 1 0 1\n", []cachesim.Read{block(5, 512, time.Millisecond), block(6, 512, 2*time.Millisecond), block(9, 512, 3*time.Millisecond)}},
		{"lirs", "a\n7\na\n*\nb\n1 2\n", []cachesim.Read{
			{Key: named("a"), Bytes: 4096, At: time.Millisecond}, {Key: named("7"), Bytes: 4096, At: 2 * time.Millisecond}, {Key: named("a"), Bytes: 4096, At: 3 * time.Millisecond},
		}},
		{"spc", "0,8,4096,R,0.5\n0,12,4096,w,0.25\n1,8,512,r,2,more\n", []cachesim.Read{
			block(1, 4096, time.Second/2),
			block(1, 4096, time.Second/2), block(2, 4096, time.Second/2), // not before the one before
			block(1<<48|1, 4096, 2*time.Second),
		}},
		{"kv", "0,k,1,0,3,get,0\n0,k,1,90,3,set,60\n1,k,1,0,3,get,0\n2,a,b,3,10,3,gets,0\n3,k,1,0,3,delete,0\n", []cachesim.Read{
			{Key: named("k"), Bytes: 2},
			{Key: named("k"), Bytes: 91, At: time.Second},
			{Key: named("a,b"), Bytes: 13, At: 2 * time.Second},
			{Key: named("k"), Bytes: 91, At: 3 * time.Second, Delete: true},
		}},
	}
	for _, c := range cases {
		got, err := parse(strings.NewReader(c.trace), c.format, 0)
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v %s", c.format, err, cmp.Diff(c.want, got))
		}
		if got, err := parse(strings.NewReader(c.trace), c.format, 1); err != nil || len(got) != 1 {
			t.Errorf("%s: %d reads instead of one, %v", c.format, len(got), err)
		}
	}
}

func TestABadLineIsNamed(t *testing.T) {
	cases := map[string][]string{
		"arc":  {"x 1", "1", "1 -1", "1 99999999999", "99999999999999999999 1"},
		"lirs": {"1 2"},
		"spc":  {"0,1,512,r", "0,1,512,x,0", "0,1,0,r,0", "0,-1,512,r,0", "0,1,512,r,never", "0,1,512,r,NaN", "0,1,512,r,1e300", "99999,1,512,r,0", "0,1,999999999999,r,0"},
		"kv":   {"0,k,1,1,1,get", "x,k,1,1,1,get,0", "0,k,-1,1,1,get,0", "0,k,1,x,1,get,0", "0,k,1,1,1,eat,0", "-1,k,1,1,1,get,0"},
	}
	good := map[string]string{"arc": "1 1", "lirs": "1", "spc": "0,1,512,r,0", "kv": "0,k,1,1,1,get,0"}
	for format, lines := range cases {
		for _, line := range lines {
			if _, err := parse(strings.NewReader(good[format]+"\n\n"+line+"\n"), format, 0); err == nil || !strings.HasPrefix(err.Error(), "line 3: ") {
				t.Errorf("%s, %q: %v", format, line, err)
			}
		}
		if _, err := parse(strings.NewReader(good[format]+"\n"+strings.Repeat("1", longest+1)), format, 0); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s, a line without end: %v", format, err)
		}
	}
	if _, err := parse(strings.NewReader("1"), "csv", 0); err == nil {
		t.Error("there is no format csv")
	}
}

func TestAPredictionThatIsFarOffIsAnError(t *testing.T) {
	for worst, wrong := range map[float64]bool{0: false, 3.4: false, 3.6: true} {
		if err := judge(worst, 1.5); (err != nil) != wrong {
			t.Errorf("%g points off, with a margin of 1.5: %v", worst, err)
		}
	}
	// A sample of a hundredth of the keys, none of which is among those that are read: it knows nothing of them.
	lines := strings.Repeat("1 300\n", 40)
	var out strings.Builder
	err := run(strings.NewReader(lines), &out, options{format: "arc", memory: 400 * 512, rate: 1e-9})
	if !errors.Is(err, errOff) || !strings.Contains(out.String(), "points off") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// Whatever a file holds, it is read or refused, in order.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"5 2 0 0", "a\n*", "0,8,4096,R,0.5", "0,k,1,90,3,set,60", "\x00,,,,,,", "1e9,,0,0,,get,"} {
		for format := range readers {
			f.Add(format, seed)
		}
	}
	f.Fuzz(func(t *testing.T, format, trace string) {
		reads, err := parse(strings.NewReader(trace), format, 10_000)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(reads, func(a, b cachesim.Read) int { return int(max(-1, min(1, a.At-b.At))) }) {
			t.Error("time goes back")
		}
		for _, r := range reads {
			if r.Bytes <= 0 || r.At < 0 {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func TestTheReportSaysHowFarOffItIs(t *testing.T) {
	var trace strings.Builder
	for range 40 {
		trace.WriteString("0 300 0 0\n")
	}
	var out strings.Builder
	if err := run(strings.NewReader(trace.String()), &out, options{format: "arc", memory: 200 * 512, rate: 1}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12000 reads, 153600 bytes in all, 300 sampled keys", "× 0.5           × 1         0.00         0.00", "× 1.5           × 1        97.50        97.50", "at most 0.00 points off"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if err := run(strings.NewReader("\n"), &out, options{format: "arc"}); err == nil {
		t.Error("an empty trace")
	}
}
