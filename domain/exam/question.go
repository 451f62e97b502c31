package exam

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// Item is what identifies a question outside its form, without anything of its content.
type Item struct {
	ID       uuid.UUID // see QuestionID
	ExamID   uuid.UUID
	Revision uuid.UUID // the newest revision that has the question
	Number   int
	Part     Part
	Ability  Ability
}

// Items lists the questions of the revision in order.
func (r Revision) Items() ([]Item, error) {
	items := make([]Item, 0, r.Content.Form.QuestionCount())
	var failed error
	r.Content.Form.Each(func(p Part, g Group, q Question) {
		id, err := r.Content.questionID(r.ExamID, p, g, q)
		if err != nil {
			failed = err
		}
		items = append(items, Item{ID: id, ExamID: r.ExamID, Revision: r.RevisionID, Number: q.Number, Part: p, Ability: q.Ability})
	})
	return items, failed
}

// questionID names a question by its exam and by what is asked: stimuli, transcript, prompt and options. Its key,
// rationales and explanation do not count, so that it stays the same question when they are corrected; neither do the
// author's names of sets and files. The identifier is a UUID of version 5 (RFC 9562, by hash), as equal questions must
// get equal ones on every machine.
func (c Content) questionID(exam uuid.UUID, p Part, g Group, q Question) (uuid.UUID, error) {
	type stimulus struct{ Kind, Title, Text, Media string }
	asked := struct {
		Part       Part
		Number     int
		Stimuli    []stimulus
		Transcript []Turn
		Prompt     string
		Voices     []string
		Options    []string
	}{Part: p, Number: q.Number, Transcript: g.Transcript, Prompt: q.Prompt, Voices: q.Voices}
	for _, s := range g.Stimuli {
		asked.Stimuli = append(asked.Stimuli, stimulus{string(s.Kind), s.Title, s.Text, c.Media[s.Media].Hash})
	}
	for _, o := range q.Options {
		asked.Options = append(asked.Options, o.Text)
	}
	b, err := json.Marshal(asked)
	if err != nil {
		return uuid.Nil, fmt.Errorf("encode question %d: %w", q.Number, err)
	}
	return uuid.NewSHA1(exam, b), nil
}
