// Package api is the HTTP face of Coffer for programs: JSON under /api/v1, the
// edge's question who is asking, and the checks that every request passes,
// pages included.
//
// It owns the gin and huma vendors, the one table from kinds of error to HTTP
// statuses, and the shapes on the wire. It refuses to decide anything about
// documents (library) or about people (auth): a handler decodes, calls, and
// encodes.
//
// # Who is believed
//
// The engine listens on a unix socket behind the edge. A request without the
// edge's token is answered 401 before anything else is read from it, so that
// headers which name a user, a client address or a scheme are the edge's own
// word. Only /livez and /readyz answer without the token.
//
// # Errors
//
// Every error is RFC 9457 application/problem+json with the id of the request;
// a browser that asks for a page gets a short one. Causes go to the log, never
// to the caller.
package api
