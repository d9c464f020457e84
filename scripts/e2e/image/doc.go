// Package image tests the image that ships, as its users run it: it is built
// from the Dockerfile, started with `docker run`, driven over HTTP, and its
// processes are looked at and made to try what they must not be able to do.
//
// It owns the image tier and refuses to reach into the box by any door that an
// owner or an attacker does not have.
package image
