package auth

import (
	"context"
	"strings"

	"coffer/services/library"
)

// Record writes into the audit log what the caller of ctx has done. A log that
// cannot be written stops nobody: the owner must be able to sign in to a box
// whose disk is full.
func (k *Keeper) Record(ctx context.Context, kind library.AuditKind, detail string) {
	who := library.ByStranger
	if id, ok := FromContext(ctx); ok {
		who = actor(id)
	}
	k.record(ctx, kind, who, clientOf(ctx), detail)
}

// RecordByConsole writes what a command inside the container has done.
func (k *Keeper) RecordByConsole(ctx context.Context, kind library.AuditKind, detail string) {
	k.record(ctx, kind, library.ByConsole, Client{}, detail)
}

// RecordByBox writes what the box has done by itself.
func (k *Keeper) RecordByBox(ctx context.Context, kind library.AuditKind, detail string) {
	k.record(ctx, kind, library.ByBox, Client{}, detail)
}

func actor(id Identity) library.AuditActor {
	if id.Kind == KindSession {
		return library.BySession
	}
	return library.ByKey
}

func (k *Keeper) record(ctx context.Context, kind library.AuditKind, who library.AuditActor, c Client, detail string) {
	err := k.o.Audit.Record(context.WithoutCancel(ctx), library.AuditEntry{
		Time: k.o.Now().UTC(), Kind: kind, Who: who,
		Client: truncate(c.Address, 64), Agent: truncate(c.Agent, maxAgent), Detail: truncate(detail, 500),
	})
	if err != nil {
		k.o.Log.Error("audit event not kept", "kind", string(kind), "error", err)
	}
}

// Events lists the audit log.
func (k *Keeper) Events(ctx context.Context, f library.AuditFilter, p library.Page) (library.List[library.AuditEntry], error) {
	return k.o.Audit.Events(ctx, f, p)
}

// Settings are what the owner changes at run time.
func (k *Keeper) Settings(ctx context.Context) (library.Settings, error) {
	return k.o.Accounts.Settings(ctx)
}

// ChangeSettings changes them and records the names of what is different. f
// may run more than once.
func (k *Keeper) ChangeSettings(ctx context.Context, f func(*library.Settings) error) (library.Settings, error) {
	var was library.Settings
	is, err := k.o.Accounts.UpdateSettings(ctx, func(s *library.Settings) error {
		was = *s
		return f(s)
	})
	if names := library.ChangedSettings(was, is); err == nil && len(names) > 0 {
		k.Record(ctx, library.AuditSettingsChanged, strings.Join(names, ", "))
	}
	return is, err
}
