package control

import (
	"context"
	"errors"
	"testing"

	"coffer/appliance/places"
	"coffer/appliance/sockets"
)

func (b *box) Notices(context.Context) (places.State, error) {
	return places.State{Kind: places.Ntfy, Host: "ntfy.lan"}, nil
}

func (b *box) ChangeNotices(_ context.Context, c places.Change) error {
	if c.Address == "wrong" {
		return &places.Fault{Code: places.BadAddress, What: "what", Remedy: "remedy"}
	}
	return nil
}

// The API asks who is told of alarms and for another; nobody else does.
func TestNotices(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	at := BoxSocket(run, -1).Path
	if got, err := Notices(t.Context(), at, nil); err != nil || got.Host != "ntfy.lan" || got.Kind != places.Ntfy {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Notices(t.Context(), at, &places.Change{Address: "http://ntfy.lan/x"}); err != nil {
		t.Error(err)
	}
	_, err := Notices(t.Context(), at, &places.Change{Address: "wrong"})
	if f, ok := errors.AsType[*places.Fault](err); !ok || *f != (places.Fault{Code: places.BadAddress, What: "what", Remedy: "remedy"}) {
		t.Errorf("%v", err)
	}
	_, run = serve(t)
	if _, err := Notices(t.Context(), Socket(run).Path, nil); err == nil {
		t.Error("the owner's door tells of it")
	}
}
