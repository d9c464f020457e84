// Package meta checks the shape of the source tree: which room imports which,
// where each vendor lives, what every file and document must be like.
//
// It owns the rules and their reasons and refuses nothing at run time: it is
// read by its tests only. Each rule is a pure function over what the tree
// looks like, so that a test can show it a made-up tree that breaks it.
package meta
