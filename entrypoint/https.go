package main

import (
	"fmt"
	"net"
	"os"

	"coffer/appliance/boot"
	"coffer/appliance/certs"
	"coffer/appliance/https"
)

// https is how the box is served over TLS. The group is the edge's.
func (p plan) https(group int) boot.HTTPS {
	o := https.Options{
		Mode: https.Mode(p.cfg.TLS), Fixed: p.cfg.Locked("TLS"), Folder: p.data("config", "tls"), Log: p.log,
		Names: p.hosts, Passing: ownNames,
		Pair: func() (chain, key []byte, err error) {
			if chain, err = p.cfg.TLSCert.Read(); err != nil {
				return nil, nil, fmt.Errorf("COFFER_TLS_CERT: %s cannot be read (%w). Give a file that the box, as root, can read", p.cfg.TLSCert.Path, err)
			}
			if key, err = p.cfg.TLSKey.Read(); err != nil {
				return nil, nil, fmt.Errorf("COFFER_TLS_KEY: %s cannot be read (%w). Give a file that the box, as root, can read", p.cfg.TLSKey.Path, err)
			}
			return chain, key, nil
		},
		From: "COFFER_TLS_CERT" + in(p.cfg.TLSCert.Path) + " and COFFER_TLS_KEY" + in(p.cfg.TLSKey.Path),
		Order: https.Ordering{
			Directory: p.cfg.ACMEDirectory, FixedDirectory: p.cfg.Locked("ACME_DIRECTORY"),
			Email: p.cfg.ACMEEmail, FixedEmail: p.cfg.Locked("ACME_EMAIL"), Roots: p.acmeRoots,
		},
		Store: certs.Store{Dir: p.data(certs.Folder), EdgeGID: group, Log: p.log},
	}
	return boot.HTTPS{
		Options: o, Host: p.cfg.ListenTLS.Host, Port: p.cfg.ListenTLS.Port,
		Secure: dialAddress(p.cfg.ListenTLS), Plain: dialAddress(p.cfg.Listen), Redirect: p.secureOrigin(),
	}
}

// acmeRoots are what alone vouches for the authority; empty: nothing is named.
func (p plan) acmeRoots() ([]byte, error) {
	text, err := p.cfg.ACMERoots.Read()
	if err != nil {
		return nil, fmt.Errorf("COFFER_ACME_ROOTS: %s cannot be read (%w). Give a file that the box, as root, can read", p.cfg.ACMERoots.Path, err)
	}
	return text, nil
}

// secureOrigin is where pages over plain HTTP lead once HTTPS is on: the
// origin of the public address, when that is one of HTTPS.
func (p plan) secureOrigin() string {
	if u := p.cfg.PublicURL; u != nil && u.Scheme == "https" {
		return "https://" + u.Host
	}
	return ""
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " (" + path + ")"
}

// ownNames are what this machine calls itself now.
func ownNames() []string {
	var all []string
	if name, err := os.Hostname(); err == nil {
		all = append(all, name)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			all = append(all, n.IP.String())
		}
	}
	return all
}
