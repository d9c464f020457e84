package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// isWhole reports a request that brings a backup or a package, which may be
// larger than any document.
func (s *server) isWhole(c *gin.Context) bool {
	switch strings.TrimPrefix(c.FullPath(), s.BasePath) {
	case "/api/v1/restore", "/setup/restore", "/settings/backups/restore", "/api/v1/import", "/settings/packages/import":
		return c.Request.Method == http.MethodPost
	}
	return false
}

// Restored is a backup that was taken, on the wire.
type Restored struct {
	CreatedAt time.Time `json:"created_at" doc:"When the backup was made."`
	Program   string    `json:"program" doc:"The version that made it."`
	Sources   int       `json:"sources"`
	Originals int       `json:"originals"`
	Missing   int       `json:"missing"`
}

// restore takes a backup: of the owner who is signed in, or, before there is
// one, of whoever has the setup code. Which of both is settled before the body
// is read.
func (s *server) restore(c *gin.Context) error {
	ctx := c.Request.Context()
	needed, err := s.Keeper.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if needed {
		err = s.Keeper.CheckSetupCode(ctx, c.GetHeader("X-Setup-Code"), s.Cookies.Client(c.Request))
	} else {
		err = s.ownerAsks(c.Request)
	}
	if err != nil {
		return err
	}
	k, err := s.keeperOfBackups()
	if err != nil {
		return err
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return &library.Error{Kind: kindMalformed, Message: "A backup is sent as multipart/form-data.", Cause: err}
	}
	key, file, err := keyAndFile(parts)
	if err != nil {
		return err
	}
	body := &watched{r: file}
	got, err := k.Restore(ctx, body, key)
	if body.err != nil {
		return readFault(body.err)
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusAccepted, Restored{CreatedAt: got.CreatedAt.UTC(), Program: got.Program, Sources: got.Sources, Originals: got.Originals, Missing: got.Missing})
	return nil
}

// former is what was there before the last restore, on the wire.
type former struct {
	LaidAsideAt *time.Time `json:"laid_aside_at" nullable:"true" doc:"When a restore put it aside; null: nothing is kept."`
}

func (s *server) former(ctx context.Context, _ *struct{}) (*only[former], error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	at, err := k.Former(ctx)
	return &only[former]{former{moment(at)}}, err
}

// restarting answers 202 from a box that is about to start again.
type restarting struct{ Status int }

func (s *server) putBack(ctx context.Context, _ *struct{}) (*restarting, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	if err := s.proved(ctx); err != nil {
		return nil, err
	}
	return &restarting{http.StatusAccepted}, k.PutBack(ctx)
}

func (s *server) forgetFormer(ctx context.Context, _ *struct{}) (*nothing, error) {
	k, err := s.keeperOfBackups()
	if err != nil {
		return nil, err
	}
	if err := s.proved(ctx); err != nil {
		return nil, err
	}
	if err := k.Forget(ctx); err != nil {
		return nil, err
	}
	s.Keeper.Record(ctx, library.AuditFormerDeleted, "")
	return nil, nil
}

// ownerAsks refuses who is not the owner's browser. The edge does not ask who
// comes here, because a box without an owner has nobody to be signed in.
func (s *server) ownerAsks(r *http.Request) error {
	if _, given := auth.Bearer(r); given {
		return &library.Error{Kind: library.Forbidden, Message: "A key cannot restore a backup.", Hint: "Sign in with a browser."}
	}
	by, err := s.fromCookie(r)
	if err != nil {
		return err
	}
	return s.Keeper.Proved(r.Context(), by)
}

// maxKey is in bytes.
const maxKey = 2 << 10

// keyAndFile reads the key, which comes before the file.
func keyAndFile(parts *multipart.Reader) (key string, file io.Reader, err error) {
	for range maxParts {
		p, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return "", nil, noFile()
		case err != nil:
			return "", nil, readFault(err)
		}
		switch p.FormName() {
		case "file":
			return key, p, nil
		case "identity", "passphrase":
			text, err := io.ReadAll(io.LimitReader(p, maxKey))
			if err != nil {
				return "", nil, readFault(err)
			}
			key = string(text)
		}
	}
	return "", nil, noFile()
}

func describeRestore(op *huma.Operation) {
	op.Description = "multipart/form-data: identity or passphrase first, then file. For the signed-in owner, who has proved lately who they are; before setup, for whoever sends the setup code in X-Setup-Code. " +
		"The whole of it is read and checked before anything changes; then the box starts again."
	op.Responses["202"] = &huma.Response{Description: "It was taken, and the box is about to start again with it."}
}
