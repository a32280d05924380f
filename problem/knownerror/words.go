package knownerror

import (
	"context"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// Words is an inverted index in memory, ranked by BM25F (Robertson and Zaragoza, 2009):
// rare words count for more than common ones, a word in the title for more than one in
// the symptom, and that for more than one elsewhere; repetition and length matter less
// and less. Rarity counts twice, as in a cosine of vectors, because a query is as long as
// an incident: otherwise its common words together outweigh the rare ones. It knows no
// meanings and corrects no spelling, and takes a letter and its accent as they are written,
// in one character or in two.
type Words struct {
	stop map[string]bool

	mu    sync.RWMutex
	terms map[string]uint32
	lists []list // by term
	slots map[workflow.ID]uint32
	docs  []document // by slot; those that are gone stay until there are many
	live  int
	total [fields]int // words
	pool  sync.Pool   // of *scratch
}

const fields = 3

var (
	fieldWeight = [fields]float64{3, 2, 1}
	fieldNorm   = [fields]float64{0.5, 0.75, 0.75} // how much length matters
)

const (
	saturation = 1.2 // BM25's k1
	// halfStrength is the weight of agreement that gives half the strength: two of the
	// rarest words, each once.
	halfStrength = 2
	// telling is how rare a word must be to be looked up, where the rarest is 1: of
	// 100,000 known errors about 3,500 may have it, of ten five.
	telling  = 0.3
	maxTerms = 64 // of a query; those that most have are left out first
	maxWords = 5  // of a hit
)

// list says which documents have a term.
type list struct {
	text    string
	live    int
	entries []posting // by slot
}

type posting struct {
	slot  uint32
	times [fields]uint16
}

type document struct {
	id    workflow.ID
	gone  bool
	size  [fields]int
	terms []uint32
}

// NewWords returns an index without documents. Stop words are never looked up; see
// [EnglishStopWords].
func NewWords(stop ...string) *Words {
	w := &Words{stop: map[string]bool{}, terms: map[string]uint32{}, slots: map[workflow.ID]uint32{}}
	for _, s := range stop {
		for _, t := range tokenize(s) {
			w.stop[t.text] = true
		}
	}
	w.pool.New = func() any { return new(scratch) }
	return w
}

// EnglishStopWords are words that say nothing of what is broken.
func EnglishStopWords() []string {
	return []string{"a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
		"before", "but", "by", "can", "cannot", "could", "did", "do", "does", "every", "for", "from", "get", "had", "has", "have", "hello", "help",
		"her", "hi", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me", "my", "no", "not", "of", "on", "or", "our",
		"please", "regards", "s", "she", "since", "so", "some", "t", "thank", "that", "the", "their", "them", "then", "there", "they", "this", "to",
		"us", "was", "we", "were", "what", "when", "which", "who", "will", "with", "would", "you", "your"}
}

// Put takes in the text of a known error, in place of the one it had.
func (w *Words) Put(_ context.Context, id workflow.ID, t Text) error {
	times := map[string]*[fields]uint16{}
	var size [fields]int
	for f, text := range [fields]string{t.Title, t.Symptom, t.Rest} {
		for _, tok := range tokenize(text) {
			if w.stop[tok.text] {
				continue
			}
			n := times[tok.text]
			if n == nil {
				n = new([fields]uint16)
				times[tok.text] = n
			}
			n[f]++ // there are at most maxTokens
			size[f]++
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(id)
	slot := uint32(len(w.docs))
	d := document{id: id, size: size, terms: make([]uint32, 0, len(times))}
	for text, n := range times {
		term, known := w.terms[text]
		if !known {
			term = uint32(len(w.lists))
			w.terms[text] = term
			w.lists = append(w.lists, list{text: text})
		}
		l := &w.lists[term]
		l.entries = append(l.entries, posting{slot, *n})
		l.live++
		d.terms = append(d.terms, term)
	}
	w.docs = append(w.docs, d)
	w.slots[id] = slot
	w.live++
	for f := range size {
		w.total[f] += size[f]
	}
	return nil
}

// Remove forgets a known error.
func (w *Words) Remove(_ context.Context, id workflow.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(id)
	return nil
}

func (w *Words) remove(id workflow.ID) {
	slot, ok := w.slots[id]
	if !ok {
		return
	}
	d := &w.docs[slot]
	for _, term := range d.terms {
		l := &w.lists[term]
		if l.live--; l.live == 0 { // nobody else says the word: it is not kept
			delete(w.terms, l.text)
			*l = list{}
		}
	}
	for f := range d.size {
		w.total[f] -= d.size[f]
	}
	delete(w.slots, id)
	*d = document{gone: true}
	w.live--
	if gone := len(w.docs) - w.live; gone > 64 && gone > w.live {
		w.compact()
	}
}

// compact forgets what is gone.
func (w *Words) compact() {
	renumbered := make([]uint32, len(w.docs))
	var docs []document
	for slot, d := range w.docs {
		if !d.gone {
			renumbered[slot] = uint32(len(docs))
			w.slots[d.id] = uint32(len(docs))
			docs = append(docs, d)
		}
	}
	var lists []list
	terms := make([]uint32, len(w.lists))
	for term, l := range w.lists {
		if l.live == 0 {
			continue
		}
		kept := make([]posting, 0, l.live)
		for _, p := range l.entries {
			if !w.docs[p.slot].gone {
				kept = append(kept, posting{renumbered[p.slot], p.times})
			}
		}
		terms[term], w.terms[l.text] = uint32(len(lists)), uint32(len(lists))
		lists = append(lists, list{text: l.text, live: l.live, entries: kept})
	}
	for _, d := range docs {
		for i, term := range d.terms {
			d.terms[i] = terms[term]
		}
	}
	w.docs, w.lists = docs, lists
}
