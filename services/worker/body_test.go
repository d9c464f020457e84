package worker

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"coffer/services/library"
	"coffer/services/link"
	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// judge gives its verdict on whatever arrives.
type judge struct{}

func (judge) Unpack(context.Context, wire.Unpack, io.ReaderAt, parser.Receiver) (wire.Unpacked, error) {
	return wire.Unpacked{}, errors.New("no archive is expected")
}

func (judge) Parse(_ context.Context, _ wire.Request, body io.Reader, _ func(wire.Progress)) (wire.Result, error) {
	_, _ = io.Copy(io.Discard, body)
	return wire.Result{}, &wire.Failure{Code: wire.CodeMalformed, Message: "It is broken."}
}

// A verdict on an original that broke off on its way is none.
func TestVerdictOnHalfADocument(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter){
		"connection lost": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("ten bytes."))
		},
		"too short": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("ten bytes."))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w) })}
			defer s.Close()
			socket := filepath.Join(t.TempDir(), "link.sock")
			l, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			go s.Serve(l)
			c := link.NewClient(socket)
			defer c.Close()
			r := &reader{o: Options{Link: c, Parser: judge{}}}
			_, err = r.parse(t.Context(), library.Lease{ID: "x", Size: 100}, nil)
			if !errors.Is(err, errBody) || errors.As(err, new(*wire.Failure)) {
				t.Errorf("%v", err)
			}
		})
	}
}
