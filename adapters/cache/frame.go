package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/klauspost/compress/s2"
)

// What is kept in Redis is a frame: eight bytes that say what it is, eight with the time, and the value.
//
//	0  "TC", the version of the frame, flags
//	4  when the load began, milliseconds since 1970, high byte first; the script of leases reads it
//	12 CRC-32C of all other bytes
//	16 with frameTagged: the stamp and the tags
//	.. the value, compressed with S2 where that makes it smaller, or the code of the fault that says that there is none
const (
	frameVersion = 1
	frameHead    = 16
	stampSize    = 32

	frameCompressed = 1 << 0
	frameNegative   = 1 << 1
	frameTagged     = 1 << 2

	// compressAbove is from which size on it is worth trying to make a value smaller.
	compressAbove = 1 << 10

	// maxValue is the size of a value, uncompressed, that is believed.
	maxValue = 256 << 20
)

// frameMagic begins every frame. The script of leases knows it.
var frameMagic = [3]byte{'T', 'C', frameVersion}

var (
	errFrame   = errors.New("cache: this is no value of ours, or a damaged one")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// stamp is the state of all tags at a time: which life of the table of tags, and how many evictions there were in it,
// each as sixteen hexadecimal digits. The zero stamp is none.
type stamp string

// life names the life of the table.
func (s stamp) life() string { return string(s[:stampSize/2]) }

// count grows with every eviction, in the order of strings.
func (s stamp) count() string { return string(s[stampSize/2:]) }

func (s stamp) valid() bool { return len(s) == stampSize }

// frame is what is kept in Redis.
type frame struct {
	loadedAt int64 // milliseconds since 1970
	negative bool
	stamp    stamp    // of before the load, if tags is not nil
	tags     []string // nil in regions without tags
	value    []byte
}

// encode returns the frame as it is kept.
func (f frame) encode() []byte {
	flags := byte(0)
	size := frameHead + len(f.value)
	if f.tags != nil {
		flags |= frameTagged
		size += stampSize + binary.MaxVarintLen64
		for _, tag := range f.tags {
			size += binary.MaxVarintLen64 + len(tag)
		}
	}
	if f.negative {
		flags |= frameNegative
	}
	out := make([]byte, frameHead, size)
	if f.tags != nil {
		out = append(out, f.stamp...)
		out = binary.AppendUvarint(out, uint64(len(f.tags)))
		for _, tag := range f.tags {
			out = append(binary.AppendUvarint(out, uint64(len(tag))), tag...)
		}
	}
	value := f.value
	if len(value) >= compressAbove {
		if small := s2.Encode(nil, value); len(small) < len(value) {
			value = small
			flags |= frameCompressed
		}
	}
	out = append(out, value...)
	copy(out, frameMagic[:])
	out[3] = flags
	binary.BigEndian.PutUint64(out[4:], uint64(f.loadedAt))
	binary.BigEndian.PutUint32(out[12:], checksum(out))
	return out
}

// decodeFrame reads a frame; errFrame for anything else. The value may share memory with data.
func decodeFrame(data []byte) (frame, error) {
	var f frame
	if len(data) < frameHead || [3]byte(data) != frameMagic || binary.BigEndian.Uint32(data[12:]) != checksum(data) {
		return f, errFrame
	}
	flags := data[3]
	f.loadedAt = int64(binary.BigEndian.Uint64(data[4:]))
	f.negative = flags&frameNegative != 0
	rest := data[frameHead:]
	if flags&frameTagged != 0 {
		var err error
		if rest, err = f.decodeTags(rest); err != nil {
			return f, errFrame
		}
	}
	f.value = rest
	if flags&frameCompressed == 0 {
		return f, nil
	}
	size, err := s2.DecodedLen(rest)
	if err != nil || size > maxValue {
		return f, errFrame
	}
	if f.value, err = s2.Decode(nil, rest); err != nil {
		return f, errFrame
	}
	return f, nil
}

func (f *frame) decodeTags(data []byte) (rest []byte, err error) {
	if len(data) < stampSize {
		return nil, errFrame
	}
	f.stamp = stamp(data[:stampSize])
	n, data, err := uvarint(data[stampSize:])
	f.tags = []string{}
	for ; err == nil && n > 0; n-- {
		var tag []byte
		if tag, data, err = cut(data); err == nil {
			f.tags = append(f.tags, string(tag))
		}
	}
	return data, err
}

// checksum is that of everything but its own place.
func checksum(data []byte) uint32 {
	return crc32.Update(crc32.Checksum(data[:12], castagnoli), castagnoli, data[frameHead:])
}
