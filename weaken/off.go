//go:build !weaken

package weaken

import "io/fs"

// On says that this build can be weakened.
const On = false

// Without says that a protection is to be left out.
func Without(Protection) bool { return false }

// Lines returns the configuration's files as they are.
func Lines(files fs.FS) fs.FS { return files }
