package box

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"time"
)

// Backup is a backup as the box tells of it.
type Backup struct {
	ID, Status         string
	Size               int64
	Sources, Originals int
	Missing            int
	Reason             struct{ Code, Message string }
}

// RecoveryKey makes one and has the box use it.
func (c *Client) RecoveryKey(ctx context.Context) (identity string, err error) {
	var key struct{ Identity string }
	if err := c.Post(ctx, "/api/v1/backups/key", nil, &key); err != nil {
		return "", err
	}
	text := fmt.Sprintf(`{"identity":%q}`, key.Identity)
	return key.Identity, c.Do(ctx, "PUT", "/api/v1/backups/key", "application/json", bytes.NewReader([]byte(text)), nil)
}

// OtherKey is a recovery key that the box does not use.
func (c *Client) OtherKey(ctx context.Context) (identity string, err error) {
	var key struct{ Identity string }
	err = c.Post(ctx, "/api/v1/backups/key", nil, &key)
	return key.Identity, err
}

// BeginBackup begins one to the recovery key.
func (c *Client) BeginBackup(ctx context.Context) (b Backup, err error) {
	return b, c.Post(ctx, "/api/v1/backups", struct{}{}, &b)
}

// Backups are all of them, newest first.
func (c *Client) Backups(ctx context.Context) ([]Backup, error) {
	var l struct{ Items []Backup }
	err := c.Get(ctx, "/api/v1/backups", &l)
	return l.Items, err
}

// Proven waits until a backup is proven, or has failed.
func (c *Client) Proven(ctx context.Context, id string) (b Backup, err error) {
	for {
		if err := c.Get(ctx, "/api/v1/backups/"+id, &b); err != nil {
			return b, err
		}
		switch b.Status {
		case "proven":
			return b, nil
		case "failed":
			return b, fmt.Errorf("backup %s failed: %+v", id, b.Reason)
		}
		if err := Pause(ctx, 20*time.Millisecond); err != nil {
			return b, err
		}
	}
}

// Download is the sealed file.
func (c *Client) Download(ctx context.Context, id string) (file string, err error) {
	return file, c.Get(ctx, "/api/v1/backups/"+id+"/download", &file)
}

// Restore sends a backup; code is that of a box without an owner, else empty.
func (c *Client) Restore(ctx context.Context, file, identity, code string) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("identity", identity); err != nil {
		return err
	}
	part, err := form.CreateFormFile("file", "backup.age")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(part, file); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	with := *c
	if code != "" {
		with.Headers = map[string]string{"X-Setup-Code": code}
		for name, value := range c.Headers {
			with.Headers[name] = value
		}
	}
	return with.Do(ctx, "POST", "/api/v1/restore", form.FormDataContentType(), &body, nil)
}

// NeedsSetup reports a box without an owner.
func (c *Client) NeedsSetup(ctx context.Context) (bool, error) {
	var answer struct{ Needed bool }
	err := c.Get(ctx, "/api/v1/setup", &answer)
	return answer.Needed, err
}
