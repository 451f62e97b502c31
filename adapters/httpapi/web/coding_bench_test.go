package web_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap/zapcore"

	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/tests/learners"
)

// only are revisions of which there is one.
type only exam.Revision

func (o *only) Revision(context.Context, uuid.UUID) (*exam.Revision, error) {
	return (*exam.Revision)(o), nil
}

// questions is what a learner is sent who takes the form of a pack.
func questions(t testing.TB, from *pack.Reader, name string) []byte {
	t.Helper()
	read, issues, err := from.Read(t.Context(), name)
	if err != nil || len(issues) > 0 {
		t.Fatal(issues, err)
	}
	form := only{Content: exam.Content{Form: read.Form, Media: map[string]exam.Media{}}}
	for name, f := range read.Files {
		form.Content.Media[name] = f.Media
	}
	c := config(zapcore.NewNopCore())
	c.Authenticate = func(context.Context, string) (identity.Actor, error) {
		return identity.Actor{UserID: uuid.Max, SessionID: uuid.Max, Roles: []identity.Role{identity.Learner}, Until: time.Unix(100, 0)}, nil
	}
	a, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	attemptapi.Routes(a, attemptapi.UseCases{
		Questions: func(context.Context, attemptapp.Taker, uuid.UUID, exam.Part) (attemptapp.Shown, error) {
			return attemptapp.Shown{Parts: []exam.Part{1, 2, 3, 4, 5, 6, 7}}, nil
		},
		Print: attemptapp.Print{Revisions: &form}.Execute, MediaPath: "/api/v1/media/",
	})
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/attempts/"+uuid.Max.String()+"/questions", nil)
	req.Header.Set("Authorization", "Bearer x")
	res := httptest.NewRecorder()
	a.Handler().ServeHTTP(res, req)
	if res.Code != http.StatusOK || res.Body.Len() < 10_000 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	return res.Body.Bytes()
}

// demoQuestions are those of the form that the program ships, written by people.
func demoQuestions(t testing.TB) []byte {
	t.Helper()
	packs, err := fs.Sub(content.Packs, "packs")
	if err != nil {
		t.Fatal(err)
	}
	return questions(t, pack.NewFS(packs), "harbor-mini-1")
}

// fullQuestions are as many and as long as those of a real form, but repeat each other.
func fullQuestions(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := learners.WritePack(dir); err != nil {
		t.Fatal(err)
	}
	return questions(t, pack.New(), dir)
}

// BenchmarkPack compresses what is sent to learners. It tells which part of the plain size is left.
func BenchmarkPack(b *testing.B) {
	for name, body := range map[string][]byte{"demo form": demoQuestions(b), "full form": fullQuestions(b)} {
		for _, coding := range []string{"gzip", "zstd"} {
			b.Run(name+"/"+coding, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				sent := 0
				for b.Loop() {
					packed, err := web.Pack(coding, body)
					if err != nil {
						b.Fatal(err)
					}
					sent = len(packed)
				}
				b.ReportMetric(float64(sent), "sent-B")
				b.ReportMetric(100*float64(sent)/float64(len(body)), "%left")
			})
		}
	}
}
