package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"coffer/scripts/e2e/box"
)

// check compares the edge as it is with one that takes for granted who is asking,
// else the same, with an nginx that only passes on, and with the call itself at
// the API's socket. All lead to the same API, in turn.
func (r report) check(ctx context.Context, b *box.Native, dir string) error {
	direct, to, run, err := straight(ctx, b)
	if err != nil {
		r.row("who is asking", "not measured", err.Error())
		return nil
	}
	root := filepath.Dir(filepath.Dir(run))
	unasked, err := another(ctx, filepath.Join(dir, "unasked"), run, func(prefix, address string) error { return unasking(prefix, root, run, address, to) })
	if err != nil {
		return err
	}
	defer unasked.stop()
	bare, err := another(ctx, filepath.Join(dir, "bare"), run, func(prefix, address string) error { return passing(prefix, run, address, to) })
	if err != nil {
		return err
	}
	defer bare.stop()
	unasked.client.HTTP.Jar, bare.client.HTTP.Jar = b.HTTP.Jar, b.HTTP.Jar // the edge counts by the session's cookie
	clients := []*box.Client{b.Client, unasked.client, bare.client, direct}
	for _, c := range []struct{ name, path string }{{"a list of 50 sources", "/api/v1/sources?limit=50"}, {"the smallest call", "/api/v1/auth/me"}} {
		took, err := inTurn(ctx, clients, c.path)
		if err != nil {
			return err
		}
		asked, not, only, call := took[0].at(0.5), took[1].at(0.5), took[2].at(0.5), took[3].at(0.5)
		r.row("who is asking, "+c.name, fmt.Sprintf("%.2f of the call itself", float64(asked-not)/float64(call)),
			fmt.Sprintf("what auth_request adds: %s through the edge, %s without that question, %s at the API's socket", ms(asked), ms(not), ms(call)))
		r.row("  beside a bare nginx", fmt.Sprintf("%.2f times", float64(asked)/float64(only)),
			fmt.Sprintf("one that passes on to the same socket and does nothing else, %s; without the question the edge takes %.2f times that", ms(only), float64(not)/float64(only)))
	}
	return nil
}

// inTurn asks each client a thousand times.
func inTurn(ctx context.Context, clients []*box.Client, path string) ([]spread, error) {
	took := make([]spread, len(clients))
	for round := range 1050 {
		for i, c := range clients {
			started := time.Now()
			if err := c.Get(ctx, path, nil); err != nil {
				return nil, err
			}
			if round >= 50 { // connections are made before
				took[i] = append(took[i], time.Since(started))
			}
		}
	}
	return took, nil
}

// edgeOf is an nginx of the bench's own.
type edgeOf struct {
	client *box.Client
	cmd    *exec.Cmd
}

func (e edgeOf) stop() {
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	_ = e.cmd.Wait() // it was told to end
}

// another starts nginx with what configure writes below prefix, as the user whom
// the API's socket lets in.
func another(ctx context.Context, prefix, run string, configure func(prefix, address string) error) (edgeOf, error) {
	address, err := box.Address("127.0.0.1")
	if err != nil {
		return edgeOf{}, err
	}
	if err := os.MkdirAll(filepath.Join(prefix, "run/coffer/nginx"), 0o755); err != nil {
		return edgeOf{}, err
	}
	if err := configure(prefix, address); err != nil {
		return edgeOf{}, err
	}
	cmd := exec.CommandContext(ctx, "nginx", "-e", "stderr", "-p", prefix+"/", "-c", filepath.Join(prefix, "etc/nginx/nginx.conf"))
	if os.Geteuid() == 0 {
		st, err := os.Stat(filepath.Join(run, "api.sock"))
		if err != nil {
			return edgeOf{}, err
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			return edgeOf{}, errors.New("the API's socket has no owner here")
		}
		as := int(sys.Gid) // the edge's user has the number of its group
		err = filepath.WalkDir(prefix, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, as, as))
		})
		if err != nil {
			return edgeOf{}, err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(as), Gid: uint32(as)}}
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return edgeOf{}, err
	}
	e := edgeOf{box.Dial("http://" + address), cmd}
	return e, e.client.Ready(ctx)
}

// unasking lays out the configuration of the edge that runs, less the question
// who is asking, of which the answer is written down.
func unasking(prefix, root, run, address string, to http.Header) error {
	mine := filepath.Join(prefix, "run/coffer")
	for from, into := range map[string]string{filepath.Join(root, "etc/nginx"): filepath.Join(prefix, "etc/nginx"), filepath.Join(run, "edge"): filepath.Join(mine, "edge")} {
		err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			name, rel := filepath.Rel(from, path)
			if err := errors.Join(err, rel); err != nil || d.IsDir() {
				return errors.Join(err, os.MkdirAll(filepath.Join(into, name), 0o755))
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text := strings.ReplaceAll(string(content), run+"/", mine+"/")
			text = strings.ReplaceAll(text, mine+"/api.sock", run+"/api.sock")
			text = regexp.MustCompile(`(?m)^listen \S+ default_server;`).ReplaceAllString(text, "listen "+address+" default_server;")
			text = strings.ReplaceAll(text, "auth_request /_edge/verify;", "")
			text = regexp.MustCompile(`auth_request_set \$auth_(\w+) \S+;`).ReplaceAllStringFunc(text, func(line string) string {
				what := regexp.MustCompile(`auth_(user|kind|scopes|session) `).FindStringSubmatch(line)[1]
				return fmt.Sprintf(`set $auth_%s "%s";`, what, to.Get("X-Auth-"+what))
			})
			return os.WriteFile(filepath.Join(into, name), []byte(text), 0o644)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// passing lays out an nginx that passes on to the API's socket, and nothing
// else.
func passing(prefix, run, address string, to http.Header) error {
	var lines []string
	for name, values := range to {
		lines = append(lines, fmt.Sprintf("proxy_set_header %s %q;", name, strings.Join(values, " ")))
	}
	slices.Sort(lines)
	mine := filepath.Join(prefix, "run/coffer/nginx")
	text := fmt.Sprintf(`pid %[1]s/nginx.pid;
daemon off;
worker_processes 1;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
    upstream api { server unix:%[2]s/api.sock; keepalive 8; }
    server {
        listen %[3]s;
        location / {
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            %[4]s
        }
    }
}
`, mine, run, address, strings.Join(lines, "\n            "))
	into := filepath.Join(prefix, "etc/nginx")
	return errors.Join(os.MkdirAll(into, 0o755), os.WriteFile(filepath.Join(into, "nginx.conf"), []byte(text), 0o644))
}
