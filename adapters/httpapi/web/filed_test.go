package web_test

import (
	"context"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

// either is JSON, or a file.
type either struct {
	Text string `json:"text"`
	file *web.File
}

func (e either) AsFile() *web.File { return e.file }

func TestAReplyThatMayBeAFileIsSentAsWhatItIs(t *testing.T) {
	a, err := web.New(config(zapcore.NewNopCore()))
	if err != nil {
		t.Fatal(err)
	}
	type query struct {
		Format string `query:"format" json:"-"`
	}
	web.Register(a, web.Endpoint[query, either]{
		Method: "GET", Path: "/either", Permission: identity.Public, Tag: "Toys", Summary: "Either",
		Handle: func(_ context.Context, _ web.Request, in query) (either, error) {
			if in.Format == "csv" {
				return either{file: &web.File{Type: "text/csv", Name: "x.csv", Data: []byte("a,b\n")}}, nil
			}
			return either{Text: "json"}, nil
		},
	})
	url := listen(t, a) + "/either"
	if got := ask(t, "GET", url, ""); got.text != `{"text":"json"}` || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%q of type %s", got.text, got.Header.Get("Content-Type"))
	}
	if got := ask(t, "GET", url+"?format=csv", ""); got.text != "a,b\n" || got.Header.Get("Content-Type") != "text/csv" || got.Header.Get("Content-Disposition") == "" {
		t.Errorf("%q, %v", got.text, got.Header)
	}
}
