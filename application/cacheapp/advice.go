package cacheapp

import (
	"context"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// Advise tells what other settings would bring.
type Advise struct {
	Advisor ports.CacheAdvisor
}

// AdviceView is the advice for one process: each sees reads of its own.
type AdviceView struct {
	caching.Advice
	Replica string
}

// Execute returns the advice for this process. target is the hit rate to aim at, 0 to 100; nil for the usual one.
func (uc Advise) Execute(ctx context.Context, target *int) (AdviceView, error) {
	profile, replica, err := uc.Advisor.Profile(ctx)
	if err != nil {
		return AdviceView{}, err
	}
	aim := float64(caching.TargetHitRate)
	if target != nil {
		aim = float64(*target)
	}
	return AdviceView{Advice: caching.Advise(profile, aim), Replica: replica}, nil
}
