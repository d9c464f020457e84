package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"coffer/appliance/control"
	"coffer/appliance/places"
	"coffer/services/egress"
	"coffer/services/library"
)

// bucketName is under which egress is handed the storage for copies of backups.
const bucketName = "bucket"

// bucket is that, as it is when egress starts.
func (p plan) bucket() []byte {
	s := p.places().Storage()
	text, err := json.Marshal(egress.Bucket{
		Endpoint: s.Endpoint, Region: s.Region, Name: s.Bucket, Prefix: s.Prefix, PathStyle: s.PathStyle, AccessKey: s.AccessKey, Secret: s.Secret,
	})
	if err != nil {
		panic(err) // strings always have JSON
	}
	return text
}

// copyPlace asks init where copies of backups go, for the API.
type copyPlace struct{ socket string }

// CopyTarget implements library.CopyPlace.
func (p copyPlace) CopyTarget(ctx context.Context) (library.CopyTarget, error) {
	s, err := control.Storage(ctx, p.socket, nil)
	if err != nil {
		return library.CopyTarget{}, unplaced(err)
	}
	return library.CopyTarget{Endpoint: s.Endpoint, Host: s.Host, Region: s.Region, Bucket: s.Bucket, Prefix: s.Prefix, PathStyle: s.PathStyle}, nil
}

// SetCopyTarget implements library.CopyPlace. Whoever leaves meanwhile does not
// stop it, because then nobody would record it.
func (p copyPlace) SetCopyTarget(ctx context.Context, w library.CopyWish) error {
	_, err := control.Storage(context.WithoutCancel(ctx), p.socket, &places.Storage{
		Endpoint: w.Endpoint, Region: w.Region, Bucket: w.Bucket, Prefix: w.Prefix, PathStyle: w.PathStyle, AccessKey: w.AccessKey, Secret: w.Secret,
	})
	return unplaced(err)
}

// unplaced is a fault as the API and the pages tell it. The code is that of the
// field which is wrong.
func unplaced(err error) error {
	f, ok := errors.AsType[*places.Fault](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return &library.Error{Kind: library.Internal, Message: "The box does not tell where copies of backups go.", Hint: "Try again in a moment.", Cause: err}
	}
	field := string(f.Code)
	if f.Code == places.Unreachable {
		field = string(places.BadEndpoint)
	}
	return &library.Error{Kind: library.Invalid, Field: field, Code: string(f.Code), Message: sentence(f.What), Hint: f.Remedy + "."}
}

// copies has egress speak to the storage.
type copies struct{ client egress.Client }

// PutCopy implements library.CopyStorage.
func (c copies) PutCopy(ctx context.Context, name string, f *os.File, there func(int64)) error {
	return unstored(c.client.PutCopy(ctx, name, f, there))
}

// GetCopy implements library.CopyStorage.
func (c copies) GetCopy(ctx context.Context, name string, w io.Writer, size func(int64)) error {
	return unstored(c.client.GetCopy(ctx, name, w, size))
}

// RemoveCopy implements library.CopyStorage.
func (c copies) RemoveCopy(ctx context.Context, name string) error {
	return unstored(c.client.RemoveCopy(ctx, name))
}

// TryCopies implements library.CopyStorage.
func (c copies) TryCopies(ctx context.Context) error { return unstored(c.client.TryStorage(ctx)) }

// ListCopies implements library.CopyStorage.
func (c copies) ListCopies(ctx context.Context) (all []library.StoredCopy, err error) {
	objects, err := c.client.ListCopies(ctx)
	for _, o := range objects {
		all = append(all, library.StoredCopy{Name: o.Name, Size: o.Size})
	}
	return all, unstored(err)
}

// unstored is what the storage said as the API and the pages tell it.
func unstored(err error) error {
	f, ok := errors.AsType[*egress.Failure](err)
	if !ok {
		return err
	}
	return &library.Error{Kind: library.Conflict, Code: string(f.Code), Message: f.Error(), Hint: remedyOf(f.Code)}
}

// remedyOf says what to do about a failure of the storage.
func remedyOf(code egress.Code) string {
	switch code {
	case egress.CodeKey:
		return "Compare access key and secret key with what the storage shows, and let the key list the bucket, and read, write and delete objects in it."
	case egress.CodeStays:
		return "Let the key delete objects, or keep all copies and have the storage remove old ones."
	case egress.CodeNoBucket:
		return "Make the bucket in the storage, or correct its name."
	case egress.CodeRegion:
		return "Give the region that the storage names for this bucket, and the endpoint of that region."
	case egress.CodeClock:
		return "Set the clock of the machine that the box runs on."
	case egress.CodeUntrusted:
		return "If the storage's certificate is of an authority of your own, put that authority's certificate into /data/config/ca."
	case egress.CodeUnreachable, egress.CodeTimeout:
		return "Compare the endpoint with what the storage names, and see that the box's network leads there."
	case egress.CodeRefused:
		return "Give an endpoint that leads to another machine: a public name, or a local address for one of your own network."
	case egress.CodeFull:
		return "Make room in the storage, or keep fewer copies."
	case egress.CodeGone:
		return "List what is there again: it may have been removed."
	case egress.CodeDiffers:
		return "See to the storage, which gives other bytes than it got. A damaged copy is replaced by the next try."
	}
	return "See to the storage, or set up another."
}
