package auth

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// Time-based codes as every authenticator app knows them (RFC 6238): a secret
// of 160 bits, HMAC-SHA-1, a new code of six digits each 30 seconds.
const (
	totpPeriod = 30 // seconds
	totpSecret = 20 // bytes
	totpDigits = 6
	// totpSkew is by how many steps the clocks of box and app may differ, either
	// way (RFC 6238, section 5.2).
	totpSkew = 1
)

// newTOTP makes a secret for who is called account.
func newTOTP(account string) (*otp.Key, error) {
	return totp.Generate(totp.GenerateOpts{Issuer: "Coffer", AccountName: account, Period: totpPeriod, SecretSize: totpSecret})
}

// sameTOTP is what newTOTP made, from the secret in it.
func sameTOTP(account, secret string) (*otp.Key, error) {
	raw, err := base32Text.DecodeString(secret)
	if err != nil {
		return nil, err
	}
	return totp.Generate(totp.GenerateOpts{Issuer: "Coffer", AccountName: account, Period: totpPeriod, Secret: raw})
}

// accountAt names the owner's account in an authenticator app, which may hold
// those of several boxes. Apps split at colons.
func accountAt(name, host string) string {
	name = strings.ReplaceAll(name, ":", " ")
	if host == "" || net.ParseIP(host) != nil && strings.Contains(host, ":") {
		return name
	}
	return name + "@" + host
}

// stepOf finds the time step whose code is given, among those that count now
// and are after the one that was accepted last. ok is false when there is none.
func stepOf(secret, code string, now time.Time, after int64) (step int64, ok bool) {
	at := now.Unix() / totpPeriod
	for step = at - totpSkew; step <= at+totpSkew; step++ {
		if step <= after || step < 0 {
			continue
		}
		good, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: totpDigits})
		if err == nil && good {
			return step, true
		}
	}
	return 0, false
}

// isTOTP reports that a code in its plain form is one of an app.
func isTOTP(plain string) bool {
	return len(plain) == totpDigits && strings.Trim(plain, "0123456789") == ""
}

// Of a QR code, in pixels and in modules; its quiet zone is that of ISO/IEC
// 18004.
const (
	qrModule = 8
	qrQuiet  = 4
)

// picture is the QR code of a secret as a PNG, with the quiet zone around it.
func picture(key *otp.Key) ([]byte, error) {
	code, err := qr.Encode(key.String(), qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	side := code.Bounds().Dx() * qrModule
	if code, err = barcode.Scale(code, side, side); err != nil {
		return nil, err
	}
	const quiet = qrQuiet * qrModule
	canvas := image.NewPaletted(image.Rect(0, 0, side+2*quiet, side+2*quiet), color.Palette{color.White, color.Black})
	draw.Draw(canvas, code.Bounds().Add(image.Pt(quiet, quiet)), code, code.Bounds().Min, draw.Src)
	var out bytes.Buffer
	err = png.Encode(&out, canvas)
	return out.Bytes(), err
}
