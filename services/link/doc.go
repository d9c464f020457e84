// Package link is how the worker reaches the library: HTTP with JSON over a
// unix socket. Handler and Serve are the library's end, Client the worker's.
//
// It owns the messages, their limits and the retries. It refuses everything
// but the requests below; the worker learns nothing of the library beyond the
// document it was given. The id of a lease is the capability: it is random,
// it is in the path, and it reaches the original and the source of that lease
// only, until the lease ends.
//
//	POST /leases                 {worker, wait}      200 {id, source, …} or 204: nothing in wait seconds
//	POST /leases/{id}/heartbeat  {page, total}       200 {expires}
//	GET  /leases/{id}/blob                           200 the original's bytes; those of ?from=&length=
//	POST /leases/{id}/reading    lines: a head {type, title, pages, passages}, then each passage {page, text}
//	POST /leases/{id}/failure    {code, message, parser_died}
//	POST /leases/{id}/release    {}
//
// and for an original that is an archive, before its reading would be due:
//
//	POST /leases/{id}/unpack     {}
//	POST /leases/{id}/plan       {files, bytes}      what its directory lists
//	POST /leases/{id}/members    lines: a head {left, member}, then each member left out
//	                             {number, path, code, message}; after member, its bytes
//	POST /leases/{id}/contents   {members, code, message}
//
// All but those with an answer beside them answer 204. A refusal is 400 {kind, message, hint}, with a
// kind of package library.
//
// One worker serves a box at a time, and names itself by a random id. Leases of
// the worker before it are given back when a new one first asks: a worker that
// was killed holds nothing up.
package link
