package egress

import (
	"bytes"
	"context"
	"crypto/md5" // what S3 calls a part by; nothing rests on it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bounds of storage.
const (
	partSize    = 16 << 20       // bytes; what is smaller is one part
	maxParts    = 10_000         // of S3
	staleUpload = 24 * time.Hour // an upload that nobody went on with is ended
	maxListed   = 10_000         // objects
	sampleSize  = 64 << 10       // bytes that are read back of each part
	maxPartSize = 5 << 30        // of S3
)

// Bucket is the storage that copies of backups go to. Init hands it over: a
// caller can neither read nor choose it.
type Bucket struct {
	Endpoint  string `json:"endpoint"` // URL of the service, without the bucket
	Region    string `json:"region"`
	Name      string `json:"name"`
	Prefix    string `json:"prefix"`     // "" or "folder/"
	PathStyle bool   `json:"path_style"` // the bucket stands in the path, not in the host
	AccessKey string `json:"access_key"`
	Secret    string `json:"secret"`
}

// Object is a copy in the storage.
type Object struct {
	Name string    `json:"name"` // without the prefix
	Size int64     `json:"size"` // bytes
	At   time.Time `json:"at"`
}

// storage speaks to one bucket through a door.
type storage struct {
	Bucket
	core *minio.Core
}

func newStorage(d *door, b Bucket) (*storage, error) {
	u, err := url.Parse(b.Endpoint)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, failure(CodeInvalid, "The storage has no address that can be gone to.")
	}
	host := u.Hostname()
	d.judge, d.near = Named(host), Local(host)
	d.admit = b.admit(u)
	style := minio.BucketLookupDNS
	if b.PathStyle {
		style = minio.BucketLookupPath
	}
	transport := d.client(nil).Transport
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.Secret, ""), Secure: u.Scheme == "https", Region: b.Region,
		BucketLookup: style, Transport: unled{transport}, MaxRetries: 2,
	})
	if err != nil {
		return nil, failure(CodeInvalid, "The storage cannot be spoken to as it is described.")
	}
	return &storage{b, core}, nil
}

// admit lets the host of the endpoint, and that of the bucket below it where
// the bucket stands in the host.
func (b Bucket) admit(u *url.URL) func(string, uint16) error {
	plain := only(u)
	below := *u
	below.Host = b.Name + "." + u.Host
	bucket := only(&below)
	return func(host string, port uint16) error {
		if !b.PathStyle && bucket(host, port) == nil {
			return nil
		}
		return plain(host, port)
	}
}

// unled passes no redirect on: the storage is where the owner says, or nowhere.
type unled struct{ next http.RoundTripper }

func (u unled) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := u.next.RoundTrip(r)
	if err == nil && res.StatusCode >= 300 && res.StatusCode < 400 && res.StatusCode != http.StatusNotModified {
		_ = res.Body.Close() // nothing of it is read
		return nil, failure(CodeRefused, "The storage leads elsewhere (%d), which is not followed. The region or the endpoint may be another.", res.StatusCode)
	}
	return res, err
}

func (s *storage) key(name string) string { return s.Prefix + name }

// put copies size bytes of r to name. What an earlier try brought there is gone
// on with; a part counts only when its sum is that of the file. told hears how
// many bytes are there.
func (s *storage) put(ctx context.Context, name string, r io.ReaderAt, size int64, told func(int64)) error {
	parts := layOut(size)
	id, there, err := s.begun(ctx, name)
	if err != nil {
		return stored(err)
	}
	if id == "" {
		if id, err = s.core.NewMultipartUpload(ctx, s.Name, s.key(name), minio.PutObjectOptions{ContentType: "application/octet-stream"}); err != nil {
			return stored(err)
		}
	}
	var done []minio.CompletePart
	var sums []byte
	for n, p := range parts {
		sum, sha, err := sumsOf(r, p)
		if err != nil {
			return failure(CodeInvalid, "The file cannot be read.")
		}
		sums = append(sums, sum...)
		tag := hex.EncodeToString(sum)
		if had, ok := there[n+1]; !ok || had.size != p.size || had.tag != tag {
			part, err := s.core.PutObjectPart(ctx, s.Name, s.key(name), id, n+1, io.NewSectionReader(r, p.at, p.size), p.size, minio.PutObjectPartOptions{
				Md5Base64: base64.StdEncoding.EncodeToString(sum), Sha256Hex: hex.EncodeToString(sha),
			})
			if err != nil {
				return stored(err)
			}
			tag = part.ETag
		}
		done = append(done, minio.CompletePart{PartNumber: n + 1, ETag: tag})
		told(p.at + p.size)
	}
	if _, err := s.core.CompleteMultipartUpload(ctx, s.Name, s.key(name), id, done, minio.PutObjectOptions{}); err != nil {
		return stored(err)
	}
	whole := md5.Sum(sums)
	return s.compare(ctx, name, r, size, parts, fmt.Sprintf("%x-%d", whole, len(parts)))
}

// span is one part of a file.
type span struct{ at, size int64 }

// layOut divides size bytes into parts.
func layOut(size int64) []span {
	each := int64(partSize)
	for size > each*maxParts {
		each *= 2
	}
	each = min(each, maxPartSize)
	all := []span{}
	for at := int64(0); at < size || len(all) == 0; at += each {
		all = append(all, span{at, min(each, size-at)})
	}
	return all
}

func sumsOf(r io.ReaderAt, p span) (sum, sha []byte, err error) {
	a, b := md5.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(a, b), io.NewSectionReader(r, p.at, p.size)); err != nil {
		return nil, nil, err
	}
	return a.Sum(nil), b.Sum(nil), nil
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

// compare looks whether what is there is the file: by its size, and by the tag
// that S3 makes of the parts' sums; where the storage makes another tag, the
// beginning of each part is read back.
func (s *storage) compare(ctx context.Context, name string, r io.ReaderAt, size int64, parts []span, tag string) error {
	o, err := s.core.StatObject(ctx, s.Name, s.key(name), minio.StatObjectOptions{})
	if err != nil {
		return stored(err)
	}
	if o.Size != size {
		return failure(CodeDiffers, "The storage has %d bytes of %d.", o.Size, size)
	}
	if strings.Trim(o.ETag, `"`) == tag {
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
			return stored(err)
		}
		_, err = io.ReadFull(body, got)
		_ = body.Close() // what was needed of it is read
		if err != nil || !bytes.Equal(want, got) {
			return failure(CodeDiffers, "The storage has other bytes than the backup.")
		}
	}
	return nil
}

// list is what lies in the bucket's folder, the latest first.
func (s *storage) list(ctx context.Context) ([]Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := []Object{}
	for o := range s.core.Client.ListObjects(ctx, s.Name, minio.ListObjectsOptions{Prefix: s.Prefix}) {
		switch {
		case o.Err != nil:
			return nil, stored(o.Err)
		case len(all) == maxListed:
			return nil, failure(CodeTooLarge, "The storage has more than %d objects there.", maxListed)
		case strings.HasSuffix(o.Key, "/"):
			continue
		}
		all = append(all, Object{Name: path.Base(o.Key), Size: o.Size, At: o.LastModified.UTC()})
	}
	slices.SortFunc(all, func(a, b Object) int { return b.At.Compare(a.At) })
	return all, nil
}

// get writes what lies under name to w.
func (s *storage) get(ctx context.Context, name string, w io.Writer) error {
	body, o, _, err := s.core.GetObject(ctx, s.Name, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		return stored(err)
	}
	defer body.Close()
	n, err := io.Copy(w, body)
	if err == nil && n != o.Size {
		err = io.ErrUnexpectedEOF
	}
	return stored(err)
}

func (s *storage) remove(ctx context.Context, name string) error {
	return stored(s.core.RemoveObject(ctx, s.Name, s.key(name), minio.RemoveObjectOptions{}))
}

// tidy ends uploads that nobody goes on with, which cost room that no list
// shows.
func (s *storage) tidy(ctx context.Context, now time.Time) error {
	all, err := s.core.ListMultipartUploads(ctx, s.Name, s.Prefix, "", "", "", 1000)
	if err != nil {
		return stored(err)
	}
	for _, u := range all.Uploads {
		if now.Sub(u.Initiated) < staleUpload {
			continue
		}
		if err := s.core.AbortMultipartUpload(ctx, s.Name, u.Key, u.UploadID); err != nil {
			return stored(err)
		}
	}
	return nil
}

// stored makes a Failure of what the storage said; nil stays nil.
func stored(err error) error {
	if err == nil {
		return nil
	}
	e := minio.ToErrorResponse(err)
	switch e.Code {
	case "":
		return explain(unwrapped(err))
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "XMinioInvalidAccessKey", "XAdminUserNotFound":
		return &Failure{Code: CodeKey, Message: "The storage does not take the access key, or the key may not do this.", Detail: words(e.Code)}
	case "NoSuchBucket":
		return &Failure{Code: CodeNoBucket, Message: "The storage has no such bucket."}
	case "NoSuchKey":
		return &Failure{Code: CodeGone, Message: "The storage has no such copy."}
	case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "EntityTooLarge":
		return &Failure{Code: CodeFull, Message: "The storage is full.", Detail: words(e.Code)}
	case "RequestTimeTooSkewed":
		return &Failure{Code: CodeAnswered, Message: "The box's clock and the storage's differ by more than it takes."}
	}
	return &Failure{Code: CodeAnswered, Message: "The storage did not do it: " + words(e.Code) + ".", Detail: words(e.Message)}
}

// unwrapped is err without the address that was asked.
func unwrapped(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}
