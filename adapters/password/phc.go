package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params say how much work one hash is.
type Params struct {
	Time    uint32 // passes over the memory
	Memory  uint32 // KiB
	Threads uint8
}

// Sizes of what is made here, in bytes.
const (
	saltSize = 16
	keySize  = 32
)

// Bounds of what is read from a stored hash. Whoever can write to the database must not be able to make one
// log-in take all memory, or a key so short that any password fits.
const (
	maxTime, maxThreads = 16, 16
	maxMemory           = 256 * 1024 // KiB
	minThreadMemory     = 8          // KiB for each thread, by the definition of Argon2
	minSalt, maxSalt    = 8, 64      // bytes
	minKey, maxKey      = 16, 64     // bytes
)

// errMalformed says that a stored hash was not written by this package. It is never shown: a learner can do
// nothing about it.
var errMalformed = errors.New("malformed password hash")

// encoded is a hash in parts. Its text is the PHC string format.
type encoded struct {
	params    Params
	salt, key []byte
}

// codec is base64 as PHC strings have it; strict, so that one hash has one text.
func codec() *base64.Encoding { return base64.RawStdEncoding.Strict() }

func (e encoded) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		e.params.Memory, e.params.Time, e.params.Threads, codec().EncodeToString(e.salt), codec().EncodeToString(e.key))
}

// parse reads a PHC string. Its errors never quote it.
func parse(s string) (encoded, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return encoded{}, fmt.Errorf("%w: not argon2id of version %d", errMalformed, argon2.Version)
	}
	params, err := parseParams(parts[3])
	if err != nil {
		return encoded{}, err
	}
	salt, saltErr := codec().DecodeString(parts[4])
	key, keyErr := codec().DecodeString(parts[5])
	switch {
	case saltErr != nil || len(salt) < minSalt || len(salt) > maxSalt:
		return encoded{}, fmt.Errorf("%w: salt", errMalformed)
	case keyErr != nil || len(key) < minKey || len(key) > maxKey:
		return encoded{}, fmt.Errorf("%w: key", errMalformed)
	}
	return encoded{params: params, salt: salt, key: key}, nil
}

// parseParams reads m=…,t=…,p=… in that order.
func parseParams(s string) (Params, error) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return Params{}, fmt.Errorf("%w: parameters", errMalformed)
	}
	memory, memoryErr := number(fields[0], "m=", maxMemory)
	passes, passesErr := number(fields[1], "t=", maxTime)
	threads, threadsErr := number(fields[2], "p=", maxThreads)
	if err := errors.Join(memoryErr, passesErr, threadsErr); err != nil {
		return Params{}, err
	}
	if memory < minThreadMemory*threads {
		return Params{}, fmt.Errorf("%w: too little memory for its threads", errMalformed)
	}
	return Params{Time: passes, Memory: memory, Threads: uint8(threads)}, nil //nolint:gosec // threads is at most maxThreads.
}

// number reads a parameter of 1 to limit.
func number(field, name string, limit uint32) (uint32, error) {
	digits, named := strings.CutPrefix(field, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !named || err != nil || n < 1 || n > uint64(limit) {
		return 0, fmt.Errorf("%w: parameter %s out of 1 to %d", errMalformed, name, limit)
	}
	return uint32(n), nil
}
