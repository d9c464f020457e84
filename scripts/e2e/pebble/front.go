package pebble

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Front stands between a box and Pebble, and sees and spoils what goes through.
type Front struct {
	URL string

	mu    sync.Mutex
	odd   http.HandlerFunc // nil: everything is passed on
	asked []string         // methods and paths
}

func newFront(t *testing.T, to, chain, key string) *Front {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: to})
			r.Out.Host = r.In.Host // by which Pebble calls itself
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	f := &Front{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		odd := f.odd
		f.mu.Unlock()
		if odd != nil {
			odd(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// Spoil has everything answered by odd from now on; nil: by Pebble.
func (f *Front) Spoil(odd http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.odd = odd
}

// Drop breaks off every connection.
func Drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Count is how many requests there were to paths that hold part.
func (f *Front) Count(part string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.Contains(a, part) {
			n++
		}
	}
	return n
}
