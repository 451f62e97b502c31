package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/zap/zapcore"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

// decoded undoes a coding.
func decoded(coding string, body []byte) ([]byte, error) {
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return io.ReadAll(z)
	default:
		return body, nil
	}
}

var allCodings = []string{"identity", "gzip", "zstd"}

func TestWhateverIsPackedComesOutAgain(t *testing.T) {
	alphabet := demoQuestions(t)
	rapid.Check(t, func(t *rapid.T) { // one after the other, with compressors that have seen the former
		from := rapid.IntRange(0, len(alphabet)-1).Draw(t, "from")
		body := bytes.Repeat(alphabet[from:], rapid.IntRange(0, 6).Draw(t, "times"))
		body = append(body, rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "noise")...)
		for _, coding := range allCodings {
			packed, err := web.Pack(coding, body)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decoded(coding, packed); err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%s of %d bytes: %d came out, %v", coding, len(body), len(got), err)
			}
		}
	})
}

func TestCompressorsAreNotSharedByTwoAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			body := bytes.Repeat([]byte(fmt.Sprintf("learner %d ", i)), 2000+i)
			for range 50 {
				for _, coding := range allCodings {
					packed, err := web.Pack(coding, body)
					if got, wrong := decoded(coding, packed); errors.Join(err, wrong) != nil || !bytes.Equal(got, body) {
						t.Errorf("%s: %d bytes of %d, %v %v", coding, len(got), len(body), err, wrong)
						return
					}
				}
			}
		})
	}
	all.Wait()
}

func TestBrowsersHaveRoomForTheWindowOfAnyReply(t *testing.T) {
	for _, size := range []int{2000, 100_000, 600_000, 9 << 20} {
		body := bytes.Repeat([]byte("a picture in words "), size/19+1)
		packed, err := web.Pack("zstd", body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decoded("zstd", packed); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes: %d came out, %v", len(body), len(got), err)
		}
		var h zstd.Header
		if err := h.Decode(packed); err != nil {
			t.Fatal(err)
		}
		window := h.WindowSize
		if h.SingleSegment {
			window = h.FrameContentSize
		}
		if window < 1024 || window > 8<<20 {
			t.Errorf("%d bytes: a window of %d", size, window)
		}
	}
}

// inAllCodings serves a text at /plain, made for each request, and at /kept, made once; and returns where what is kept
// lies.
func inAllCodings(t *testing.T, text string) (url string, shelf *drawer) {
	t.Helper()
	shelf = &drawer{}
	c := config(zapcore.NewNopCore())
	c.Shelf = shelf
	a, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	plain := toy("GET", "/plain", func(context.Context, web.Request, web.None) (reply, error) { return reply{Text: text}, nil })
	plain.Cache = web.Private(time.Minute)
	web.Register(a, plain)
	web.Register(a, web.Endpoint[web.None, web.Kept[reply]]{
		Method: "GET", Path: "/kept", Permission: identity.Public, Tag: "Toys", Summary: "Kept", Cache: web.Private(time.Minute),
		Handle: func(context.Context, web.Request, web.None) (web.Kept[reply], error) {
			return web.Kept[reply]{Key: "x", Make: func() (reply, error) { return reply{Text: text}, nil }}, nil
		},
	})
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	return listen(t, a), shelf
}

func TestEveryCodingOfAReplyIsTheSameContentUnderATagOfItsOwn(t *testing.T) {
	url, _ := inAllCodings(t, strings.Repeat("long ", 1000))
	for _, path := range []string{"/plain", "/kept"} {
		var first answered
		tags := map[string]string{}
		for i, coding := range allCodings {
			got := ask(t, "GET", url+path, "", "Accept-Encoding", coding)
			body, err := decoded(got.Header.Get("Content-Encoding"), []byte(got.text))
			if i == 0 {
				first = got
			}
			if got.StatusCode != 200 || err != nil || string(body) != first.text || len(body) < 5000 {
				t.Errorf("%s as %s: %d, %d bytes that are %d, %v", path, coding, got.StatusCode, len(got.text), len(body), err)
			}
			want, suffix := coding, "-"+coding
			if coding == "identity" {
				want, suffix = "", ""
			} else if len(got.text)*2 > len(body) {
				t.Errorf("%s as %s: %d bytes of %d", path, coding, len(got.text), len(body))
			}
			if got.Header.Get("Content-Encoding") != want || got.Header.Get("Vary") != "Accept-Encoding" || got.ContentLength != int64(len(got.text)) {
				t.Errorf("%s as %s: %v", path, coding, got.Header)
			}
			tags[coding] = got.Header.Get("ETag")
			if base := strings.TrimSuffix(first.Header.Get("ETag"), `"`); len(base) != 33 || tags[coding] != base+suffix+`"` {
				t.Errorf("%s as %s has the tag %s", path, coding, tags[coding])
			}
			head := ask(t, "HEAD", url+path, "", "Accept-Encoding", coding)
			if head.StatusCode != 200 || head.text != "" || head.Header.Get("ETag") != tags[coding] || head.ContentLength != got.ContentLength || head.Header.Get("Content-Encoding") != want {
				t.Errorf("HEAD %s as %s: %d, %v", path, coding, head.StatusCode, head.Header)
			}
		}
		for _, coding := range allCodings {
			for known := range maps.Values(tags) {
				for _, header := range []string{known, "W/" + known, `"other", ` + known} {
					got := ask(t, "GET", url+path, "", "Accept-Encoding", coding, "If-None-Match", header)
					if got.StatusCode != 304 || got.text != "" || got.Header.Get("ETag") != tags[coding] || got.Header.Get("Vary") != "Accept-Encoding" || got.Header.Get("Content-Encoding") != "" {
						t.Errorf("%s as %s, known as %s: %d %v", path, coding, header, got.StatusCode, got.Header)
					}
				}
			}
			base := strings.Trim(tags["identity"], `"`)
			for _, other := range []string{base + "-br", base + "-gzip-zstd", base + "-identity", base + "-", base[1:] + "-gzip", "-zstd", "gzip"} {
				if got := ask(t, "GET", url+path, "", "Accept-Encoding", coding, "If-None-Match", `"`+other+`"`); got.StatusCode != 200 {
					t.Errorf("%s as %s is taken for %s: %d", path, coding, other, got.StatusCode)
				}
			}
		}
	}
}

func TestWhatIsKeptIsKeptInAllCodings(t *testing.T) {
	url, shelf := inAllCodings(t, strings.Repeat("long ", 1000))
	ask(t, "GET", url+"/kept", "")
	s := theOne(t, shelf)
	for coding, packed := range map[string][]byte{"gzip": s.Gzip, "zstd": s.Zstd} {
		if got, err := decoded(coding, packed); err != nil || len(got) == 0 || !bytes.Equal(got, s.Body) {
			t.Errorf("%s: %d bytes of %d, %v", coding, len(got), len(s.Body), err)
		}
		if cap(packed) > len(packed)+len(packed)/4+64 {
			t.Errorf("%s: %d bytes take the room of %d", coding, len(packed), cap(packed))
		}
	}
	without := s
	without.Gzip, without.Zstd = nil, nil
	if got, want := s.Size()-without.Size(), int64(len(s.Gzip)+len(s.Zstd)); got != want {
		t.Errorf("the codings count for %d bytes, want %d", got, want)
	}
	// What is sent is what is kept, and not made anew.
	s.Gzip, s.Zstd = []byte("kept as gzip"), []byte("kept as zstd")
	shelf.kept["/kept x"] = s
	for _, coding := range []string{"gzip", "zstd"} {
		if got := ask(t, "GET", url+"/kept", "", "Accept-Encoding", coding); got.text != "kept as "+coding || got.Header.Get("Content-Encoding") != coding {
			t.Errorf("%s: %q as %s", coding, got.text, got.Header.Get("Content-Encoding"))
		}
	}
}

// theOne is the only reply on a shelf.
func theOne(t *testing.T, shelf *drawer) web.Stored {
	t.Helper()
	s, ok := shelf.kept["/kept x"]
	if !ok || len(shelf.kept) != 1 {
		t.Fatalf("on the shelf: %v", slices.Collect(maps.Keys(shelf.kept)))
	}
	return s
}

func TestShortRepliesAreSentAsTheyAre(t *testing.T) {
	const frame = len(`{"text":""}`)
	for size, want := range map[int]string{1023: "", 1024: "zstd"} {
		url, shelf := inAllCodings(t, strings.Repeat("x", size-frame))
		for _, path := range []string{"/plain", "/kept"} {
			got := ask(t, "GET", url+path, "", "Accept-Encoding", "gzip, zstd")
			if got.Header.Get("Content-Encoding") != want || (got.Header.Get("Vary") != "") != (want != "") || strings.HasSuffix(got.Header.Get("ETag"), `-zstd"`) != (want != "") {
				t.Errorf("%s of %d bytes: %v", path, size, got.Header)
			}
		}
		if s := theOne(t, shelf); (s.Gzip != nil) != (want != "") || (s.Zstd != nil) != (want != "") {
			t.Errorf("%d bytes are kept as %d and %d", size, len(s.Gzip), len(s.Zstd))
		}
	}
}

func TestPicturesAreCompressedOnlyIfTheyAreText(t *testing.T) {
	for kind, want := range map[string]string{"image/png": "", "audio/mpeg": "", "image/svg+xml": "zstd"} {
		data := bytes.Repeat([]byte("<g/>"), 1000)
		a, err := web.New(config(zapcore.NewNopCore()))
		if err != nil {
			t.Fatal(err)
		}
		web.Register(a, web.Endpoint[web.None, web.File]{
			Method: "GET", Path: "/file", Permission: identity.Public, Tag: "Toys", Summary: "File", Cache: web.Public(time.Minute),
			Handle: func(context.Context, web.Request, web.None) (web.File, error) {
				return web.File{Type: kind, Hash: "abc", Data: data}, nil
			},
		})
		got := ask(t, "GET", listen(t, a)+"/file", "", "Accept-Encoding", "gzip, deflate, br, zstd")
		body, err := decoded(got.Header.Get("Content-Encoding"), []byte(got.text))
		if err != nil || !bytes.Equal(body, data) || got.Header.Get("Content-Encoding") != want || got.Header.Get("ETag") != strings.TrimSuffix(`"abc-`+want, "-")+`"` {
			t.Errorf("%s: %d bytes, %v, %v", kind, len(body), err, got.Header)
		}
	}
}

func TestTheLinesOfAHeaderAreOneList(t *testing.T) {
	url, _ := inAllCodings(t, strings.Repeat("long ", 1000))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Accept-Encoding"] = []string{"br", "zstd;q=0.5", "gzip"}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Encoding"); got != "gzip" {
		t.Errorf("sent as %q", got)
	}
}
