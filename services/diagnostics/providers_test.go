package diagnostics

import (
	"encoding/hex"
	"strings"
	"testing"
)

// keysOfProviders is one of each kind, put together here, so that no scanner
// takes them for real ones.
func keysOfProviders() []string {
	w, x := drawnText(36), hex.EncodeToString([]byte(drawnText(20)))
	capitals := strings.ToUpper(drawnText(18))
	all := []string{"123456789:A" + w, "SG." + w[:22] + "." + w, "dp.pt." + w, "hooks.slack.com/services/T0/B0/" + w, "discord.com/api/webhooks/1/" + w, "gAAAAA" + w + w}
	for _, begins := range strings.Fields("cfr_ sk-proj- sk-ant-api03- sk_live_ pk_test_ rk_live_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glptt- glcbt- glsoat- glft- glagent- glimt- gloas- " +
		"xoxb- xoxp- xapp-1- xwfp- AIza ya29. GOCSPX- npm_ pypi- dckr_pat_ dckr_oat_ hf_ api_org_ gsk_ xai- pplx- sq0atp- EAA lin_api_ lin_oauth_ whsec_ tskey-auth- hvs. hvb. hvr. glc_ glsa_ pscale_tkn_ ntn_ secret_") {
		all = append(all, begins+w)
	}
	for _, begins := range strings.Fields("dop_v1_ doo_v1_ dor_v1_ key- shpat_ shpca_ shppa_ shpss_ sbp_") {
		all = append(all, begins+x)
	}
	for _, begins := range strings.Fields("AKIA ASIA AROA AIDA ABIA ACCA A3T") {
		all = append(all, begins+capitals[:16])
	}
	for _, begins := range strings.Fields("$2a$12$ $2b$12$ $2y$10$ $argon2id$v=19$ $1$ $5$ $6$ $7$ $y$ $apr1$ $scrypt$ $pbkdf2-sha256$ pbkdf2_sha256$1000$ argon2$argon2id$ bcrypt_sha256$ scrypt$ {SHA} {SSHA} {SSHA512} {MD5} {CRYPT} {BLF-CRYPT} {ARGON2ID} {PBKDF2-SHA256}") {
		all = append(all, begins+w)
	}
	return all
}

// Each is found by how it begins, whatever follows, and a row that no key here
// needs is none.
func TestKeysOfProviders(t *testing.T) {
	var rules []shape
	for _, r := range shapes() {
		if r.name == "provider-key" {
			rules = append(rules, r)
		}
	}
	struck := make([]bool, len(rules))
	for _, key := range keysOfProviders() {
		text, found := `msg="it refused `+key+` there"`, false
		for i, r := range rules {
			for _, h := range r.find(text, smallLetters(text)) {
				struck[i] = true
				found = found || strings.HasPrefix(key, text[h.from:h.to]) && h.to-h.from > len(key)/2
			}
		}
		if !found {
			t.Errorf("%s is not found", key)
		}
	}
	for i, r := range rules {
		if !struck[i] {
			t.Errorf("%s finds nothing", r.match)
		}
	}
}
