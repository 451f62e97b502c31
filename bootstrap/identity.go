package bootstrap

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/password"
	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/application/leaderboardapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// identityCases are the use cases of accounts.
type identityCases struct {
	authenticate   identityapp.Authenticate
	register       identityapp.Register
	verify         identityapp.Verify
	login          identityapp.Login
	refresh        identityapp.Refresh
	logout         identityapp.Logout
	stepUp         identityapp.StepUp
	forgot         identityapp.ForgotPassword
	reset          identityapp.ResetPassword
	changePassword identityapp.ChangePassword
	changeEmail    identityapp.ChangeEmail
	confirmEmail   identityapp.ConfirmEmail
	profile        identityapp.Profile
	changeProfile  identityapp.ChangeProfile
	closeAccount   identityapp.CloseAccount
	listSessions   identityapp.ListSessions
	endSession     identityapp.EndSession

	listFactors    identityapp.ListFactors
	enrolApp       identityapp.EnrolApp
	confirmApp     identityapp.ConfirmApp
	removeFactor   identityapp.RemoveFactor
	renewCodes     identityapp.RenewRecoveryCodes
	passkeyOptions identityapp.PasskeyOptions
	addPasskey     identityapp.AddPasskey
	passkeyLogin   identityapp.PasskeyLogin
	provider       identityapp.ProviderLogin
	listLinks      identityapp.ListLinks
	unlink         identityapp.Unlink

	requestExport identityapp.RequestExport
	getExport     identityapp.GetExport
	jobs          jobapp.Work

	listTokens  identityapp.ListTokens
	createToken identityapp.CreateToken
	revokeToken identityapp.RevokeToken
	createAdmin identityapp.CreateAdmin
	listUsers   identityapp.ListUsers
	getUser     identityapp.GetUser
	manageUser  identityapp.ManageUser
	roles       identityapp.Roles
	listAudit   identityapp.ListAudit
	verifyAudit identityapp.VerifyAudit
	failures    identityapp.FailedLogins
	keys        identityapp.Keys
	recorder    identityapp.Recorder
}

// identityTools are what the use cases of accounts are made of.
type identityTools struct {
	work      ports.UnitOfWork[ports.IdentityRepos]
	users     ports.Users
	secrets   token.Secrets
	codes     *token.Codes
	access    *token.Access
	auditKey  *token.AuditKey
	sealer    ports.Sealer
	limits    ports.Limits // across all processes
	passwords ports.Passwords
	app       ports.Authenticator
	passkeys  ports.Passkeys // nil where they are not configured
	providers ports.Providers
	mailer    ports.Mailer
}

// alarm logs a failed proof of identity. The manual's commands search for exactly these words.
func (c *core) alarm(f identity.LoginFailure) {
	fields := []zap.Field{zap.String(clientAddress, f.IP), zap.String("reason", string(f.Reason))}
	if f.UserID != nil {
		fields = append(fields, zap.Stringer("user", f.UserID))
	}
	c.log.Warn(authenticationFailed, fields...)
}

func wireIdentity(c *core, t identityTools) identityCases {
	gate := identityapp.Gate{
		Clock: c.clock, IDs: c.ids, Guards: c.store.Guards(), Secrets: t.secrets, Limits: t.limits,
		PerAddress: ports.Limit{Burst: c.config.RateLimitFailures, Window: identityapp.AddressLimit().Window}, Alarm: c.alarm,
	}
	issuer := identityapp.Issuer{IDs: c.ids, Access: t.access, Secrets: t.secrets}
	rules := identityapp.PasswordRules{Passwords: t.passwords, Common: password.Common{}}
	post := identityapp.Post{Clock: c.clock, IDs: c.ids, Sealer: t.sealer}
	flows := identityapp.Flows{Clock: c.clock, IDs: c.ids, Codes: t.codes, Secrets: t.secrets, Sealer: t.sealer, Work: t.work}
	recorder := identityapp.Recorder{Clock: c.clock, Key: t.auditKey}
	codes := identityapp.FactorCodes{Clock: c.clock, Factors: c.store.Factors(), App: t.app, Codes: t.codes, Sealer: t.sealer}
	factors := identityapp.FactorWork{Clock: c.clock, Codes: t.codes, Users: t.users, Post: post, Work: t.work}
	byPasskey := identityapp.PasskeyLogin{
		Clock: c.clock, Passkeys: t.passkeys, Users: t.users, Factors: c.store.Factors(), Flows: flows, Gate: gate, Issuer: issuer, Work: t.work,
	}
	return identityCases{
		authenticate: identityapp.Authenticate{
			Clock: c.clock, Access: t.access, Secrets: t.secrets, Actors: c.remembered.actors, Tokens: cache.Tokens(c.store.APITokens()),
			Failed: func(err error) { c.log.Error("noting the use of a token failed", zap.Error(err)) },
		},
		register: identityapp.Register{
			Clock: c.clock, Rules: rules, Issuer: issuer, Flows: flows, Post: post, Limits: t.limits, Verify: c.config.verifyAccounts(), Work: t.work,
		},
		verify:         identityapp.Verify{Clock: c.clock, Flows: flows, Gate: gate, Issuer: issuer, Work: t.work},
		login:          identityapp.Login{Clock: c.clock, Users: t.users, Gate: gate, Rules: rules, Codes: codes, Issuer: issuer, Post: post, Work: t.work},
		refresh:        identityapp.Refresh{Clock: c.clock, Issuer: issuer, Gate: gate, Work: t.work},
		logout:         identityapp.Logout{Clock: c.clock, Work: t.work},
		stepUp:         identityapp.StepUp{Clock: c.clock, Users: t.users, Gate: gate, Passwords: t.passwords, Codes: codes, Passkeys: byPasskey, Work: t.work},
		forgot:         identityapp.ForgotPassword{Flows: flows, Post: post, Limits: t.limits, Work: t.work},
		reset:          identityapp.ResetPassword{Users: t.users, Flows: flows, Gate: gate, Rules: rules, Post: post, Work: t.work},
		changePassword: identityapp.ChangePassword{Clock: c.clock, Users: t.users, Gate: gate, Rules: rules, Post: post, Work: t.work},
		changeEmail:    identityapp.ChangeEmail{Flows: flows, Post: post, Limits: t.limits, Work: t.work},
		confirmEmail:   identityapp.ConfirmEmail{Flows: flows, Gate: gate, Post: post, Work: t.work},
		profile:        identityapp.Profile{Users: c.remembered.profiles},
		changeProfile:  identityapp.ChangeProfile{Work: t.work},
		closeAccount:   identityapp.CloseAccount{Clock: c.clock, IDs: c.ids, Post: post, Work: t.work},
		listSessions:   identityapp.ListSessions{Clock: c.clock, Sessions: c.store.Sessions()},
		endSession:     identityapp.EndSession{Clock: c.clock, Work: t.work},

		listFactors:    identityapp.ListFactors{Factors: c.store.Factors()},
		enrolApp:       identityapp.EnrolApp{Clock: c.clock, IDs: c.ids, Users: t.users, App: t.app, Sealer: t.sealer, Work: t.work},
		confirmApp:     identityapp.ConfirmApp{FactorWork: factors, Checks: codes},
		removeFactor:   identityapp.RemoveFactor{FactorWork: factors},
		renewCodes:     identityapp.RenewRecoveryCodes{FactorWork: factors},
		passkeyOptions: identityapp.PasskeyOptions{Passkeys: t.passkeys, Users: t.users, Factors: c.store.Factors(), Flows: flows},
		addPasskey:     identityapp.AddPasskey{FactorWork: factors, IDs: c.ids, Passkeys: t.passkeys, Flows: flows},
		passkeyLogin:   byPasskey,
		provider: identityapp.ProviderLogin{
			Clock: c.clock, IDs: c.ids, Providers: t.providers, Users: t.users, Links: c.store.Links(), Flows: flows, Gate: gate,
			Passwords: t.passwords, Codes: codes, Issuer: issuer, Post: post, Work: t.work,
		},
		listLinks: identityapp.ListLinks{Links: c.store.Links()},
		unlink:    identityapp.Unlink{Users: t.users, Work: t.work},

		requestExport: identityapp.RequestExport{Clock: c.clock, IDs: c.ids, Limits: t.limits, Work: t.work},
		getExport:     identityapp.GetExport{Clock: c.clock, Exports: c.store.Exports()},
		jobs:          wireJobs(c, t, post, recorder),

		listTokens:  identityapp.ListTokens{Tokens: c.store.APITokens()},
		createToken: identityapp.CreateToken{Clock: c.clock, IDs: c.ids, Secrets: t.secrets, Users: t.users, Recorder: recorder, Work: t.work},
		revokeToken: identityapp.RevokeToken{Clock: c.clock, Recorder: recorder, Work: t.work},
		createAdmin: identityapp.CreateAdmin{Clock: c.clock, IDs: c.ids, Rules: rules, Recorder: recorder, Work: t.work},
		listUsers:   identityapp.ListUsers{Users: c.store.UserList()},
		getUser:     identityapp.GetUser{Users: t.users, Factors: c.store.Factors()},
		manageUser:  identityapp.ManageUser{Clock: c.clock, Recorder: recorder, Post: post, Work: t.work},
		roles:       identityapp.Roles{Clock: c.clock, Defined: c.store.RoleDefinitions(), Recorder: recorder, Work: t.work},
		listAudit:   identityapp.ListAudit{Log: c.store.AuditReader()},
		verifyAudit: identityapp.VerifyAudit{Log: c.store.AuditReader(), Key: t.auditKey},
		failures:    identityapp.FailedLogins{Clock: c.clock, Failures: c.store.LoginFailures(), Users: t.users},
		keys: identityapp.Keys{
			Clock: c.clock, Stored: c.store.Keys(), Sealer: t.sealer, Secrets: t.secrets, Ring: t.access, Hashes: map[ports.KeyPurpose]identityapp.KeyHolder{ports.AuditMAC: t.auditKey, ports.CodeMAC: t.codes}, Recorder: recorder, Work: t.work,
		},
		recorder: recorder,
	}
}

// wireJobs says who does which job.
func wireJobs(c *core, t identityTools, post identityapp.Post, recorder identityapp.Recorder) jobapp.Work {
	attempts := attemptapp.Export{Reads: c.store.AttemptReads(), Sight: c.sight()}
	parts := append(identityapp.AccountParts(t.users, c.store.Sessions(), c.store.Factors(), c.store.Links(), c.store.APITokens()),
		identityapp.ExportPart{Name: "attempts", Read: attempts.Execute},
		identityapp.ExportPart{Name: "accommodations", Read: attemptapp.ExportAccommodations{Stored: c.store.Accommodations()}.Execute},
		identityapp.ExportPart{Name: "leaderboard", Read: leaderboardapp.Export{Pseudonyms: c.store.Pseudonyms()}.Execute},
		exportPractice(c),
	)
	export := identityapp.MakeExport{Clock: c.clock, Exports: c.store.Exports(), Users: t.users, Parts: parts, Post: post, Work: t.work}
	erase := identityapp.EraseAccount{Clock: c.clock, Recorder: recorder, Work: t.work}
	letter := identityapp.DeliverLetter{Clock: c.clock, Sealer: t.sealer, Mailer: t.mailer}
	return jobapp.Work{
		Clock: c.clock, Queue: c.store.Queue(),
		Handlers: map[job.Kind]jobapp.Handler{
			job.SendLetter: letter.Execute, job.ExportData: export.Execute, job.EraseAccount: erase.Execute,
			job.CountAttempt: countAttempts(c).Execute, job.ItemStatistics: computeStatistics(c).Do,
		},
		Failed: func(j job.Job, err error, buried bool) {
			log := c.log.Warn
			if buried {
				log = c.log.Error
			}
			log("a job failed", zap.String("kind", string(j.Kind)), zap.Stringer("job", j.ID), zap.Int("try", j.Tries), zap.Bool("given_up", buried), zap.Error(err))
		},
	}
}

// noMail is where letters go when there is no mail system: nowhere, and the log says so.
type noMail struct{}

var errNoMail = errors.New("no mail server is configured; set SMTP_URL")

// Send implements ports.Mailer.
func (noMail) Send(context.Context, identity.Letter) error {
	return ports.ErrUndeliverable.Because(errNoMail)
}
