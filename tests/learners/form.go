package learners

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// The shape of the form.
const (
	FormItems     = 200
	FormListening = 100         // the items before Reading
	FormSlug      = "load-full" // its name, which occurs once in its pack
)

// paragraph is about as long as one of a real passage; three make a document.
const paragraph = "The committee will meet on the second Tuesday of the month to review the plans that were handed in by the " +
	"regional offices. Members who cannot come are asked to send their remarks to the secretary beforehand, so that these can " +
	"be read aloud, and to name somebody who votes in their place.\n\n"

// WritePack makes a content pack of a full form in dir: valid, without any meaning, and as long as a real one. The key
// of item n is that of examtest.Key.
func WritePack(dir string) error {
	form := examtest.Full()
	form.Slug, form.Title = FormSlug, "A full form to measure with"
	for i := range form.Parts {
		for j := range form.Parts[i].Groups {
			lengthen(form.Parts[i].Number, &form.Parts[i].Groups[j])
		}
	}
	text, err := json.Marshal(form)
	if err != nil {
		return fmt.Errorf("encode the form: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "media"), 0o755); err != nil {
		return fmt.Errorf("make the pack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "exam.json"), text, 0o600); err != nil {
		return fmt.Errorf("write the form: %w", err)
	}
	for i, name := range form.MediaFiles() {
		picture := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 90"><rect width="%d" height="9"/></svg>`, i+1)
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(picture), 0o600); err != nil {
			return fmt.Errorf("draw a picture: %w", err)
		}
	}
	return nil
}

// lengthen gives documents, prompts and printed options the length that they have in a real test.
func lengthen(p exam.Part, g *exam.Group) {
	for i := range g.Stimuli {
		if g.Stimuli[i].Kind == exam.Text {
			g.Stimuli[i].Text += "\n\n" + strings.TrimSpace(strings.Repeat(paragraph, 3))
		}
	}
	if !p.Printed() {
		return
	}
	for i := range g.Questions {
		q := &g.Questions[i]
		if q.Prompt != "" {
			q.Prompt += ", which is about as long as one is?"
		}
		for j := range q.Options {
			q.Options[j].Text += " in some words"
		}
	}
}
