package integration

import (
	"slices"
	"testing"
)

// An exam is shown everywhere within moments, also when whoever publishes it does not know of the Redis that the servers
// keep the list in, and when the list was read just before.
func TestAnExamThatSomebodyWithoutRedisPublishesIsShownByAll(t *testing.T) {
	t.Parallel()
	f := startFleet(t, "REDIS_URL="+ownRedis(t).URL())
	ann, _ := f.here.register(t)
	before := len(ann.exams())
	for _, s := range f.all() {
		ann.at(s).exams()
	}
	alone := f.place
	alone.env = slices.DeleteFunc(slices.Clone(alone.env), func(v string) bool { return len(v) > 9 && v[:9] == "REDIS_URL" })
	alone.must(t, "", "content", "import", canaryPack(t))
	for _, s := range f.all() {
		eventually(t, "the new exam is listed", func() bool { return len(ann.at(s).exams()) == before+1 })
	}
}
