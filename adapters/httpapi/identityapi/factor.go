package identityapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
)

// FactorCases is what the routes of second factors call.
type FactorCases struct {
	List             func(ctx context.Context, user uuid.UUID) (identity.Factors, error)
	EnrolApp         func(ctx context.Context, who identity.Actor) (identityapp.Enrolment, error)
	ConfirmApp       func(ctx context.Context, who identity.Actor, code string) (identityapp.Secured, error)
	RemoveApp        func(ctx context.Context, who identity.Actor) error
	RenewCodes       func(ctx context.Context, who identity.Actor) (identityapp.Secured, error)
	PasskeyOptions   func(ctx context.Context, who identity.Actor) (identityapp.Ceremony, error)
	AddPasskey       func(ctx context.Context, who identity.Actor, name string, answer identityapp.PasskeyAnswer) (identity.Passkey, identityapp.Secured, error)
	RemovePasskey    func(ctx context.Context, who identity.Actor, id uuid.UUID) error
	LoginOptions     func(ctx context.Context) (identityapp.Ceremony, error)
	LoginWithPasskey func(ctx context.Context, answer identityapp.PasskeyAnswer, d identity.Device) (identityapp.SignedIn, error)
}

type passkeyReply struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

func toPasskeyReply(k identity.Passkey) passkeyReply {
	return passkeyReply{ID: k.ID, Name: k.Name, CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsedAt}
}

type factorsReply struct {
	App           bool           `json:"totp" description:"Whether an authenticator app is set up."`
	Passkeys      []passkeyReply `json:"passkeys"`
	RecoveryCodes int            `json:"recovery_codes_left"`
}

func toFactorsReply(f identity.Factors) factorsReply {
	out := factorsReply{App: f.TOTP.Confirmed(), Passkeys: make([]passkeyReply, len(f.Passkeys)), RecoveryCodes: f.RecoveryCodes}
	for i, k := range f.Passkeys {
		out.Passkeys[i] = toPasskeyReply(k)
	}
	return out
}

type enrolmentReply struct {
	Secret  string `json:"secret" description:"Base32, to type into an authenticator app."`
	Address string `json:"otpauth_uri" description:"The same for a QR code."`
}

type securedReply struct {
	RecoveryCodes []string `json:"recovery_codes" description:"Shown once; each stands in once for a lost second factor. Empty when there are some already."`
}

func toSecuredReply(s identityapp.Secured) securedReply {
	return securedReply{RecoveryCodes: append([]string{}, s.RecoveryCodes...)}
}

type codeRequest struct {
	Code string `json:"code" validate:"required,max=20" description:"Six digits that the authenticator app shows."`
}

func factorRoutes(api *web.API, uc FactorCases) {
	web.Register(api, web.Endpoint[web.None, factorsReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me/second-factors", Permission: identity.OwnAccount,
		Tag: tag, Summary: "List one's own second factors",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (factorsReply, error) {
			f, err := uc.List(ctx, r.Actor.UserID)
			return toFactorsReply(f), err
		},
	})
	web.Register(api, web.Endpoint[web.None, enrolmentReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/totp", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Begin to set up an authenticator app", Description: "It counts once a code of it was confirmed.", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrFactorExists),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (enrolmentReply, error) {
			e, err := uc.EnrolApp(ctx, r.Actor)
			return enrolmentReply{Secret: e.Secret, Address: e.Address}, err
		},
	})
	web.Register(api, web.Endpoint[codeRequest, securedReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/totp/confirm", Permission: identity.OwnAccount, Fresh: true, Class: web.SignIn,
		Tag: tag, Summary: "Confirm an authenticator app by a code",
		Faults: web.Faults(identity.ErrFactorNotFound, identity.ErrFactorExists, identity.ErrBadFactor),
		Handle: func(ctx context.Context, r web.Request, in codeRequest) (securedReply, error) {
			s, err := uc.ConfirmApp(ctx, r.Actor, in.Code)
			return toSecuredReply(s), err
		},
	})
	web.Register(api, web.Endpoint[web.None, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/totp", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Remove the authenticator app", Description: "With the last second factor the recovery codes go too.",
		Faults: web.Faults(identity.ErrFactorNotFound),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (web.None, error) {
			return web.None{}, uc.RemoveApp(ctx, r.Actor)
		},
	})
	web.Register(api, web.Endpoint[web.None, securedReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/recovery-codes", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Make new recovery codes", Description: "The old ones stop working.", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrFactorNotFound),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (securedReply, error) {
			s, err := uc.RenewCodes(ctx, r.Actor)
			return toSecuredReply(s), err
		},
	})
}

type ceremonyReply struct {
	pendingReply
	Options json.RawMessage `json:"options" description:"For navigator.credentials, as PublicKeyCredential.parse…OptionsFromJSON takes it."`
}

func toCeremonyReply(c identityapp.Ceremony) ceremonyReply {
	return ceremonyReply{pendingReply: toPendingReply(c.Pending), Options: c.Options}
}

type addPasskeyRequest struct {
	Flow       uuid.UUID       `json:"flow_id" validate:"required"`
	Name       string          `json:"name" validate:"required,max=60" description:"How its owner calls it."`
	Credential json.RawMessage `json:"credential" validate:"required" description:"What credential.toJSON() gives."`
}

type addedPasskeyReply struct {
	Passkey passkeyReply `json:"passkey"`
	securedReply
}

type passkeyLoginRequest struct {
	Flow       uuid.UUID       `json:"flow_id" validate:"required"`
	Credential json.RawMessage `json:"credential" validate:"required" description:"What credential.toJSON() gives."`
}

type passkeyPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

func passkeyRoutes(api *web.API, uc FactorCases) {
	web.Register(api, web.Endpoint[web.None, ceremonyReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/passkeys/options", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Begin to add a passkey", Status: http.StatusCreated, Faults: web.Faults(identity.ErrTooManyPasskeys, identity.ErrPasskeysOff),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (ceremonyReply, error) {
			c, err := uc.PasskeyOptions(ctx, r.Actor)
			return toCeremonyReply(c), err
		},
	})
	web.Register(api, web.Endpoint[addPasskeyRequest, addedPasskeyReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/passkeys", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Add a passkey", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrPasskeyRefused, identity.ErrPasskeyKnown, identity.ErrInvalidFactor, identity.ErrPasskeysOff),
		Handle: func(ctx context.Context, r web.Request, in addPasskeyRequest) (addedPasskeyReply, error) {
			k, s, err := uc.AddPasskey(ctx, r.Actor, in.Name, identityapp.PasskeyAnswer{Flow: in.Flow, Credential: in.Credential})
			return addedPasskeyReply{Passkey: toPasskeyReply(k), securedReply: toSecuredReply(s)}, err
		},
	})
	web.Register(api, web.Endpoint[passkeyPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/passkeys/{id}", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Remove a passkey", Faults: web.Faults(identity.ErrFactorNotFound),
		Handle: func(ctx context.Context, r web.Request, in passkeyPath) (web.None, error) {
			return web.None{}, uc.RemovePasskey(ctx, r.Actor, in.ID)
		},
	})
	web.Register(api, web.Endpoint[web.None, ceremonyReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/passkeys/options", Permission: identity.Public,
		Tag: tag, Summary: "Begin to log in with a passkey", Status: http.StatusCreated, Faults: web.Faults(identity.ErrPasskeysOff),
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (ceremonyReply, error) {
			c, err := uc.LoginOptions(ctx)
			return toCeremonyReply(c), err
		},
	})
	web.Register(api, web.Endpoint[passkeyLoginRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/passkeys/login", Permission: identity.Public,
		Tag: tag, Summary: "Log in with a passkey", Description: "A passkey is both factors in one.",
		Faults: web.Faults(identity.ErrPasskeyRefused, identity.ErrLocked, identity.ErrSuspended, identity.ErrClosed, identity.ErrPasskeysOff),
		Handle: func(ctx context.Context, r web.Request, in passkeyLoginRequest) (sessionReply, error) {
			s, err := uc.LoginWithPasskey(ctx, identityapp.PasskeyAnswer{Flow: in.Flow, Credential: in.Credential}, r.Device)
			return toSessionReply(s), err
		},
	})
}
