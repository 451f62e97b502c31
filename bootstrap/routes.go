package bootstrap

import "github.com/toeic-app/toeic/adapters/httpapi/identityapi"

// routes hands the use cases of accounts to their routes.
func (c identityCases) routes() identityapi.UseCases {
	return identityapi.UseCases{
		Account: identityapi.AccountCases{
			Profile: c.profile.Execute, ChangeProfile: c.changeProfile.Execute, ChangePassword: c.changePassword.Execute, Close: c.closeAccount.Execute,
		},
		SignIn: identityapi.SignInCases{
			Register: c.register.Execute, Verify: c.verify.Execute, Login: c.login.Execute, Refresh: c.refresh.Execute,
			Logout: c.logout.Execute, StepUp: c.stepUp.Execute,
		},
		Recovery: identityapi.RecoveryCases{
			Forgot: c.forgot.Execute, Reset: c.reset.Execute, ChangeEmail: c.changeEmail.Execute, ConfirmEmail: c.confirmEmail.Execute,
		},
		Factors: identityapi.FactorCases{
			List: c.listFactors.Execute, EnrolApp: c.enrolApp.Execute, ConfirmApp: c.confirmApp.Execute, RemoveApp: c.removeFactor.App,
			RenewCodes: c.renewCodes.Execute, PasskeyOptions: c.passkeyOptions.Registration, AddPasskey: c.addPasskey.Execute,
			RemovePasskey: c.removeFactor.Passkey, LoginOptions: c.passkeyOptions.Login, LoginWithPasskey: c.passkeyLogin.Execute,
		},
		Providers: identityapi.ProviderCases{
			Names: c.provider.Names, Begin: c.provider.Begin, Finish: c.provider.Finish, Complete: c.provider.Complete,
			Links: c.listLinks.Execute, Unlink: c.unlink.Execute,
		},
		Sessions: identityapi.SessionCases{
			List: c.listSessions.Execute, End: c.endSession.Execute, EndAny: c.manageUser.EndAnySession, EndAll: c.manageUser.EndSessions,
		},
		Tokens:  identityapi.TokenCases{List: c.listTokens.Execute, Create: c.createToken.Execute, Revoke: c.revokeToken.Execute},
		Exports: identityapi.ExportCases{Request: c.requestExport.Execute, Get: c.getExport.Execute, File: c.getExport.File},
		Users: identityapi.UserCases{
			List: c.listUsers.Execute, Get: c.getUser.Execute, Suspend: c.manageUser.Suspend, Reinstate: c.manageUser.Reinstate,
			ExpirePassword: c.manageUser.ExpirePassword, ResetFactors: c.manageUser.ResetFactors, ChangeRoles: c.manageUser.ChangeRoles,
		},
		Roles:    identityapi.RoleCases{List: c.roles.List, Define: c.roles.Define, Change: c.roles.Change, Delete: c.roles.Delete},
		Security: identityapi.SecurityCases{Audit: c.listAudit.Execute, FailedLogins: c.failures.Execute},
	}
}
