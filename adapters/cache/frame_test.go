package cache_test

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/cache"
)

func drawFrame(rt *rapid.T) cache.Frame {
	f := cache.Frame{
		LoadedAt: rapid.Int64Range(0, 1<<45).Draw(rt, "loaded at"), Negative: rapid.Bool().Draw(rt, "negative"),
		Value: rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(rt, "value"),
	}
	if rapid.Bool().Draw(rt, "repeated") {
		f.Value = bytes.Repeat(f.Value, 5)
	}
	if rapid.Bool().Draw(rt, "tagged") {
		f.Stamp = rapid.StringMatching("[0-9a-f]{32}").Draw(rt, "stamp")
		f.Tags = rapid.SliceOfN(rapid.String(), 0, 4).Draw(rt, "tags")
	}
	return f
}

func TestAFrameIsReadAsItWasWrittenAndADamagedOneNotAtAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawFrame(rt)
		data := cache.EncodeFrame(want)
		got, err := cache.DecodeFrame(data)
		if err != nil || !bytes.Equal(got.Value, want.Value) || got.LoadedAt != want.LoadedAt || got.Negative != want.Negative || got.Stamp != want.Stamp || (got.Tags != nil) != (want.Tags != nil) || len(got.Tags) > 0 && !reflect.DeepEqual(got.Tags, want.Tags) {
			rt.Fatalf("%+v, %v", got, err)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(rt, "cut")
		if _, err := cache.DecodeFrame(data[:cut]); err == nil {
			rt.Fatalf("the first %d bytes of %d are taken", cut, len(data))
		}
		at, bit := rapid.IntRange(0, len(data)-1).Draw(rt, "byte"), rapid.IntRange(0, 7).Draw(rt, "bit")
		data[at] ^= 1 << bit
		if _, err := cache.DecodeFrame(data); err == nil {
			rt.Fatalf("byte %d, bit %d is flipped, and it is taken", at, bit)
		}
		_, _ = cache.DecodeFrame(rapid.SliceOf(rapid.Byte()).Draw(rt, "garbage")) // does not panic
	})
}

func TestPartsComeApartAsTheyWerePutTogether(t *testing.T) {
	codec := cache.Parts[[][]byte]{
		Split: func(p [][]byte) [][]byte { return p },
		Join:  func(p [][]byte) ([][]byte, error) { return p, nil },
	}
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(rt, "parts")
		data, err := codec.Encode(want)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := codec.Decode(data)
		if err != nil || len(got) != len(want) {
			rt.Fatalf("%d parts, %v", len(got), err)
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				rt.Fatalf("part %d is %q", i, got[i])
			}
		}
		if _, err := codec.Decode(append(data, 0)); err == nil {
			rt.Fatal("what is left over is taken")
		}
		if _, err := codec.Decode(data[:len(data)-1]); err == nil {
			rt.Fatal("what is cut off is taken")
		}
	})
}
