// Package shell is what every page shares: the frame around it, how it is
// rendered, how sources are written in lists, and what is shown when something
// fails.
//
// It owns templates and the browser's choice of language and theme. It refuses
// to know any single page; pages are packages of their own that hold their
// data, template, style and script together.
package shell
