// Package devapi shows developers the letters that the service would send. Its route exists on development machines
// without a mail server, and nowhere else.
package devapi

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

// Letter is what the page shows of a letter.
type Letter struct {
	To      string
	Subject string
	Code    string
	At      time.Time
}

// Path is where the page is.
const Path = "/dev/mail"

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Outbox</title></head>
<body style="font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em">
<h1>Outbox</h1>
<p>No mail server is configured, so letters stay here. The files are in <code>{{.Dir}}</code>. Load the page again to see new ones.</p>
<table style="border-collapse:collapse;width:100%">
<tr style="text-align:left"><th>When (UTC)</th><th>To</th><th>Subject</th><th>Code</th></tr>
{{range .Letters}}<tr style="border-top:1px solid #ccc"><td>{{.At.UTC.Format "15:04:05"}}</td><td>{{.To}}</td><td>{{.Subject}}</td><td><code style="font-size:1.3em">{{.Code}}</code></td></tr>
{{else}}<tr><td colspan="4">There are no letters yet.</td></tr>
{{end}}</table></body></html>
`

// Routes registers the page.
func Routes(api *web.API, dir string, letters func() []Letter) {
	view := template.Must(template.New("outbox").Parse(page))
	web.Register(api, web.Endpoint[web.None, web.File]{
		Method: http.MethodGet, Path: Path, Permission: identity.Public, Class: web.Free,
		Tag: "Development", Summary: "Look into the outbox", Description: "Exists on development machines without a mail server only.",
		Handle: func(context.Context, web.Request, web.None) (web.File, error) {
			var b strings.Builder
			err := view.Execute(&b, map[string]any{"Dir": dir, "Letters": letters()})
			if err != nil {
				return web.File{}, fmt.Errorf("draw the outbox: %w", err)
			}
			return web.File{Type: "text/html; charset=utf-8", Data: []byte(b.String())}, nil
		},
	})
}
