package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
)

func TestARepliesCodingsComeBackFromRedisAsTheyWere(t *testing.T) {
	codec := cache.Parts[web.Stored]{Split: split, Join: join}
	whole := web.Stored{Status: 200, Type: "application/json", Hash: "abc", Name: "x.csv", Body: []byte("plain"), Gzip: []byte("as gzip"), Zstd: []byte("as zstd")}
	one, none := whole, whole
	one.Gzip = nil
	none.Gzip, none.Zstd = nil, nil
	for name, want := range map[string]web.Stored{"all codings": whole, "one coding": one, "the plain one": none} {
		text, err := codec.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" { // which tells nil from empty
			t.Errorf("%s: %v, (-put +got)\n%s", name, err, diff)
		}
	}
}

func TestWhatWasPutWithOtherCodingsIsNoReply(t *testing.T) {
	parts := split(web.Stored{Status: 200, Type: "application/json", Hash: "abc", Body: []byte("plain")})
	for _, odd := range [][][]byte{nil, parts[:len(parts)-1], append(parts[:len(parts):len(parts)], []byte("another"))} {
		if _, err := join(odd); err == nil {
			t.Errorf("%d parts are a reply", len(odd))
		}
	}
	parts[0] = []byte("fine")
	if _, err := join(parts); err == nil {
		t.Error("a status in words is a reply")
	}
}
