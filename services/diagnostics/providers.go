package diagnostics

// providers are the keys of services that tell their own by how they begin: what
// one has in small letters, or several such, and the expression.
func providers() [][2]string {
	return [][2]string{
		{"cfr_", `\bcfr_[A-Za-z0-9_-]{8,}`}, // Coffer
		{"sk- sk_ pk- pk_ rk- rk_", `\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{12,}`}, // OpenAI, Anthropic, Stripe
		{"ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", `\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{16,}`},
		{"glpat- gldt- glrt- glptt- glcbt- glsoat- glft- glagent- glimt- gloas-", `\bgl(?:pat|dt|rt|ptt|cbt|soat|ft|agent|imt|oas)-[A-Za-z0-9_-]{16,}`},
		{"xox xapp- xwfp-", `\b(?:xox[abeoprs]|xapp|xwfp)-[A-Za-z0-9-]{8,}`},
		{"akia asia aroa aida abia acca a3t", `\b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}`},
		{"aiza", `\bAIza[A-Za-z0-9_-]{20,}`},
		{"ya29.", `\bya29\.[A-Za-z0-9_-]{16,}`},
		{"gocspx-", `\bGOCSPX-[A-Za-z0-9_-]{12,}`},
		{"npm_", `\bnpm_[A-Za-z0-9]{20,}`},
		{"pypi-", `\bpypi-[A-Za-z0-9_-]{16,}`},
		{"dckr_", `\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}`},
		{"dop_v1_ doo_v1_ dor_v1_", `\bdo[opr]_v1_[a-f0-9]{16,}`},
		{"hf_ api_org_", `\b(?:hf|api_org)_[A-Za-z0-9]{16,}`},
		{"gsk_", `\bgsk_[A-Za-z0-9]{16,}`},
		{"xai- pplx-", `\b(?:xai|pplx)-[A-Za-z0-9]{16,}`},
		{"sg.", `\bSG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`},
		{"key-", `\bkey-[0-9a-f]{16,}`},
		{"shpat_ shpca_ shppa_ shpss_", `\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}`},
		{"sq0", `\bsq0[a-z]{3}-[A-Za-z0-9_-]{16,}`},
		{"eaa", `\bEAA[A-Za-z0-9]{20,}`},
		{"lin_", `\blin_(?:api|oauth)_[A-Za-z0-9]{16,}`},
		{"whsec_", `\bwhsec_[A-Za-z0-9+/=]{16,}`},
		{"tskey-", `\btskey-[A-Za-z0-9-]{12,}`},
		{"hvs. hvb. hvr.", `\bhv[sbr]\.[A-Za-z0-9_-]{20,}`},
		{"dp.", `\bdp\.(?:pt|st|ct)\.[A-Za-z0-9]{16,}`},
		{"glc_ glsa_", `\bgl(?:c|sa)_[A-Za-z0-9+/=_]{16,}`},
		{"pscale_", `\bpscale_[a-z]+_[A-Za-z0-9_.-]{16,}`},
		{"sbp_", `\bsbp_[a-f0-9]{16,}`},
		{"ntn_ secret_", `\b(?:ntn|secret)_[A-Za-z0-9]{16,}`},
		{":a", `\b\d{5,16}:A[A-Za-z0-9_-]{30,}`}, // Telegram
		{"gaaaa", `\bgAAAA[A-Za-z0-9_-]{20,}`},   // Fernet
		{"$2 $argon2 $5$ $6$ $y$ $scrypt $pbkdf2 $1$ $apr1$ $7$", `\$(?:2[abxy]|argon2(?:id?|d)|1|5|6|7|y|apr1|scrypt|pbkdf2[a-z0-9-]*)\$[^\s"']{8,}`}, // hashes of passwords
		{"pbkdf2_ argon2$ bcrypt_ scrypt$", `\b(?:pbkdf2_\w+|argon2|bcrypt_\w+|scrypt)\$\S+`},
		{"{sha {ssha {md5} {smd5} {crypt} {blf {argon2 {pbkdf2", `\{S?(?:SHA|MD5|CRYPT|BLF-CRYPT|ARGON2|PBKDF2)[0-9A-Z-]*\}\S+`},
		{"hooks.slack.com discord", `\b(?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks)/[^\s"']+`},
	}
}
