package bootstrap

import (
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

// conditionCases are the use cases about the conditions under which attempts are taken.
type conditionCases struct {
	pause          attemptapp.Pause
	resume         attemptapp.Resume
	claim          attemptapp.Claim
	release        attemptapp.Release
	accommodations attemptapp.Accommodations
	pauses         attempt.AudioPauses
}

// wireConditions needs the use cases of accounts.
func wireConditions(c *core) conditionCases {
	work, reads := c.remembered.heads.Evicting(c.store.Attempts()), c.store.AttemptReads()
	return conditionCases{
		pause:   attemptapp.Pause{Clock: c.clock, Work: work, Reads: reads},
		resume:  attemptapp.Resume{Clock: c.clock, Work: work, Reads: reads},
		claim:   attemptapp.Claim{Clock: c.clock, Policies: c.store.Policies(), Work: work, Reads: reads},
		release: attemptapp.Release{Clock: c.clock, Recorder: c.identity.recorder, Work: work},
		accommodations: attemptapp.Accommodations{
			Clock: c.clock, Stored: c.store.Accommodations(), Reads: reads, Recorder: c.identity.recorder, Work: work,
		},
		pauses: c.config.audioPauses(),
	}
}

// routes hands the use cases to their routes.
func (c conditionCases) routes() attemptapi.ConditionCases {
	return attemptapi.ConditionCases{
		Pause: c.pause.Execute, Resume: c.resume.Execute, Claim: c.claim.Execute, Release: c.release.Execute,
		Own: c.accommodations.Own, Granted: c.accommodations.Get, Grant: c.accommodations.Grant, Withdraw: c.accommodations.Withdraw,
		AudioPauses: c.pauses,
	}
}

// audioPauses are the settings of the same names. Their defaults are those of the domain.
func (c Config) audioPauses() attempt.AudioPauses {
	return attempt.AudioPauses{
		AfterQuestion: map[exam.Part]time.Duration{
			exam.Photographs: c.AudioPausePhotographs, exam.QuestionResponse: c.AudioPauseResponses,
			exam.Conversations: c.AudioPauseConversations, exam.Talks: c.AudioPauseTalks,
		},
		AfterGraphic: c.AudioPauseGraphic, NextPage: c.AudioPauseNextPage, LeadIn: c.AudioPauseLeadIn,
	}
}

// longestPause bounds the pauses: with more the time of a section would not hold its recording.
const longestPause = 20 * time.Second

func (c Config) checkAudio() []Problem {
	for _, d := range []time.Duration{
		c.AudioPausePhotographs, c.AudioPauseResponses, c.AudioPauseConversations, c.AudioPauseTalks, c.AudioPauseGraphic, c.AudioPauseNextPage, c.AudioPauseLeadIn,
	} {
		if d < 0 || d > longestPause || d%time.Millisecond != 0 {
			return []Problem{{Setting: "AUDIO_PAUSE_…", Detail: "must be 0s to 20s, in whole milliseconds"}}
		}
	}
	return nil
}
