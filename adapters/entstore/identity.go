package entstore

import (
	"github.com/toeic-app/toeic/ports"
)

// Identity runs units of work on accounts.
func (s *Store) Identity() ports.UnitOfWork[ports.IdentityRepos] {
	return unit[ports.IdentityRepos]{store: s, bind: func(tx session) ports.IdentityRepos {
		c := tx.Client()
		return ports.IdentityRepos{
			Users:         users{c},
			Sessions:      sessions{c},
			RefreshTokens: refreshTokens{c.RefreshToken},
			APITokens:     apiTokens{c},
			Flows:         flows{c.AccountFlow},
			Factors:       factors{c},
			Sealed:        factors{c},
			Recovery:      recoveryCodes{c.RecoveryCode},
			Links:         links{c.ExternalIdentity},
			Guards:        guards{c, tx.dialect},
			Roles:         roleDefinitions{c},
			Holders:       holders{c, tx.dialect},
			Exports:       exports{c.AccountExport},
			Erasures:      erasures{c},
			Keys:          keys{c, tx.dialect},
			Jobs:          tx.jobs(),
			Audit:         auditLog{c, tx.dialect},
		}
	}}
}

// Users reads and writes single accounts outside a unit of work.
func (s *Store) Users() ports.Users { return users{s.client} }

// UserList lists accounts.
func (s *Store) UserList() ports.UserList { return users{s.client} }

// Sessions lists sessions.
func (s *Store) Sessions() ports.SessionList { return sessions{s.client} }

// APITokens lists API tokens.
func (s *Store) APITokens() ports.APITokenList { return apiTokens{s.client} }

// Actors tells who stands behind a credential.
func (s *Store) Actors() ports.Actors { return actors{s.client} }

// Factors reads second factors outside a unit of work.
func (s *Store) Factors() ports.Factors { return factors{s.client} }

// Links reads the links to providers outside a unit of work.
func (s *Store) Links() ports.Links { return links{s.client.ExternalIdentity} }

// Guards counts failed log-ins. Each call is stored by itself.
func (s *Store) Guards() ports.Guards { return guardsAlone{s} }

// LoginFailures reads failed log-ins.
func (s *Store) LoginFailures() ports.LoginFailures { return loginFailures{s.client.LoginFailure} }

// Exports reads and fills copies of accounts' data.
func (s *Store) Exports() ports.Exports { return exports{s.client.AccountExport} }

// RoleDefinitions reads the roles that administrators defined.
func (s *Store) RoleDefinitions() ports.RoleDefinitions { return roleDefinitions{s.client} }

// Keys reads the keys of the program.
func (s *Store) Keys() ports.Keys { return keys{s.client, s.dialect} }

// Queue hands out jobs.
func (s *Store) Queue() ports.JobQueue { return queue{s} }

// AuditReader reads the chain of administrative changes.
func (s *Store) AuditReader() ports.AuditReader { return auditReader{s.client} }

// Housekeeping removes what nobody can use any more.
func (s *Store) Housekeeping() ports.Housekeeping { return housekeeping{s.client} }
