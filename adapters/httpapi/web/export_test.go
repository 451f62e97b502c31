package web

// What the tests outside of the package see of codings, by the names that headers have for them.
var (
	Negotiate = func(lines ...string) string { return negotiate(lines).String() }
	Pack      = func(name string, body []byte) ([]byte, error) {
		c, _ := codingNamed(name)
		return pack(c, body)
	}
)
