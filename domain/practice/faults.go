// Package practice is what learners do between sittings: sets of questions of their own choice, and the book of what
// they answered wrong.
package practice

import "github.com/toeic-app/toeic/domain/fault"

// The failures of this context.
var (
	ErrNotFound       = fault.New(fault.NotFound, "practice.not_found", "There is no such practice set.")
	ErrInvalid        = fault.New(fault.Invalid, "practice.invalid", "A practice set cannot be made this way.")
	ErrNothingMatches = fault.New(fault.Conflict, "practice.nothing_matches", "No question that may be practised now matches.")
	ErrFinished       = fault.New(fault.Conflict, "practice.finished", "The practice set is finished and takes no more answers.")
	ErrNotFinished    = fault.New(fault.Conflict, "practice.not_finished", "The review of this practice set is given when it is finished.")
	ErrAnswersDenied  = fault.New(fault.Invalid, "practice.answers_refused", "Some answers cannot be accepted; none of this request was stored.")
)
