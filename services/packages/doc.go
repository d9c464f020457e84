// Package packages lets the library leave the box and takes packages in.
//
// It owns CCX 3.0 as Coffer writes and reads it (specification of the Chaos
// Cypher eXchange format, classes Core, Sources and Signed), the plain export,
// and the folder in which a package lies while it is added. It refuses a package
// of which any declared byte is not what the manifest says, whose signature
// does not hold, that wants something fetched, or that is of another major
// version, before anything is added. It knows archives through package extract
// only.
//
// # What is written
//
//	mimetype               first and stored
//	assets/sha256/HEX      originals, and texts as they were read, each once
//	sources.jsonl          a Source and its Chunks after it, a line each
//	knowledge.jsonld       the default graph; empty, for Coffer makes no statements
//	context.jsonld         the terms that are used
//	manifest.json          what must be there, with both digests of each
//	signatures/manifest.sig  Ed25519 (RFC 8032) over the bytes of the manifest
//
// Positions of chunks count Unicode code points of the text, which is all
// passages with an empty line between.
//
// # The folder
//
//	upload         the package as it arrives
//	members/       what it held, while it is checked
//	accepted/      the same, once all of it has been checked
//	record.json    the latest import
//
// Names change their meaning by one rename; a start removes the first two, and
// goes on with the third where the record says that it is being added.
package packages
