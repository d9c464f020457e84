package egress

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Bounds of storage.
const (
	partSize    = 16 << 20       // bytes; what is smaller is one part
	maxParts    = 10_000         // of S3
	maxPartSize = 5 << 30        // of S3
	staleUpload = 24 * time.Hour // an upload that nobody went on with is ended
	maxListed   = 10_000         // copies
	sampleSize  = 64 << 10       // bytes that are read back of each part
	maxSpoken   = 1 << 30        // bytes that come back besides copies, TLS included
	copyWithin  = 24 * time.Hour // for one copy; the next attempt goes on
	storageIdle = 5 * time.Minute
)

// sumKey is the entry of an object's metadata that holds the SHA-256 of the
// whole, in hex.
const sumKey = "Coffer-Sha256"

// Object is a copy in the storage.
type Object struct {
	Name string    `json:"name"` // without the prefix
	Size int64     `json:"size"` // bytes
	At   time.Time `json:"at"`
}

// copyName is how copies are called: coffer, the box's id, the backup's id. What
// is called otherwise is none of the box's, and is neither shown nor touched.
var copyName = regexp.MustCompile(`^coffer-[0-9a-z]{1,32}-[0-9]{8}-[0-9]{6}-[0-9a-z]{6}\.age$`)

// put copies size bytes of r to name. What is there already is compared, what an
// earlier try brought there is gone on with; a part counts only when its sum is
// that of the file. told hears how many bytes are there, and may refuse.
func (s *storage) put(ctx context.Context, name string, r io.ReaderAt, size int64, told func(int64) error) error {
	parts := layOut(size)
	sums, err := sumsOf(r, parts)
	if err != nil {
		return err
	}
	err = s.compare(ctx, name, r, size, parts, sums)
	// A refusal of the first question comes without its reason: the next one tells it.
	if f, ok := errors.AsType[*Failure](err); !ok || !slices.Contains([]Code{CodeGone, CodeDiffers, CodeAnswered}, f.Code) {
		return err
	}
	id, there, err := s.begun(ctx, name)
	if err != nil {
		return s.stored(err)
	}
	if id == "" {
		o := minio.PutObjectOptions{ContentType: "application/octet-stream", UserMetadata: map[string]string{sumKey: sums.whole}}
		if id, err = s.core.NewMultipartUpload(ctx, s.Name, s.key(name), o); err != nil {
			return s.stored(err)
		}
	}
	done, err := s.bring(ctx, name, id, r, parts, sums, there, told)
	if err != nil {
		return err
	}
	if _, err := s.core.CompleteMultipartUpload(ctx, s.Name, s.key(name), id, done, minio.PutObjectOptions{}); err != nil {
		return s.stored(err)
	}
	return s.compare(ctx, name, r, size, parts, sums)
}

// bring uploads the parts that are not there.
func (s *storage) bring(ctx context.Context, name, id string, r io.ReaderAt, parts []span, sums sums, there map[int]have, told func(int64) error) ([]minio.CompletePart, error) {
	var done []minio.CompletePart
	for n, p := range parts {
		tag := hex.EncodeToString(sums.md5[n])
		if had, ok := there[n+1]; !ok || had.size != p.size || had.tag != tag {
			part, err := s.core.PutObjectPart(ctx, s.Name, s.key(name), id, n+1, io.NewSectionReader(r, p.at, p.size), p.size, minio.PutObjectPartOptions{
				Md5Base64: base64.StdEncoding.EncodeToString(sums.md5[n]), Sha256Hex: hex.EncodeToString(sums.sha256[n]),
			})
			if err != nil {
				return nil, s.stored(err)
			}
			tag = part.ETag
		}
		done = append(done, minio.CompletePart{PartNumber: n + 1, ETag: tag})
		if err := told(p.at + p.size); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// have is a part that is there.
type have struct {
	size int64
	tag  string
}

// begun finds the newest upload of name that was not finished, and its parts;
// empty: none.
func (s *storage) begun(ctx context.Context, name string) (id string, there map[int]have, err error) {
	all, err := s.core.ListMultipartUploads(ctx, s.Name, s.key(name), "", "", "", 100)
	if err != nil {
		return "", nil, err
	}
	var at time.Time
	for _, u := range all.Uploads {
		if u.Key == s.key(name) && u.Initiated.After(at) {
			id, at = u.UploadID, u.Initiated
		}
	}
	if id == "" {
		return "", nil, nil
	}
	there = map[int]have{}
	for marker := 0; ; {
		l, err := s.core.ListObjectParts(ctx, s.Name, s.key(name), id, marker, 1000)
		if err != nil {
			return "", nil, err
		}
		for _, p := range l.ObjectParts {
			there[p.PartNumber] = have{p.Size, strings.Trim(p.ETag, `"`)}
		}
		if !l.IsTruncated || l.NextPartNumberMarker <= marker {
			return id, there, nil
		}
		marker = l.NextPartNumberMarker
	}
}

// compare looks whether what is there is the file: by its size, the sum that
// came with it, and the tag that S3 makes of the parts' sums; where the storage
// makes another tag, the beginning of each part is read back.
func (s *storage) compare(ctx context.Context, name string, r io.ReaderAt, size int64, parts []span, sums sums) error {
	o, err := s.core.StatObject(ctx, s.Name, s.key(name), minio.StatObjectOptions{})
	switch {
	case err != nil:
		return s.stored(err)
	case o.Size != size:
		return failure(CodeDiffers, "The storage has %d bytes of %d.", o.Size, size)
	case o.UserMetadata[sumKey] != sums.whole:
		return failure(CodeDiffers, "The storage has another file under that name.")
	case strings.Trim(o.ETag, `"`) == sums.tag():
		return nil
	}
	for _, p := range parts {
		n := min(p.size, sampleSize)
		if n == 0 {
			continue
		}
		want, got := make([]byte, n), make([]byte, n)
		if _, err := r.ReadAt(want, p.at); err != nil {
			return failure(CodeInvalid, "The file cannot be read.")
		}
		opts := minio.GetObjectOptions{}
		if err := opts.SetRange(p.at, p.at+n-1); err != nil {
			return failure(CodeInvalid, "The file cannot be read back.")
		}
		body, _, _, err := s.core.GetObject(ctx, s.Name, s.key(name), opts)
		if err != nil {
			return s.stored(err)
		}
		_, err = io.ReadFull(body, got)
		_ = body.Close() // what was needed of it is read
		if err != nil || !bytes.Equal(want, got) {
			return failure(CodeDiffers, "The storage has other bytes than the backup.")
		}
	}
	return nil
}

// list is every copy in the bucket's folder, of whatever box, the latest first.
func (s *storage) list(ctx context.Context) ([]Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := []Object{}
	for o := range s.core.Client.ListObjects(ctx, s.Name, minio.ListObjectsOptions{Prefix: s.Prefix}) {
		if o.Err != nil {
			return nil, s.stored(o.Err)
		}
		name := strings.TrimPrefix(o.Key, s.Prefix)
		if !copyName.MatchString(name) {
			continue
		}
		if len(all) == maxListed {
			return nil, failure(CodeTooLarge, "The storage has more than %d copies there.", maxListed)
		}
		all = append(all, Object{Name: name, Size: o.Size, At: o.LastModified.UTC()})
	}
	slices.SortFunc(all, func(a, b Object) int { return b.At.Compare(a.At) })
	return all, nil
}

// get reads what lies under name: its head, then its bytes in chunks. It fails
// when they are not those that were brought there.
func (s *storage) get(ctx context.Context, name string, head func(Object) error, chunk func([]byte) error) error {
	body, o, _, err := s.core.GetObject(ctx, s.Name, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		return s.stored(err)
	}
	defer body.Close()
	if err := head(Object{Name: name, Size: o.Size, At: o.LastModified.UTC()}); err != nil {
		return err
	}
	sum, n, buffer := sha256.New(), int64(0), make([]byte, chunkSize)
	for {
		m, err := body.Read(buffer)
		if m > 0 {
			n += int64(m)
			sum.Write(buffer[:m])
			if err := chunk(buffer[:m]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) && n != o.Size:
			return s.stored(io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			if want := o.UserMetadata[sumKey]; want != "" && want != hex.EncodeToString(sum.Sum(nil)) {
				return failure(CodeDiffers, "The copy in the storage is damaged.")
			}
			return nil
		case err != nil:
			return s.stored(err)
		}
	}
}

func (s *storage) remove(ctx context.Context, name string) error {
	return s.stored(s.core.RemoveObject(ctx, s.Name, s.key(name), minio.RemoveObjectOptions{}))
}

// tidy ends uploads of the box that name is of which nobody goes on with: they
// cost room that no list shows.
func (s *storage) tidy(ctx context.Context, name string, now time.Time) error {
	of, ok := boxOf(name)
	if !ok {
		return nil
	}
	all, err := s.core.ListMultipartUploads(ctx, s.Name, s.key(of), "", "", "", 1000)
	if err != nil {
		return s.stored(err)
	}
	for _, u := range all.Uploads {
		if box, ok := boxOf(strings.TrimPrefix(u.Key, s.Prefix)); !ok || box != of || now.Sub(u.Initiated) < staleUpload {
			continue
		}
		if err := s.core.AbortMultipartUpload(ctx, s.Name, u.Key, u.UploadID); err != nil {
			return s.stored(err)
		}
	}
	return nil
}

// boxOf is what the names of one box begin with.
func boxOf(name string) (string, bool) {
	const rest = len("20060102-150405-abcdef.age")
	if !copyName.MatchString(name) {
		return "", false
	}
	return name[:len(name)-rest], true
}

// try puts a small object there, lists, reads it back and removes it.
func (s *storage) try(ctx context.Context) error {
	name, word := "coffer-trial-"+strings.ToLower(rand.Text()[:12])+".txt", rand.Text()
	if _, err := s.core.PutObject(ctx, s.Name, s.key(name), strings.NewReader(word), int64(len(word)), "", "", minio.PutObjectOptions{ContentType: "text/plain"}); err != nil {
		return s.stored(err)
	}
	_, err := s.list(ctx)
	if err == nil {
		err = s.readBack(ctx, name, word)
	}
	gone := s.remove(ctx, name)
	if f, ok := errors.AsType[*Failure](gone); err == nil && ok && f.Code == CodeKey {
		return &Failure{Code: CodeStays, Message: "The storage takes copies, but this key may remove none.", Detail: f.Detail}
	}
	return errors.Join(err, gone)
}

func (s *storage) readBack(ctx context.Context, name, want string) error {
	body, _, _, err := s.core.GetObject(ctx, s.Name, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		return s.stored(err)
	}
	defer body.Close()
	got, err := io.ReadAll(io.LimitReader(body, sampleSize))
	if err != nil {
		return s.stored(err)
	}
	if string(got) != want {
		return failure(CodeDiffers, "The storage gives other bytes back than it got.")
	}
	return nil
}
