package integration

var practiceRoutes = map[string]cell{
	"POST /api/v1/practice/sets":               {want: 201, body: func(_ *matrix, p party) any { abandonAll(p); return wantedSet(3, "final") }},
	"GET /api/v1/practice/sets":                {want: 200},
	"GET /api/v1/practice/sets/{id}":           {objects: mine(200), own: ownSet, others: victimsSet},
	"GET /api/v1/practice/sets/{id}/questions": {objects: mine(200), own: ownSet, others: victimsSet},
	"PUT /api/v1/practice/sets/{id}/answers": {
		objects: mine(200), own: ownSet, others: victimsSet, body: func(*matrix, party) any { return answers(answer{1, "A", 1}) },
	},
	"POST /api/v1/practice/sets/{id}/finish": {objects: mine(200), own: ownSet, others: victimsSet},
	"GET /api/v1/practice/sets/{id}/review":  {objects: mine(409), own: ownSet, others: victimsSet}, // not finished yet
	"GET /api/v1/practice/wrong-book":        {want: 200},
	"GET /api/v1/practice/progress":          {want: 200},
}

// wantedSet asks for a set.
func wantedSet(count int, feedback string, more ...any) map[string]any {
	body := map[string]any{"count": count, "feedback": feedback}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1] //nolint:forcetypeassert // a test writes names there
	}
	return body
}

func ownSet(_ *matrix, p party) string {
	abandonAll(p) // an attempt in exam mode would leave nothing to practise
	return p.draw(3, "final").ID
}

// victimsSet is a set of somebody else's.
func victimsSet(m *matrix) string {
	p, _ := m.server.register(m.t)
	return p.draw(3, "final").ID
}
