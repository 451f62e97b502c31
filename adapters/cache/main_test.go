package cache_test

import (
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) {
	if err := private.AtOnce(8); err != nil { // those that are parallel wait for leases and failovers
		panic(err)
	}
	private.Main(m)
}
