// Package index finds passages. It keeps the inverted index on disk, ranks
// what a query finds, marks the hits in a text, and offers another spelling.
//
// It is the only importer of bleve, of which it uses the engine, scorch, and
// none of the query layer. It refuses to be a store: no text lies in it, and
// everything in it can be made again from the store, sequence by sequence.
//
// # On disk
//
//	lock      held by the one process that has the index open
//	scorch/   the engine's segments and its root.bolt
//	damaged   present: the next Open starts anew
//	aside/    an old index on its way out
//
// Each passage is one document of the engine, named by its source, number,
// page and lengths (passageID). Its fields are in document.go: the words with
// their positions, the words of the title on the first passage, and terms to
// filter by: type, language, time, and the stems of the words.
//
// Every batch writes a state beside its passages, in the same snapshot: the
// format, the last sequence applied, and the sums that average lengths come
// from. Batches are safe (unsafe_batch is false): when Apply returns, the
// segment and the snapshot are on disk. One sync for each batch is cheap, since
// the library applies many changes at once when many wait, and so the sequence
// of Applied is never ahead of or behind what searches see. A process killed at
// any point leaves the last snapshot. What cannot be read, or is of another
// format, is replaced by an empty index with sequence 0.
//
// # Ranking
//
// The engine's own BM25 takes the root of the word count, squares the inverse
// document frequency, and takes the number of different words for the sum of
// lengths. So scores are computed here, from the engine's lists: BM25 with the
// usual parameters over text and title, other forms of a word counting a
// little less, and nearness of neighbouring words for the best (score.go,
// near.go). Words are looked up by stem in the language of each passage, so
// that German endings do not join English words.
package index
