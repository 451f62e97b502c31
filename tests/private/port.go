package private

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The range of ports to choose from. It is below the ports that Linux and macOS hand to outgoing connections, so that
// none of these takes the port while its server is down for a restart.
const lowPort, highPort = 20000, 32000

// FreePort returns a port of 127.0.0.1 on which nothing listens. Another process may still take it first, so whoever
// starts a server on it is ready to try another, as [StartPostgres] and [StartRedis] are unless told [WithPort].
func FreePort() (int, error) { return freePort(lowPort, highPort) }

// freePort is FreePort in another range.
func freePort(low, high int) (int, error) {
	var err error
	for range 100 {
		port := low + rand.IntN(high-low)
		var l net.Listener
		if l, err = net.Listen("tcp", address(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
