package control

import (
	"context"
	"errors"
	"testing"

	"coffer/appliance/places"
	"coffer/appliance/sockets"
)

func (b *box) Storage(context.Context) (places.StorageState, error) {
	return places.StorageState{Host: "s3.lan", Bucket: "backups"}, nil
}

func (b *box) ChangeStorage(_ context.Context, s places.Storage) error {
	if s.Bucket == "wrong" {
		return &places.Fault{Code: places.BadBucket, What: "what", Remedy: "remedy"}
	}
	return nil
}

// The API asks where copies go and for another storage; nobody else does.
func TestStorage(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	at := BoxSocket(run, -1).Path
	if got, err := Storage(t.Context(), at, nil); err != nil || got.Host != "s3.lan" || got.Bucket != "backups" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Storage(t.Context(), at, &places.Storage{Bucket: "backups", Secret: "s"}); err != nil {
		t.Error(err)
	}
	_, err := Storage(t.Context(), at, &places.Storage{Bucket: "wrong"})
	if f, ok := errors.AsType[*places.Fault](err); !ok || *f != (places.Fault{Code: places.BadBucket, What: "what", Remedy: "remedy"}) {
		t.Errorf("%v", err)
	}
	_, run = serve(t)
	if _, err := Storage(t.Context(), Socket(run).Path, nil); err == nil {
		t.Error("the owner's door tells of it")
	}
}
