// Package quiet tests that a box which nobody asked to goes nowhere.
//
// It owns a world of two network namespaces: the box's, whose default route
// and resolver lead to a second one, and that, where a process answers every
// name and every connection. What leaves the box is read from the wire between
// them. It refuses to reach any real network.
package quiet
