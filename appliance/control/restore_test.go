package control

import (
	"coffer/appliance/sockets"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func (b *box) Restore(_ context.Context, key string) error {
	if key == "wrong" {
		return errors.New("that is no recovery key")
	}
	return nil
}

func (b *box) Former(_ context.Context, act string) (time.Time, error) {
	switch act {
	case "":
		return time.Unix(1, 0), nil
	case PutBack, Forget:
		return time.Time{}, nil
	}
	return time.Time{}, errors.New("nothing of the kind")
}

func TestRestore(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	at := BoxSocket(run, -1).Path
	if err := Restore(t.Context(), at, "right"); err != nil {
		t.Error(err)
	}
	if err := Restore(t.Context(), at, "wrong"); err == nil || !strings.Contains(err.Error(), "no recovery key") {
		t.Error(err)
	}
	_, run = serve(t)
	if err := Restore(t.Context(), Socket(run).Path, "right"); err == nil {
		t.Error("the owner's door restores")
	}
}

func TestFormer(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	at := BoxSocket(run, -1).Path
	for act, want := range map[string]time.Time{"": time.Unix(1, 0), PutBack: {}, Forget: {}} {
		if got, err := Former(t.Context(), at, act); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", act, got, err)
		}
	}
	if _, err := Former(t.Context(), at, "else"); err == nil {
		t.Error("anything is done")
	}
	_, run = serve(t)
	if _, err := Former(t.Context(), Socket(run).Path, PutBack); err == nil {
		t.Error("the owner's door does it")
	}
}
