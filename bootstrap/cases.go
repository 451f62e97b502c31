package bootstrap

import (
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/ports"
)

// identityCases are the use cases of accounts.
type identityCases struct {
	authenticate  identityapp.Authenticate
	register      identityapp.Register
	login         identityapp.Login
	refresh       identityapp.Refresh
	logout        identityapp.Logout
	profile       identityapp.Profile
	changeProfile identityapp.ChangeProfile
	closeAccount  identityapp.CloseAccount
	listSessions  identityapp.ListSessions
	endSession    identityapp.EndSession
	createAdmin   identityapp.CreateAdmin
	createToken   identityapp.CreateToken
}

func wireIdentity(c *core, passwords ports.Passwords, access ports.AccessTokens, secrets ports.Secrets) identityCases {
	work, users := c.store.Identity(), c.store.Users()
	issuer := identityapp.Issuer{IDs: c.ids, Access: access, Secrets: secrets}
	return identityCases{
		authenticate:  identityapp.Authenticate{Clock: c.clock, Access: access, Secrets: secrets, Actors: c.store.Actors()},
		register:      identityapp.Register{Clock: c.clock, Passwords: passwords, Issuer: issuer, Work: work},
		login:         identityapp.Login{Clock: c.clock, Passwords: passwords, Issuer: issuer, Users: users, Work: work},
		refresh:       identityapp.Refresh{Clock: c.clock, Issuer: issuer, Work: work},
		logout:        identityapp.Logout{Clock: c.clock, Work: work},
		profile:       identityapp.Profile{Users: users},
		changeProfile: identityapp.ChangeProfile{Work: work},
		closeAccount:  identityapp.CloseAccount{Clock: c.clock, Work: work},
		listSessions:  identityapp.ListSessions{Clock: c.clock, Sessions: c.store.Sessions()},
		endSession:    identityapp.EndSession{Clock: c.clock, Work: work},
		createAdmin:   identityapp.CreateAdmin{Clock: c.clock, IDs: c.ids, Passwords: passwords, Users: users},
		createToken:   identityapp.CreateToken{Clock: c.clock, IDs: c.ids, Secrets: secrets, Users: users, Work: work},
	}
}

// examCases are the use cases of exams.
type examCases struct {
	list        examapp.List
	get         examapp.Get
	media       examapp.Media
	importPack  examapp.Import
	importTable examapp.ImportTable
}

func wireExams(c *core, packs ports.Packs) examCases {
	work := c.store.Publication()
	return examCases{
		list:        examapp.List{Catalogue: c.store.Catalogue()},
		get:         examapp.Get{Catalogue: c.store.Catalogue()},
		media:       examapp.Media{Files: c.store.MediaFiles()},
		importTable: examapp.ImportTable{Work: work},
		importPack: examapp.Import{Clock: c.clock, IDs: c.ids, Work: work, Validate: examapp.Validate{
			Packs: packs, Conversions: c.store.Conversions(),
		}},
	}
}

// attemptCases are the use cases of attempts.
type attemptCases struct {
	start     attemptapp.Start
	list      attemptapp.List
	get       attemptapp.Get
	questions attemptapp.Questions
	answer    attemptapp.Answer
	advance   attemptapp.Advance
	abandon   attemptapp.Abandon
	submit    attemptapp.Submit
	result    attemptapp.Result
	review    attemptapp.Review
	expire    attemptapp.Expire
	rescore   attemptapp.Rescore
}

func wireAttempts(c *core) attemptCases {
	work, reads := c.store.Attempts(), c.store.AttemptReads()
	scoring := attemptapp.Scoring{
		Clock: c.clock, Revisions: c.revisions, Conversions: c.store.Conversions(), Reads: reads, Work: work,
	}
	return attemptCases{
		start:     attemptapp.Start{Clock: c.clock, IDs: c.ids, Catalogue: c.store.Catalogue(), Work: work},
		list:      attemptapp.List{Clock: c.clock, Reads: reads},
		get:       attemptapp.Get{Clock: c.clock, Reads: reads},
		questions: attemptapp.Questions{Reads: reads, Revisions: c.revisions},
		answer:    attemptapp.Answer{Clock: c.clock, Work: work},
		advance:   attemptapp.Advance{Clock: c.clock, Work: work, Reads: reads},
		abandon:   attemptapp.Abandon{Clock: c.clock, Work: work, Reads: reads},
		submit:    attemptapp.Submit{Scoring: scoring},
		result:    attemptapp.Result{Reads: reads},
		review:    attemptapp.Review{Reads: reads, Revisions: c.revisions},
		expire:    attemptapp.Expire{Scoring: scoring},
		rescore:   attemptapp.Rescore{Scoring: scoring},
	}
}
