package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// readerBytes lets the whole of most replies come with one call of the system.
const readerBytes = 64 << 10

// stuck is how long a reply may take before the measurement fails.
const stuck = 30 * time.Second

// conn is one connection that carries one request after another. It does what HTTP/1.1 asks of a client and nothing
// beyond, because it shares the processors with what it measures.
type conn struct {
	net  net.Conn
	in   *bufio.Reader
	body []byte // of the last reply, used again
}

// dial connects to host:port.
func dial(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	return &conn{net: c, in: bufio.NewReaderSize(c, readerBytes)}, nil
}

// do sends a request, which is whole, and reads the reply. The body is good until the next call.
func (c *conn) do(request []byte) (status int, body []byte, err error) {
	if err := c.net.SetDeadline(time.Now().Add(stuck)); err != nil {
		return 0, nil, err
	}
	if _, err := c.net.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send a request: %w", err)
	}
	status, c.body, err = readReply(c.in, c.body[:0])
	if err != nil {
		return 0, nil, fmt.Errorf("read a reply: %w", err)
	}
	return status, c.body, nil
}

var (
	errNoHTTP   = errors.New("this is no reply of HTTP/1.1")
	errNoLength = errors.New("the reply does not say how long it is")
	errClosing  = errors.New("the server ends the connection")
)

// readReply reads one reply and appends its body to into. It takes Content-Length and chunks, and fails for what
// would leave it in doubt where the next reply begins.
func readReply(in *bufio.Reader, into []byte) (status int, body []byte, err error) {
	line, err := readLine(in)
	if err != nil {
		return 0, into, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, into, errNoHTTP
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, into, errNoHTTP
	}
	length, closing := int64(-1), false
	chunked := false
	for {
		if line, err = readLine(in); err != nil {
			return 0, into, err
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return 0, into, errNoHTTP
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 32); err != nil || length < 0 {
				return 0, into, errNoHTTP
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			closing = bytes.EqualFold(value, []byte("close"))
		}
	}
	switch {
	case chunked:
		into, err = readChunks(in, into)
	case status == 204 || status == 304: // these have no body, whatever length they speak of
	case length < 0:
		return 0, into, errNoLength
	default:
		into, err = readFull(in, into, int(length))
	}
	if err == nil && closing {
		err = errClosing
	}
	return status, into, err
}

func readChunks(in *bufio.Reader, into []byte) ([]byte, error) {
	for {
		line, err := readLine(in)
		if err != nil {
			return into, err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil {
			return into, errNoHTTP
		}
		if n > 0 {
			if into, err = readFull(in, into, int(n)); err != nil {
				return into, err
			}
		}
		if line, err = readLine(in); err != nil {
			return into, err
		}
		if len(line) > 0 {
			return into, errNoHTTP // also a trailer, which the server does not send
		}
		if n == 0 {
			return into, nil
		}
	}
}

// readFull appends n bytes to into.
func readFull(in *bufio.Reader, into []byte, n int) ([]byte, error) {
	start := len(into)
	if cap(into) < start+n {
		grown := make([]byte, start, start+n)
		copy(grown, into)
		into = grown
	}
	into = into[:start+n]
	_, err := io.ReadFull(in, into[start:])
	return into, err
}

// readLine returns a line without its end; it is good until the next read.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// number finds the whole number of a field in a flat JSON object, without reading all of it.
func number(body []byte, field string) (int, bool) {
	at := bytes.Index(body, []byte(`"`+field+`":`))
	if at < 0 {
		return 0, false
	}
	rest := bytes.TrimLeft(body[at+len(field)+3:], " ")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(rest[:end]))
	return n, err == nil
}
