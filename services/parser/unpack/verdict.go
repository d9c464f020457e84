package unpack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/services/extract"
	"coffer/services/parser/wire"
)

// verdict is the last word about an archive whose walk ended with e, which may
// be nil.
func (w *work) verdict(e *extract.Error) wire.Message {
	switch {
	case e == nil && w.next == 0:
		return wire.Failure{Code: wire.CodeNoText, Message: "The archive is empty."}
	case (e == nil || e.Kind == extract.Encrypted) && w.taken == 0 && w.locked:
		return wire.Failure{Code: wire.CodeEncrypted,
			Message: "The archive is locked with a password. Unpack it yourself and add what is in it."}
	case e == nil:
		return w.unpacked("", "")
	}
	switch e.Kind {
	case extract.Damaged, extract.Encrypted:
		if w.taken == 0 {
			return wire.Failure{Code: wire.CodeMalformed,
				Message: "The archive is damaged or was cut off, and nothing in it can be read. Get it again from where it was made and add that."}
		}
		return w.unpacked(string(extract.Damaged), "The archive is damaged or was cut off. What lies before that place has come in; the rest has not.")
	case extract.Unknown:
		return wire.Failure{Code: wire.CodeUnsupported, Message: "This is no archive that can be taken apart."}
	case extract.Members:
		return wire.Failure{Code: wire.CodeMembers,
			Message: "There are more than 50,000 files in the archive, the most that Coffer takes from one. Pack them into several archives and add those."}
	case extract.Time:
		return wire.Failure{Code: wire.CodeTimeout,
			Message: "Taking the archive apart took longer than an hour and was stopped. Pack its files into several archives and add those."}
	case extract.TooLarge:
		return wire.Failure{Code: wire.CodeTooLarge,
			Message: "More than 16 GiB come out of the archive, the most that Coffer takes from one. Pack its files into several archives and add those."}
	case extract.Ratio:
		return wire.Failure{Code: wire.CodeBomb,
			Message: "More than 250 times its size comes out of the archive, as from one that is made to fill a disk. It was stopped. If you trust it, unpack it yourself and add what is in it."}
	}
	return wire.Failure{Code: wire.CodeMalformed, Message: "The archive cannot be taken apart: " + e.Reason + "."}
}

// unpacked counts what was told before and may no longer be there.
func (w *work) unpacked(code, message string) wire.Message {
	return wire.Unpacked{Members: max(w.next, w.request.Skip), Code: code, Message: message}
}

// sentence is the reason of a refusal as a sentence.
func sentence(e *extract.Error) string {
	first, n := utf8.DecodeRuneInString(e.Reason)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+e.Reason[n:], ".") + "."
}
