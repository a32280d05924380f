// Package bleve finds known errors by their words with the search engine Bleve, in place
// of the small index that the package knownerror has of its own.
//
//	texts, err := bleve.New()
//	catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{Texts: texts})
//
// It is worth its weight for what the index in the core does not do: stemming and stop
// words of a language (give [Over] an index with the analyzer of yours), an index on
// disk, or one that other parts of a program search, too.
//
// The strength of a hit comes from Bleve's score, which differs from index to index and
// goes down with words of the query that are not found: [Texts.Half] says which score is
// half the strength. Ranks by words do not depend on it, but what a catalogue suggests at
// all does, so measure it on your own known errors. For Korean, whose endings hang on its
// words, the index in the core finds more, unless the host brings an analyzer.
//
// # Forgetting
//
// What the catalogue forgets or what was redacted is found by none of its words any more,
// at once. Bleve itself keeps a word in its list of terms, with nothing that leads from
// it to a known error, longer than that: the index of [New] as long as it lives, so make
// a new one, with a catalogue of its own, when the word itself must go; an index on disk
// until its segments are merged, which its ForceMerge asks for, and in copies of its files.
// The index in the core keeps none.
package bleve
