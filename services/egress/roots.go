package egress

import (
	"crypto/x509"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// roots are who vouches for other sides: those in only, when there are any; nil
// when it holds none. Else the ones that browsers trust, as of this build, and
// those of the owner's folder. The machine's own store is not asked: what the
// box trusts does not depend on where it runs.
func (s *server) roots(only string) *x509.CertPool {
	pool := x509.NewCertPool()
	if only != "" {
		if !pool.AppendCertsFromPEM([]byte(only)) {
			return nil
		}
		return pool
	}
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // one that this version of Go does not read vouches for nobody
		}
		if root.Constraint == nil {
			pool.AddCert(certificate)
		} else {
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	pool.AppendCertsFromPEM(s.Roots)
	return pool
}
