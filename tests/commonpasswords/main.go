// Command commonpasswords makes the list of common passwords that the program refuses, from a text file with one
// password a line, the most common first:
//
//	go run ./tests/commonpasswords LIST.txt adapters/password/common.bin
//
// Only those are kept that are long enough to be chosen here. The result holds no password, but the first five bytes
// of the SHA-256 of each, in lower case, sorted. A password that is not in the list is taken for one that is with a
// probability of one to ten million.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/toeic-app/toeic/domain/identity"
)

// prefix is how many bytes of a hash are kept; adapters/password reads the same.
const prefix = 5

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "commonpasswords: give the list and the file to write")
		os.Exit(2)
	}
	n, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "commonpasswords:", err)
		os.Exit(1)
	}
	fmt.Println(n, "passwords")
}

func run(from, to string) (int, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	var hashes [][]byte
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		word := strings.ToLower(strings.TrimSpace(lines.Text()))
		if utf8.RuneCountInString(word) >= identity.MinPassword {
			sum := sha256.Sum256([]byte(word))
			hashes = append(hashes, sum[:prefix])
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	slices.SortFunc(hashes, bytes.Compare)
	hashes = slices.CompactFunc(hashes, bytes.Equal)
	return len(hashes), os.WriteFile(to, bytes.Join(hashes, nil), 0o644) //nolint:gosec // a file of the source tree
}
