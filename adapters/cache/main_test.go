package cache_test

import (
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) { private.Main(m) }
