// Package trial puts an init through cases, from outside, and scores it.
//
// It owns the cases, the inits that can be tried (ours as scripts/suite/rig,
// and others as references), an honest configuration of each, and the table of
// scores. Every trial has a PID and a mount namespace of its own, in which the
// init is PID 1, or where a case says so a child of it; what the services saw is
// read from a file that they write, and the rest from /proc.
//
// It refuses to look into an init, to change the machine's clock, and to score
// how fast anything is: its limits only guard against hanging, and the figures
// that make bench prints are no part of a score.
package trial
