package web

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// send writes a reply: cache headers, 304, compression.
func (a *API) send(c echo.Context, r rendered, cache Caching) error {
	res, req := c.Response(), c.Request()
	h := lines{res.Header(), make([]string, 0, 8)}
	if r.Status == http.StatusNoContent {
		res.WriteHeader(r.Status)
		return nil
	}
	if r.Version > 0 {
		h.set("Etag", versionTag(r.Version))
	}
	coding := plain
	if compressible(r) {
		h.add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		coding = negotiate(req.Header[echo.HeaderAcceptEncoding])
	}
	if cache.tagged && r.Status == http.StatusOK {
		tag := r.hash
		if tag == "" {
			tag = hashed(r.Body)
		}
		h.set("Cache-Control", cache.control)
		h.set("Etag", `"`+tag+coding.suffix()+`"`)
		if matches(first(req.Header, "If-None-Match"), tag) {
			res.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.set(echo.HeaderContentType, r.Type)
	if r.name != "" {
		h.set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": r.name}))
	}
	if r.Type != echo.MIMEApplicationJSON {
		// A picture may be opened by itself: it must not run anything or reach anybody then.
		h.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		h.set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	body, err := r.in(coding)
	if err != nil {
		return err
	}
	if coding != plain {
		h.set(echo.HeaderContentEncoding, coding.String())
	}
	h.set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	res.WriteHeader(r.Status)
	if req.Method == http.MethodHead {
		return nil
	}
	_, err = res.Write(body)
	return err
}

// lines sets headers, whose names have their canonical form. All values share one array, as there are some in every reply.
type lines struct {
	header http.Header
	values []string
}

func (l *lines) set(name, value string) {
	l.values = append(l.values, value)
	n := len(l.values)
	l.header[name] = l.values[n-1 : n : n] // an Add must not write into the next
}

func (l *lines) add(name, value string) {
	if len(l.header[name]) > 0 {
		l.header.Add(name, value)
		return
	}
	l.set(name, value)
}

// hashed is the tag of a body.
func hashed(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// matches compares an If-None-Match header with the tag of a plain body, weakly, as RFC 9110 asks for: all codings of it
// are the same content.
func matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" {
			return true
		}
		if content(strings.Trim(strings.TrimPrefix(item, "W/"), `"`)) == tag {
			return true
		}
	}
	return false
}
