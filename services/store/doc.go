// Package store keeps sources, jobs, passages, changes and accounts in one
// bbolt file, and implements the Store, Accounts, Keys and Audit ports of
// package library.
//
// It owns bbolt and everything written below. It refuses a file of a newer
// schema than it knows, and a file that another process has open: bbolt takes
// an exclusive lock, so exactly one process, the API, opens the store.
//
// # Transactions
//
// A write is on disk when it returns. Writers that arrive while another
// commits share the next commit and its fsync (see write.go). What a read
// returns is copied out before its transaction ends.
//
// # Schema 5
//
// Ids are the text of library.SourceID and have no zero byte. Numbers in keys
// are big-endian, so that byte order is their order; times are Unix
// milliseconds; hashes are the 32 bytes of a SHA-256. Rows are JSON unless a
// line says otherwise.
//
//	bucket     key                        value
//	meta       "schema"                   the schema's number, decimal text
//	meta       "box"                      the box's id, 8 hex characters
//	meta       "owner"                    ownerRow, with library.Factors: passkeys lie in it
//	meta       "settings"                 library.Settings
//	meta       "guesses"                  guessesRow; none before the first failure
//	meta       "backups"                  planRow; none before a recovery key is set up or copies are made
//	meta       "notices"                  library.NoticeBook; none before the first notice
//	sources    id                         sourceRow; key order is order of adding
//	hashes     hash                       id of the source that keeps the blob
//	facets     status 0 type 0 id         empty; one for each source
//	counts     status 0 type 0            how many such sources, 8 bytes
//	counts     "job" 0 state 0            how many finished jobs done or failed, 8 bytes
//	jobs       id                         a waiting job, binary: due 8 bytes, attempts
//	                                      1 byte, then the last reason as JSON or nothing
//	finished   ended in 16 hex digits, id finishedRow of a done or failed job
//	passages   id 0 number (4 bytes)      binary: page as uvarint, then the text
//	members    id 0 number (4 bytes)      memberRow; id is the archive's
//	changes    sequence (8 bytes)         one byte, "+" changed or "-" deleted, then id;
//	                                      the bucket's own sequence is the newest ever
//	gone       sequence (8 bytes)         empty; the changes that tell of deletions
//	sessions   session id                 sessionRow
//	keys       key id                     keyRow
//	audit      sequence (8 bytes)         auditRow; key order is order of happening
//	audit-repeats  sequence (8 bytes)     empty; the rows of audit of a kind that repeats
//	counts     "audit" 0 kind             how many rows of audit, 8 bytes
//	counts     "repeats" 0                how many rows of audit-repeats, 8 bytes
//
// A source has one row in facets; a list filtered by status, by type or both
// merges the prefixes that fit, and adds up their counts for its total. Only
// the latest change of a source is kept (its row names it); that of a deleted
// source stays until the index has applied it.
//
// # History
//
//	1  the first
//	2  adds keys, audit, audit-repeats and the key guesses of meta
//	3  adds second factors to the owner, which no program before respects
//	4  adds passkeys to them, likewise
//	5  adds members, and to a source its archive and what it holds as one
//
// A store of an older schema is brought up to date when it is opened: one
// transaction applies the steps between (migrate.go). Before, a copy of the file
// is made beside it, coffer.db.schema-N, which takes the store's place again
// when the migration fails, and stays until the next one.
//
// # Compaction
//
// A file that is mostly room left by deletions is written anew at a start, or by
// coffer compact while the box is stopped (compact.go).
//
// # The witness
//
// The owner's mark also stands in a file outside of the store's folder
// (witness.go), so that package auth tells a store that was put back from the
// one that it left.
package store
