package password

import (
	"crypto/sha256"
	_ "embed" // the list
	"sort"
	"strings"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.CommonPasswords = Common{}

// common holds the first bytes of the SHA-256 of each password, sorted. It was made by tests/commonpasswords; see
// NOTICE.md for where the passwords come from.
//
//go:embed common.bin
var common string

// commonPrefix is how many bytes of a hash are kept.
const commonPrefix = 5

// Common knows the passwords of ten characters and more among the million that people choose most often.
type Common struct{}

// Contains reports whether people often choose password, whatever the case of its letters and blanks around it, or
// whether it is one character again and again.
func (Common) Contains(password string) bool {
	folded := strings.ToLower(strings.TrimSpace(password))
	if folded == "" || strings.Trim(folded, folded[:1]) == "" {
		return true
	}
	sum := sha256.Sum256([]byte(folded))
	key := string(sum[:commonPrefix])
	n := len(common) / commonPrefix
	at := func(i int) string { return common[i*commonPrefix : (i+1)*commonPrefix] }
	i := sort.Search(n, func(i int) bool { return at(i) >= key })
	return i < n && at(i) == key
}
