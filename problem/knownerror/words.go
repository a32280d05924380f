package knownerror

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// Words is an inverted index in memory, ranked by BM25F (Robertson and Zaragoza, 2009):
// rare words count for more than common ones, a word in the title for more than one in
// the symptom, and that for more than one elsewhere; repetition and length matter less
// and less. Rarity counts twice, as in a cosine of vectors, because a query is as long as
// an incident: otherwise its common words together outweigh the rare ones. It knows no
// meanings and corrects no spelling.
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
		w.lists[term].live--
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
			delete(w.terms, l.text)
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

// scratch is what a search writes on, and leaves clean.
type scratch struct {
	weight  []float64 // by slot
	has     []uint64  // by slot, which terms of the query
	touched []uint32
}

// asked is a term of a query.
type asked struct {
	term   uint32
	text   string
	weight float64 // 1 is the rarest
}

// Search finds the n known errors that agree best with a query, and those of also that
// agree with it at all.
func (w *Words) Search(ctx context.Context, query string, n int, also []workflow.ID) ([]Hit, error) {
	tokens := tokenize(query)
	w.mu.RLock()
	defer w.mu.RUnlock()
	terms := w.ask(tokens)
	s := w.pool.Get().(*scratch)
	defer w.pool.Put(s)
	defer s.clean()
	s.weight = append(s.weight, make([]float64, max(0, len(w.docs)-len(s.weight)))...)
	s.has = append(s.has, make([]uint64, max(0, len(w.docs)-len(s.has)))...)
	for i, a := range terms {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w.weigh(s, a, i)
	}
	best := make([]uint32, 0, n+1)
	for _, slot := range s.touched {
		best = w.keep(best, slot, n, s)
	}
	chosen := map[uint32]bool{}
	for _, slot := range best {
		chosen[slot] = true
	}
	for _, id := range also {
		if slot, ok := w.slots[id]; ok && s.has[slot] != 0 && !chosen[slot] {
			chosen[slot] = true
			best = append(best, slot)
		}
	}
	slices.SortFunc(best, func(a, b uint32) int { return w.compare(s, a, b) })
	hits := make([]Hit, len(best))
	for i, slot := range best {
		hits[i] = Hit{ID: w.docs[slot].id, Strength: s.weight[slot] / (s.weight[slot] + halfStrength), Words: wordsOf(tokens, terms, s.has[slot])}
	}
	return hits, nil
}

// ask returns the terms of a query that tell something, in the order of their text.
func (w *Words) ask(tokens []token) []asked {
	all := float64(w.live)
	idf := func(have int) float64 { return math.Log1p((all - float64(have) + 0.5) / (float64(have) + 0.5)) }
	rarest := idf(1)
	var terms []asked
	seen := map[uint32]bool{}
	for _, t := range tokens {
		term, known := w.terms[t.text]
		if !known || seen[term] || w.lists[term].live == 0 || w.stop[t.text] {
			continue
		}
		seen[term] = true
		if rare := idf(w.lists[term].live) / rarest; rare >= telling {
			terms = append(terms, asked{term, t.text, rare * rare})
		}
	}
	slices.SortFunc(terms, func(a, b asked) int { return cmp.Or(-cmp.Compare(a.weight, b.weight), cmp.Compare(a.text, b.text)) })
	terms = terms[:min(len(terms), maxTerms)]
	slices.SortFunc(terms, func(a, b asked) int { return cmp.Compare(a.text, b.text) })
	return terms
}

// weigh adds what a term weighs to all that have it.
func (w *Words) weigh(s *scratch, a asked, bit int) {
	var average [fields]float64
	for f := range average {
		average[f] = max(1, float64(w.total[f])/float64(w.live))
	}
	for _, p := range w.lists[a.term].entries {
		d := &w.docs[p.slot]
		if d.gone {
			continue
		}
		times := 0.0
		for f, n := range p.times {
			if n > 0 {
				times += fieldWeight[f] * float64(n) / (1 - fieldNorm[f] + fieldNorm[f]*float64(d.size[f])/average[f])
			}
		}
		if s.has[p.slot] == 0 {
			s.touched = append(s.touched, p.slot)
		}
		s.has[p.slot] |= 1 << bit
		s.weight[p.slot] += a.weight * (saturation + 1) * times / (saturation + times)
	}
}

// compare orders by weight, then by id, so that the order of insertion does not matter.
func (w *Words) compare(s *scratch, a, b uint32) int {
	if c := cmp.Compare(s.weight[b], s.weight[a]); c != 0 {
		return c
	}
	return bytes.Compare(w.docs[a].id[:], w.docs[b].id[:])
}

// keep adds a slot to the best n, which are a heap with the worst in front.
func (w *Words) keep(best []uint32, slot uint32, n int, s *scratch) []uint32 {
	if len(best) == n {
		if n == 0 || w.compare(s, slot, best[0]) > 0 {
			return best
		}
		best[0] = slot
		for i := 0; ; {
			worst := i
			for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
				if w.compare(s, best[c], best[worst]) > 0 {
					worst = c
				}
			}
			if worst == i {
				return best
			}
			best[i], best[worst] = best[worst], best[i]
			i = worst
		}
	}
	best = append(best, slot)
	for i := len(best) - 1; i > 0; {
		up := (i - 1) / 2
		if w.compare(s, best[i], best[up]) <= 0 {
			break
		}
		best[i], best[up] = best[up], best[i]
		i = up
	}
	return best
}

func (s *scratch) clean() {
	for _, slot := range s.touched {
		s.weight[slot], s.has[slot] = 0, 0
	}
	s.touched = s.touched[:0]
}

// wordsOf tells which words of a query agree, as a reader would name them: pairs of
// characters that follow on one another are one word, and the parts of a word that
// agrees as a whole are none.
func wordsOf(tokens []token, terms []asked, has uint64) []string {
	weight := map[string]float64{}
	for i, a := range terms {
		if has&(1<<i) != 0 {
			weight[a.text] = a.weight
		}
	}
	type found struct {
		text   string
		weight float64
	}
	var words []found
	joins := false // the word before goes on here
	for i, t := range tokens {
		wt, agrees := weight[t.text]
		switch {
		case !agrees, t.of != i && weight[tokens[t.of].text] > 0:
			joins = false
			continue
		case joins && t.run != 0 && tokens[i-1].run == t.run:
			last := &words[len(words)-1]
			last.text += string([]rune(t.text)[1:])
			last.weight = max(last.weight, wt)
		case !slices.ContainsFunc(words, func(f found) bool { return f.text == t.text }):
			words = append(words, found{t.text, wt})
		default:
			joins = false
			continue
		}
		joins = true
	}
	slices.SortStableFunc(words, func(a, b found) int { return cmp.Compare(b.weight, a.weight) })
	names := make([]string, 0, maxWords)
	for _, f := range words {
		if len(names) < maxWords && !slices.Contains(names, f.text) {
			names = append(names, f.text)
		}
	}
	return names
}
