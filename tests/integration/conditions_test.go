package integration

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

// conditionRoutes are the routes about the conditions under which attempts are taken.
var conditionRoutes = map[string]cell{
	"POST /api/v1/attempts/{id}/pause":               {objects: mine(200), own: ownAttempt},
	"POST /api/v1/attempts/{id}/resume":              {objects: mine(200), own: ownAttempt},
	"POST /api/v1/attempts/{id}/claim":               {objects: mine(200), own: ownAttempt},
	"POST /api/v1/admin/attempts/{id}/release":       {objects: anybodys(204), others: somebodysExam},
	"GET /api/v1/users/me/accommodations":            {want: 200},
	"GET /api/v1/admin/users/{id}/accommodations":    {objects: anybodys(200), others: somebody},
	"PUT /api/v1/admin/users/{id}/accommodations":    {objects: anybodys(200), others: somebody, body: fixed(map[string]any{"time_factor": 1.5})},
	"DELETE /api/v1/admin/users/{id}/accommodations": {objects: anybodys(204), others: somebodyGranted},
}

func somebodysExam(m *matrix) string {
	p, _ := m.server.register(m.t)
	return p.start("exam").ID
}

func somebodyGranted(m *matrix) string {
	id := somebody(m)
	m.chief.want(200, nil, "PUT", "/api/v1/admin/users/"+id+"/accommodations", map[string]any{"extra_minutes": 10})
	return id
}

type accommodationInfo struct {
	TimeFactor       float64 `json:"time_factor"`
	ExtraMinutes     int     `json:"extra_minutes"`
	PauseFactor      float64 `json:"pause_factor"`
	ListeningOmitted bool    `json:"listening_omitted"`
}

// conditionInfo is an attempt with its conditions.
type conditionInfo struct {
	ID             string
	Status         string
	Section        *string
	Parts          []int
	StartedAt      time.Time  `json:"started_at"`
	DeadlineAt     *time.Time `json:"deadline_at"`
	SectionEnd     *time.Time `json:"section_deadline_at"`
	TimeLimit      *int       `json:"time_limit_seconds"`
	Remaining      *int       `json:"remaining_seconds"`
	PausedAt       *time.Time `json:"paused_at"`
	PausesLeft     *int       `json:"pauses_left"`
	Held           bool       `json:"held_by_this_device"`
	Accommodations accommodationInfo
	AudioPauses    *struct {
		AfterQuestion []struct{ Part, Ms int } `json:"after_question"`
		AfterGraphic  int                      `json:"after_graphic_question_ms"`
		NextPage      int                      `json:"next_page_ms"`
		LeadIn        int                      `json:"lead_in_ms"`
	} `json:"audio_pauses"`
}

func (p person) conditions(id string) conditionInfo {
	p.t.Helper()
	var got conditionInfo
	p.want(200, &got, "GET", "/api/v1/attempts/"+id, nil)
	return got
}

// teacherAt signs a teacher in.
func teacherAt(t *testing.T, p place, s *server) person {
	t.Helper()
	m := &matrix{t: t, place: p, server: s, parties: map[role]party{}}
	m.chief = m.admin()
	return m.fresh(teacher).person
}

func TestATeacherChangesTheConditionsOfALearnerInTheMiddleOfAnExam(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		teacher := teacherAt(t, p, s)
		me, account := s.register(t)
		path := "/api/v1/admin/users/" + account.User.ID + "/accommodations"
		before := me.conditions(me.start("exam").ID)
		length := before.DeadlineAt.Sub(before.StartedAt)
		if before.Accommodations != (accommodationInfo{TimeFactor: 1, PauseFactor: 1}) || before.AudioPauses.AfterGraphic != 12000 || !before.Held {
			t.Errorf("usual conditions: %+v", before)
		}

		granted := teacher.want(200, nil, "PUT", path, map[string]any{"time_factor": 1.5, "extra_minutes": 10, "pause_factor": 2})
		after := me.conditions(before.ID)
		want := length*3/2 + 20*time.Minute // each section rounded up to whole seconds
		if got := after.DeadlineAt.Sub(after.StartedAt); got < want || got >= want+2*time.Second {
			t.Errorf("the attempt takes %s, want %s", got, want)
		}
		if want := (accommodationInfo{1.5, 10, 2, false}); after.Accommodations != want || after.AudioPauses.AfterQuestion[0].Ms != 10000 || after.AudioPauses.LeadIn != 8000 {
			t.Errorf("%+v", after)
		}
		var told struct {
			Open []struct {
				ID         string
				DeadlineAt time.Time `json:"deadline_at"`
			} `json:"open_attempts"`
		}
		if err := json.Unmarshal(granted.body, &told); err != nil || len(told.Open) != 1 || !told.Open[0].DeadlineAt.Equal(*after.DeadlineAt) {
			t.Errorf("the teacher is told %s", granted.body)
		}

		tag := granted.header.Get("ETag")
		teacher.want(200, nil, "PUT", path, map[string]any{"time_factor": 1.25}, "If-Match", tag)
		teacher.refused(412, "store.stale", "PUT", path, map[string]any{"time_factor": 3}, "If-Match", tag)
		teacher.refused(412, "store.stale", "DELETE", path, nil, "If-Match", tag)
		for _, body := range []any{
			map[string]any{"time_factor": 0.9},
			map[string]any{"time_factor": 3.1},
			map[string]any{"time_factor": 0},
			map[string]any{"pause_factor": 4},
			map[string]any{"extra_minutes": -1},
			map[string]any{"extra_minutes": 241},
			map[string]any{"extra_minutes": 1.5},
			map[string]any{"time_factor": "2"},
		} {
			teacher.refused(422, "request.invalid", "PUT", path, body)
		}
		var own accommodationInfo
		me.want(200, &own, "GET", "/api/v1/users/me/accommodations", nil)
		if own.TimeFactor != 1.25 || own.PauseFactor != 1 || own.ExtraMinutes != 0 {
			t.Errorf("the learner sees %+v", own)
		}
		me.refused(403, "auth.forbidden", "PUT", path, map[string]any{"time_factor": 3})

		teacher.want(200, nil, "PUT", path, map[string]any{"listening_omitted": true})
		if got := me.conditions(before.ID); *got.Section != "reading" || got.Parts[0] != 5 || got.AudioPauses != nil {
			t.Errorf("with Listening omitted: %+v", got)
		}
		var result resultInfo
		me.want(200, &result, "POST", "/api/v1/attempts/"+before.ID+"/submit", nil)
		if result.Listening.Scaled != nil || result.Reading.Scaled == nil || result.Total != nil {
			t.Errorf("%+v", result)
		}
		teacher.want(204, nil, "DELETE", path, nil)
		teacher.refused(404, "accommodation.not_found", "DELETE", path, nil)
		if got := me.conditions(me.start("exam").ID); got.DeadlineAt.Sub(got.StartedAt) != length {
			t.Errorf("after the withdrawal an exam takes %s, want %s", got.DeadlineAt.Sub(got.StartedAt), length)
		}
	})
}

func TestAPracticeClockStandsStill(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir()}.serve(t)
	me, _ := s.register(t)
	body := map[string]any{"exam_id": me.exams()[0].ID, "mode": "practice", "time_limit_seconds": 600}
	for _, bad := range []any{0, 59, 14401, -600, 60.5, "600"} {
		me.refused(422, "request.invalid", "POST", "/api/v1/attempts", map[string]any{"exam_id": body["exam_id"], "mode": "practice", "time_limit_seconds": bad})
	}
	me.refused(422, "attempt.invalid", "POST", "/api/v1/attempts", map[string]any{"exam_id": body["exam_id"], "mode": "exam", "time_limit_seconds": 600})
	var a conditionInfo
	me.want(201, &a, "POST", "/api/v1/attempts", body)
	one := "/api/v1/attempts/" + a.ID
	if *a.TimeLimit != 600 || a.DeadlineAt.Sub(a.StartedAt) != 600*time.Second || *a.PausesLeft != 20 || a.PausedAt != nil {
		t.Errorf("%+v", a)
	}
	var paused, again, resumed conditionInfo
	me.want(200, &paused, "POST", one+"/pause", nil)
	me.want(200, &again, "POST", one+"/pause", nil)
	if paused.PausedAt == nil || !again.PausedAt.Equal(*paused.PausedAt) || *again.PausesLeft != 19 || *again.Remaining > 600 {
		t.Errorf("%+v, then %+v", paused, again)
	}
	me.refused(409, "attempt.paused", "PUT", one+"/answers", answers(answer{1, "A", 1}))
	me.refused(409, "attempt.paused", "GET", one+"/questions", nil)
	me.want(200, &resumed, "POST", one+"/resume", nil)
	if resumed.PausedAt != nil || resumed.DeadlineAt.Before(*a.DeadlineAt) || resumed.DeadlineAt.After(*paused.DeadlineAt) {
		t.Errorf("%+v", resumed)
	}
	me.want(200, nil, "PUT", one+"/answers", answers(answer{1, "A", 1}))
	me.want(200, nil, "POST", one+"/pause", nil)
	me.want(200, nil, "POST", one+"/submit", nil)
	me.refused(409, "attempt.closed", "POST", one+"/resume", nil)
	if got := me.conditions(a.ID); got.Status != "submitted" || got.PausedAt != nil || got.Remaining != nil {
		t.Errorf("%+v", got)
	}
	exam := me.start("exam")
	me.refused(409, "attempt.no_pauses", "POST", "/api/v1/attempts/"+exam.ID+"/pause", nil)
}

func TestASecondDeviceTakesOverVisibly(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	phone, account := s.register(t)
	laptop, _ := s.login(t, account.User.Email)
	one := "/api/v1/attempts/" + phone.start("exam").ID
	id := strings.TrimPrefix(one, "/api/v1/attempts/")
	if !phone.conditions(id).Held || laptop.conditions(id).Held {
		t.Error("the wrong device is told that it holds the attempt")
	}
	for _, write := range []string{"/advance", "/submit", "/abandon"} {
		laptop.refused(409, "attempt.other_device", "POST", one+write, nil)
	}
	laptop.refused(409, "attempt.other_device", "GET", one+"/questions", nil)
	var claimed conditionInfo
	laptop.want(200, &claimed, "POST", one+"/claim", nil)
	if !claimed.Held || phone.conditions(id).Held {
		t.Errorf("after the claim: %+v", claimed)
	}
	for _, write := range []string{"/advance", "/submit", "/abandon"} {
		phone.refused(409, "attempt.taken_over", "POST", one+write, nil)
	}
	teacher := teacherAt(t, p, s)
	teacher.want(204, nil, "POST", "/api/v1/admin/attempts/"+id+"/release", nil)
	teacher.refused(409, "attempt.not_held", "POST", "/api/v1/admin/attempts/"+id+"/release", nil)
	if !phone.conditions(id).Held || !laptop.conditions(id).Held {
		t.Error("after the release a device is refused")
	}
	laptop.want(200, nil, "GET", one+"/questions", nil)
	laptop.want(200, nil, "POST", one+"/submit", nil)
}

// A teacher edits while the learner answers and advances: nobody is told of a clash, and no change is lost.
func TestEditsDuringAnExamLoseNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		teacher := teacherAt(t, p, s)
		me, account := s.register(t)
		a := me.start("exam")
		one := "/api/v1/attempts/" + a.ID
		const rounds = 20
		var work sync.WaitGroup
		do := func(p person, status func(round int) int, method, path string, body func(round int) any) {
			work.Go(func() {
				for round := 1; round <= rounds; round++ {
					r, err := p.try(method, path, body(round))
					if err != nil || r.status != status(round) {
						t.Errorf("%s %s: %d, %v\n%s", method, path, r.status, err, r.body)
					}
				}
			})
		}
		ok := func(int) int { return 200 }
		do(teacher, ok, "PUT", "/api/v1/admin/users/"+account.User.ID+"/accommodations", func(round int) any {
			return map[string]any{"extra_minutes": round}
		})
		last := a.QuestionCount // an item of Reading
		me.want(200, nil, "POST", one+"/advance", nil)
		do(me, ok, "PUT", one+"/answers", func(round int) any { return answers(answer{last, "A", int64(round)}) })
		do(me, ok, "POST", one+"/advance", func(int) any { return nil })
		work.Wait()
		var version struct{ Version int }
		teacher.want(200, &version, "GET", "/api/v1/admin/users/"+account.User.ID+"/accommodations", nil)
		got := me.conditions(a.ID)
		if version.Version != rounds || got.Accommodations.ExtraMinutes != rounds || *got.Section != "reading" {
			t.Errorf("version %d; %+v", version.Version, got)
		}
		var again answered
		me.want(200, &again, "PUT", one+"/answers", answers(answer{last, "B", rounds}))
		if again.Accepted != 0 || again.AnsweredCount != 1 {
			t.Errorf("the last answer is not the newest: %+v", again)
		}
	})
}
