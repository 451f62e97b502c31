package cache

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Codec turns values into bytes for Redis and back. Decode may keep what it is given.
//
// What Encode writes must not change while the schema number of the region stays the same.
type Codec[T any] interface {
	Encode(value T) ([]byte, error)
	Decode(data []byte) (T, error)
}

// JSON is a codec for whatever encoding/json brings back as it was. Give fields names that do not change.
type JSON[T any] struct{}

// Encode implements Codec.
func (JSON[T]) Encode(value T) ([]byte, error) { return json.Marshal(value) }

// Decode implements Codec.
func (JSON[T]) Decode(data []byte) (T, error) {
	var value T
	err := json.Unmarshal(data, &value)
	return value, err
}

// Raw is the codec of bytes that are encoded already.
type Raw struct{}

// Encode implements Codec.
func (Raw) Encode(value []byte) ([]byte, error) { return value, nil }

// Decode implements Codec.
func (Raw) Decode(data []byte) ([]byte, error) { return data, nil }

// Parts is the codec of values that consist of strings of bytes which are encoded already, such as a reply with its
// ETag and its compressed variants. They are put one after the other and not copied when they are read.
type Parts[T any] struct {
	Split func(value T) [][]byte
	Join  func(parts [][]byte) (T, error) // given as many as Split returned when the value was put
}

var errParts = errors.New("cache: what was put together does not come apart")

// Encode implements Codec.
func (p Parts[T]) Encode(value T) ([]byte, error) {
	parts := p.Split(value)
	size := binary.MaxVarintLen64
	for _, part := range parts {
		size += binary.MaxVarintLen64 + len(part)
	}
	out := binary.AppendUvarint(make([]byte, 0, size), uint64(len(parts)))
	for _, part := range parts {
		out = append(binary.AppendUvarint(out, uint64(len(part))), part...)
	}
	return out, nil
}

// Decode implements Codec.
func (p Parts[T]) Decode(data []byte) (T, error) {
	var parts [][]byte
	n, data, err := uvarint(data)
	for ; err == nil && n > 0; n-- {
		var part []byte
		if part, data, err = cut(data); err == nil {
			parts = append(parts, part)
		}
	}
	if err != nil || len(data) > 0 {
		var none T
		return none, errParts
	}
	return p.Join(parts)
}

// cut takes a length and so many bytes off.
func cut(data []byte) (part, rest []byte, err error) {
	size, rest, err := uvarint(data)
	if err != nil || size > uint64(len(rest)) {
		return nil, nil, errParts
	}
	return slices.Clip(rest[:size]), rest[size:], nil
}

func uvarint(data []byte) (value uint64, rest []byte, err error) {
	value, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, nil, fmt.Errorf("%w: no length", errParts)
	}
	return value, data[n:], nil
}
