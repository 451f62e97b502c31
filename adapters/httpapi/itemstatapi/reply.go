package itemstatapi

import (
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
)

type headReply struct {
	FormID     uuid.UUID `json:"form_id" description:"The first revision of the form."`
	RevisionID uuid.UUID `json:"revision_id" description:"The revision whose keys judged the answers."`
	Takers     int       `json:"takers"`
	ComputedAt time.Time `json:"computed_at"`
}

type examReply struct {
	ExamID uuid.UUID `json:"exam_id"`
	headReply
	Form     scaleReply     `json:"form" description:"The sum of both sections, of those who took both."`
	Sections []sectionReply `json:"sections"`
	Items    []itemReply    `json:"items"`

	file *web.File // instead of all that
}

// AsFile implements web.Filed.
func (r examReply) AsFile() *web.File { return r.file }

type scaleReply struct {
	Takers      int      `json:"takers"`
	Items       int      `json:"items"`
	Mean        *float64 `json:"mean" description:"Items right."`
	SD          *float64 `json:"sd" description:"Standard deviation of the sample."`
	KR20        *float64 `json:"kr20" description:"Reliability by Kuder-Richardson formula 20, which is Cronbach's alpha here."`
	SEM         *float64 `json:"sem" description:"Standard error of measurement, in items."`
	Frequencies []int    `json:"score_frequencies" description:"Takers by score, from 0."`
}

type sectionReply struct {
	Code exam.Section `json:"code" enum:"listening,reading"`
	scaleReply
	Finished      *float64        `json:"finished_percent" description:"Takers who reached the last item."`
	ThreeQuarters *float64        `json:"three_quarters_percent" description:"Takers who reached three quarters of the items."`
	NotReached    *float64        `json:"not_reached_percent" description:"Share of all responses that come after the taker's last answer."`
	Flags         []itemstat.Flag `json:"flags"`
}

type itemReply struct {
	ID             uuid.UUID       `json:"id" description:"Of the question."`
	Number         int             `json:"number"`
	Part           exam.Part       `json:"part"`
	Section        exam.Section    `json:"section" enum:"listening,reading"`
	Key            string          `json:"key" enum:"A,B,C,D"`
	Takers         int             `json:"takers"`
	P              *float64        `json:"p" description:"Difficulty: the share of right answers, 0 to 1."`
	PointBiserial  *float64        `json:"point_biserial" description:"Correlation with the score of the section."`
	Corrected      *float64        `json:"corrected_point_biserial" description:"Correlation with the score of the section without the item."`
	AlphaIfDeleted *float64        `json:"alpha_if_deleted" description:"KR-20 of the section without the item."`
	Omitted        int             `json:"omitted" description:"Blanks before an answer."`
	OmittedPercent *float64        `json:"omitted_percent"`
	NotReached     int             `json:"not_reached" description:"Blanks after the taker's last answer in the section."`
	MissedPercent  *float64        `json:"not_reached_percent"`
	MeanElapsed    *float64        `json:"mean_elapsed_ms"`
	Options        []optionReply   `json:"options"`
	Blank          optionReply     `json:"blank"`
	Fifths         []fifthReply    `json:"fifths" description:"The takers by their score of the section, the weakest fifth first. Equal scores are in the same fifth."`
	Flags          []itemstat.Flag `json:"flags" description:"too_hard (p below .20), too_easy (above .95), low_discrimination (corrected below .15), negative_discrimination, possible_wrong_key (the best fifth prefers a distractor), unused_distractor (one below 2 %), speeded (fewer than 80 % reached it), small_sample (below 100 takers)."`
}

type optionReply struct {
	Label     string   `json:"label,omitempty"`
	Chosen    int      `json:"chosen"`
	Percent   *float64 `json:"percent"`
	MeanScore *float64 `json:"mean_score" description:"Of the section, of those who chose it."`
}

type fifthReply struct {
	Fifth   int          `json:"fifth" description:"1 is the weakest."`
	Takers  int          `json:"takers"`
	Options []shareReply `json:"options"`
	Blank   shareReply   `json:"blank"`
}

type shareReply struct {
	Label   string   `json:"label,omitempty"`
	Chosen  int      `json:"chosen"`
	Percent *float64 `json:"percent"`
}

// rounded keeps four digits after the point, more than any sample is good for.
func rounded(v *float64) *float64 {
	if v == nil {
		return nil
	}
	r := math.Round(*v*1e4) / 1e4
	return &r
}

// percent turns a share into a percentage.
func percent(v *float64) *float64 {
	if v == nil {
		return nil
	}
	p := *v * 100
	return rounded(&p)
}

func percentOf(part, of int) *float64 {
	if of == 0 {
		return nil
	}
	share := float64(part) / float64(of)
	return percent(&share)
}

// listed is never null in JSON.
func listed(flags []itemstat.Flag) []itemstat.Flag { return append([]itemstat.Flag{}, flags...) }

func toHeadReply(s itemstat.Statistics) headReply {
	return headReply{FormID: s.Form, RevisionID: s.Revision, Takers: s.Takers, ComputedAt: s.ComputedAt}
}

func toExamReply(s itemstat.Statistics, asCSV bool) examReply {
	if asCSV {
		return examReply{file: toCSV(s)}
	}
	out := examReply{
		ExamID: s.Exam, headReply: toHeadReply(s), Form: toScaleReply(s.Report.Form),
		Sections: make([]sectionReply, len(s.Report.Sections)), Items: make([]itemReply, len(s.Report.Items)),
	}
	for i, section := range s.Report.Sections {
		out.Sections[i] = sectionReply{
			Code: section.Section, scaleReply: toScaleReply(section.Scale), Finished: percent(section.Finished),
			ThreeQuarters: percent(section.ThreeQuarters), NotReached: percent(section.NotReached), Flags: listed(section.Flags),
		}
	}
	for i, item := range s.Report.Items {
		out.Items[i] = toItemReply(item)
	}
	return out
}

func toScaleReply(s itemstat.Scale) scaleReply {
	return scaleReply{
		Takers: s.Takers, Items: s.Items, Mean: rounded(s.Mean), SD: rounded(s.SD), KR20: rounded(s.KR20), SEM: rounded(s.SEM),
		Frequencies: append([]int{}, s.Frequencies...),
	}
}

func toItemReply(r itemstat.ItemReport) itemReply {
	out := itemReply{
		ID: r.ID, Number: r.Number, Part: r.Part, Section: r.Section, Key: r.Key.String(), Takers: r.Takers, P: rounded(r.P),
		PointBiserial: rounded(r.PointBiserial), Corrected: rounded(r.Corrected), AlphaIfDeleted: rounded(r.AlphaIfDeleted),
		Omitted: r.Omitted, OmittedPercent: percentOf(r.Omitted, r.Takers), NotReached: r.NotReached,
		MissedPercent: percentOf(r.NotReached, r.Takers), MeanElapsed: rounded(r.MeanElapsed), Blank: toOptionReply("", r.Blank, r.Takers),
		Options: make([]optionReply, len(r.Options)), Fifths: make([]fifthReply, len(r.Fifths)), Flags: listed(r.Flags),
	}
	for i, o := range r.Options {
		out.Options[i] = toOptionReply(exam.Label(i).String(), o, r.Takers)
	}
	for i, f := range r.Fifths {
		fifth := fifthReply{Fifth: i + 1, Takers: f.Takers, Options: make([]shareReply, len(f.Chosen)), Blank: toShareReply("", f.Blank, f.Takers)}
		for o, n := range f.Chosen {
			fifth.Options[o] = toShareReply(exam.Label(o).String(), n, f.Takers)
		}
		out.Fifths[i] = fifth
	}
	return out
}

func toOptionReply(label string, o itemstat.OptionReport, takers int) optionReply {
	return optionReply{Label: label, Chosen: o.Chosen, Percent: percentOf(o.Chosen, takers), MeanScore: rounded(o.MeanScore)}
}

func toShareReply(label string, n, takers int) shareReply {
	return shareReply{Label: label, Chosen: n, Percent: percentOf(n, takers)}
}
