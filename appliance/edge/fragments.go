package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"

	"coffer/appliance/beneath"
)

// fragments are the files under RUN/edge, by name.
func fragments() map[string]string {
	return map[string]string{
		"main.conf": `# Written at each start.
pid {{.Run}}/nginx/nginx.pid;
# Below alert nginx writes whole request lines, queries included.
error_log stderr {{if .Debug}}info{{else}}alert{{end}};
`,
		"http.conf": `# Written at each start.
map "" $edge_token { default "{{.Token}}"; }
map $http_x_edge_token $own { default 0; "{{.Token}}" 1; }
map "" $coffer_base { default "{{.BasePath}}"; }
map "" $metrics_off { default {{if .Metrics}}0{{else}}1{{end}}; }
map "" $challenges { default "{{.Run}}/acme"; }
map "" $generation { default "{{.Generation}}"; }
# What a browser is told of a name that is only ever opened over HTTPS.
map "$edge_scheme $edge_host" $pinned {
{{- if .TLS}}
{{- range .TLS.Pins}}
    "~*^https {{.Expr}}\.?(?::[0-9]+)?$" "{{.Header}}";
{{- end}}
{{- end}}
    default "";
}
{{- if and .TLS .TLS.Redirect}}
# Who asks for a page over plain HTTP is led to HTTPS: not init, not probes, no
# certificate authority, no program, and nobody whose proxy says that it spoke
# HTTPS, whether or not it is listed.
map "$own $edge_scheme $http_x_forwarded_proto $uri" $plain_page {
    "~*^0 http [^/]*https" 0;
    "~^0 http [^/]*(?:{{.BaseExpr}})?/(?:livez$|readyz$|metrics$|api/|static/|\.well-known/acme-challenge/)" 0;
    "~^0 http " 1;
    default 0;
}
{{- end}}
geo $realip_remote_addr $from_proxy {
    default 0;
{{- range .TrustedProxies}}
    {{.}} 1;
{{- end}}
}
{{- if .TrustedProxies}}
real_ip_header X-Forwarded-For;
real_ip_recursive on;
{{- range .TrustedProxies}}
set_real_ip_from {{.}};
{{- end}}
{{- end}}
geo $health_denied {
    default {{if .HealthAllow}}1{{else}}0{{end}};
    127.0.0.0/8 0;
    ::1/128 0;
{{- range .HealthAllow}}
    {{.}} 0;
{{- end}}
}
upstream coffer_api {
    server unix:{{.Run}}/api.sock max_fails=0;
    keepalive 8;
    keepalive_timeout 30s;
}
access_log /dev/stdout {{if .LogJSON}}json{{else}}text{{end}} if=$worth_a_line;
client_body_temp_path {{.Run}}/nginx/body;
proxy_temp_path {{.Run}}/nginx/proxy;
fastcgi_temp_path {{.Run}}/nginx/fastcgi;
uwsgi_temp_path {{.Run}}/nginx/uwsgi;
scgi_temp_path {{.Run}}/nginx/scgi;
`,
		"server.conf": `# Written at each start.
{{- range .Listen}}
listen {{.}} default_server;
{{- end}}
{{- if .TLS}}
{{- range .ListenTLS}}
listen {{.}} ssl{{if not $.TLS.OwnHTTP2}} http2{{end}} default_server;
{{- end}}
{{- if .TLS.OwnHTTP2}}
http2 on;
{{- end}}
ssl_certificate {{.TLS.Pair}};
ssl_certificate_key {{.TLS.Pair}};
{{- end}}
client_max_body_size {{.MaxBody}};
{{- if and .TLS .TLS.Redirect}}
if ($plain_page) { return 307 {{.TLS.Redirect}}$request_uri; }
{{- end}}
{{- if .BasePath}}
# A rewritten address counts as internal, so the edge's own are left out.
rewrite ^{{.BaseExpr}}(?!/_edge/)(/.*)$ $1 last;
rewrite ^{{.BaseExpr}}$ {{.BasePath}}/ redirect;
if ($uri !~ ^/(livez$|readyz$|metrics$|_edge/|\.well-known/acme-challenge/)) { return 404; }
{{- end}}
`,
	}
}

// flatName is the whole configuration in one file, for a run directory that is
// not where the protected files look for it; draftName one that is only looked
// at.
const (
	flatName  = "nginx.conf"
	draftName = "draft.conf"
)

// flatten writes the protected configuration to name with every include in
// place.
func (o Options) flatten(dir *beneath.Dir, name string, fragments map[string][]byte) error {
	var out bytes.Buffer
	if err := o.inline(&out, "etc/nginx/nginx.conf", fragments, 0); err != nil {
		return err
	}
	return dir.Put(name, out.Bytes(), o.attributes())
}

// maxConfiguration bounds each file of the protected configuration, in bytes.
const maxConfiguration = 1 << 20

// inline copies the file at name below Root, and what it includes. An include is a line
// of its own in our files.
func (o Options) inline(out *bytes.Buffer, name string, fragments map[string][]byte, depth int) error {
	if depth > 8 {
		return fmt.Errorf("edge: %s is included too deep", name)
	}
	dir, err := beneath.Base(o.Root)
	if err != nil {
		return err
	}
	defer dir.Close()
	n, err := dir.File(name)
	if err != nil {
		return err
	}
	defer n.Close()
	content, err := n.Read(maxConfiguration)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		included, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "include ")
		if !ok {
			out.WriteString(lines.Text() + "\n")
			continue
		}
		included = strings.TrimSuffix(included, ";")
		if fragment, ok := strings.CutPrefix(included, "../../run/coffer/edge/"); ok {
			out.Write(fragments[fragment])
			continue
		}
		if err := o.inline(out, path.Join("etc/nginx", included), fragments, depth+1); err != nil {
			return err
		}
	}
	return lines.Err()
}
