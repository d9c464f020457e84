// Package egress is the one service that opens internet sockets, for all
// others and by policy.
//
// It owns the table of purposes, the judgement of names and addresses, the
// ACME conversation with a certificate authority, and the count of what went
// where. A caller names a purpose and what the purpose is about, never a
// policy: which hosts, addresses, ports, sizes and times are allowed stands
// here. It refuses what is no purpose, or one that is closed, before any packet
// or question for a name leaves; it keeps no file, holds no key but that of an
// ACME account while an order runs and the address that is told of alarms, and takes no connection but from init and
// the API, whom the kernel names.
//
// # Conversation
//
// One connection is one request: lines of JSON. The caller writes a Request;
// egress answers with any number of events and then one result or Failure. An
// event about a challenge waits for an acknowledgement, because the authority
// asks for it right after.
package egress
