package bootstrap

import (
	"context"
	"strings"
	"time"

	"github.com/toeic-app/toeic/adapters/gather"
	"github.com/toeic-app/toeic/application/attemptapp"
)

// The bounds of gathering answers, see docs/performance.md.
const (
	answerQueue   = 4096 // requests that wait; at some 10,000 a second none waits for longer than half a second
	answerBatch   = 2000 // answers of a transaction
	answerTimeout = 5 * time.Second
)

// gatherAnswers lets requests that hand in answers share transactions, as many at once as the store takes.
func gatherAnswers(uc attemptapp.Answer, writers int) *gather.Gatherer[attemptapp.AnswerCommand, attemptapp.Verdict] {
	return gather.New(gather.Config{
		Workers: writers, Queue: answerQueue, Weight: answerBatch, Timeout: answerTimeout,
	}, func(c attemptapp.AnswerCommand) int { return max(1, len(c.Answers)) }, uc.Execute)
}

// answerWriters is how many transactions with answers may be under way at once.
func (c Config) answerWriters() int {
	if strings.HasPrefix(c.database(), "sqlite:") { // which has one writer at a time
		return 1
	}
	return c.AnswerWriters
}

// answerOne hands in the answers of one request.
func (c attemptCases) answerOne(ctx context.Context, cmd attemptapp.AnswerCommand) (attemptapp.Answered, error) {
	v, err := c.answer.Do(ctx, cmd)
	if err == nil {
		err = v.Err
	}
	return v.Answered, err
}
