package bootstrap

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/attemptapi"
	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/adapters/httpapi/devapi"
	"github.com/toeic-app/toeic/adapters/httpapi/examapi"
	"github.com/toeic-app/toeic/adapters/httpapi/identityapi"
	"github.com/toeic-app/toeic/adapters/httpapi/itemstatapi"
	"github.com/toeic-app/toeic/adapters/httpapi/jobapi"
	"github.com/toeic-app/toeic/adapters/httpapi/leaderboardapi"
	"github.com/toeic-app/toeic/adapters/httpapi/opsapi"
	"github.com/toeic-app/toeic/adapters/httpapi/practiceapi"
	"github.com/toeic-app/toeic/adapters/httpapi/regradeapi"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/opsapp"
)

// handler registers every route.
func (a *App) handler() (http.Handler, error) {
	api, err := a.api()
	if err != nil {
		return nil, err
	}
	return api.Handler(), nil
}

func (a *App) api() (*web.API, error) {
	c := a.core
	api, err := web.New(web.Config{
		Title: "TOEIC backend", Version: version(), Logger: a.log, Clock: c.clock, IDs: c.ids,
		Authenticate: c.identity.authenticate.Execute, Replies: c.replies, Shelf: c.remembered.replies,
		CORSOrigins: a.config.CORSOrigins, TrustedProxies: a.config.trustedProxies(),
		HSTS: a.config.BehindTLS, RequestTimeout: a.config.RequestTimeout,
		RequireFactor: a.config.requireFactor(), Rates: a.config.rates(), Limits: c.limits, SharedLimits: c.shared,
	})
	if err != nil {
		return nil, err
	}
	identityapi.Routes(api, c.identity.routes())
	examapi.Routes(api, c.exams.routes())
	examapi.PolicyRoutes(api, examapi.PolicyCases{Get: c.policies.Get, Change: c.policies.Change})
	attemptapi.Routes(api, c.attempts.routes(c.scoring))
	examapi.ConversionRoutes(api, c.scoring.conversion())
	leaderboardapi.Routes(api, c.scoring.leaderboards())
	practiceapi.Routes(api, practiceCases(c))
	jobapi.Routes(api, c.jobs.routes())
	itemstatapi.Routes(api, c.itemstat.routes())
	regradeapi.Routes(api, c.regrade.routes())
	cacheapi.Routes(api, c.caches.routes())
	opsapi.Routes(api, opsapi.UseCases{Health: a.health().Execute, Ready: a.readiness.Ready, Version: version()})
	if c.outbox != nil {
		devapi.Routes(api, a.config.outboxDir(), func() []devapi.Letter { return letters(c.outbox) })
	}
	c.api = api
	return api, api.Err()
}

// routes are the use cases of the routes of exams.
func (e examCases) routes() examapi.UseCases {
	return examapi.UseCases{List: e.list.Execute, Get: e.get.Execute, Media: e.media.Execute}
}

// routes are the use cases of the routes of attempts.
func (a attemptCases) routes(scoring scoringCases) attemptapi.UseCases {
	return scoring.results(attemptapi.UseCases{
		Start: a.start.Execute, List: a.list.Execute, Get: a.get.Execute,
		Questions: a.questions.Execute, Print: a.print.Execute, Answer: a.answerOne, Sync: a.sync.Execute, Advance: a.advance.Execute,
		Abandon: a.abandon.Execute, Submit: a.submit.Execute, Result: a.result.Execute, Former: a.former.Execute,
		Review: a.review.Execute, MediaPath: examapi.MediaPath, Conditions: a.conditions.routes(),
	})
}

// mailProbePause keeps /health, which anybody may ask, from being a way to keep the mail server busy.
const mailProbePause = 30 * time.Second

func (a *App) health() opsapp.Health {
	dependencies := []opsapp.Dependency{{Probe: a.core.store, Required: true}}
	if a.core.redis != nil {
		dependencies = append(dependencies, opsapp.Dependency{Probe: a.core.redis})
	}
	if a.core.mail != nil {
		probe := &opsapp.Seldom{Probe: a.core.mail, Clock: a.core.clock, Every: mailProbePause}
		dependencies = append(dependencies, opsapp.Dependency{Probe: probe})
	}
	return opsapp.Health{Clock: a.core.clock, Dependencies: dependencies, Failed: func(name string, err error) {
		a.log.Warn("health probe failed", zap.String("dependency", name), zap.Error(err))
	}}
}
