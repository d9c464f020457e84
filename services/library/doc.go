// Package library is the domain of Coffer: sources, the passages read from
// them, and the jobs that read them.
//
// It owns the nouns, the rules (who may change what, and when), the kinds of
// error, and the ports through which it reaches a store, an index and a place
// for originals. It imports nothing of ours and no vendor beyond golang.org/x;
// storage, search, HTTP and processes are other rooms.
//
// A source is added together with its job in one transaction. A job is leased
// to one reader at a time; leases live in memory, because losing one costs
// nothing: the job is in the store and is leased again. What must outlast a
// crash (the source, the job, its attempts, the passages, the order of
// changes) is in the store before a call returns.
//
// # What ready means
//
// A source that was read is ready in the store at once, and in the index a
// moment later. In between the Library shows it as processing, and the event
// that calls it ready comes when it can be found: ready means searchable.
// Only while the index is in trouble, or catches up after a start, may a ready
// source not be found yet.
//
// # Who wins
//
// Adding, reading, cancelling, retrying and deleting race. The store decides,
// in one transaction each: a commit for a source that is gone, or not waiting
// to be read, is refused, and its reader learns that the lease is lost. A lock
// per source keeps the queue in memory in step with the store.
package library
