package attempt

import (
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// Marks judges a sheet against the form: one mark for each item taken, blanks wrong.
func (a *Attempt) Marks(form exam.Form, sheet Sheet) []score.Mark {
	marks := make([]score.Mark, 0, a.s.Taken.Count(""))
	form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		if !a.s.Taken.HasPart(p) {
			return
		}
		marks = append(marks, score.Mark{
			Part: p, Ability: q.Ability, Correct: sheet[q.Number].Choice == q.KeyChoice(),
		})
	})
	return marks
}
