package learners

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/toeic-app/toeic/domain/exam"
)

func TestTheFormMayBePublished(t *testing.T) {
	dir := t.TempDir()
	if err := WritePack(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "exam.json"))
	if err != nil {
		t.Fatal(err)
	}
	var form exam.Form
	if err := json.Unmarshal(text, &form); err != nil {
		t.Fatal(err)
	}
	if issues := form.Check(); len(issues) > 0 || form.QuestionCount() != FormItems || form.Outline().Count(exam.Listening) != FormListening {
		t.Errorf("%v, %d items", issues, form.QuestionCount())
	}
	for _, file := range form.MediaFiles() {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}
