package main

import (
	"context"

	"coffer/appliance/control"
	"coffer/appliance/servicetoken"
	"coffer/services/library"
)

// tokenFile asks init for the file of the owner's scripts: its folder is root's.
type tokenFile struct {
	socket string
	file   servicetoken.File
}

var _ library.TokenFile = tokenFile{}

// Path implements library.TokenFile.
func (f tokenFile) Path() string { return f.file.Path() }

// Sum implements library.TokenFile.
func (f tokenFile) Sum(ctx context.Context) ([]byte, error) {
	seen, err := control.ServiceToken(ctx, f.socket, nil)
	return seen.Sum, f.explain(err)
}

// Write implements library.TokenFile.
func (f tokenFile) Write(ctx context.Context, key string) error {
	_, err := control.ServiceToken(ctx, f.socket, &servicetoken.Change{Key: key})
	return f.explain(err)
}

// Remove implements library.TokenFile.
func (f tokenFile) Remove(ctx context.Context) error {
	_, err := control.ServiceToken(ctx, f.socket, &servicetoken.Change{})
	return f.explain(err)
}

func (f tokenFile) explain(err error) error {
	if err == nil {
		return nil
	}
	return &library.Error{
		Kind: library.Internal, Message: "The file of the service token could not be read or written.",
		Hint: "Something that is no file of the box may lie at " + f.Path() + ", or the disk is full. The log of init says why.", Cause: err,
	}
}
