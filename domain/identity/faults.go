package identity

import "github.com/toeic-app/toeic/domain/fault"

// The failures of this context. None tells whether an e-mail address has an account, except ErrEmailTaken,
// which is returned only where addresses are not verified.
var (
	ErrEmailTaken     = fault.New(fault.Conflict, "account.email_taken", "An account with this e-mail address exists already.")
	ErrUserNotFound   = fault.New(fault.NotFound, "account.not_found", "There is no such account.")
	ErrInvalidAccount = fault.New(fault.Invalid, "account.invalid", "The account data breaks a rule.")
	ErrSuspended      = fault.New(fault.Forbidden, "account.suspended", "The account is suspended; ask the people who run the service.")
	ErrClosed         = fault.New(fault.Forbidden, "account.closed", "The account was closed and will be erased; log in with reopen to keep it.")
	ErrMustChange     = fault.New(fault.Forbidden, "account.password_change_required", "The password must be changed; log in with new_password.")
	ErrLastAdmin      = fault.New(fault.Conflict, "account.last_admin", "This is the last administrator; appoint another one first.")
	ErrEscalation     = fault.New(fault.Forbidden, "role.escalation", "Nobody can hand on a permission that they do not have.")
	ErrInvalidRole    = fault.New(fault.Invalid, "role.invalid", "The role breaks a rule.")
	ErrRoleNotFound   = fault.New(fault.NotFound, "role.not_found", "There is no such role.")
	ErrRoleExists     = fault.New(fault.Conflict, "role.exists", "A role of this name exists already.")
	ErrRoleInUse      = fault.New(fault.Conflict, "role.in_use", "Accounts still have this role.")

	ErrBadCredentials  = fault.New(fault.Unauthenticated, "auth.bad_credentials", "The e-mail address or the password is wrong.")
	ErrUnauthenticated = fault.New(fault.Unauthenticated, "auth.required", "A valid access token is required.")
	ErrTokenExpired    = fault.New(fault.Unauthenticated, "auth.token_expired", "The access token has expired.")
	ErrSessionEnded    = fault.New(fault.Unauthenticated, "auth.session_ended", "The session has ended; log in again.")
	ErrForbidden       = fault.New(fault.Forbidden, "auth.forbidden", "This account may not do that.")
	ErrFactorRequired  = fault.New(fault.Forbidden, "auth.second_factor_required", "This needs a session that was opened with a second factor.")
	ErrStepUpRequired  = fault.New(fault.Forbidden, "auth.step_up_required", "This needs a fresh proof of who you are; prove it again, then repeat the request.")
	ErrCodeAsked       = fault.New(fault.Unauthenticated, "auth.mfa_required", "A code of the second factor is required.")
	ErrBadFactor       = fault.New(fault.Unauthenticated, "auth.bad_mfa_code", "The code of the second factor is wrong or was used already.")
	ErrLocked          = fault.New(fault.TooMany, "auth.locked", "Too many failed log-ins; wait a little.")
	ErrBadCode         = fault.New(fault.Invalid, "auth.bad_code", "The code is wrong, was used, or is too old.")
	ErrNoSession       = fault.New(fault.Conflict, "auth.no_session", "An API token has no session; it can be revoked, and that is all.")
	ErrBusy            = fault.New(fault.Unavailable, "auth.busy", "Too many log-ins at once; try again in a moment.")

	ErrSessionNotFound = fault.New(fault.NotFound, "session.not_found", "There is no such session.")
	ErrTokenNotFound   = fault.New(fault.NotFound, "token.not_found", "There is no such API token.")
	ErrInvalidToken    = fault.New(fault.Invalid, "token.invalid", "The token request breaks a rule.")
	ErrExportNotFound  = fault.New(fault.NotFound, "export.not_found", "There is no such export.")
	ErrTooManyExports  = fault.New(fault.TooMany, "export.too_many", "Too many exports; wait a little.")
	ErrExportNotReady  = fault.New(fault.Conflict, "export.not_ready", "The export is not ready.")

	ErrInvalidFactor   = fault.New(fault.Invalid, "factor.invalid", "The second factor breaks a rule.")
	ErrFactorExists    = fault.New(fault.Conflict, "factor.exists", "An authenticator app is set up already; remove it first.")
	ErrFactorNotFound  = fault.New(fault.NotFound, "factor.not_found", "There is no such second factor.")
	ErrTooManyPasskeys = fault.New(fault.Conflict, "passkey.too_many", "An account can have at most 20 passkeys.")
	ErrPasskeyKnown    = fault.New(fault.Conflict, "passkey.known", "This passkey is registered already.")
	ErrPasskeyRefused  = fault.New(fault.Unauthenticated, "passkey.refused", "The passkey's answer is not good.")
	ErrPasskeysOff     = fault.New(fault.NotFound, "passkey.off", "Passkeys are not configured here.")

	ErrProviderUnknown = fault.New(fault.NotFound, "oidc.unknown_provider", "There is no such sign-in provider.")
	ErrProviderDown    = fault.New(fault.Unavailable, "oidc.unavailable", "The sign-in provider does not answer; try again shortly.")
	ErrProviderRefused = fault.New(fault.Unauthenticated, "oidc.refused", "The sign-in with the provider failed; start again.")
	ErrUnverified      = fault.New(fault.Forbidden, "oidc.unverified_email", "The provider does not vouch for an e-mail address.")
	ErrLinkRequired    = fault.New(fault.Conflict, "oidc.link_required", "An account with this address exists; prove that it is yours to link it.")
	ErrLinkTaken       = fault.New(fault.Conflict, "oidc.linked_elsewhere", "This person at the provider is linked to an account already.")
	ErrLinkNotFound    = fault.New(fault.NotFound, "oidc.link_not_found", "There is no such link.")
	ErrOnlyWayIn       = fault.New(fault.Conflict, "auth.only_way_in", "This is the only way to sign in; set a password first.")
)
