package exam

import "github.com/toeic-app/toeic/domain/fault"

// The failures of this context.
var (
	ErrNotFound         = fault.New(fault.NotFound, "exam.not_found", "There is no such exam.")
	ErrMediaNotFound    = fault.New(fault.NotFound, "exam.media_not_found", "There is no such media file.")
	ErrQuestionNotFound = fault.New(fault.NotFound, "exam.question_not_found", "There is no such question.")
	ErrClosed           = fault.New(fault.Conflict, "exam.closed", "The exam is closed: no attempt in exam mode can be started any more.")
	ErrInvalidPolicy    = fault.New(fault.Invalid, "exam.invalid_policy", "The rules of the exam contradict each other.")
	ErrInvalidPack      = fault.New(fault.Invalid, "exam.invalid_pack", "The content pack breaks the rules of the format.")
	ErrUnreadable       = fault.New(fault.Malformed, "exam.unreadable_pack", "The content pack could not be read.")
	ErrPackTooLarge     = fault.New(fault.TooLarge, "exam.pack_too_large", "The content pack is larger than is accepted.")
)
