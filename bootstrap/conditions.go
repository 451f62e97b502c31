package bootstrap

import (
	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
)

// conditionCases are the use cases about the conditions under which attempts are taken.
type conditionCases struct {
	pause          attemptapp.Pause
	resume         attemptapp.Resume
	claim          attemptapp.Claim
	release        attemptapp.Release
	accommodations attemptapp.Accommodations
}

// wireConditions needs the use cases of accounts.
func wireConditions(c *core) conditionCases {
	work, reads := c.store.Attempts(), c.store.AttemptReads()
	return conditionCases{
		pause:   attemptapp.Pause{Clock: c.clock, Work: work, Reads: reads},
		resume:  attemptapp.Resume{Clock: c.clock, Work: work, Reads: reads},
		claim:   attemptapp.Claim{Clock: c.clock, Policies: c.store.DevicePolicies(), Work: work, Reads: reads},
		release: attemptapp.Release{Clock: c.clock, Recorder: c.identity.recorder, Work: work},
		accommodations: attemptapp.Accommodations{
			Clock: c.clock, Stored: c.store.Accommodations(), Reads: reads, Recorder: c.identity.recorder, Work: work,
		},
	}
}

// routes hands the use cases to their routes.
func (c conditionCases) routes() attemptapi.ConditionCases {
	return attemptapi.ConditionCases{
		Pause: c.pause.Execute, Resume: c.resume.Execute, Claim: c.claim.Execute, Release: c.release.Execute,
		Own: c.accommodations.Own, Granted: c.accommodations.Get, Grant: c.accommodations.Grant, Withdraw: c.accommodations.Withdraw,
		AudioPauses: attempt.DefaultAudioPauses(),
	}
}
