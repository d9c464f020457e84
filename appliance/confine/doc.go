// Package confine gives a process less than it was born with: another user, no
// capabilities, no new privileges, the files of its role (Landlock), the
// system calls of its role (seccomp), a clean environment, the descriptors it
// was handed and no others.
//
// It owns the spawn stub (Enter), what a running role gives up itself
// (GiveUpExec, Child), what init gives up (Trim), and the two vendors landlock
// and seccomp. It refuses to know which roles exist: rows come from the
// entrypoint as a Spec.
//
// Where the kernel has no Landlock, or less of it, a process runs with what
// there is; Probe says what is missing. Seccomp is never optional.
package confine
