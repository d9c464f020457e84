// Package scan has strangers judge the box: testssl.sh its TLS, and Mozilla's
// HTTP Observatory what it tells browsers, both at the ports where the world
// would find it.
//
// It owns the scan tier, the findings that are allowed, and why. It refuses to
// look at anything but a box of its own, in a network of its own.
package scan
