package edge

import (
	"errors"
	"io/fs"
	"path"
	"regexp"

	"coffer/appliance/beneath"
)

// challengeFolder is where the edge finds what a certificate authority asks
// for, below RUN.
const challengeFolder = "acme"

// Challenges puts answers for a certificate authority where the edge serves
// them: /.well-known/acme-challenge/TOKEN under any name, over plain HTTP too
// (RFC 8555, 8.3). They are files, so that the edge has no way to the service
// that goes out.
type Challenges struct {
	Run string
	// UID and GID own the files, as those of Options.
	UID, GID int
}

// What a token and its answer are (RFC 8555, 8.1); the folder's own names have
// a dot.
var (
	tokenForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	answerForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}\.[A-Za-z0-9_-]{1,128}$`)
)

// maxChallenges is more than an order has.
const maxChallenges = 64

// Put has the edge answer to token.
func (c Challenges) Put(token, answer string) error {
	if !tokenForm.MatchString(token) || !answerForm.MatchString(answer) {
		return errors.New("this is no challenge of an authority")
	}
	dir, err := c.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Names()
	if err != nil {
		return err
	}
	if len(names) >= maxChallenges {
		return errors.New("too many challenges are open")
	}
	return dir.Put(token, []byte(answer), beneath.Attributes{UID: c.UID, GID: c.GID, Mode: 0o440})
}

// Clear has the edge forget token.
func (c Challenges) Clear(token string) error {
	if !tokenForm.MatchString(token) {
		return nil // it was never put
	}
	dir, err := c.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Remove(token); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Sweep forgets all, which an earlier run may have left.
func (c Challenges) Sweep() error {
	dir, err := c.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Names()
	for _, name := range names {
		err = errors.Join(err, dir.Remove(name))
	}
	return err
}

func (c Challenges) open() (*beneath.Dir, error) {
	return beneath.Open(path.Join(c.Run, challengeFolder))
}
