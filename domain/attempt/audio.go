package attempt

import (
	"time"

	"github.com/toeic-app/toeic/domain/exam"
)

// AudioPauses is how long the recording is silent, which clients that play it have to keep to. The test's makers
// publish no figures; the defaults are what teachers have measured.
type AudioPauses struct {
	AfterQuestion map[exam.Part]time.Duration // parts of Listening
	AfterGraphic  time.Duration               // in place of it after a question that asks about a graphic
	NextPage      time.Duration               // for turning the page between sets
	LeadIn        time.Duration               // before a set
}

// DefaultAudioPauses returns the pauses of the real test.
func DefaultAudioPauses() AudioPauses {
	return AudioPauses{
		AfterQuestion: map[exam.Part]time.Duration{
			exam.Photographs: 5 * time.Second, exam.QuestionResponse: 5 * time.Second,
			exam.Conversations: 8 * time.Second, exam.Talks: 8 * time.Second,
		},
		AfterGraphic: 12 * time.Second, NextPage: 6 * time.Second, LeadIn: 4 * time.Second,
	}
}

// For returns the pauses of an attempt: those of its parts, as long as is granted.
func (p AudioPauses) For(taken exam.Outline, g Accommodation) AudioPauses {
	longer := func(d time.Duration) time.Duration { return d * time.Duration(100+g.MorePause) / 100 }
	out := AudioPauses{
		AfterQuestion: map[exam.Part]time.Duration{},
		AfterGraphic:  longer(p.AfterGraphic), NextPage: longer(p.NextPage), LeadIn: longer(p.LeadIn),
	}
	for part, d := range p.AfterQuestion {
		if taken.HasPart(part) {
			out.AfterQuestion[part] = longer(d)
		}
	}
	return out
}
