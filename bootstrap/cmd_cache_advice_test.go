package bootstrap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
)

func TestAdviceMarksWhatIsNotSettledAndSaysHowCertainItIs(t *testing.T) {
	prediction := func(rate float64, settled bool) cacheapi.PredictionReply {
		return cacheapi.PredictionReply{MemoryFactor: 1, MemoryBytes: 1 << 20, TTLFactor: 1, TTL: 60, HitRate: rate, Settled: settled}
	}
	a := cacheapi.AdviceReply{
		Replica: "a", Enough: true, Predicted: 71, Margin: 1.25, Ceiling: 99, Target: 90, HitRate: new(93.0), Reached: true,
		Memory: []cacheapi.PredictionReply{prediction(71, true)},
		KeyPatterns: map[string]cacheapi.FamilyAdviceReply{"content:*": {
			Predicted: 71, Margin: 0.5, Ceiling: 99, Memory: []cacheapi.PredictionReply{prediction(71, true)},
			TTL: []cacheapi.PredictionReply{prediction(71, true), prediction(88, false)},
		}},
	}
	show := func() string {
		var out bytes.Buffer
		r := &run{surroundings: Surroundings{Stdout: &out}}
		r.advice(a)
		return out.String()
	}
	text := show()
	for _, want := range []string{
		"both tiers, as stats shows it: " + percentText(93), "predicted " + percentText(71) + " ± 1.2 points", "at best " + percentText(99) + "*",
		percentText(88) + "*", "± 0.5", "* watched for less", percentText(90) + " is reached as it is",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, percentText(71)+"*") {
		t.Errorf("what is settled is marked\n%s", text)
	}
	f := a.KeyPatterns["content:*"]
	a.Settled, f.Settled, f.TTL[1].Settled = true, true, true
	a.KeyPatterns["content:*"] = f
	if text := show(); strings.Contains(text, "watched for less") || strings.Contains(text, "%"+unsettled) {
		t.Errorf("a mark without need\n%s", text)
	}
}
