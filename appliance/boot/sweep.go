package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"coffer/appliance/confine"
	"coffer/appliance/posture"
	"coffer/appliance/sockets"
)

const (
	sweepWithin = 25 * time.Second
	maxSwept    = 8 << 20 // bytes of an answer
)

// sweepTexts has a child look through texts for all secrets that init knows.
// The child lives for this one question, as a user of its own, and confines
// itself before it reads; it is handed the secrets in sealed memory files. What
// it says besides its answer is dropped: it could quote.
func (b *box) sweepTexts(ctx context.Context, request []byte) ([]byte, error) {
	b.sweeping.Lock()
	defer b.sweeping.Unlock()
	ctx, cancel := context.WithTimeout(ctx, sweepWithin)
	defer cancel()
	s := b.Sweeper
	var handed []*os.File
	defer func() {
		for _, f := range handed {
			f.Close()
		}
	}()
	var names []string
	for _, d := range s.Data {
		f, err := confine.Sealed(d.Name, d.Make())
		if err != nil {
			return nil, err
		}
		handed, names = append(handed, f), append(names, d.Name)
	}
	spec := confine.Spec{
		Path: s.Path, Args: s.Args, Env: append([]string{sockets.Variable + "=" + strings.Join(names, ",")}, s.Env...),
		Descriptors: len(handed), OpenFiles: s.OpenFiles, Files: s.Files, Profile: s.Profile,
	}
	if confine.Switches() {
		spec.UID, spec.GID = s.As.UID, s.As.GID
	}
	memory, err := spec.Memfd()
	if err != nil {
		return nil, err
	}
	handed = append(handed, memory)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &exec.Cmd{
		Path: b.Self, Args: []string{"coffer", "spawn", strconv.Itoa(2 + len(handed))}, Env: []string{"GOMAXPROCS=1"}, Dir: "/",
		Stdin: bytes.NewReader(request), Stdout: w, ExtraFiles: handed,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	done, err := b.start(c)
	w.Close()
	if err != nil {
		return nil, err
	}
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	answer, readErr := io.ReadAll(io.LimitReader(r, maxSwept))
	if len(answer) == maxSwept {
		_ = c.Process.Kill()
	}
	if err := errors.Join(c.Wait(), readErr); err != nil {
		return nil, fmt.Errorf("the child that knows the secrets: %w", err)
	}
	return bytes.TrimSpace(answer), nil
}

// proveSweep has the child plant the secrets and look whether it finds them.
func (b *box) proveSweep(ctx context.Context) (posture.Swept, error) {
	text, err := b.sweepTexts(ctx, b.Prove)
	if err != nil {
		return posture.Swept{}, err
	}
	var answer struct {
		Proof *posture.Swept `json:"proof"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Proof == nil {
		return posture.Swept{}, errors.New("the child that knows the secrets did not say what it found")
	}
	return *answer.Proof, nil
}
