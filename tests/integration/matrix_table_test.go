package integration

import (
	"fmt"
	"maps"
)

// table holds every route. A route that it lacks fails the test.
var table = func() map[string]cell {
	all := map[string]cell{}
	for _, part := range []map[string]cell{
		publicRoutes, accountRoutes, examRoutes, attemptRoutes, adminRoutes,
		conditionRoutes,
		scoringRoutes,
		practiceRoutes,
		jobRoutes,
		reviewRoutes,
		regradeRoutes,
		cacheRoutes,
	} {
		maps.Copy(all, part)
	}
	return all
}()

// mine are the answers to a route about something of one's own: nobody else's can even be told to exist.
func mine(status int) map[object]int { return map[object]int{own: status, others: 404, nobodys: 404} }

// anybodys are the answers to an administrative route about somebody's thing.
func anybodys(status int) map[object]int { return map[object]int{others: status, nobodys: 404} }

// fixed is a body that is the same for everybody.
func fixed(fields map[string]any) func(*matrix, party) any {
	return func(*matrix, party) any { return fields }
}

var publicRoutes = map[string]cell{
	"GET /health":       {want: 200},
	"GET /dev/mail":     {want: 200},
	"GET /health/live":  {want: 200},
	"GET /health/ready": {want: 200},
	"POST /api/v1/auth/register": {want: 201, body: func(*matrix, party) any {
		return map[string]any{"email": fmt.Sprintf("cell-%d@example.com", people.Add(1)), "password": password, "display_name": "Cell"}
	}},
	"POST /api/v1/auth/verify": {want: 422, body: fixed(map[string]any{"flow_id": unknownID, "code": "123456"})},
	"POST /api/v1/auth/login": {want: 200, body: func(m *matrix, _ party) any {
		return map[string]any{"email": m.victim.User.Email, "password": password}
	}},
	"POST /api/v1/auth/refresh": {want: 401, body: fixed(map[string]any{"refresh_token": "unknown"})},
	"POST /api/v1/auth/password/forgot": {want: 202, body: func(m *matrix, _ party) any {
		return map[string]any{"email": m.victim.User.Email}
	}},
	"POST /api/v1/auth/password/reset":   {want: 422, body: fixed(map[string]any{"flow_id": unknownID, "code": "123456", "password": "another horse battery"})},
	"POST /api/v1/auth/passkeys/options": {want: 201},
	"POST /api/v1/auth/passkeys/login":   {want: 401, body: fixed(map[string]any{"flow_id": unknownID, "credential": map[string]any{}})},
	"GET /api/v1/auth/providers":         {want: 200},
	"POST /api/v1/auth/oidc/start":       {want: 404, body: fixed(map[string]any{"provider": "nosuchprovider"})},
	"POST /api/v1/auth/oidc/finish":      {want: 401, body: fixed(map[string]any{"flow_id": unknownID, "state": "s", "code": "c"})},
	"POST /api/v1/auth/oidc/complete":    {want: 401, body: fixed(map[string]any{"flow_id": unknownID, "password": password})},
}

var accountRoutes = map[string]cell{
	"POST /api/v1/auth/logout":  {want: 204, token: 409, fresh: true},
	"POST /api/v1/auth/step-up": {want: 204, token: 409, body: fixed(map[string]any{"password": password})},
	"GET /api/v1/users/me":      {want: 200},
	"PATCH /api/v1/users/me":    {want: 200, body: fixed(map[string]any{"target_score": 700})},
	"DELETE /api/v1/users/me":   {want: 204, fresh: true},
	"PUT /api/v1/users/me/password": {want: 204, token: 409, fresh: true, body: fixed(map[string]any{
		"current_password": password, "new_password": "another horse battery",
	})},
	"POST /api/v1/users/me/email": {want: 202, body: func(*matrix, party) any {
		return map[string]any{"email": fmt.Sprintf("cell-%d@example.com", people.Add(1))}
	}},
	"POST /api/v1/users/me/email/confirm":    {want: 422, body: fixed(map[string]any{"flow_id": unknownID, "new_code": "123456", "old_code": "123456"})},
	"GET /api/v1/users/me/sessions":          {want: 200},
	"DELETE /api/v1/users/me/sessions/{id}":  {objects: mine(204), own: anotherSession},
	"GET /api/v1/users/me/second-factors":    {want: 200},
	"POST /api/v1/users/me/totp":             {want: 201},
	"POST /api/v1/users/me/totp/confirm":     {want: 401, body: enrolledCode("000000")},
	"DELETE /api/v1/users/me/totp":           {want: 204, body: enrolledCode("")},
	"POST /api/v1/users/me/recovery-codes":   {want: 404},
	"POST /api/v1/users/me/passkeys/options": {want: 201},
	"POST /api/v1/users/me/passkeys": {want: 401, body: fixed(map[string]any{
		"flow_id": unknownID, "name": "key", "credential": map[string]any{},
	})},
	"DELETE /api/v1/users/me/passkeys/{id}":   {objects: anybodys(404)},
	"GET /api/v1/users/me/identities":         {want: 200},
	"DELETE /api/v1/users/me/identities/{id}": {objects: anybodys(404)},
	"POST /api/v1/users/me/exports":           {want: 202},
	"GET /api/v1/users/me/exports/{id}":       {objects: mine(200), own: ownExport, others: victimsExport},
	"GET /api/v1/users/me/exports/{id}/file":  {objects: mine(200), own: ownExport, others: victimsExport},
	"GET /api/v1/users/me/tokens":             {want: 200},
	"POST /api/v1/users/me/tokens": {want: 201, token: 409, body: fixed(map[string]any{
		"name": "cell", "scopes": []string{"sessions:read"}, "ttl_seconds": 600,
	})},
	"DELETE /api/v1/users/me/tokens/{id}": {objects: mine(204), own: ownToken, others: chiefsToken},
}

var examRoutes = map[string]cell{
	"GET /api/v1/exams":        {want: 200},
	"GET /api/v1/exams/{id}":   {objects: map[object]int{own: 200, nobodys: 404}, own: func(m *matrix, _ party) string { return m.exam }},
	"GET /api/v1/media/{hash}": {objects: map[object]int{own: 200, nobodys: 404}, own: func(m *matrix, _ party) string { return m.media }},
}

var attemptRoutes = map[string]cell{
	"POST /api/v1/attempts": {want: 201, body: func(m *matrix, p party) any {
		abandonAll(p)
		return map[string]any{"exam_id": m.exam, "mode": "practice"}
	}},
	"GET /api/v1/attempts":                {want: 200},
	"GET /api/v1/attempts/{id}":           {objects: mine(200), own: ownAttempt},
	"GET /api/v1/attempts/{id}/questions": {objects: mine(200), own: ownAttempt},
	"GET /api/v1/attempts/{id}/sync":      {objects: mine(200), own: ownAttempt},
	"PUT /api/v1/attempts/{id}/answers":   {objects: mine(200), own: ownAttempt, body: func(*matrix, party) any { return answers(answer{1, "A", 1}) }},
	"POST /api/v1/attempts/{id}/advance":  {objects: mine(409), own: ownAttempt}, // practice has no sections
	"POST /api/v1/attempts/{id}/abandon":  {objects: mine(200), own: ownAttempt},
	"POST /api/v1/attempts/{id}/submit":   {objects: mine(200), own: ownAttempt},
	"GET /api/v1/attempts/{id}/result":    {objects: mine(409), own: ownAttempt}, // not submitted yet
	"GET /api/v1/attempts/{id}/review":    {objects: mine(409), own: ownAttempt},
}

var adminRoutes = map[string]cell{
	"GET /api/v1/admin/sessions":                            {want: 200},
	"DELETE /api/v1/admin/sessions/{id}":                    {objects: anybodys(204), others: func(m *matrix) string { _, s := m.server.register(m.t); return s.SessionID }},
	"GET /api/v1/admin/tokens":                              {want: 200},
	"DELETE /api/v1/admin/tokens/{id}":                      {objects: anybodys(204), others: chiefsToken},
	"GET /api/v1/admin/users":                               {want: 200},
	"GET /api/v1/admin/users/{id}":                          {objects: anybodys(200), others: somebody},
	"POST /api/v1/admin/users/{id}/suspend":                 {objects: anybodys(200), others: somebody, body: fixed(map[string]any{"reason": "cell"})},
	"POST /api/v1/admin/users/{id}/reinstate":               {objects: anybodys(200), others: somebody},
	"POST /api/v1/admin/users/{id}/require-password-change": {objects: anybodys(200), others: somebody},
	"DELETE /api/v1/admin/users/{id}/second-factors":        {objects: anybodys(200), others: somebody},
	"DELETE /api/v1/admin/users/{id}/sessions":              {objects: anybodys(200), others: somebody},
	"PUT /api/v1/admin/users/{id}/roles":                    {objects: anybodys(200), others: somebody, body: fixed(map[string]any{"roles": []string{"teacher"}})},
	"GET /api/v1/admin/roles":                               {want: 200},
	"POST /api/v1/admin/roles": {want: 201, body: func(*matrix, party) any {
		return map[string]any{"name": fmt.Sprintf("role-%d", people.Add(1)), "permissions": []string{"sessions:read"}}
	}},
	"PUT /api/v1/admin/roles/{name}":           {objects: anybodys(200), others: newRole, body: fixed(map[string]any{"permissions": []string{"audit:read"}})},
	"DELETE /api/v1/admin/roles/{name}":        {objects: anybodys(204), others: newRole},
	"GET /api/v1/admin/audit":                  {want: 200},
	"GET /api/v1/admin/security/failed-logins": {want: 200},
}

func somebody(m *matrix) string {
	_, s := m.server.register(m.t)
	return s.User.ID
}

func newRole(m *matrix) string {
	name := fmt.Sprintf("role-%d", people.Add(1))
	m.chief.want(201, nil, "POST", "/api/v1/admin/roles", map[string]any{"name": name, "permissions": []string{"sessions:read"}})
	return name
}

func chiefsToken(m *matrix) string { return ownToken(m, m.chief) }

// ownToken makes a token on the command line and finds its identifier.
func ownToken(m *matrix, p party) string {
	m.token(p.email, "account:own")
	var got struct{ Items []struct{ ID string } }
	p.want(200, &got, "GET", "/api/v1/users/me/tokens?limit=1", nil)
	return got.Items[0].ID
}

func anotherSession(m *matrix, p party) string {
	_, s := m.server.login(m.t, p.email)
	return s.SessionID
}

// enrolledCode begins to set up an authenticator app first, where that is possible.
func enrolledCode(code string) func(*matrix, party) any {
	return func(_ *matrix, p party) any {
		p.do("POST", "/api/v1/users/me/totp", nil)
		if code == "" {
			return nil
		}
		return map[string]any{"code": code}
	}
}

// ownExport makes an export of each account once, because there is a limit, and waits until it is ready.
func ownExport(m *matrix, p party) string {
	if id, made := m.exports[p.email]; made {
		return id
	}
	var e struct{ ID, Status string }
	p.want(202, &e, "POST", "/api/v1/users/me/exports", nil)
	eventually(m.t, "the export is ready", func() bool {
		p.want(200, &e, "GET", "/api/v1/users/me/exports/"+e.ID, nil)
		return e.Status == "ready"
	})
	m.exports[p.email] = e.ID
	return e.ID
}

func victimsExport(m *matrix) string {
	return ownExport(m, party{person{t: m.t, server: m.server, token: m.victim.AccessToken}, m.victim.User.Email, learner})
}

func abandonAll(p party) {
	var open struct{ Items []attemptInfo }
	p.want(200, &open, "GET", "/api/v1/attempts?status=in_progress", nil)
	for _, a := range open.Items {
		p.want(200, nil, "POST", "/api/v1/attempts/"+a.ID+"/abandon", nil)
	}
}

func ownAttempt(_ *matrix, p party) string {
	abandonAll(p)
	return p.start("practice").ID
}
