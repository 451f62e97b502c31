package bootstrap

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
)

func TestAdviceMarksWhatIsNotSettledAndSaysHowCertainItIs(t *testing.T) {
	prediction := func(rate float64, settled bool) cacheapi.PredictionReply {
		return cacheapi.PredictionReply{MemoryFactor: 1, MemoryBytes: 1 << 20, TTLFactor: 1, TTL: 60, HitRate: rate, Settled: settled}
	}
	a := cacheapi.AdviceReply{
		Replica: "a", Enough: true, Reads: 1000, Predicted: 71, Margin: 1.25, Ceiling: 99, Target: 90, HitRate: new(93.0), Reached: true,
		Memory: []cacheapi.PredictionReply{prediction(71, true)},
		KeyPatterns: map[string]cacheapi.FamilyAdviceReply{"content:*": {
			Reads: 1000, Predicted: 71, Margin: 0.5, Ceiling: 99, Memory: []cacheapi.PredictionReply{prediction(71, true)},
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

func TestAdviceSaysNothingOfWhatNobodyRead(t *testing.T) {
	open := []cacheapi.PredictionReply{{MemoryFactor: 1, MemoryBytes: 1 << 20, TTLFactor: 1, TTL: 60}}
	a := cacheapi.AdviceReply{Replica: "a", Missing: "reads", Reads: 10, Predicted: 50, Settled: true, KeyPatterns: map[string]cacheapi.FamilyAdviceReply{
		"content:*": {Reads: 10, Predicted: 50, Settled: true}, "users:*": {Memory: open, TTL: open},
	}}
	show := func() string {
		var out bytes.Buffer
		(&run{surroundings: Surroundings{Stdout: &out}}).advice(a)
		return out.String()
	}
	text := show()
	if !regexp.MustCompile(`(?m)^users:\* +0 +– +– +– +– +– +– *$`).MatchString(text) || strings.Contains(text, unsettled+"\n") || strings.Contains(text, "watched for less") {
		t.Errorf("what nobody read has a hit rate, or a mark\n%s", text)
	}
	if !regexp.MustCompile(`(?m)^content:\* +10 +50\.00 % +± 0\.0 `).MatchString(text) || !strings.Contains(text, "predicted 50.00 % ± 0.0 points") {
		t.Errorf("what was read has no hit rate\n%s", text)
	}
	a.Reads, a.Predicted, a.Settled, a.Memory = 0, 0, false, open
	a.KeyPatterns = map[string]cacheapi.FamilyAdviceReply{"users:*": {Memory: open, TTL: open}}
	if text := show(); strings.Contains(text, "%") || strings.Contains(text, "watched for less") || !strings.Contains(text, "predicted –, measured unknown, at best –") {
		t.Errorf("without reads there is a hit rate\n%s", text)
	}
}
