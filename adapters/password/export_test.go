package password

// Watch calls before ahead of each derivation, which then is replaced by a cheap one.
func (h *Hasher) Watch(before func(Params)) {
	h.derive = func(_, _ []byte, p Params, size uint32) []byte {
		before(p)
		return make([]byte, size)
	}
}

// ErrMalformed is what a hash that is none gives.
var ErrMalformed = errMalformed
