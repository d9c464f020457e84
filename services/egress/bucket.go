package egress

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
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

// storage speaks to one bucket through a door.
type storage struct {
	Bucket
	core  *minio.Core
	close func() // ends its connections
}

func newStorage(d *door, b Bucket) (*storage, error) {
	u, err := url.Parse(b.Endpoint)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, failure(CodeInvalid, "The storage has no address that can be gone to.")
	}
	host := u.Hostname()
	d.judge, d.near, d.idle = Named(host), Local(host), storageIdle
	d.admit = b.admit(u)
	style := minio.BucketLookupDNS
	if b.PathStyle {
		style = minio.BucketLookupPath
	}
	transport := d.client(nil).Transport.(*http.Transport)
	transport.ResponseHeaderTimeout = storageIdle // it may put many parts together before it answers
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(b.AccessKey, b.Secret, ""), Secure: u.Scheme == "https", Region: b.Region,
		BucketLookup: style, Transport: unled{transport}, MaxRetries: 2,
	})
	if err != nil {
		return nil, failure(CodeInvalid, "The storage cannot be spoken to as it is described.")
	}
	core.SetS3EnableDualstack(false) // which has names of its own
	return &storage{b, core, transport.CloseIdleConnections}, nil
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
type unled struct{ next *http.Transport }

func (u unled) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", agent) // which the signature leaves out
	res, err := u.next.RoundTrip(r)
	if err == nil && res.StatusCode >= 300 && res.StatusCode < 400 && res.StatusCode != http.StatusNotModified {
		_ = res.Body.Close() // nothing of it is read
		return nil, failure(CodeRegion, "The storage leads elsewhere (%d), which is not followed. The region or the endpoint may be another.", res.StatusCode)
	}
	return res, err
}

func (s *storage) key(name string) string { return s.Prefix + name }

// stored makes a Failure of what the storage said; nil stays nil.
func (s *storage) stored(err error) error {
	if err == nil {
		return nil
	}
	f := said(err)
	for _, secret := range []string{s.Secret, s.AccessKey} {
		if secret != "" {
			f.Detail = strings.ReplaceAll(f.Detail, secret, "…")
		}
	}
	return f
}

func said(err error) *Failure {
	e := minio.ToErrorResponse(err)
	switch e.Code {
	case "":
		return broken(err)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "ExpiredToken", "AccountProblem", "XMinioInvalidAccessKey", "XAdminUserNotFound":
		return &Failure{Code: CodeKey, Message: "The storage does not take the access key, or the key may not do this.", Detail: words(e.Code)}
	case "NoSuchBucket":
		return &Failure{Code: CodeNoBucket, Message: "The storage has no such bucket."}
	case "NoSuchKey":
		return &Failure{Code: CodeGone, Message: "The storage has no such copy."}
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "InvalidRegion", "IllegalLocationConstraintException":
		f := &Failure{Code: CodeRegion, Message: "The bucket is in another region."}
		if e.Region != "" {
			f.Detail = words(e.Region)
		}
		return f
	case "RequestTimeTooSkewed", "RequestExpired":
		return &Failure{Code: CodeClock, Message: "The box's clock and the storage's differ by more than it takes."}
	case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "EntityTooLarge":
		return &Failure{Code: CodeFull, Message: "The storage is full.", Detail: words(e.Code)}
	}
	return &Failure{Code: CodeAnswered, Message: "The storage did not do it: " + words(e.Code) + ".", Detail: words(e.Message)}
}

// broken is what went wrong below the conversation, without the address that
// was asked.
func broken(err error) *Failure {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &Failure{Code: CodeUnreachable, Message: "What answers there does not speak HTTPS."}
	}
	return explain(err)
}
