// Package browser walks through the pages as a person does, in a real browser,
// over plain HTTP on an address that is not the machine's own name, as on a
// home network.
//
// It owns the browser tier and the screenshots. It refuses to call the API: all
// it does is navigate, type, click and drop, and all it reads is the page.
package browser
