package main

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func read(text string) (int, string, error) {
	status, body, err := readReply(bufio.NewReader(strings.NewReader(text)), nil)
	return status, string(body), err
}

func TestRepliesAreReadToTheirEndAndNotBeyond(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 5\r\n\r\nhello" +
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n" +
		"HTTP/1.1 204 No Content\r\n\r\n" +
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"))
	for _, want := range []struct {
		status int
		body   string
	}{{200, "hello"}, {304, ""}, {200, "abc0123456789"}, {204, ""}, {503, ""}} {
		status, body, err := readReply(in, []byte("old")[:0])
		if err != nil || status != want.status || string(body) != want.body {
			t.Fatalf("status %d, body %q, %v; want %v", status, body, err, want)
		}
	}
	if in.Buffered() != 0 {
		t.Error("something is left")
	}
}

func TestAReplyThatLeavesItsEndInDoubtIsAFailure(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"another protocol":   "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"no status":          "HTTP/1.1 two OK\r\nContent-Length: 0\r\n\r\n",
		"no length":          "HTTP/1.1 200 OK\r\n\r\nhello",
		"a negative length":  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a short body":       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
		"headers cut off":    "HTTP/1.1 200 OK\r\nContent-Le",
		"no header":          "HTTP/1.1 200 OK\r\nhello\r\n\r\n",
		"a wrong chunk size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"a long chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		"chunks cut off":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
	} {
		if status, body, err := read(text); err == nil {
			t.Errorf("%s: status %d, body %q", name, status, body)
		}
	}
	if _, _, err := read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"); !errors.Is(err, errClosing) {
		t.Errorf("a connection that ends: %v", err)
	}
}

// Go's own server has the last word on what HTTP is.
func TestTheRawClientUnderstandsARealServer(t *testing.T) {
	large := strings.Repeat("0123456789", 20_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := large
		if r.Method == http.MethodPut {
			b := make([]byte, r.ContentLength)
			if _, err := r.Body.Read(b); err != nil && !strings.Contains(err.Error(), "EOF") {
				t.Error(err)
			}
			body = string(b)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	address := strings.TrimPrefix(s.URL, "http://")
	c, err := dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func(n net.Conn) { _ = n.Close() }(c.net)
	p := plan{Address: address, Kind: get, Paths: []string{questionsPath}}
	reader := newClient(c, p, seat{"t", "a"})
	reader.next()
	if status, body, err := c.do(reader.request); err != nil || status != 200 || string(body) != large {
		t.Fatalf("status %d, %d bytes, %v", status, len(body), err)
	}
	p.Kind, p.Batch, p.Items, p.Base = putAnswers, 2, 3, 10
	cl := newClient(c, p, seat{"t", "a"})
	for _, want := range []string{
		`{"answers":[{"number":1,"choice":"A","seq":11,"elapsed_ms":1500},{"number":2,"choice":"B","seq":11,"elapsed_ms":1500}]}`,
		`{"answers":[{"number":3,"choice":"A","seq":12,"elapsed_ms":1500},{"number":1,"choice":"B","seq":12,"elapsed_ms":1500}]}`,
	} {
		cl.next()
		if status, body, err := c.do(cl.request); err != nil || status != 200 || string(body) != want {
			t.Fatalf("status %d, %s, %v; want %s", status, body, err, want)
		}
	}
}

func TestOnlyARightReplyAcknowledges(t *testing.T) {
	cl := newClient(nil, plan{Kind: putAnswers, Batch: 2, Items: 5}, seat{})
	cl.next()
	for reply, right := range map[string]bool{
		`{"accepted":2,"ignored":0}`: true, `{"accepted": 2}`: true, `{"accepted":1,"ignored":1}`: false, `{"accepted":22}`: false,
		`{"ignored":2}`: false, `{"accepted":}`: false, ``: false,
	} {
		if cl.right(200, []byte(reply)) != right {
			t.Errorf("%s: right is not %v", reply, right)
		}
	}
	if cl.right(500, []byte(`{"accepted":2}`)) {
		t.Error("a failure acknowledges")
	}
	if cl.written != 4 || len(cl.last) != 2 || cl.last[2].Seq != 1 {
		t.Errorf("acknowledged %d, last %v", cl.written, cl.last)
	}
	sheet := newClient(nil, plan{Kind: get, Bytes: 3}, seat{})
	if sheet.right(200, []byte("ab")) || !sheet.right(200, []byte("abc")) || sheet.right(304, nil) {
		t.Error("a sheet of another length is right")
	}
}
