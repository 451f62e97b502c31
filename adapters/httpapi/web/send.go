package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// minCompressed is the size from which a reply is worth compressing, in bytes.
const minCompressed = 1024

// gzipSuffix tells the compressed form of a reply from the plain one, because a strong ETag names bytes.
const gzipSuffix = "-gzip"

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
	compress := compressible(r)
	if compress {
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		compress = acceptsGzip(req.Header.Get(echo.HeaderAcceptEncoding))
	}
	if cache.tagged && r.Status == http.StatusOK {
		tag := r.hash
		if tag == "" {
			sum := sha256.Sum256(r.Body)
			tag = hex.EncodeToString(sum[:16])
		}
		h.Set("Cache-Control", cache.control)
		known := req.Header.Get("If-None-Match")
		if compress {
			tag += gzipSuffix
		}
		h.Set("ETag", `"`+tag+`"`)
		if matches(known, tag) {
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
	body := r.Body
	if compress {
		packed := r.packed
		if packed == nil {
			var err error
			if packed, err = zip(body); err != nil {
				return err
			}
		}
		h.Set(echo.HeaderContentEncoding, "gzip")
		body = packed
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	res.WriteHeader(r.Status)
	if req.Method == http.MethodHead {
		return nil
	}
	_, err := res.Write(body)
	return err
}

// compressible reports whether a reply gets smaller: text does, pictures and recordings are compressed already.
func compressible(r rendered) bool {
	return len(r.Body) >= minCompressed && (r.Type == echo.MIMEApplicationJSON || r.Type == "image/svg+xml")
}

// acceptsGzip reports whether the client takes gzip. A weight of zero refuses it, and "*" speaks only for codings
// that are not named.
func acceptsGzip(header string) bool {
	others := false
	for item := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(item, ";")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, "gzip"):
			return positive(weight)
		case name == "*":
			others = positive(weight)
		}
	}
	return others
}

// positive reads a weight such as q=0.5; none at all is 1.
func positive(weight string) bool {
	q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
	value, err := strconv.ParseFloat(q, 64)
	return !ok || (err == nil && value > 0)
}

// matches compares an If-None-Match header with a tag, weakly, as RFC 9110 asks for. The plain and the
// compressed form are the same content.
func matches(header, tag string) bool {
	base := strings.TrimSuffix(tag, gzipSuffix)
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" {
			return true
		}
		item = strings.Trim(strings.TrimPrefix(item, "W/"), `"`)
		if strings.TrimSuffix(item, gzipSuffix) == base {
			return true
		}
	}
	return false
}

// zippers are compressors at rest; each holds some hundred kilobytes.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func zip(body []byte) ([]byte, error) {
	z, ok := zippers.Get().(*gzip.Writer)
	if !ok {
		return nil, fmt.Errorf("compress: the pool holds something else")
	}
	defer func() {
		z.Reset(nil) // at rest it would keep the last reply in memory
		zippers.Put(z)
	}()
	var b bytes.Buffer
	b.Grow(len(body) / 3)
	z.Reset(&b)
	if _, err := z.Write(body); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}
