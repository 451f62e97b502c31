package integration

import "fmt"

// scoringRoutes are the rows of the matrix about scores and leaderboards.
var scoringRoutes = map[string]cell{
	"GET /api/v1/attempts/{id}/comparison":         {objects: mine(409), own: ownAttempt}, // not submitted yet
	"GET /api/v1/attempts/{id}/result/explanation": {objects: mine(409), own: ownAttempt},
	"GET /api/v1/users/me/leaderboard":             {want: 200},
	"PUT /api/v1/users/me/leaderboard":             {want: 200, body: func(*matrix, party) any { return map[string]any{"pseudonym": fmt.Sprintf("Cell %d", people.Add(1))} }},
	"DELETE /api/v1/users/me/leaderboard":          {want: 204},
	"GET /api/v1/exams/{id}/leaderboard":           {objects: map[object]int{own: 200, nobodys: 404}, own: func(m *matrix, _ party) string { return m.exam }},
	"GET /api/v1/admin/conversions":                {want: 200},
	"GET /api/v1/admin/conversions/{version}":      {objects: anybodys(200), others: func(*matrix) string { return "circulated-a-1" }},
	"POST /api/v1/admin/conversions":               {want: 201, body: func(*matrix, party) any { return newTable() }},
	"GET /api/v1/admin/exams/{id}/conversion":      {objects: anybodys(200), others: func(m *matrix) string { return m.exam }},
	"PUT /api/v1/admin/exams/{id}/conversion": {objects: anybodys(200), others: func(m *matrix) string { return m.exam }, body: func(m *matrix, _ party) any {
		t := newTable() // what is active already is no change
		m.chief.want(201, nil, "POST", "/api/v1/admin/conversions", t)
		return map[string]any{"version": t["version"], "note": "cell"}
	}},
}

// newTable is a conversion table of equal steps under a name of its own.
func newTable() map[string]any {
	column := make([]int, 101)
	for raw := range column {
		column[raw] = min(495, 5+5*raw)
	}
	return map[string]any{"version": fmt.Sprintf("table-%d", people.Add(1)), "note": "test", "listening": column, "reading": column}
}
