package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v4"
)

// coding is what is done to a body before it is sent (RFC 9110, section 8.4.1). Of those that a client wants equally, the
// greatest is sent.
type coding int

const (
	plain     coding = iota // "identity", which every client takes
	gzipped                 // RFC 1952
	zstandard               // RFC 8878
	codings                 // how many there are
)

// codingNames are the words of the headers.
var codingNames = [codings]string{"identity", "gzip", "zstd"}

// String is the name that Content-Encoding has for it.
func (c coding) String() string { return codingNames[c] }

// suffix tells the coded forms of a reply from the plain one, because a strong ETag names bytes.
func (c coding) suffix() string {
	if c == plain {
		return ""
	}
	return "-" + codingNames[c]
}

// content takes the suffix of a coding off a tag: what is left names the content.
func content(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return tag
	}
	if c, known := codingNamed(tag[i+1:]); known && tag[i:] == c.suffix() {
		return tag[:i]
	}
	return tag
}

// codingNamed finds a coding by its name, in whatever letters. Of gzip there is an older one.
func codingNamed(name string) (coding, bool) {
	for c := range codings {
		if strings.EqualFold(name, codingNames[c]) {
			return c, true
		}
	}
	return gzipped, strings.EqualFold(name, "x-gzip")
}

// Weights are in thousandths, the finest that a header can tell.
const (
	unnamed    = -1
	refused    = 0
	mostWanted = 1000
)

// negotiate chooses the coding of a reply by the lines of an Accept-Encoding header. The greatest weight decides; "*"
// speaks for the codings that are not named, and of one that is named twice the first weight holds. A client that
// names nothing of what there is gets the plain form, even if it refuses that: it can read it all the same.
func negotiate(lines []string) coding {
	weights, others := [codings]int{unnamed, unnamed, unnamed}, unnamed
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(item, ";")
			name = strings.TrimSpace(name)
			c, known := codingNamed(name)
			switch {
			case name == "*" && others == unnamed:
				others = thousandths(weight)
			case known && weights[c] == unnamed:
				weights[c] = thousandths(weight)
			}
		}
	}
	best, most := plain, refused
	for c, weight := range weights {
		if weight == unnamed {
			weight = others
		}
		if weight > refused && weight >= most {
			best, most = coding(c), weight
		}
	}
	return best
}

// thousandths reads a weight such as q=0.5; none at all is the most. What is no weight refuses, because to send the plain
// form is never wrong. Digits beyond the third, and a zero left out before the point, are forgiven.
func thousandths(weight string) int {
	weight = strings.TrimSpace(weight)
	if weight == "" {
		return mostWanted
	}
	if len(weight) < len("q=0") || (weight[0] != 'q' && weight[0] != 'Q') || weight[1] != '=' {
		return refused
	}
	whole, parts, _ := strings.Cut(weight[2:], ".")
	value := 0
	switch {
	case whole == "1":
		value = mostWanted
	case whole != "0" && (whole != "" || parts == ""):
		return refused
	}
	worth := mostWanted
	for i := range len(parts) {
		if parts[i] < '0' || parts[i] > '9' {
			return refused
		}
		worth /= 10
		value += int(parts[i]-'0') * worth
	}
	if value > mostWanted {
		return refused
	}
	return value
}

// minCompressed is the size from which a reply is worth compressing, in bytes.
const minCompressed = 1024

// compressible reports whether a reply gets smaller: text does, pictures and recordings are compressed already.
func compressible(r rendered) bool {
	return len(r.Body) >= minCompressed && (r.Type == echo.MIMEApplicationJSON || r.Type == "image/svg+xml")
}

// in returns the body in a coding.
func (r rendered) in(c coding) ([]byte, error) {
	if ready := r.packed[c]; ready != nil {
		return ready, nil
	}
	return pack(c, r.Body)
}

// pack encodes a body. The result is no longer than it must be: it may be kept.
func pack(c coding, body []byte) ([]byte, error) {
	if c == plain {
		return body, nil
	}
	taken := packers[c].Get()
	p, ok := taken.(packer)
	if !ok {
		return nil, fmt.Errorf("compress with %s: %v", c, taken)
	}
	out, err := p.pack(body)
	if err != nil {
		return nil, fmt.Errorf("compress with %s: %w", c, err)
	}
	room := cap(out)
	out = bytes.Clone(out) // before somebody else uses the room
	if room <= maxRoom {
		packers[c].Put(p)
	}
	return out, nil
}

// maxRoom is the most room for a result that a compressor may have at rest, in bytes.
const maxRoom = 256 << 10

// packer is a compressor with room for its last result, which is good until the next.
type packer interface {
	pack(body []byte) ([]byte, error)
}

// packers are compressors at rest: one of gzip holds 0.8 MB; one of zstd 1.7 MB, and 3 MB once it had a body of more
// than 128 KiB, its block. The garbage collector takes those that nobody uses.
var packers = [codings]sync.Pool{
	gzipped:   {New: func() any { return &zipper{writer: gzip.NewWriter(nil)} }},
	zstandard: {New: newSqueezer},
}

type zipper struct {
	writer *gzip.Writer
	room   bytes.Buffer
}

func (z *zipper) pack(body []byte) ([]byte, error) {
	z.room.Reset()
	z.writer.Reset(&z.room)
	if _, err := z.writer.Write(body); err != nil {
		return nil, err
	}
	if err := z.writer.Close(); err != nil {
		return nil, err
	}
	return z.room.Bytes(), nil
}

// The level is the one that takes about a third of gzip's time for real questions (BenchmarkPack), and leaves 5 % more
// of them. The faster one leaves 9 % more; the better one still 2 %, and holds 4 MB.
const zstdLevel = zstd.SpeedDefault

// zstdWindow is how far back a frame refers, in bytes. Browsers refuse more than 8 MiB (RFC 9659); most replies are
// smaller than this, and it bounds what a compressor at rest holds.
const zstdWindow = 512 << 10

type squeezer struct {
	encoder *zstd.Encoder // works in the goroutine of whoever asks
	room    []byte
}

// newSqueezer returns an error instead if the options are wrong.
func newSqueezer() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithWindowSize(zstdWindow), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return &squeezer{encoder: e}
}

func (s *squeezer) pack(body []byte) ([]byte, error) {
	s.room = s.encoder.EncodeAll(body, s.room[:0])
	return s.room, nil
}
