package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"coffer/services/library"
)

type copies struct {
	Endpoint  string          `json:"endpoint" doc:"URL of the storage; empty: no copies are made. Its keys cannot be read again."`
	Host      string          `json:"host"`
	Region    string          `json:"region"`
	Bucket    string          `json:"bucket"`
	Prefix    string          `json:"prefix"`
	PathStyle bool            `json:"path_style"`
	Keep      int             `json:"keep" doc:"Copies of this box that stay; 0: all."`
	CopiedAt  *time.Time      `json:"copied_at" doc:"When the latest copy was there and compared; null: none is."`
	Failure   *library.Reason `json:"failure" doc:"Why the last attempt failed; null: it did not."`
	NextAt    *time.Time      `json:"next_at" doc:"When it is tried again; null: nothing waits."`
	Working   string          `json:"working" doc:"Id of the backup that is being copied; empty: none is."`
	Progress  *backupProgress `json:"progress,omitempty" doc:"While one is copied."`
	Fetch     *copyFetch      `json:"fetch" doc:"The copy that is brought back, or the last one that was; null: none since the start."`
}

type copyFetch struct {
	Name     string          `json:"name"`
	Busy     bool            `json:"busy"`
	Progress *backupProgress `json:"progress,omitempty" doc:"While it is brought back."`
	Failure  *library.Reason `json:"failure" doc:"Why it did not come; null: it did, or does."`
}

func copiesShape(s library.CopiesState) copies {
	out := copies{
		Endpoint: s.Endpoint, Host: s.Host, Region: s.Region, Bucket: s.Bucket, Prefix: s.Prefix, PathStyle: s.PathStyle,
		Keep: max(s.Kept, 0), CopiedAt: moment(s.Copied), Failure: s.Failure, NextAt: moment(s.Next), Working: s.Working,
	}
	if s.Working != "" {
		out.Progress = &backupProgress{Done: s.Done, Total: s.Total}
	}
	if f := s.Fetch; f.Name != "" {
		out.Fetch = &copyFetch{Name: f.Name, Busy: f.Busy, Failure: f.Failure}
		if f.Busy {
			out.Fetch.Progress = &backupProgress{Done: f.Done, Total: f.Total}
		}
	}
	return out
}

type storageInput struct {
	Body struct {
		Endpoint  string `json:"endpoint" minLength:"1" maxLength:"2048" doc:"http or https, without the bucket. A private network is gone to where the host is an address of it or a local name."`
		Region    string `json:"region,omitempty" maxLength:"64" doc:"Left out: us-east-1, which storage without regions takes."`
		Bucket    string `json:"bucket" minLength:"1" maxLength:"63"`
		Prefix    string `json:"prefix,omitempty" maxLength:"200" doc:"A folder in the bucket."`
		PathStyle bool   `json:"path_style,omitempty" doc:"The bucket stands in the path, not in the host."`
		AccessKey string `json:"access_key" minLength:"1" maxLength:"256"`
		Secret    string `json:"secret" minLength:"1" maxLength:"256"`
	}
}

func (s *server) copying() (library.Copies, error) {
	if s.Copies == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "No copies of backups are made here."}
	}
	return s.Copies, nil
}

func (s *server) copies(ctx context.Context, _ *struct{}) (*only[copies], error) {
	k, err := s.copying()
	if err != nil {
		return nil, err
	}
	state, err := k.Copies(ctx)
	return &only[copies]{copiesShape(state)}, err
}

func (s *server) setCopies(ctx context.Context, in *storageInput) (*only[copies], error) {
	k, err := s.copying()
	if err == nil {
		err = s.proved(ctx)
	}
	if err == nil {
		b := in.Body
		err = k.SetCopyPlace(ctx, library.CopyWish{
			Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, Prefix: b.Prefix, PathStyle: b.PathStyle, AccessKey: b.AccessKey, Secret: b.Secret,
		})
	}
	if err != nil {
		return nil, err
	}
	state, err := k.Copies(ctx)
	if err == nil {
		s.Keeper.Record(ctx, library.AuditCopiesSet, state.Place())
	}
	return &only[copies]{copiesShape(state)}, err
}

func (s *server) dropCopies(ctx context.Context, _ *struct{}) (*nothing, error) {
	k, err := s.copying()
	if err == nil {
		err = s.proved(ctx)
	}
	if err == nil {
		err = k.SetCopyPlace(ctx, library.CopyWish{})
	}
	if err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditCopiesOff, "")
	return nil, nil
}

type keepInput struct {
	Body struct {
		Keep int `json:"keep" minimum:"0" maximum:"1000" doc:"Copies of this box that stay; 0: all."`
	}
}

// keepCopies wants a proof: fewer copies are less to come back to.
func (s *server) keepCopies(ctx context.Context, in *keepInput) (*only[copies], error) {
	k, err := s.copying()
	if err == nil {
		err = s.proved(ctx)
	}
	n := in.Body.Keep
	if n == 0 {
		n = library.CopiesAll
	}
	if err == nil {
		err = k.SetCopiesKept(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	return s.copies(ctx, nil)
}

type storageTest struct {
	Works   bool   `json:"works"`
	Code    string `json:"code,omitempty" doc:"What kind of problem it is."`
	Problem string `json:"problem,omitempty" doc:"What the storage answered."`
	Hint    string `json:"hint,omitempty" doc:"What to do."`
}

func (s *server) tryCopies(ctx context.Context, _ *struct{}) (*only[storageTest], error) {
	k, err := s.copying()
	if err != nil {
		return nil, err
	}
	err = k.TryCopyPlace(ctx)
	if e, ok := errors.AsType[*library.Error](err); ok && e.Kind == library.Conflict {
		return &only[storageTest]{storageTest{Code: e.Code, Problem: e.Message, Hint: e.Hint}}, nil
	}
	return &only[storageTest]{storageTest{Works: true}}, err
}

// storedCopy is a copy in the storage on the wire.
type storedCopy struct {
	Name   string    `json:"name"`
	Backup string    `json:"backup" doc:"Id of the backup."`
	Box    string    `json:"box" doc:"Id of the box that made it."`
	Own    bool      `json:"own" doc:"This box made it."`
	Here   bool      `json:"here" doc:"The backup is on this box too."`
	MadeAt time.Time `json:"made_at"`
	Size   int64     `json:"size" doc:"Bytes."`
}

func (s *server) listCopies(ctx context.Context, _ *struct{}) (*only[list[storedCopy]], error) {
	k, err := s.copying()
	if err != nil {
		return nil, err
	}
	all, err := k.ListCopies(ctx)
	return &only[list[storedCopy]]{listOf(library.List[library.Copy]{Items: all, Total: len(all)}, func(c library.Copy) storedCopy {
		return storedCopy{Name: c.Name, Backup: c.Backup, Box: c.Box, Own: c.Own, Here: c.Here, MadeAt: c.MadeAt.UTC(), Size: c.Size}
	})}, err
}

type byCopy struct {
	Name string `path:"id" maxLength:"128" doc:"Name of the copy."`
}

type fetching struct {
	Status int
	Body   copies
}

func (s *server) fetchCopy(ctx context.Context, in *byCopy) (*fetching, error) {
	k, err := s.copying()
	if err != nil {
		return nil, err
	}
	if err := k.FetchCopy(ctx, in.Name); err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditCopyFetched, in.Name)
	state, err := k.Copies(ctx)
	return &fetching{http.StatusAccepted, copiesShape(state)}, err
}

type restoreHereInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Key string `json:"key" minLength:"1" maxLength:"1024" doc:"The recovery key or the passphrase."`
	}
}

type restoredHere struct {
	Status int
	Body   Restored
}

func (s *server) restoreHere(ctx context.Context, in *restoreHereInput) (*restoredHere, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	if err := s.proved(ctx); err != nil {
		return nil, err
	}
	got, err := k.RestoreHere(ctx, in.ID, in.Body.Key)
	return &restoredHere{http.StatusAccepted, Restored{CreatedAt: got.CreatedAt.UTC(), Program: got.Program, Sources: got.Sources, Originals: got.Originals, Missing: got.Missing}}, err
}
