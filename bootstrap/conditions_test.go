package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/attempt"
)

func TestTheAudioPausesAreThoseOfTheDomainUnlessSetOtherwise(t *testing.T) {
	c, _ := Load(t.TempDir(), nil, "", nil)
	if diff := cmp.Diff(attempt.DefaultAudioPauses(), c.audioPauses()); diff != "" {
		t.Error(diff)
	}
	for value, fine := range map[string]bool{"0s": true, "20s": true, "7.5s": true, "20.001s": false, "-1s": false, "1us": false} {
		c, _ := Load(t.TempDir(), []string{"AUDIO_PAUSE_CONVERSATIONS=" + value}, "", nil)
		if problems := c.checkAudio(); (len(problems) == 0) != fine {
			t.Errorf("%s: %v", value, problems)
		}
	}
}
