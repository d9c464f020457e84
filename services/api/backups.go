package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// Backup is a backup on the wire.
type Backup struct {
	ID        string               `json:"id"`
	CreatedAt time.Time            `json:"created_at"`
	Status    library.BackupStatus `json:"status" enum:"running,complete,proven,failed" doc:"proven: it was opened again, its store restored into a scratch copy and compared."`
	Reason    *library.Reason      `json:"reason,omitempty" doc:"Why it failed."`
	Seal      library.BackupSeal   `json:"seal" enum:"passphrase,key"`
	Scheduled bool                 `json:"scheduled"`
	Size      int64                `json:"size" doc:"Bytes; 0 until it is complete."`
	Sources   int                  `json:"sources"`
	Originals int                  `json:"originals"`
	Missing   int                  `json:"missing" doc:"Originals that the box no longer had, or had damaged, when it was made."`
	ProvenAt  *time.Time           `json:"proven_at" doc:"Null: not yet."`
	CopiedAt  *time.Time           `json:"copied_at" doc:"When a copy of it was in the storage copied_to and was compared; null: none is."`
	CopiedTo  string               `json:"copied_to" doc:"Host, bucket and folder."`
	Fetched   bool                 `json:"fetched" doc:"It was brought back from there, and may be another box's."`
	Progress  *backupProgress      `json:"progress,omitempty" doc:"While it is made or proven."`
}

type backupProgress struct {
	Done  int64 `json:"done" doc:"Bytes."`
	Total int64 `json:"total" doc:"Bytes; 0: not known yet."`
}

func backupShape(b library.Backup) Backup {
	out := Backup{
		ID: b.ID, CreatedAt: b.CreatedAt.UTC(), Status: b.Status, Reason: b.Reason, Seal: b.Seal, Scheduled: b.Scheduled, Size: b.Size,
		Sources: b.Sources, Originals: b.Originals, Missing: b.Missing, ProvenAt: moment(b.ProvenAt),
		CopiedAt: moment(b.CopiedAt), CopiedTo: b.CopiedTo, Fetched: b.Fetched,
	}
	if b.Total > 0 {
		out.Progress = &backupProgress{Done: b.Done, Total: b.Total}
	}
	return out
}

type backups struct {
	list[Backup]
	Recipient string     `json:"recipient" doc:"The public half of the recovery key; empty: none is set up, and nothing is made unasked."`
	NextAt    *time.Time `json:"next_at" doc:"When the next one is made unasked; null: never."`
	Free      int64      `json:"free" doc:"Bytes on the volume."`
}

// keeperOfBackups is NotFound where none are made.
func (s *server) keeperOfBackups() (library.Backups, error) {
	if s.Backups == nil {
		return nil, &library.Error{Kind: library.NotFound, Message: "No backups are made here."}
	}
	return s.Backups, nil
}

// backups lists all: there are few, and a part of them would be no answer to
// whether there is one.
func (s *server) backups(ctx context.Context, _ *struct{}) (*only[backups], error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	o, err := k.Overview(ctx)
	if err != nil {
		return nil, err
	}
	return &only[backups]{backups{
		list:      listOf(library.List[library.Backup]{Items: o.Items, Total: len(o.Items)}, backupShape),
		Recipient: o.Recipient, NextAt: moment(o.Next), Free: o.Free,
	}}, nil
}

// begun answers 202 with a backup.
type begun struct {
	Status int
	Body   Backup
}

type passphraseInput struct {
	Passphrase string `json:"passphrase,omitempty" maxLength:"1024" doc:"At least 12 characters. Left out: the recovery key."`
}

func (s *server) makeBackup(ctx context.Context, in *struct{ Body passphraseInput }) (*begun, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	b, err := k.Create(ctx, in.Body.Passphrase)
	if err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditBackupMade, b.ID)
	return &begun{http.StatusAccepted, backupShape(b)}, nil
}

type byBackup struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) backup(ctx context.Context, in *byBackup) (*only[Backup], error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	b, err := k.Backup(ctx, in.ID)
	return &only[Backup]{backupShape(b)}, err
}

type verifyInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body passphraseInput
}

func (s *server) verifyBackup(ctx context.Context, in *verifyInput) (*begun, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	b, err := k.Verify(ctx, in.ID, in.Body.Passphrase)
	return &begun{http.StatusAccepted, backupShape(b)}, err
}

func (s *server) deleteBackup(ctx context.Context, in *byBackup) (*nothing, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	if err := s.proved(ctx); err != nil {
		return nil, err
	}
	if err := k.Delete(ctx, in.ID); err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditBackupDeleted, in.ID)
	return nil, nil
}

// proved refuses an owner who has not proved lately who they are.
func (s *server) proved(ctx context.Context) error {
	by, _ := auth.FromContext(ctx)
	return s.Keeper.Proved(ctx, by)
}

type backupKey struct {
	Recipient string `json:"recipient"`
	Identity  string `json:"identity" doc:"The secret half: what opens backups. Keep it outside of the box."`
}

type madeBackupKey struct {
	Status int
	Body   backupKey
}

func (s *server) newBackupKey(ctx context.Context, _ *struct{}) (*madeBackupKey, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	key, err := k.NewKey(ctx)
	return &madeBackupKey{http.StatusCreated, backupKey{key.Recipient, key.Identity}}, err
}

type backupKeyInput struct {
	Body struct {
		Identity string `json:"identity" maxLength:"256" doc:"Shown to prove that you have it; the box keeps the public half only."`
	}
}

func (s *server) setBackupKey(ctx context.Context, in *backupKeyInput) (*nothing, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	if err := s.proved(ctx); err != nil {
		return nil, err
	}
	if err := k.SetKey(ctx, in.Body.Identity); err != nil {
		return nil, err
	}
	o, err := k.Overview(ctx)
	s.Keeper.Record(ctx, library.AuditBackupKey, o.Recipient)
	return nil, err
}

func (s *server) downloadBackup(c *gin.Context) error {
	k, err := s.keeperOfBackups()
	if err != nil {
		return err
	}
	content, b, err := k.Open(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	defer content.Close()
	h := c.Writer.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="coffer-`+b.ID+`.age"`)
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+b.ID+`"`) // so that a broken download can go on
	if c.Request.Method == http.MethodGet && c.GetHeader("Range") == "" {
		s.Keeper.Record(c.Request.Context(), library.AuditBackupTaken, b.ID)
	}
	http.ServeContent(c.Writer, c.Request, "", b.CreatedAt, content)
	return nil
}

func describeBackup(op *huma.Operation) {
	op.Description += " An age file. Ranges are understood, so that a download that broke off can go on."
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	op.Responses["200"] = &huma.Response{
		Description: "The sealed file.",
		Content:     map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}
}
