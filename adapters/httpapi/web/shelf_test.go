package web_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

type named struct {
	Name string `query:"name" json:"-"`
}

// drawer is a shelf that forgets nothing.
type drawer struct {
	mu   sync.Mutex
	kept map[string]web.Stored
}

func (m *drawer) Get(ctx context.Context, key string, fill func(context.Context) (web.Stored, error)) (web.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.kept[key]; ok {
		return s, nil
	}
	s, err := fill(ctx)
	if err == nil {
		if m.kept == nil {
			m.kept = map[string]web.Stored{}
		}
		m.kept[key] = s
	}
	return s, err
}

// shelved is an API with two routes whose replies are kept, under the same keys.
func shelved(t *testing.T, made func(route, name string) (reply, error)) string {
	t.Helper()
	core, _ := observer.New(zap.DebugLevel)
	c := config(core)
	c.Shelf = &drawer{}
	a, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"/a", "/b"} {
		web.Register(a, web.Endpoint[named, web.Kept[reply]]{
			Method: "GET", Path: route, Permission: identity.Public, Tag: "Toys", Summary: route, Cache: web.Private(time.Minute),
			Handle: func(_ context.Context, _ web.Request, in named) (web.Kept[reply], error) {
				return web.Kept[reply]{Key: in.Name, Make: func() (reply, error) { return made(route, in.Name) }}, nil
			},
		})
	}
	if err := errors.Join(a.Err(), a.DocumentErr()); err != nil {
		t.Fatal(err)
	}
	return listen(t, a)
}

func TestAKeptReplyIsMadeOnceForItsRouteAndKey(t *testing.T) {
	var made sync.Map
	url := shelved(t, func(route, name string) (reply, error) {
		n, _ := made.LoadOrStore(route+name, new(atomic.Int32))
		n.(*atomic.Int32).Add(1) //nolint:forcetypeassert // it holds nothing else
		return reply{Text: route + name}, nil
	})
	for range 3 {
		for _, path := range []string{"/a?name=x", "/a?name=y", "/b?name=x"} {
			want := `{"text":"` + strings.Replace(path, "?name=", "", 1) + `"}`
			if got := ask(t, "GET", url+path, ""); got.StatusCode != 200 || got.text != want {
				t.Errorf("%s: %d %s, want %s", path, got.StatusCode, got.text, want)
			}
		}
	}
	made.Range(func(key, n any) bool {
		if got := n.(*atomic.Int32).Load(); got != 1 { //nolint:forcetypeassert // it holds nothing else
			t.Errorf("%v was made %d times", key, got)
		}
		return true
	})
}

func TestAKeptReplyIsTaggedAndCompressedLikeAnyOther(t *testing.T) {
	long := strings.Repeat("long ", 500)
	url := shelved(t, func(string, string) (reply, error) { return reply{Text: long}, nil })
	for range 2 {
		plain := ask(t, "GET", url+"/a?name=x", "")
		packed := ask(t, "GET", url+"/a?name=x", "", "Accept-Encoding", "gzip")
		tag := plain.Header.Get("ETag")
		if !strings.Contains(plain.text, long) || packed.Header.Get("Content-Encoding") != "gzip" || len(packed.text) >= len(plain.text) {
			t.Errorf("%d bytes plain, %d packed as %q", len(plain.text), len(packed.text), packed.Header.Get("Content-Encoding"))
		}
		if tag == "" || packed.Header.Get("ETag") == tag {
			t.Errorf("tags %s and %s", tag, packed.Header.Get("ETag"))
		}
		if got := ask(t, "GET", url+"/a?name=x", "", "If-None-Match", tag); got.StatusCode != 304 || got.text != "" {
			t.Errorf("known: %d %q", got.StatusCode, got.text)
		}
		if got := ask(t, "HEAD", url+"/a?name=x", ""); got.StatusCode != 200 || got.text != "" || got.Header.Get("ETag") != tag {
			t.Errorf("HEAD: %d %q %s", got.StatusCode, got.text, got.Header.Get("ETag"))
		}
	}
}

func TestAFailureToMakeAReplyIsNotKept(t *testing.T) {
	var tries atomic.Int32
	url := shelved(t, func(string, string) (reply, error) {
		if tries.Add(1) == 1 {
			return reply{}, errors.New("broken")
		}
		return reply{Text: "mended"}, nil
	})
	if got := ask(t, "GET", url+"/a?name=x", ""); got.StatusCode != 500 {
		t.Errorf("first %d", got.StatusCode)
	}
	if got := ask(t, "GET", url+"/a?name=x", ""); got.StatusCode != 200 || !strings.Contains(got.text, "mended") {
		t.Errorf("then %d %s", got.StatusCode, got.text)
	}
}

func TestTheDocumentShowsWhatIsKept(t *testing.T) {
	url := shelved(t, func(string, string) (reply, error) { return reply{}, nil })
	if got := ask(t, "GET", url+"/openapi.json", ""); !strings.Contains(got.text, `"text"`) || strings.Contains(got.text, "Kept") {
		t.Errorf("the document: %.300s", got.text)
	}
}
