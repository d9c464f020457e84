// Package boot is what init does: protected files, folders, secrets, sockets,
// the edge's fragment, then the services, until the box is told to stop.
//
// It owns the order, the rows that services are described with (Service), the
// words about the first visit, and the end: who is left is swept away. It
// refuses to know what a service works on, and to read the configuration: the
// entrypoint hands it values.
package boot
