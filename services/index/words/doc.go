// Package words turns text of any script into the words that are searched.
//
// It owns what a word is, which spellings count as the same word, which
// language a passage is in, and what the stem of a word is there. The same
// code reads passages, queries and the text that hits are marked in, so that
// the three cannot disagree. It keeps nothing and knows no index.
//
// A word is a run of letters, marks and digits. Scripts written without spaces
// (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese) give one word for each pair
// of neighbouring characters, and the last character of a run alone. A symbol
// such as an emoji is a word by itself. Everything else separates.
//
// Words are folded: compatibility forms, case, diacritics of alphabets, Arabic
// and Hebrew vowel points do not count, ß is ss, æ is ae, ø is o. Folding is
// Unicode's NFKD (UAX #15) less those marks, then NFC.
package words
