package certs

import "fmt"

// Code tells kinds of faults apart, for those who have words of their own.
type Code string

// The kinds of faults.
const (
	NoCertificate Code = "no-certificate"
	NoKey         Code = "no-key"
	TooLarge      Code = "too-large"
	Form          Code = "form"
	Unreadable    Code = "unreadable"
	KeyEncrypted  Code = "key-encrypted"
	KeyKind       Code = "key-kind"
	KeySize       Code = "key-size"
	Signature     Code = "signature"
	Mismatch      Code = "mismatch"
	Order         Code = "order"
	Chain         Code = "chain"
	NoNames       Code = "no-names"
	Usage         Code = "usage"
	Early         Code = "early"
	Expired       Code = "expired"
	Missing       Code = "missing" // of ReadFolder
)

// Codes is all of them.
func Codes() []Code {
	return []Code{
		NoCertificate, NoKey, TooLarge, Form, Unreadable, KeyEncrypted, KeyKind, KeySize,
		Signature, Mismatch, Order, Chain, NoNames, Usage, Early, Expired, Missing,
	}
}

// Part is one of the two texts of a pair.
type Part string

// The parts.
const (
	OfCertificate Part = "certificate"
	OfKey         Part = "key"
)

// Fault is why a pair is not used.
type Fault struct {
	Code   Code
	Part   Part // which text has to be another one; empty: neither is at fault
	What   string
	Remedy string
}

func (f *Fault) Error() string { return f.What + ". " + f.Remedy }

func faultf(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Part: part(code), What: fmt.Sprintf(format, args...), Remedy: remedy(code)}
}

// part is the text that a fault is found in, but for those of reading a key.
func part(c Code) Part {
	switch c {
	case NoKey, KeyEncrypted, KeyKind, KeySize, Mismatch:
		return OfKey
	case Missing:
		return ""
	}
	return OfCertificate
}

func remedy(c Code) string {
	switch c {
	case NoCertificate:
		return "Give the certificate with its chain, usually fullchain.pem."
	case NoKey:
		return "Give the certificate's private key, usually privkey.pem."
	case TooLarge:
		return "Give the certificate and the intermediate ones that lead to its authority, and nothing else."
	case Form:
		return "Give PEM text. From DER: openssl x509 -inform der -in CERT -out cert.pem. " +
			"From PKCS #12: openssl pkcs12 -in FILE -nokeys -out cert.pem, and with -nocerts -nodes -out key.pem."
	case Unreadable:
		return "Copy the file again, in full and as it is."
	case KeyEncrypted:
		return "Take the passphrase off and keep the file to yourself: openssl pkey -in KEY -out key.pem."
	case KeyKind, KeySize:
		return "Order a certificate with a key of ECDSA P-256, or of RSA with 2048 bits or more."
	case Signature:
		return "Order a new certificate; today's authorities sign with SHA-256."
	case Mismatch:
		return "Give the key that the certificate was ordered with; both are replaced together."
	case Order:
		return "Put the certificate first, then each one that signed the one before it."
	case Chain:
		return "Give the chain as the authority hands it out, usually fullchain.pem, and leave others out."
	case NoNames:
		return "Order a certificate with the box's names as subjectAltName (openssl req: -addext subjectAltName=DNS:NAME)."
	case Usage:
		return "Order a certificate for server authentication."
	case Early:
		return "Set this machine's clock, or wait."
	case Missing:
		return "Put the files themselves there, not links: the chain as fullchain.pem, cert.pem or tls.crt, the key as privkey.pem, key.pem or tls.key."
	case Expired:
		return "Renew it, or set this machine's clock."
	}
	return ""
}
