package score_test

import (
	"strings"
	"testing"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

const normHeader = "administered,takers,section,score_from,score_to,count,percent_below\n"

func TestANormThatContradictsItselfIsRefused(t *testing.T) {
	const good = "2021-02-28,1000,total,500,545,100,50.0\n2021-02-28,1000,total,600,990,100,90.0\n"
	if _, err := score.ReadNorm("n", strings.NewReader(normHeader+good)); err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string]string{
		"nothing":                "",
		"a missing column":       "2021-02-28,1000,total,500,545,100\n",
		"no day":                 "soon,1000,total,500,545,100,50.0\n",
		"no takers":              "2021-02-28,0,total,500,545,100,50.0\n",
		"an unknown section":     "2021-02-28,1000,speaking,100,150,100,50.0\n",
		"two administrations":    good + "2021-03-28,1000,total,400,445,100,10.0\n",
		"off the scale":          "2021-02-28,1000,listening,495,500,100,50.0\n",
		"upside down":            "2021-02-28,1000,total,545,500,100,50.0\n",
		"classes that overlap":   good + "2021-02-28,1000,total,545,590,100,70.0\n",
		"ranks that fall":        good + "2021-02-28,1000,total,550,590,100,49.0\n",
		"more than all":          "2021-02-28,1000,total,500,545,100,100.1\n",
		"a rank that is no rank": "2021-02-28,1000,total,500,545,100,NaN\n",
	} {
		if _, err := score.ReadNorm("n", strings.NewReader(normHeader+rows)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestAScoreOutsideEveryClassHasNoPercentile(t *testing.T) {
	n, err := score.ReadNorm("n", strings.NewReader(normHeader+
		"2021-02-28,1000,total,500,545,100,50.0\n2021-02-28,1000,total,600,990,100,90.0\n2021-02-28,1000,listening,300,495,500,50.0\n"))
	if err != nil {
		t.Fatal(err)
	}
	for total, want := range map[int]float64{495: 0, 500: 50, 545: 50, 550: 0, 595: 0, 600: 90, 990: 90} {
		r := scaled(200, total-200, 100)
		switch p := n.Of(r); {
		case want == 0 && p != nil:
			t.Errorf("%d has rank %+v", total, p)
		case want != 0 && (p == nil || *p.Total != want || p.Listening != nil || p.Reading != nil):
			t.Errorf("%d has rank %+v, want %v", total, p, want)
		}
	}
}

func TestOnlyFullLengthIsRanked(t *testing.T) {
	n, err := score.ReadNorm("n", strings.NewReader(normHeader+"2021-02-28,1000,total,10,990,1000,0\n2021-02-28,1000,listening,5,495,1000,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p := n.Of(scaled(300, 300, 99)); p != nil {
		t.Errorf("a shorter form has ranks: %+v", p)
	}
	half := scaled(300, 300, 100)
	half.Sections[exam.Reading], half.Total = score.SectionResult{Raw: 5, Items: 10}, nil
	if p := n.Of(half); p == nil || p.Listening == nil || p.Total != nil {
		t.Errorf("one full section: %+v", p)
	}
	if p := (score.Norm{}).Of(scaled(300, 300, 100)); p != nil {
		t.Errorf("no norm gives ranks: %+v", p)
	}
}
