package posture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"coffer/appliance/beneath"
)

// What backups look like from outside.
const (
	sealedEnd    = ".age"
	sealedBegins = "age-encryption.org/v1\n"
	// provenWithin is how old the last proof may be: two planned ones.
	provenWithin = 49 * time.Hour
)

func (l *look) backupSealed(context.Context) Finding {
	facts, err := l.facts()
	switch {
	case err != nil:
		return unseen(err)
	case facts.BackupBare:
		return fail("what is sealed can be read without a key")
	case facts.BackupForeign:
		return fail("another's key opens what is sealed")
	case facts.BackupTampered:
		return fail("one with a changed bit was taken")
	}
	folder, err := beneath.Open(filepath.Join(l.Data, "backups"))
	if err != nil {
		return unseen(err)
	}
	defer folder.Close()
	names, err := folder.Names()
	if err != nil {
		return unseen(err)
	}
	files := 0
	for _, name := range names {
		if !strings.HasSuffix(name, sealedEnd) {
			continue
		}
		switch bare, err := unsealed(folder, name); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return unseen(err)
		case bare != "":
			return fail(name + " " + bare)
		default:
			files++
		}
	}
	return pass(fmt.Sprintf("a word that was sealed as backups are opened with its own key alone, and not with one bit changed; %d backups are sealed and only the API reads the files", files))
}

// unsealed says what is wrong with a backup's file.
func unsealed(folder *beneath.Dir, name string) (string, error) {
	n, err := folder.Hold(name)
	if err != nil {
		return "", err
	}
	defer n.Close()
	head, err := n.Head(int64(len(sealedBegins)))
	switch {
	case err != nil:
		return "", err
	case !bytes.Equal(head, []byte(sealedBegins)):
		return "is not sealed", nil
	case n.Mode&0o077 != 0:
		return fmt.Sprintf("has mode %04o", n.Mode), nil
	}
	return "", nil
}

func (l *look) backupProven(context.Context) Finding {
	facts, err := l.facts()
	age := time.Since(facts.BackupProvenAt)
	switch {
	case err != nil:
		return unseen(err)
	case facts.BackupPartIsWhole:
		return fail("a backup that lacks something would be taken for whole")
	case facts.BackupFailed != "":
		return fail("the last backup failed: " + facts.BackupFailed)
	case facts.CopyFailed != "":
		return fail("the last backup is not in the storage: " + facts.CopyFailed)
	case facts.BackupProvenAt.IsZero() && !facts.BackupsPlanned:
		return Finding{NotApplicable, "there is no backup yet, and none is made unasked: set up a recovery key in Settings, Backups"}
	case facts.BackupProvenAt.IsZero():
		return degraded("a recovery key is set up, and no backup has been proven yet")
	case age > provenWithin:
		return degraded("the last backup was proven on " + facts.BackupProvenAt.UTC().Format(time.DateOnly) + ", which is " + days(age) + " ago")
	}
	const minute = "2006-01-02 15:04 UTC"
	evidence := fmt.Sprintf("opened again on %s with %d sources, its store restored into a scratch copy and looked through, its originals hashed",
		facts.BackupProvenAt.UTC().Format(minute), facts.BackupSources)
	switch {
	case facts.CopiesTo != "" && facts.CopiedAt.IsZero():
		evidence += "; no copy is at " + facts.CopiesTo + " yet"
	case facts.CopiesTo != "":
		evidence += fmt.Sprintf("; a copy was at %s and compared on %s", facts.CopiesTo, facts.CopiedAt.UTC().Format(minute))
	}
	return pass(evidence)
}
