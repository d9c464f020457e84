// Package parser reads documents that nobody trusts.
//
// It owns a small pool of child processes, each of which reads one document at
// a time inside whatever confinement its wiring applies, and it owns what may
// happen to them: limits on wall-clock and processor time, memory and output,
// and the end of a child after any breach. It refuses to look into a document
// itself: the service process only moves frames.
//
// # What a child needs from the kernel
//
// A child opens everything it needs (its executable, the compiled PDFium)
// before it calls ChildOptions.Confine; after that, reading documents takes
// these system calls only, on amd64 and arm64:
//
//	read write                              frames on stdin and stdout, complaints on stderr
//	mmap munmap mprotect madvise            the Go heap and PDFium's memory; never PROT_EXEC
//	clone (clone3 when linked with libc)    threads of the Go runtime, with CLONE_THREAD
//	futex nanosleep sched_yield epoll_pwait waiting
//	rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack tgkill getpid gettid   preemption
//	getrandom set_robust_list rseq prctl exit exit_group
//
// PDFium's machine code is mapped executable while it is loaded, before
// Confine, so that a filter may refuse every mapping with PROT_EXEC. No file,
// socket, process or descriptor is opened, and no identity changes.
//
// # What the service needs
//
// fork and exec of its own binary, prlimit64 on a child, clock_gettime of a
// child's processor clock, kill and wait, and accept on the listener it was
// given. The child that compiles PDFium (once, when no directory holds one
// compiled for this processor) writes to the last of Options.CacheDirs.
package parser
