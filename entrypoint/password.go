package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// maxTyped bounds what is read as a password, in bytes. It is more than any
// password has that is not too long.
const maxTyped = 16 << 10

// newPassword asks twice for a password where in is a terminal, without
// showing it. From anything else it takes the only line.
func newPassword(ctx context.Context, in, out *os.File) (string, error) {
	return newSecret(ctx, in, out, "New password: ")
}

func newSecret(ctx context.Context, in, out *os.File, prompt string) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return text(onlyLine(in))
	}
	first, err := unseenLine(ctx, in, out, prompt)
	if err != nil {
		return "", err
	}
	again, err := unseenLine(ctx, in, out, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two differ; nothing was changed")
	}
	return text(first, nil)
}

// knownSecret asks once.
func knownSecret(ctx context.Context, in, out *os.File, prompt string) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return text(onlyLine(in))
	}
	return text(unseenLine(ctx, in, out, prompt))
}

// text refuses what JSON would change on its way to the box.
func text(line string, err error) (string, error) {
	if err == nil && !utf8.ValidString(line) {
		err = errors.New("the password is not valid text (UTF-8)")
	}
	return line, err
}

func onlyLine(in io.Reader) (string, error) {
	all, err := io.ReadAll(io.LimitReader(in, maxTyped+1))
	if err != nil {
		return "", err
	}
	line, rest, _ := bytes.Cut(all, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(all) == 0:
		return "", errors.New("no password came on standard input; with docker exec use -it to be asked for it, or -i to pipe it")
	case len(all) > maxTyped:
		return "", errors.New("the password has at most 1,024 characters")
	case len(bytes.TrimSpace(rest)) > 0:
		return "", errors.New("more than one line came on standard input; the password is one line")
	}
	return string(line), nil
}

// unseenLine puts the terminal back as it was when it is interrupted.
func unseenLine(ctx context.Context, in, out *os.File, prompt string) (string, error) {
	fd := int(in.Fd())
	was, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	unwatch := context.AfterFunc(ctx, func() {
		_ = term.Restore(fd, was)
		fmt.Fprintln(out)
		os.Exit(128 + int(syscall.SIGINT)) // nothing else ends the read
	})
	fmt.Fprint(out, prompt)
	line, err := term.ReadPassword(fd)
	if !unwatch() {
		select {} // the process is being ended
	}
	fmt.Fprintln(out)
	return string(line), err
}
