package identityapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
)

// RecoveryCases is what the routes of lost passwords and other addresses call.
type RecoveryCases struct {
	Forgot       func(context.Context, identityapp.ForgotPasswordCommand) (identityapp.Pending, error)
	Reset        func(context.Context, identityapp.ResetPasswordCommand) error
	ChangeEmail  func(context.Context, identityapp.ChangeEmailCommand) (identityapp.Pending, error)
	ConfirmEmail func(context.Context, identityapp.ConfirmEmailCommand) (identity.User, error)
}

type forgotRequest struct {
	Email string `json:"email" validate:"required,max=254" format:"email"`
}

type resetRequest struct {
	Flow     uuid.UUID `json:"flow_id" validate:"required"`
	Code     string    `json:"code" validate:"required,max=20" description:"Six digits, sent by mail."`
	Password string    `json:"password" validate:"required,max=1024" format:"password"`
}

type changeEmailRequest struct {
	Email string `json:"email" validate:"required,max=254" format:"email" description:"The address that the account is to have."`
}

type confirmEmailRequest struct {
	Flow    uuid.UUID `json:"flow_id" validate:"required"`
	NewCode string    `json:"new_code" validate:"required,max=20" description:"Sent to the new address."`
	OldCode string    `json:"old_code" validate:"required,max=20" description:"Sent to the present address."`
}

func recoveryRoutes(api *web.API, uc RecoveryCases) {
	web.Register(api, web.Endpoint[forgotRequest, pendingReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/password/forgot", Permission: identity.Public,
		Tag: tag, Summary: "Ask for a code that allows a new password", Status: http.StatusAccepted,
		Description: "The answer is the same whether or not the address has an account.",
		Faults:      web.Faults(identity.ErrInvalidAccount),
		Handle: func(ctx context.Context, _ web.Request, in forgotRequest) (pendingReply, error) {
			p, err := uc.Forgot(ctx, identityapp.ForgotPasswordCommand{Email: in.Email})
			return toPendingReply(p), err
		},
	})
	web.Register(api, web.Endpoint[resetRequest, web.None]{
		Method: http.MethodPost, Path: "/api/v1/auth/password/reset", Permission: identity.Public,
		Tag: tag, Summary: "Set a new password with the code", Description: "Ends all sessions of the account. Second factors stay.",
		Faults: web.Faults(identity.ErrBadCode, identity.ErrInvalidAccount, identity.ErrLocked, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in resetRequest) (web.None, error) {
			return web.None{}, uc.Reset(ctx, identityapp.ResetPasswordCommand{Flow: in.Flow, Code: in.Code, Password: in.Password, Device: r.Device})
		},
	})
	web.Register(api, web.Endpoint[changeEmailRequest, pendingReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/email", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Ask for another e-mail address", Status: http.StatusAccepted,
		Description: "Sends one code to each of the two addresses. The answer is the same whether or not the new one has an account.",
		Faults:      web.Faults(identity.ErrInvalidAccount, identity.ErrUserNotFound),
		Handle: func(ctx context.Context, r web.Request, in changeEmailRequest) (pendingReply, error) {
			p, err := uc.ChangeEmail(ctx, identityapp.ChangeEmailCommand{Who: r.Actor, Email: in.Email})
			return toPendingReply(p), err
		},
	})
	web.Register(api, web.Endpoint[confirmEmailRequest, userReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/email/confirm", Permission: identity.OwnAccount,
		Tag: tag, Summary: "Confirm another e-mail address with both codes", Faults: web.Faults(identity.ErrBadCode),
		Handle: func(ctx context.Context, r web.Request, in confirmEmailRequest) (userReply, error) {
			u, err := uc.ConfirmEmail(ctx, identityapp.ConfirmEmailCommand{
				Who: r.Actor, Flow: in.Flow, NewCode: in.NewCode, OldCode: in.OldCode, Device: r.Device,
			})
			return toUserReply(u), err
		},
	})
}
