// Package chaos kills the processes of a running box while it reads, and then
// counts what is left: every document once, no job stuck, no attempt charged.
//
// It owns the chaos tier. It refuses to know why a process died well: it sends
// SIGKILL and looks at the box from outside only.
package chaos
