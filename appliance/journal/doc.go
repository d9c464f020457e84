// Package journal is the log of the box: it takes what every service prints,
// line by line, and gives it to the container's log, to files on the volume
// and to whoever asks for the latest lines.
//
// It owns the pipes, the container's log, DATA/logs and the memory of recent
// lines. It never makes a service wait: each of the two ends, the container's
// log and the files, has a queue that is bounded for each service and a
// goroutine of its own, and what does not fit is dropped, counted and told
// there. It refuses to keep secrets: those it knows are blotted out of every
// line, and what is printed with Print reaches the container's log only. It
// refuses paths from anybody: services have names.
//
// # Files
//
// DATA/logs/SERVICE.log, at most fileLimit bytes, then .log.1 and .log.2: a
// full file is renamed, and the oldest is replaced. A line is the time in UTC,
// the level and the text, with a space between. Only root reads them (mode
// 0640). They are opened by descriptor; a link, a second name or anything that
// is not a file is never written to. Where they cannot be written, the lines
// are counted, it is told once in the container's log, and it is tried again.
//
// The usual library for this, lumberjack v2, does not fit: it opens and
// renames by path and follows links, its goroutine has no end, and after a
// full disk a torn line stays in the file.
//
// # Memory
//
// The last memoryLines lines of each service, at most memoryBytes, are kept in
// memory; after a start they come from the files. They answer every question
// for lines, so that nobody who asks causes a file to be read.
package journal
