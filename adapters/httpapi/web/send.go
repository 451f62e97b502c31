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
	h := res.Header()
	if r.Status == http.StatusNoContent {
		res.WriteHeader(r.Status)
		return nil
	}
	if r.Version > 0 {
		h.Set("ETag", versionTag(r.Version))
	}
	coding := plain
	if compressible(r) {
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		coding = negotiate(req.Header.Values(echo.HeaderAcceptEncoding))
	}
	if cache.tagged && r.Status == http.StatusOK {
		tag := r.hash
		if tag == "" {
			tag = hashed(r.Body)
		}
		h.Set("Cache-Control", cache.control)
		h.Set("ETag", `"`+tag+coding.suffix()+`"`)
		if matches(req.Header.Get("If-None-Match"), tag) {
			res.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set(echo.HeaderContentType, r.Type)
	if r.name != "" {
		h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": r.name}))
	}
	if r.Type != echo.MIMEApplicationJSON {
		// A picture may be opened by itself: it must not run anything or reach anybody then.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	body, err := r.in(coding)
	if err != nil {
		return err
	}
	if coding != plain {
		h.Set(echo.HeaderContentEncoding, coding.String())
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	res.WriteHeader(r.Status)
	if req.Method == http.MethodHead {
		return nil
	}
	_, err = res.Write(body)
	return err
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
