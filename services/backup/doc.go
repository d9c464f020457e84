// Package backup writes the box into one sealed file, reads such a file, and
// proves that it can.
//
// It owns the format below, the folder of backups, when they are made, how long
// they are kept, and age. It refuses to read past anything that is not exactly
// what the format says, to name a backup complete before it is on disk under
// its name, and to name it proven before it was opened again and compared.
//
// # Format 1
//
// An age file (age-encryption.org/v1), sealed to a passphrase, or to the owner's
// recovery key and the box's own proof key. Inside is a tar stream of ordinary
// files, in this order:
//
//	coffer-backup.json     Head, JSON
//	store/000000.zst …     the store's file as one Zstandard stream (RFC 8878), in
//	                       parts of at most 1 MiB that are numbered without gaps
//	originals/ab/abcdef…   each original under the SHA-256 of its bytes, ascending
//	sealed.key             an age identity that opens sealed.age; only where the
//	                       backup is sealed to a passphrase
//	sealed.age             the secrets and the configuration that init alone reads,
//	                       an age file of its own; absent where init gave none
//	manifest.json          Manifest, JSON: what must have been there
//
// Without Coffer the file opens with `age -d` and `tar -x`; the parts of the
// store in order make `zstd -d` give the bbolt file.
package backup
