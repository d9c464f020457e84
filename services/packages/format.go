package packages

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"coffer/services/extract"
)

// What a package is made of.
const (
	mediaType     = "application/vnd.ccx+zip"
	version       = "3.0"
	major         = "3"
	mimetypeName  = "mimetype"
	manifestName  = "manifest.json"
	contextName   = "context.jsonld"
	knowledgeName = "knowledge.jsonld"
	sourcesName   = "sources.jsonl"
	signatureName = "signatures/manifest.sig"
	assetFolder   = "assets/sha256/"

	typeJSONLD = "application/ld+json"
	typeLines  = "application/x-ndjson"
	typeText   = "text/plain; charset=utf-8"

	modeEmbedded   = "embedded"
	modeReferenced = "referenced"
	modeDerived    = "derived-only"

	formatEd25519 = "ed25519"
	noLicense     = "NOASSERTION" // SPDX: nothing is said
)

// Bounds on what is read, beside those of the extractor.
const (
	maxManifest = 64 << 20 // bytes
	maxLine     = 1 << 20  // bytes of one record
	maxGraph    = 64 << 20 // bytes of one graph
	maxNesting  = 200      // of JSON
)

// limits bound the unpacking of a package of any size that the volume holds.
func limits(file int64) extract.Limits {
	return extract.Limits{
		Members: 500_000, File: max(file, maxManifest), Total: 1 << 40, Ratio: 500, RatioFrom: 256 << 20,
		Depth: 1, Nested: 1, Dictionary: 1 << 20, Time: 2 * time.Hour,
	}
}

// Fingerprint is a public key as people compare it: the SHA-256 of its bytes as
// OpenSSH shows them.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// digests are both of an entry, as the manifest has them (RFC 4648, section 4).
type digests struct {
	SHA256 string `json:"sha256"`
	SHA512 string `json:"sha512"`
}

type graphEntry struct {
	Namespace string `json:"namespace"`
	Role      string `json:"role,omitempty"`
	Name      string `json:"name"`
	Path      string `json:"path"`
	MediaType string `json:"media_type"`
	digests
}

func (g graphEntry) isDefault() bool { return g.Namespace == "ccx" && g.Name == "knowledge" }

type assetEntry struct {
	Path      string `json:"path"`
	MediaType string `json:"media_type"`
	digests
	SourceMode string `json:"source_mode,omitempty"`
}

type signatureEntry struct {
	Path      string `json:"path"`
	Format    string `json:"format"`
	PublicKey string `json:"public_key,omitempty"` // base64
}

// head is the manifest without what it lists.
type head struct {
	Version        string `json:"ccx_version"`
	Name           string `json:"name"`
	PackageVersion string `json:"package_version"`
	Title          string `json:"title,omitempty"`
	License        string `json:"license,omitempty"`
	CreatedAt      string `json:"created_at,omitempty"`
	BaseIRI        string `json:"base_iri,omitempty"`
	Generator      string `json:"generator,omitempty"`
}

type manifest struct {
	head
	Graphs     []graphEntry     `json:"graphs"`
	Assets     []assetEntry     `json:"assets"`
	Signatures []signatureEntry `json:"signatures,omitempty"`
}
