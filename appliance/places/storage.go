package places

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// StorageFile holds the storage for copies of backups, below DATA/secrets.
const StorageFile = "storage.json"

// usualRegion is that of storage which has none.
const usualRegion = "us-east-1"

// Bounds of what is kept of a storage, in characters.
const (
	maxPrefix = 200
	maxKey    = 256
)

// Storage is an S3-compatible one. Zero is none.
type Storage struct {
	Endpoint  string `json:"endpoint"` // URL of the service, without the bucket
	Region    string `json:"region"`
	Bucket    string `json:"bucket"`
	Prefix    string `json:"prefix,omitempty"` // "" or "folder/"
	PathStyle bool   `json:"path_style"`       // the bucket stands in the path, not in the host
	AccessKey string `json:"access_key"`
	Secret    string `json:"secret"`
}

// Secrets are the parts that open it, for those who blot them out of texts.
func (s Storage) Secrets() []string { return append(long(s.AccessKey), long(s.Secret)...) }

// StorageState is what may be told of it: all but the keys.
type StorageState struct {
	Endpoint  string `json:"endpoint,omitempty"` // empty: there is none
	Host      string `json:"host,omitempty"`     // of the endpoint, with a port that is not the usual one
	Region    string `json:"region,omitempty"`
	Bucket    string `json:"bucket,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
	PathStyle bool   `json:"path_style,omitempty"`
}

// Storage is the owner's. What cannot be read is logged and counts as none.
func (s Store) Storage() Storage {
	var out Storage
	there, err := s.load(StorageFile, &out)
	if err == nil && there && s.judge(out) != nil {
		err = errors.New(StorageFile + " is damaged")
	}
	if err != nil {
		s.Log.Error("the storage for copies of backups cannot be read, and none are copied until it is given again", slog.Any("error", err))
		return Storage{}
	}
	return out
}

// StorageState is what may be told of it.
func (s Store) StorageState() StorageState {
	o := s.Storage()
	u, err := url.Parse(o.Endpoint)
	if err != nil || o == (Storage{}) {
		return StorageState{}
	}
	return StorageState{Endpoint: o.Endpoint, Host: u.Host, Region: o.Region, Bucket: o.Bucket, Prefix: o.Prefix, PathStyle: o.PathStyle}
}

// ApplyStorage keeps what is wished for; zero forgets what there is. Its error is
// a *Fault where the owner can mend it.
func (s Store) ApplyStorage(o Storage) error {
	if o == (Storage{}) {
		return s.forget(StorageFile)
	}
	o = o.tidy()
	if err := s.judge(o); err != nil {
		return err
	}
	return s.keep(StorageFile, o)
}

// tidy forgives what people type.
func (o Storage) tidy() Storage {
	for _, part := range []*string{&o.Endpoint, &o.Region, &o.Bucket, &o.Prefix, &o.AccessKey, &o.Secret} {
		*part = strings.TrimSpace(*part)
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	if o.Endpoint != "" && !strings.Contains(o.Endpoint, "://") {
		o.Endpoint = "https://" + o.Endpoint
	}
	if o.Region == "" {
		o.Region = usualRegion
	}
	if o.Prefix = strings.Trim(o.Prefix, "/"); o.Prefix != "" {
		o.Prefix += "/"
	}
	return o
}

var (
	regionForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixForm = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_.-]*/)*$`)
	keyForm    = regexp.MustCompile(`^[!-~]+$`)
)

// judge says what is wrong with a storage. Nothing of its keys is in the words.
func (s Store) judge(o Storage) error {
	if err := s.judgeEndpoint(o); err != nil {
		return err
	}
	switch {
	case !regionForm.MatchString(o.Region):
		return fault(BadRegion, "that is no region", "Give it as the storage names it, such as eu-central-1, or leave it empty")
	case !bucketForm.MatchString(o.Bucket) || strings.Contains(o.Bucket, ".."):
		return fault(BadBucket, "that is no name of a bucket", "It has 3 to 63 small letters, digits, hyphens and dots; a folder in it has a field of its own")
	case !o.PathStyle && strings.Contains(o.Bucket, ".") && strings.HasPrefix(o.Endpoint, "https:"):
		return fault(BadBucket, "no certificate is for a host that begins with a bucket with dots", "Have the bucket stand in the path")
	case len(o.Prefix) > maxPrefix || !prefixForm.MatchString(o.Prefix):
		return fault(BadPrefix, "that is no folder in a bucket", "Use letters, digits, hyphens and underscores, with / between folders, or leave it empty")
	case len(o.AccessKey) > maxKey || !keyForm.MatchString(o.AccessKey):
		return fault(BadKey, "that is no access key", "Paste it as the storage shows it, without spaces")
	case len(o.Secret) > maxKey || !keyForm.MatchString(o.Secret):
		return fault(BadSecret, "that is no secret key", "Paste it as the storage showed it when it was made, without spaces")
	}
	return nil
}

func (s Store) judgeEndpoint(o Storage) error {
	u, err := url.Parse(o.Endpoint)
	switch {
	case len(o.Endpoint) > maxAddress || err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return fault(BadEndpoint, "that is no address of a storage", "Give it as https://s3.example.org, as the storage names its endpoint")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.Path != "":
		return fault(BadEndpoint, "the address has more in it than a host", "Leave out what follows the host; bucket, folder and keys have fields of their own")
	}
	if p := u.Port(); p != "" {
		if _, err := net.LookupPort("tcp", p); err != nil {
			return fault(BadEndpoint, "the address has no port that exists", "Give a number from 1 to 65535, or none")
		}
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil && !o.PathStyle {
		return fault(BadEndpoint, "a bucket cannot stand before an address of numbers", "Have the bucket stand in the path")
	}
	if err := s.Reachable(u.Hostname()); err != nil {
		return fault(Unreachable, fmt.Sprintf("nothing is sent there: %v", err), "Give the address of another machine, as the box reaches it")
	}
	return nil
}
