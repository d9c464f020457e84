// Package acme tests certificates that the box orders, against Pebble: over real
// TLS through the real edge, with an authority that fails in each way that we
// know of, and an init that is killed while it orders.
//
// It owns the acme tier.
package acme
