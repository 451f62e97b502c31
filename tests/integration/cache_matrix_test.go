package integration

import "strings"

// cacheRoutes are the rows of the matrix about caches.
var cacheRoutes = map[string]cell{
	"GET /api/v1/admin/cache/stats":          {want: 200},
	"GET /api/v1/admin/cache/advanced-stats": {want: 200},
	"GET /api/v1/admin/cache/health":         {want: 200},
	"GET /api/v1/admin/cache/advice":         {want: 200},
	"GET /api/v1/admin/cache/ttls":           {want: 200},
	"PUT /api/v1/admin/cache/ttls":           {want: 200, body: fixed(map[string]any{"pattern": "users:*", "ttl_seconds": 60})},
	"DELETE /api/v1/admin/cache/ttls":        {want: 200, query: "?pattern=users:*"},
	"DELETE /api/v1/admin/cache":             {want: 200, query: "?pattern=leaderboards:*"},
	"POST /api/v1/admin/cache/warm":          {want: 200, changes: says(`"begun":true`)},
	"GET /api/v1/admin/cache/warm/{id}":      {objects: anybodys(200), others: cacheRun},
	// A run that has ended is not cancelled.
	"DELETE /api/v1/admin/cache/warm/{id}": {objects: anybodys(200), others: cacheRun, changes: func(reply string) bool { return !says(`"state":"done"`)(reply) }},
}

// says reports whether a reply has a text.
func says(text string) func(reply string) bool {
	return func(reply string) bool { return strings.Contains(reply, text) }
}

// cacheRun begins a run and returns its identifier.
func cacheRun(m *matrix) string {
	var run struct{ ID string }
	m.chief.want(200, &run, "POST", "/api/v1/admin/cache/warm", nil)
	return run.ID
}
