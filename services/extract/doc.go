// Package extract takes archives apart: ZIP, tar, 7z and RAR, and what gzip,
// bzip2, xz and Zstandard have packed. Backups, packages and archives that are
// added to the library all go through it, and through nothing else.
//
// It owns which archives are read, by their bytes and never by their names,
// which names are taken, and every bound on what taking one apart costs. The
// bounds are one budget for a whole walk: an archive inside an archive spends
// from what the outer one has left.
//
// Members stream: an archive is never unpacked whole in memory, and nothing
// is written before its name is known to stay inside. It refuses links,
// devices, pipes and sockets, names that lead elsewhere, names that no system
// can hold, and two members that would be one file. It opens no file by a path
// that an archive gives: Into works below an os.Root.
//
// The directory of a 7z archive and the dictionary of its packed streams are
// allocated as its header asks, by the library that reads it. SevenZip
// therefore belongs in a process whose memory the kernel bounds.
package extract
