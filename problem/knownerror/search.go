package knownerror

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

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
	n = min(max(n, 0), len(s.touched))
	best := make([]uint32, 0, n)
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
