// Package rootfs is the bytes that lie under the root of the image, verbatim:
// the edge's configuration and what the edge serves when nothing else can.
//
// It owns no code. The manifest lays the files out and keeps them.
package rootfs

import (
	"embed"
	"io/fs"

	"coffer/weaken"
)

//go:embed etc usr
var files embed.FS

// Files returns the tree, with names such as etc/nginx/nginx.conf.
func Files() fs.FS { return weaken.Lines(files) }
