// Package proofs takes each protection of the box away, one at a time, and
// wants it missed twice: by a test of the room that enforces it, and by the
// running box, which must say so under the claim that no longer holds and
// under no other.
//
// It owns the table of what is missed where. It refuses to build what ships
// with a switch: programs that can be weakened are made here by the tag weaken
// and thrown away.
package proofs
