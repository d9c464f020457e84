// Package zipped opens documents that are ZIP archives.
//
// It owns the limits on members, sizes and ratios, which hold for one document
// as a whole. It writes no file: members are read into memory by name.
package zipped

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
)

// Archive is an open archive.
type Archive struct {
	members map[string]*zip.File
	names   []string
	left    int64 // bytes that may still be unpacked
	kind    string
}

// Open reads the directory of doc. kind is what the owner would call the
// document, with its article: it is used in failures.
func Open(doc []byte, kind string) (*Archive, error) {
	// Each entry of the directory begins with these bytes; counting them
	// first bounds what reading the directory allocates.
	if bytes.Count(doc, []byte("PK\x01\x02")) > limits.Members {
		return nil, prose.TooLarge("more files than any real document")
	}
	r, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil && r == nil {
		return nil, prose.Malformed(kind)
	}
	a := &Archive{members: map[string]*zip.File{}, left: limits.Unpacked, kind: kind}
	for _, f := range r.File {
		name := strings.TrimPrefix(f.Name, "/")
		if _, twice := a.members[name]; !twice {
			a.members[name] = f
			a.names = append(a.names, name)
		}
	}
	return a, nil
}

// Names lists the members in the order of the archive.
func (a *Archive) Names() []string { return a.names }

// Has tells whether there is a member of that name.
func (a *Archive) Has(name string) bool { return a.members[name] != nil }

// Read unpacks a member. A member that is missing is nil without an error.
func (a *Archive) Read(name string) ([]byte, error) {
	f := a.members[name]
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, prose.Encrypted(a.kind)
	}
	r, err := f.Open()
	if err != nil {
		return nil, prose.Malformed(a.kind)
	}
	defer r.Close()
	bound := min(limits.Member, a.left)
	if packed := int64(f.CompressedSize64); packed < limits.Member {
		bound = min(bound, max(limits.RatioFrom, packed*limits.Ratio))
	}
	data, err := io.ReadAll(io.LimitReader(r, bound+1))
	if int64(len(data)) > bound {
		return nil, prose.TooLarge("packed parts that unpack to far more than they should")
	}
	if err != nil && len(data) == 0 {
		return nil, prose.Malformed(a.kind)
	}
	// A damaged checksum or end does not take the text before it away.
	a.left -= int64(len(data))
	return data, nil
}
