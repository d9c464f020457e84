// Package diagnostics makes the file that an owner gives away to be helped: what
// support needs to know of a box, and nothing of what is in it.
//
// What is in it is on a list (bundle.go), each a typed fact. Where a fact is
// free text, such as a line of the log, it passes three rooms: a Sweep for every
// secret that the box knows, in all forms; Shapes, the rules of what looks like
// a secret; and Names, which gives addresses, hosts, users, paths and ids other
// names, the same throughout one export. The finished file is opened and looked
// through again, and refused on a hit.
//
// The Sweep runs in a child of init (Serve), because only init knows all
// secrets, and nothing of them comes back but the clean text and how often each
// rule struck. A text is bounded and held as a whole, so that nothing can hide
// at the end of a line or of a chunk; lines stay lines, so that what a line
// began with can be put before it again.
//
// It refuses documents, titles, queries, file names, cookies and memory: there
// is no field for them.
package diagnostics
