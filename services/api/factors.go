package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"coffer/services/auth"
)

type stepInput struct {
	Body struct {
		Ticket string `json:"ticket" maxLength:"1024" doc:"Of the answer to /auth/login."`
		Code   string `json:"code,omitempty" maxLength:"256" doc:"Six digits of the app, or a recovery code."`

		Passkey json.RawMessage `json:"passkey,omitempty" doc:"In the place of a code: the PublicKeyCredential that answers the options of /auth/login."`
	}
}

func (s *server) takeStep(ctx context.Context, in *stepInput) (*signedIn, error) {
	nonce, _ := s.Cookies.StepOf(callOf(ctx).http)
	var g auth.Grant
	var err error
	if in.Body.Passkey != nil {
		g, err = s.Keeper.TakeStepByPasskey(ctx, in.Body.Ticket, nonce, in.Body.Passkey, s.client(ctx))
	} else {
		g, err = s.Keeper.TakeStep(ctx, in.Body.Ticket, nonce, in.Body.Code, s.client(ctx))
	}
	if err != nil {
		return nil, err
	}
	return s.grant(ctx, http.StatusOK, g), nil
}

type factors struct {
	TOTP              bool       `json:"totp" doc:"Codes of an authenticator app are asked for."`
	TOTPSince         *time.Time `json:"totp_since" doc:"Null: off."`
	TOTPReadable      bool       `json:"totp_readable" doc:"False: the box has another secret key than when they were turned on, and no code of the app is right."`
	RecoveryCodesLeft int        `json:"recovery_codes_left"`
	Passkeys          []passkey  `json:"passkeys" nullable:"false" doc:"At most 10, oldest first."`
}

func (s *server) factors(ctx context.Context, _ *struct{}) (*only[factors], error) {
	f, err := s.Keeper.Factors(ctx)
	return &only[factors]{factors{
		TOTP: f.TOTP, TOTPSince: moment(f.Since), TOTPReadable: f.Readable, RecoveryCodesLeft: f.RecoveryLeft, Passkeys: passkeysOf(f),
	}}, err
}

type enrolment struct {
	Secret    string    `json:"secret" doc:"Base32, to be typed into the app."`
	URI       string    `json:"uri" doc:"The same with the name of the account." example:"otpauth://totp/Coffer:Ada@box.lan?secret=…"`
	QR        string    `json:"qr" doc:"The same as a picture: a PNG as a data: address."`
	Ticket    string    `json:"ticket" doc:"To be sent with a code of the secret. The box keeps nothing until then."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *server) beginTOTP(ctx context.Context, _ *struct{}) (*only[enrolment], error) {
	by, _ := auth.FromContext(ctx)
	host, _ := auth.HostName(callOf(ctx).http.Host)
	e, err := s.Keeper.BeginTOTP(ctx, by, host)
	if err != nil {
		return nil, err
	}
	return &only[enrolment]{enrolment{
		Secret: e.Secret, URI: e.URI, QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(e.QR),
		Ticket: e.Ticket, ExpiresAt: e.Expires.UTC(),
	}}, nil
}

type confirmInput struct {
	Body struct {
		Ticket string `json:"ticket" maxLength:"1024"`
		Code   string `json:"code" maxLength:"256" doc:"Six digits of the app."`
	}
}

type recoveryCodes struct {
	Codes []string `json:"recovery_codes" nullable:"false" doc:"Each signs in once, in the place of another factor. They are told this once; none when another factor was on before."`
}

func (s *server) confirmTOTP(ctx context.Context, in *confirmInput) (*only[recoveryCodes], error) {
	by, _ := auth.FromContext(ctx)
	codes, err := s.Keeper.ConfirmTOTP(ctx, by, in.Body.Ticket, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return &only[recoveryCodes]{told(codes)}, nil
}

func (s *server) disableTOTP(ctx context.Context, _ *struct{}) (*nothing, error) {
	by, _ := auth.FromContext(ctx)
	return nil, s.Keeper.DisableTOTP(ctx, by)
}

func (s *server) renewRecovery(ctx context.Context, _ *struct{}) (*only[recoveryCodes], error) {
	by, _ := auth.FromContext(ctx)
	codes, err := s.Keeper.RenewRecovery(ctx, by)
	if err != nil {
		return nil, err
	}
	return &only[recoveryCodes]{recoveryCodes{codes}}, nil
}
