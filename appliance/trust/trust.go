// Package trust reads the certificates that the owner adds to those which vouch
// for others on the internet: files in PEM in one folder.
//
// It owns what may be in that folder. It refuses links, and certificates that
// vouch for nobody.
package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"path"
	"slices"

	"coffer/appliance/beneath"
)

// Bounds of the folder, in bytes; a service is handed at most 1 MiB.
const (
	maxFile = 256 << 10
	maxAll  = 512 << 10
)

// Folder is where the owner puts them, below DATA.
const Folder = "config/ca"

// Read returns the certificates in files that end in .pem or .crt below the
// folder dir. What it does not take it tells; a folder that is not there is
// empty.
func Read(dir string, log *slog.Logger) []byte {
	d, err := beneath.Base(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var names []string
	if err == nil {
		defer d.Close()
		names, err = d.Names()
	}
	if err != nil {
		log.Warn("the folder of certificates cannot be read", slog.Any("error", err))
		return nil
	}
	var all bytes.Buffer
	for _, name := range names {
		if !slices.Contains([]string{".pem", ".crt"}, path.Ext(name)) {
			continue
		}
		text, err := file(d, name)
		if err == nil && all.Len()+len(text) > maxAll {
			err = errors.New("the folder holds more than is taken")
		}
		if err != nil {
			log.Warn("a certificate is not taken", slog.String("file", path.Join(dir, name)), slog.Any("error", err))
			continue
		}
		all.Write(text)
	}
	return all.Bytes()
}

// file returns the certificates of one file and nothing else of it.
func file(d *beneath.Dir, name string) ([]byte, error) {
	n, err := d.File(name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	text, err := n.Read(maxFile)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("it holds a " + block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if c.BasicConstraintsValid && !c.IsCA {
			return nil, errors.New("it is no authority's certificate")
		}
		if err := pem.Encode(&out, &pem.Block{Type: block.Type, Bytes: block.Bytes}); err != nil {
			return nil, err
		}
	}
	if out.Len() == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return out.Bytes(), nil
}
