package attemptapi

import (
	"time"

	"github.com/toeic-app/toeic/domain/score"
)

type percentileReply struct {
	Listening    *float64 `json:"listening" description:"Percentage of the takers whose score lies below the class that this score is in; null where the norm does not tell."`
	Reading      *float64 `json:"reading"`
	Total        *float64 `json:"total"`
	Norm         string   `json:"norm" description:"The norm table."`
	Administered string   `json:"administered" description:"The day on which its takers took the test."`
	Takers       int      `json:"takers"`
}

func toPercentileReply(p *score.Percentiles) *percentileReply {
	if p == nil {
		return nil
	}
	return &percentileReply{
		Listening: p.Listening, Reading: p.Reading, Total: p.Total, Norm: p.Norm,
		Administered: p.Administered.Format(time.DateOnly), Takers: p.Takers,
	}
}
