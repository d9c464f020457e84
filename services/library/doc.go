// Package library is the domain of Coffer: sources, the passages read from
// them, and the jobs that read them.
//
// It owns the nouns, the rules (who may change what, and when), the kinds of
// error, and the ports through which it reaches a store, an index and a place
// for originals. It imports nothing of ours and no vendor: storage, search,
// HTTP and processes are other rooms.
//
// A source is added together with its job in one transaction. A job is leased
// to one reader at a time; leases live in memory, because losing one costs
// nothing: the job is in the store and is leased again. What must outlast a
// crash (the source, the job, its attempts, the passages, the order of
// changes) is in the store before a call returns.
package library
