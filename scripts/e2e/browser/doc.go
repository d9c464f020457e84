// Package browser walks through the pages as a person does, in a real browser:
// over plain HTTP on an address that is not the machine's own name, as on a home
// network; over HTTPS, trusting an authority; and through the proxies of
// docs/proxies.md.
//
// It owns the browser tier and the screenshots. It refuses to call the API: all
// it does is navigate, type, click, drop, and give the owner's commands; all it
// reads is the page and what that can fetch.
package browser
