/*
 * The smallest programs there are, without a library, so that ten thousand of
 * them fit in a test:
 *
 *   tiny leave FILE N CODE   adds a byte to FILE, says that it is ready, leaves a
 *                            child behind that soon ends, exits with CODE; once
 *                            FILE has more than N bytes it waits instead
 *   tiny many FILE N         leaves N orphans behind, one after another, then as
 *                            wait
 *   tiny wait FILE           adds a byte to FILE, says that it is ready, waits for
 *                            a signal
 *
 * Ready is a line on descriptor 3, where there is one.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

static long call(long n, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long result;
	__asm__ volatile("syscall" : "=a"(result)
		: "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = 0;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
#else
#error "no system calls for this machine"
#endif
}

__attribute__((noreturn)) static void leave(int code) { for (;;) call(SYS_exit_group, code, 0, 0, 0); }
static long fork_(void) { return call(SYS_clone, SIGCHLD, 0, 0, 0); }
static void wait_(long pid) { call(SYS_wait4, pid, 0, 0, 0); }

/* note adds a byte to file and returns how many it has. */
static long note(const char *file)
{
	long fd = call(SYS_openat, AT_FDCWD, (long)file, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0 || call(SYS_write, fd, (long)"x", 1, 0) != 1)
		leave(99);
	long size = call(SYS_lseek, fd, 0, SEEK_CUR, 0);
	call(SYS_close, fd, 0, 0, 0); /* or it could be descriptor 3 */
	return size;
}

static void ready(void) { call(SYS_write, 3, (long)"READY=1\n", 8, 0); }
static long number(const char *s)
{
	long n = 0;
	for (; *s >= '0' && *s <= '9'; s++)
		n = 10 * n + *s - '0';
	return n;
}

__attribute__((used)) void run(long *stack)
{
	char **argv = (char **)(stack + 1);
	if (stack[0] < 3)
		leave(98);
	if (argv[1][0] == 'm') {
		for (long i = number(argv[3]); i > 0; i--) {
			long parent = fork_();
			if (parent == 0) {
				fork_();
				leave(0);
			}
			wait_(parent);
		}
	}
	long size = note(argv[2]);
	ready();
	if (argv[1][0] == 'l' && size <= number(argv[3])) {
		if (fork_() == 0) {
			for (int i = 0; i < 50; i++)
				call(SYS_sched_yield, 0, 0, 0, 0);
			leave(0);
		}
		leave((int)number(argv[4]));
	}
	for (;;)
		call(SYS_ppoll, 0, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl run\n");
#endif
