package examapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// ConversionCases is what the routes of conversion tables call.
type ConversionCases struct {
	List     func(context.Context) ([]examapp.TableUse, error)
	Table    func(ctx context.Context, version string) (examapp.TableUse, error)
	Add      func(context.Context, examapp.AddTableCommand) (score.StoredTable, bool, error)
	State    func(ctx context.Context, exam uuid.UUID) (examapp.ConversionState, error)
	Activate func(context.Context, examapp.ActivateCommand) (examapp.ConversionState, error)
}

const (
	conversions   = "/api/v1/admin/conversions"
	conversionOf  = "/api/v1/admin/exams/{id}/conversion"
	conversionTag = "Scoring"
)

type tableInfo struct {
	Version   string     `json:"version"`
	Note      string     `json:"note"`
	CreatedAt *time.Time `json:"created_at" description:"When it was imported; null for the tables that the program ships."`
}

func toTableInfo(t score.StoredTable) tableInfo {
	return tableInfo{Version: t.Version, Note: t.Note, CreatedAt: t.CreatedAt}
}

type tableUse struct {
	tableInfo
	Exams []tableExam `json:"exams" description:"The exams that it scores now."`
}

type tableExam struct {
	ID    uuid.UUID `json:"id"`
	Title string    `json:"title"`
}

func toTableUse(t examapp.TableUse) tableUse {
	out := tableUse{tableInfo: toTableInfo(t.StoredTable), Exams: make([]tableExam, len(t.Exams))}
	for i, s := range t.Exams {
		out.Exams[i] = tableExam{ID: s.ExamID, Title: s.Title}
	}
	return out
}

type tablesReply struct {
	Items []tableUse `json:"items"`
}

type figures struct {
	Listening []int `json:"listening" description:"Scaled scores by raw score, 0 to 100."`
	Reading   []int `json:"reading"`
}

type tableReply struct {
	tableUse
	figures
}

type addTableRequest struct {
	Version   string `json:"version" validate:"required,max=64" description:"Small letters and digits, in words joined by -. A version never changes."`
	Note      string `json:"note,omitempty" validate:"max=500" description:"Where the figures come from."`
	Listening []int  `json:"listening,omitempty" validate:"max=101" description:"Scaled scores by raw score, 0 to 100; likewise reading."`
	Reading   []int  `json:"reading,omitempty" validate:"max=101"`
	CSV       string `json:"csv,omitempty" validate:"max=20000" description:"Instead of both: a header raw,listening_scaled,reading_scaled and 101 rows."`
}

type addedTable struct {
	tableInfo
	figures
	Added bool `json:"added" description:"false when the version was there already, with the very same figures."`
}

// StatusCode implements web.Statused.
func (t addedTable) StatusCode() int {
	if t.Added {
		return http.StatusCreated
	}
	return http.StatusOK
}

type versionPath struct {
	Version string `path:"version" json:"-"`
}

type activateRequest struct {
	examPath
	State   web.Version `header:"If-Match" json:"-" description:"The ETag of the state that the change was decided on."`
	Version string      `json:"version" validate:"required,max=64"`
	Note    string      `json:"note,omitempty" validate:"max=500" description:"Why."`
}

type conversionReply struct {
	ExamID  uuid.UUID         `json:"exam_id"`
	Version string            `json:"version" description:"The table that scores the exam from now on."`
	Own     string            `json:"own_version" description:"The table that the form names, which scores while nothing was activated."`
	History []activationReply `json:"history" description:"What was activated, newest first."`
	state   int
}

// StateVersion implements web.Versioned.
func (r conversionReply) StateVersion() int { return r.state }

type activationReply struct {
	ID      uuid.UUID  `json:"id"`
	Version string     `json:"version"`
	Note    string     `json:"note"`
	By      *uuid.UUID `json:"by_user_id" description:"null for the command line."`
	At      time.Time  `json:"at"`
}

func toConversionReply(s examapp.ConversionState) conversionReply {
	out := conversionReply{ExamID: s.Exam, Version: s.Active, Own: s.Own, History: make([]activationReply, len(s.History)), state: s.Version()}
	for i, a := range s.History {
		out.History[i] = activationReply{ID: a.ID, Version: a.Version, Note: a.Note, At: a.At}
		if a.By != uuid.Nil {
			out.History[i].By = &s.History[i].By
		}
	}
	return out
}

// ConversionRoutes registers the routes of conversion tables.
func ConversionRoutes(api *web.API, uc ConversionCases) {
	tableRoutes(api, uc)
	web.Register(api, web.Endpoint[examPath, conversionReply]{
		Method: http.MethodGet, Path: conversionOf, Permission: identity.ReadScoring,
		Tag: conversionTag, Summary: "Read which conversion table scores an exam", Faults: web.Faults(exam.ErrNotFound),
		Handle: func(ctx context.Context, _ web.Request, in examPath) (conversionReply, error) {
			s, err := uc.State(ctx, in.ID)
			return toConversionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[activateRequest, conversionReply]{
		Method: http.MethodPut, Path: conversionOf, Permission: identity.ManageScoring,
		Tag: conversionTag, Summary: "Make a conversion table score an exam",
		Description: "It scores the attempts that are closed from now on. Results keep the table that they were made with.",
		Faults:      web.Faults(exam.ErrNotFound, score.ErrTableNotFound, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in activateRequest) (conversionReply, error) {
			s, err := uc.Activate(ctx, examapp.ActivateCommand{By: r.Caller(), Exam: in.ID, Version: in.Version, Note: in.Note, State: int(in.State)})
			return toConversionReply(s), err
		},
	})
}

func tableRoutes(api *web.API, uc ConversionCases) {
	web.Register(api, web.Endpoint[web.None, tablesReply]{
		Method: http.MethodGet, Path: conversions, Permission: identity.ReadScoring,
		Tag: conversionTag, Summary: "List conversion tables", Description: "All of them, by version.",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (tablesReply, error) {
			tables, err := uc.List(ctx)
			out := tablesReply{Items: make([]tableUse, len(tables))}
			for i, t := range tables {
				out.Items[i] = toTableUse(t)
			}
			return out, err
		},
	})
	web.Register(api, web.Endpoint[versionPath, tableReply]{
		Method: http.MethodGet, Path: conversions + "/{version}", Permission: identity.ReadScoring,
		Tag: conversionTag, Summary: "Read a conversion table", Faults: web.Faults(score.ErrTableNotFound),
		Handle: func(ctx context.Context, _ web.Request, in versionPath) (tableReply, error) {
			t, err := uc.Table(ctx, in.Version)
			return tableReply{tableUse: toTableUse(t), figures: figures{t.Listening[:], t.Reading[:]}}, err
		},
	})
	web.Register(api, web.Endpoint[addTableRequest, addedTable]{
		Method: http.MethodPost, Path: conversions, Permission: identity.ManageScoring, Idempotent: true, Status: http.StatusCreated,
		Tag: conversionTag, Summary: "Import a conversion table", Description: "It scores nothing before it is activated for an exam.",
		Faults: web.Faults(score.ErrInvalidTable, score.ErrTableChanged),
		Handle: func(ctx context.Context, r web.Request, in addTableRequest) (addedTable, error) {
			t, added, err := uc.Add(ctx, examapp.AddTableCommand{
				By: r.Caller(), Version: in.Version, Note: in.Note, Listening: in.Listening, Reading: in.Reading, CSV: in.CSV,
			})
			return addedTable{tableInfo: toTableInfo(t), figures: figures{t.Listening[:], t.Reading[:]}, Added: added}, err
		},
	})
}
