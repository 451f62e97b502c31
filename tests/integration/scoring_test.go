package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
)

// editorOf makes somebody who may change how exams are scored.
func editorOf(t *testing.T, p place, s *server) person {
	t.Helper()
	chief := person{t: t, server: s, token: strings.TrimSpace(mustAdminToken(t, p))}
	someone, in := s.register(t)
	chief.want(200, nil, "PUT", "/api/v1/admin/users/"+in.User.ID+"/roles", map[string]any{"roles": []string{"editor"}})
	return someone
}

// sat is an attempt that was submitted.
type sat struct {
	ID     string
	Result struct {
		Listening, Reading sectionScore
		Total              *int
		Version            string `json:"conversion_version"`
		Percentile         *struct {
			Listening, Reading, Total *float64
			Norm                      string
			Takers                    int
		}
	}
}

// sits takes the first exam, giving the right answer to the items that right names and none to the others.
func (p person) sits(mode string, key map[int]string, right func(n int) bool) sat {
	p.t.Helper()
	var out sat
	out.ID = p.start(mode).ID
	path := "/api/v1/attempts/" + out.ID
	listening, reading := numbers(p.t, p, path)
	for i, section := range [][]int{listening, reading} {
		var list []answer
		for _, n := range section {
			if right(n) {
				list = append(list, answer{n, key[n], 1})
			}
		}
		if i == 1 && mode == "exam" {
			p.want(200, nil, "POST", path+"/advance", nil)
		}
		if len(list) > 0 {
			p.want(200, nil, "PUT", path+"/answers", answers(list...))
		}
	}
	p.want(200, &out.Result, "POST", path+"/submit", nil)
	return out
}

func never(int) bool { return false }

type explanation struct {
	Regraded   bool
	Conversion struct {
		Version, Origin, Note string
		Reason                string `json:"activation_note"`
	}
	Listening struct {
		sectionScore
		Lookup struct {
			Rows []struct{ Raw, Scaled int }
		}
		Error struct {
			StandardError float64 `json:"standard_error"`
		} `json:"error_of_measurement"`
	}
	KeysShown bool `json:"keys_shown"`
	Answers   []struct {
		Number  int
		Choice  *string
		Key     string
		Correct *bool
	}
}

type conversionState struct {
	Version string
	Own     string `json:"own_version"`
	History []struct {
		Version, Note string
		By            *string `json:"by_user_id"`
	}
}

func TestAnEditorChangesTheConversionAndOldScoresKeepTheirs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		editor, key := editorOf(t, p, s), keys(t)
		learner, _ := s.register(t)
		id := learner.exams()[0].ID
		all := func(int) bool { return true }
		before := learner.sits("practice", key, all)

		var rows strings.Builder
		rows.WriteString("raw,listening_scaled,reading_scaled\n")
		for raw := range 101 {
			fmt.Fprintf(&rows, "%d,%d,5\n", raw, min(400, 5+5*raw))
		}
		table := map[string]any{"version": "spring-1", "note": "equated in spring", "csv": rows.String()}
		editor.want(201, nil, "POST", "/api/v1/admin/conversions", table)
		editor.want(200, nil, "POST", "/api/v1/admin/conversions", table)
		changed := map[string]any{"version": "spring-1", "csv": strings.Replace(rows.String(), "\n7,40,", "\n7,45,", 1)}
		editor.refused(409, "score.table_changed", "POST", "/api/v1/admin/conversions", changed)
		changed["version"], changed["csv"] = "spring-2", strings.Replace(rows.String(), "\n7,40,", "\n7,41,", 1)
		if got := editor.refused(422, "score.invalid_table", "POST", "/api/v1/admin/conversions", changed); got.Errors[0].Field != "listening[7]" {
			t.Errorf("what is wrong with the table: %+v", got.Errors)
		}

		path := "/api/v1/admin/exams/" + id + "/conversion"
		var state conversionState
		etag := editor.want(200, &state, "GET", path, nil).header.Get("ETag")
		if state.Version != before.Result.Version || state.Own != state.Version || len(state.History) != 0 || etag == "" {
			t.Fatalf("before: %+v, ETag %q", state, etag)
		}
		editor.refused(404, "score.table_not_found", "PUT", path, map[string]any{"version": "unknown"})
		editor.want(200, &state, "PUT", path, map[string]any{"version": "spring-1", "note": "fairer"}, "If-Match", etag)
		editor.refused(412, "store.stale", "PUT", path, map[string]any{"version": state.Own}, "If-Match", etag)
		if state.Version != "spring-1" || len(state.History) != 1 || state.History[0].By == nil || state.History[0].Note != "fairer" {
			t.Fatalf("after: %+v", state)
		}

		after := learner.sits("practice", key, all)
		if *after.Result.Listening.Scaled != 400 || *after.Result.Reading.Scaled != 5 || after.Result.Version != "spring-1" || *before.Result.Listening.Scaled != 495 {
			t.Errorf("scores %+v, before %+v", after.Result, before.Result)
		}
		var told, old explanation
		learner.want(200, &told, "GET", "/api/v1/attempts/"+after.ID+"/result/explanation", nil)
		learner.want(200, &old, "GET", "/api/v1/attempts/"+before.ID+"/result/explanation", nil)
		if told.Conversion.Origin != "activation" || told.Conversion.Reason != "fairer" || told.Conversion.Note != "equated in spring" || told.Listening.Lookup.Rows[0].Scaled != 400 {
			t.Errorf("explanation: %+v", told)
		}
		if old.Conversion.Origin != "form" || old.Conversion.Version != before.Result.Version || old.Regraded {
			t.Errorf("explanation of the old result: %+v", old)
		}
		if len(told.Answers) != len(key) || !told.KeysShown || told.Answers[0].Key != key[1] || !*told.Answers[0].Correct {
			t.Errorf("answers: %+v", told.Answers)
		}

		if out := p.must(t, "", "attempt", "rescore"); !strings.Contains(out, "2 results agree with their answers, 0 do not") {
			t.Errorf("rescore printed %q", out)
		}
		if out := p.must(t, "", "conversion", "activate", "harbor-mini-1", state.Own, "--note", "back"); !strings.Contains(out, "before it was spring-1") {
			t.Errorf("activate printed %q", out)
		}
		if again := learner.sits("practice", key, all); again.Result.Version != state.Own {
			t.Errorf("after the command line went back: %+v", again.Result)
		}
	})
}

func TestConversionTablesAreManagedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	p.serve(t) // which the commands must get along with
	good, err := os.ReadFile("../../content/conversion/circulated-b-1.csv")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(p.dir, "mine-1.csv")
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := p.must(t, "", "conversion", "import", "mine-1.csv", "--note", "mine"); !strings.HasPrefix(out, "imported mine-1") {
		t.Errorf("import printed %q", out)
	}
	if out := p.must(t, "", "conversion", "import", "mine-1.csv"); !strings.HasPrefix(out, "unchanged mine-1") {
		t.Errorf("import again printed %q", out)
	}
	p.must(t, "", "conversion", "activate", "harbor-mini-1", "mine-1")
	out := p.must(t, "", "conversion", "list")
	for _, want := range []string{"circulated-a-1", "circulated-b-1", "circulated-d-1", "mine-1"} {
		i := strings.Index(out, want)
		line, _, _ := strings.Cut(out[max(i, 0):], "\n")
		if i < 0 || strings.Contains(line, "harbor-mini-1") != (want == "mine-1") || strings.Contains(line, "shipped") == (want == "mine-1") {
			t.Errorf("list shows %q for %s", line, want)
		}
	}
	for name, args := range map[string][]string{
		"no such file":  {"import", "nowhere.csv"},
		"no such exam":  {"activate", "nowhere", "mine-1"},
		"no such table": {"activate", "harbor-mini-1", "nowhere"},
		"a bad name":    {"import", "mine-1.csv", "--version", "Mine One"},
		"other figures": {"import", "mine-1.csv", "--version", "circulated-a-1"},
	} {
		if got := p.run(t, "", append([]string{"conversion"}, args...)...); got.code == 0 || got.stderr == "" {
			t.Errorf("%s: exit code %d\n%s", name, got.code, got.stderr)
		}
	}
	if out := p.must(t, "", "audit", "verify"); !strings.HasPrefix(out, "2 entries, none changed and none missing") {
		t.Errorf("audit says %q", out)
	}
}

// fullPack writes a pack of a full form, and returns its keys.
func fullPack(t *testing.T) (string, map[int]string) {
	t.Helper()
	form := examtest.Full()
	encoded, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "media"), 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"exam.json": encoded}
	for _, name := range form.MediaFiles() {
		files[name] = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := map[int]string{}
	form.Each(func(_ exam.Part, _ exam.Group, q exam.Question) { key[q.Number] = q.Key })
	return dir, key
}

func TestAFullFormIsRankedAndComparedWithTheOneBefore(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SAMPLE_CONTENT=false", "NORM_TABLE=iibc-public-263"}}
	dir, key := fullPack(t)
	p.must(t, "", "content", "import", dir)
	s := p.serve(t)
	learner, _ := s.register(t)
	nothing := learner.sits("exam", key, never)
	if nothing.Result.Percentile != nil || *nothing.Result.Total != 10 {
		t.Errorf("nothing right: %+v", nothing.Result)
	}
	all := learner.sits("exam", key, func(int) bool { return true })
	r := all.Result.Percentile
	if r == nil || *r.Listening != 94.4 || *r.Reading != 98.8 || *r.Total != 95.2 || r.Norm != "iibc-public-263" || r.Takers != 49680 {
		t.Errorf("everything right: %+v", all.Result)
	}
	var told explanation
	learner.want(200, &told, "GET", "/api/v1/attempts/"+all.ID+"/result/explanation", nil)
	if len(told.Listening.Lookup.Rows) != 1 || told.Listening.Lookup.Rows[0].Raw != 100 || told.Listening.Error.StandardError != 25 {
		t.Errorf("explanation: %+v", told.Listening)
	}
	type difference struct {
		Difference    int
		StandardError float64 `json:"standard_error"`
		Exceeds       bool    `json:"exceeds_standard_error"`
		Significant   bool    `json:"significant_95"`
		Verdict       string
	}
	var compared struct {
		Items []struct {
			AttemptID                 string `json:"attempt_id"`
			SameExam                  bool   `json:"same_exam"`
			Listening, Reading, Total *difference
		}
	}
	learner.want(200, &compared, "GET", "/api/v1/attempts/"+all.ID+"/comparison", nil)
	want := difference{980, 50, true, true, "significant"}
	if len(compared.Items) != 1 || compared.Items[0].AttemptID != nothing.ID || !compared.Items[0].SameExam || *compared.Items[0].Total != want || compared.Items[0].Listening.StandardError != 35.4 {
		t.Errorf("compared: %+v", compared)
	}
	learner.want(200, &compared, "GET", "/api/v1/attempts/"+nothing.ID+"/comparison", nil)
	if len(compared.Items) != 0 {
		t.Errorf("the first attempt is compared: %+v", compared)
	}
}

type boardRow struct {
	Rank      int
	Pseudonym string
	Total     int
	Day       string
}

type boardInfo struct {
	Items []boardRow
	Me    *boardRow
}

func TestLeaderboardsShowThoseWhoAskedToBeAndNothingElseOfThem(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		chief := person{t: t, server: s, token: strings.TrimSpace(mustAdminToken(t, p))}
		key := keys(t)
		ann, annIn := s.register(t)
		bob, bobIn := s.register(t)
		shy, _ := s.register(t)
		path, me := "/api/v1/exams/"+ann.exams()[0].ID+"/leaderboard", "/api/v1/users/me/leaderboard"
		board := func(who person, query string) boardInfo {
			t.Helper()
			var got boardInfo
			who.want(200, &got, "GET", path+query, nil)
			return got
		}

		ann.want(200, nil, "PUT", me, map[string]any{"pseudonym": "  Night Owl "})
		bob.refused(409, "leaderboard.pseudonym_taken", "PUT", me, map[string]any{"pseudonym": "night.0wl"})
		bob.refused(422, "leaderboard.invalid_pseudonym", "PUT", me, map[string]any{"pseudonym": "An\u202en"})
		bob.want(200, nil, "PUT", me, map[string]any{"pseudonym": "山田"})
		some := func(n int) bool { return n%2 == 0 }
		low := bob.sits("exam", key, some)
		first := ann.sits("exam", key, some) // as good, but later
		ann.sits("exam", key, never)
		ann.sits("practice", key, func(int) bool { return true })
		shy.sits("exam", key, func(int) bool { return true })

		got := board(ann, "")
		if len(got.Items) != 2 || got.Items[0].Pseudonym != "山田" || got.Items[1].Pseudonym != "Night Owl" || got.Items[1].Total != *first.Result.Total || got.Items[0].Total != *low.Result.Total {
			t.Fatalf("board: %+v", got)
		}
		if got.Me == nil || *got.Me != got.Items[1] || got.Me.Rank != 2 || board(shy, "").Me != nil {
			t.Errorf("one's own place: %+v", got.Me)
		}
		for _, window := range []string{"?window=7d", "?window=30d", "?window=all"} {
			if n := len(board(shy, window).Items); n != 2 {
				t.Errorf("%s shows %d", window, n)
			}
		}
		shy.refused(422, "request.invalid", "GET", path+"?window=1d", nil)
		raw := string(shy.want(200, nil, "GET", path, nil).body)
		for _, private := range []string{annIn.User.ID, annIn.User.Email, first.ID, "Learner", "closed_at"} {
			if strings.Contains(raw, private) {
				t.Errorf("the board shows %q: %s", private, raw)
			}
		}

		chief.want(200, nil, "POST", "/api/v1/admin/users/"+bobIn.User.ID+"/suspend", map[string]any{"reason": "test"})
		if got := board(ann, ""); len(got.Items) != 1 || got.Items[0].Rank != 1 || got.Me.Rank != 1 {
			t.Errorf("with a suspended account: %+v", got)
		}
		if files := exported(t, ann); !strings.Contains(files["leaderboard.json"], "Night Owl") {
			t.Errorf("the export says %q", files["leaderboard.json"])
		}
		ann.want(204, nil, "DELETE", me, nil)
		ann.want(204, nil, "DELETE", me, nil)
		if got := board(ann, ""); len(got.Items) != 0 || got.Me != nil {
			t.Errorf("after leaving: %+v", got)
		}
		if files := exported(t, ann); strings.TrimSpace(files["leaderboard.json"]) != "null" {
			t.Errorf("the export says %q", files["leaderboard.json"])
		}
	})
}

// exported makes an export and returns its files.
func exported(t *testing.T, p person) map[string]string {
	t.Helper()
	var e struct{ ID, Status string }
	p.want(202, &e, "POST", "/api/v1/users/me/exports", nil)
	eventually(t, "the export is ready", func() bool {
		p.want(200, &e, "GET", "/api/v1/users/me/exports/"+e.ID, nil)
		return e.Status == "ready"
	})
	data := p.want(200, nil, "GET", "/api/v1/users/me/exports/"+e.ID+"/file", nil).body
	return unzip(t, data)
}

// A learner who had an account is nobody on a board once it is closed, even before it is erased.
func TestAClosedAccountIsOffTheLeaderboardAtOnce(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	ann, _ := s.register(t)
	bob, _ := s.register(t)
	ann.want(200, nil, "PUT", "/api/v1/users/me/leaderboard", map[string]any{"pseudonym": "Owl"})
	ann.sits("exam", keys(t), never)
	var got boardInfo
	path := "/api/v1/exams/" + bob.exams()[0].ID + "/leaderboard"
	bob.want(200, &got, "GET", path, nil)
	if !slices.ContainsFunc(got.Items, func(r boardRow) bool { return r.Pseudonym == "Owl" }) {
		t.Fatalf("before: %+v", got)
	}
	ann.want(204, nil, "DELETE", "/api/v1/users/me", nil)
	bob.want(200, &got, "GET", path, nil)
	if len(got.Items) != 0 {
		t.Errorf("after: %+v", got)
	}
}
