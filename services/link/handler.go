package link

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"coffer/services/library"
)

// maxConnections is more than a worker of ours ever opens.
const maxConnections = 128

// Handler serves lib to a worker.
func Handler(lib *library.Library, log *slog.Logger) http.Handler {
	h := &handler{lib: lib, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /leases", h.lease)
	mux.HandleFunc("POST /leases/{id}/heartbeat", h.heartbeat)
	mux.HandleFunc("GET /leases/{id}/blob", h.blob)
	mux.HandleFunc("POST /leases/{id}/reading", h.reading)
	mux.HandleFunc("POST /leases/{id}/failure", h.failure)
	mux.HandleFunc("POST /leases/{id}/release", h.release)
	mux.HandleFunc("POST /leases/{id}/unpack", h.unpack)
	mux.HandleFunc("POST /leases/{id}/plan", h.plan)
	mux.HandleFunc("POST /leases/{id}/members", h.members)
	mux.HandleFunc("POST /leases/{id}/contents", h.contents)
	return mux
}

// Serve answers on listener until ctx ends. Requests for a lease end at once
// then; others have a moment to finish.
func Serve(ctx context.Context, listener net.Listener, lib *library.Library, log *slog.Logger) error {
	s := &http.Server{
		Handler:           Handler(lib, log),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	g, ending := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := s.Serve(netutil.LimitListener(listener, maxConnections))
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	g.Go(func() error {
		<-ending.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := s.Shutdown(grace); err != nil {
			log.Warn("the worker was cut off in the middle of a request")
			return s.Close()
		}
		return nil
	})
	return g.Wait()
}

type handler struct {
	lib *library.Library
	log *slog.Logger

	mu     sync.Mutex
	worker string // the one that asked last
}

func (h *handler) lease(w http.ResponseWriter, r *http.Request) {
	var in leaseRequest
	if !h.decode(w, r, &in) {
		return
	}
	if len(in.Worker) < 16 || len(in.Worker) > 64 || in.Wait < 0 {
		h.refuse(w, malformed("a worker names itself in 16 to 64 characters"))
		return
	}
	h.welcome(r.Context(), in.Worker)
	ctx, cancel := context.WithTimeout(r.Context(), min(time.Duration(in.Wait)*time.Second, maxWait))
	defer cancel()
	lease, err := h.lib.Lease(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		w.WriteHeader(http.StatusNoContent)
		return
	case err != nil:
		h.refuse(w, err)
		return
	}
	if !h.answer(w, leaseReply(lease)) || r.Context().Err() != nil {
		// Nobody took it.
		_ = h.lib.Release(context.WithoutCancel(r.Context()), lease.ID)
	}
}

// welcome gives back the leases of the worker before this one.
func (h *handler) welcome(ctx context.Context, worker string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.worker != worker {
		h.worker = worker
		h.lib.ReleaseAll(ctx)
	}
}

func id(r *http.Request) library.LeaseID { return library.LeaseID(r.PathValue("id")) }

func (h *handler) heartbeat(w http.ResponseWriter, r *http.Request) {
	var in library.Progress
	if !h.decode(w, r, &in) {
		return
	}
	expires, err := h.lib.Heartbeat(r.Context(), id(r), in)
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.answer(w, heartbeatReply{expires})
}

func (h *handler) blob(w http.ResponseWriter, r *http.Request) {
	f, err := h.lib.LeasedBlob(r.Context(), id(r))
	if err != nil {
		h.refuse(w, err)
		return
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	from, length := int64(0), size
	if q := r.URL.Query(); err == nil && q.Has("from") {
		from, length, err = part(q, size)
	}
	if err == nil {
		_, err = f.Seek(from, io.SeekStart)
	}
	if err != nil {
		h.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	if _, err := io.CopyN(w, f, length); err != nil && r.Context().Err() == nil {
		h.log.Warn("original not sent to its end", "err", err)
	}
}

// part is the part of size bytes that is asked for.
func part(q url.Values, size int64) (from, length int64, err error) {
	from, err = strconv.ParseInt(q.Get("from"), 10, 64)
	length, lengthErr := strconv.ParseInt(q.Get("length"), 10, 64)
	if err != nil || lengthErr != nil || from < 0 || length < 0 || from > size || length > size-from {
		return 0, 0, malformed("this is no part of the original")
	}
	return from, length, nil
}

func (h *handler) reading(w http.ResponseWriter, r *http.Request) {
	body := http.MaxBytesReader(w, r.Body, maxReading)
	reading, err := readReading(body)
	if err != nil {
		// The rest is taken in, or the worker would find the connection closed
		// before it looks for an answer.
		_, _ = io.Copy(io.Discard, body)
		h.refuse(w, malformed(err.Error()))
		return
	}
	h.done(w, h.lib.Complete(r.Context(), id(r), reading))
}

func (h *handler) failure(w http.ResponseWriter, r *http.Request) {
	var in failureRequest
	if !h.decode(w, r, &in) {
		return
	}
	h.done(w, h.lib.Fail(r.Context(), id(r), library.Failure{
		Reason:     library.Reason{Code: in.Code, Message: in.Message},
		ParserDied: in.ParserDied,
	}))
}

func (h *handler) release(w http.ResponseWriter, r *http.Request) {
	var in struct{}
	if h.decode(w, r, &in) {
		h.done(w, h.lib.Release(r.Context(), id(r)))
	}
}

func (h *handler) done(w http.ResponseWriter, err error) {
	if err != nil {
		h.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// decode reads a small body, or refuses it.
func (h *handler) decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := strict(http.MaxBytesReader(w, r.Body, maxSmall), into); err != nil {
		h.refuse(w, malformed(err.Error()))
		return false
	}
	return true
}

// answer reports whether the reply left this process.
func (h *handler) answer(w http.ResponseWriter, body any) bool {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		return false
	}
	return http.NewResponseController(w).Flush() == nil
}

func (h *handler) refuse(w http.ResponseWriter, err error) {
	out := refusal{Kind: library.Internal, Message: "The library cannot answer."}
	var known *library.Error
	if errors.As(err, &known) {
		out = refusal{known.Kind, known.Message, known.Hint}
	}
	if out.Kind == library.Internal {
		h.log.Error("link request failed", "err", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(out) // the worker asks again if this is lost
}

func malformed(what string) error {
	return &library.Error{Kind: library.Invalid, Message: "The message is not one of this link: " + what + "."}
}
