package bootstrap

import (
	"context"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

type tempEngine struct {
	c *core
	s *caching.Sampler
}

func newTempEngine(c *core) *tempEngine {
	return &tempEngine{c, caching.NewSampler(caching.SamplerOptions{Limit: c.config.CacheMemory, Families: caching.Families(), TTLs: caching.TTLsOf(caching.Decide(nil, nil))})}
}

func (e *tempEngine) Figures(context.Context) ([]caching.Figures, error) {
	return []caching.Figures{{Replica: e.c.replica, Since: time.Now().UTC(), Limit: e.c.config.CacheMemory}}, nil
}

func (e *tempEngine) Clear(context.Context, ports.CacheScope) (map[string]int, error) {
	return map[string]int{}, nil
}

func (e *tempEngine) Profile(context.Context) (caching.Profile, string, error) {
	return e.s.Profile(time.Now()), e.c.replica, nil
}

func (e *tempEngine) SetTTLs(caching.TTLs) {}
