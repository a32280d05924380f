package knownerror

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// textHits is how many known errors are looked at because of their words alone.
const textHits = 200

// Suggest finds the known errors that fit a case, the best first, each with its reasons.
// It depends on nothing but the case and the last refresh.
func (c *Catalogue) Suggest(ctx context.Context, q Case) ([]Suggestion, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if c.cfg.Relate != nil && len(q.Items) > 0 {
		s, err := c.cfg.Relate(ctx, slices.Clone(q.Items))
		if err != nil {
			return nil, fmt.Errorf("knownerror: what the items have to do with: %w", err)
		}
		q.Near = slices.Concat(q.Near, s.Near)
		q.Classes = slices.Concat(q.Classes, s.Classes)
		q.Products = slices.Concat(q.Products, s.Products)
	}
	return c.search(ctx, q, c.cfg.Ranking.Least, c.cfg.Ranking.Most)
}

func (c *Catalogue) search(ctx context.Context, q Case, least float64, most int) ([]Suggestion, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	l := &look{c: c, q: q, hits: map[workflow.ID]Hit{}, except: map[workflow.ID]bool{}}
	l.prepare()
	slots, err := l.candidates(ctx)
	if err != nil {
		return nil, err
	}
	type scored struct {
		e      *entry
		points float64
	}
	var best []scored
	for _, slot := range slots {
		e := c.all[slot]
		if points := l.weigh(e, nil); points >= least && !l.except[e.id] {
			best = append(best, scored{e, points})
		}
	}
	slices.SortFunc(best, func(a, b scored) int {
		return cmp.Or(-cmp.Compare(a.points, b.points), bytes.Compare(a.e.id[:], b.e.id[:]))
	})
	out := make([]Suggestion, min(len(best), most))
	for i := range out {
		out[i] = l.explain(best[i].e, best[i].points)
	}
	return out, nil
}

// look is one search.
type look struct {
	c      *Catalogue
	q      Case
	sought map[Sort][]fact
	hits   map[workflow.ID]Hit
	except map[workflow.ID]bool
}

// fact is something that is known of the case, and what it counts.
type fact struct {
	feature
	say    string // for people; empty: what
	points float64
}

// prepare works out which facts some known error knows, and what each counts: less, if
// many know it.
func (l *look) prepare() {
	for _, id := range l.q.Except {
		l.except[id] = true
	}
	l.sought = map[Sort][]fact{}
	r := l.c.cfg.Ranking
	have := map[feature]bool{}
	add := func(f fact) {
		key := f.feature
		if f.sort == ByNear {
			key.sort = ByItem
		}
		n := len(l.c.index[key])
		if n == 0 || have[f.feature] {
			return
		}
		have[f.feature] = true
		if f.sort != ByClass && f.sort != ByCategory {
			f.points /= 1 + math.Log2(float64(n))/8
		}
		l.sought[f.sort] = append(l.sought[f.sort], f)
	}
	each := func(sort Sort, points float64, names []string) {
		for _, n := range names {
			add(fact{feature{sort, n}, "", points})
		}
	}
	each(ByItem, r.Item, l.q.Items)
	each(ByService, r.Service, l.q.Services)
	each(ByClass, r.Class, l.q.Classes)
	each(ByCategory, r.Category, l.q.Categories)
	for _, p := range l.q.Products {
		add(fact{feature{ByModel, strings.ToLower(p.Model)}, "", r.Model})
	}
	for _, text := range append(slices.Clone(l.q.Codes), l.q.Title, l.q.Details) {
		codesIn(text, func(code string) { add(fact{feature{ByCode, code}, "", r.Code}) })
	}
	near := slices.Clone(l.q.Near)
	slices.SortStableFunc(near, func(a, b Near) int { return cmp.Compare(max(1, a.Distance), max(1, b.Distance)) })
	for _, n := range near {
		if slices.Contains(l.q.Items, n.Item) {
			continue
		}
		say := n.Item
		if n.How != "" {
			say += " (" + n.How + ")"
		}
		add(fact{feature{ByNear, n.Item}, say, r.Near / float64(max(1, n.Distance))})
	}
	for _, facts := range l.sought {
		slices.SortFunc(facts, func(a, b fact) int { return cmp.Or(-cmp.Compare(a.points, b.points), cmp.Compare(a.what, b.what)) })
	}
}

// candidates returns the slots of the known errors that are worth a look: those that
// have something in common with the case beyond a class or category.
func (l *look) candidates(ctx context.Context) ([]uint32, error) {
	var slots []uint32
	for _, sort := range []Sort{ByCode, ByItem, ByNear, ByModel, ByService} {
		for _, f := range l.sought[sort] {
			key := f.feature
			if sort == ByNear {
				key.sort = ByItem
			}
			slots = append(slots, l.c.index[key]...)
		}
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	query := l.q.Title + "\n" + l.q.Details
	if strings.TrimSpace(query) == "" || l.c.cfg.Ranking.Words == 0 {
		return slots, nil
	}
	also := make([]workflow.ID, len(slots))
	for i, slot := range slots {
		also[i] = l.c.all[slot].id
	}
	hits, err := l.c.cfg.Texts.Search(ctx, query, textHits, also)
	if err != nil {
		return nil, fmt.Errorf("knownerror: searching texts: %w", err)
	}
	for _, h := range hits {
		if slot, ok := l.c.slots[h.ID]; ok {
			l.hits[h.ID] = h
			slots = append(slots, slot)
		}
	}
	slices.Sort(slots)
	return slices.Compact(slots), nil
}

// weigh adds up what speaks for a known error and against it, and notes it as reasons if
// they are asked for.
func (l *look) weigh(e *entry, reasons *[]Reason) float64 {
	total := 0.0
	note := func(sort Sort, points float64, what ...string) {
		if points == 0 {
			return
		}
		total += points
		if reasons != nil {
			*reasons = append(*reasons, Reason{Sort: sort, What: what, Points: points})
		}
	}
	share := func(sort Sort) {
		points, what := l.shared(e, sort, reasons != nil)
		note(sort, points, what...)
	}
	share(ByItem)
	share(ByCode)
	share(ByNear)
	l.product(e, note)
	share(ByService)
	share(ByClass)
	share(ByCategory)
	if h, ok := l.hits[e.id]; ok {
		note(ByWords, l.c.cfg.Ranking.Words*min(max(h.Strength, 0), 1), h.Words...)
	}
	if total <= 0 {
		return total
	}
	r, base := l.c.cfg.Ranking, total
	if u := l.c.usage[e.id]; u.Helped+u.NotHelped > 0 {
		n := u.Helped + u.NotHelped
		note(ByUsefulness, base*r.Usefulness*(wilson(u.Helped, n)-wilson(u.NotHelped, n)), times(u.Helped, n))
	}
	if l.stale(e) {
		note(ByAge, -base*r.Stale, e.reviewAt.Format(time.DateOnly))
	}
	return total
}

// shared adds up the facts of one sort that a known error has in common with the case:
// the best in full, the next by half, and so on, so that many weak ones do not pass for
// a strong one.
func (l *look) shared(e *entry, sort Sort, name bool) (points float64, what []string) {
	part := 1.0
	for _, f := range l.sought[sort] {
		key := f.feature
		if sort == ByNear {
			key.sort = ByItem
		}
		if !e.features[key] {
			continue
		}
		points += part * f.points
		part /= 2
		if !name || len(what) == maxWords {
			continue
		}
		say := cmp.Or(f.say, f.what)
		if sort == ByCode {
			say = e.edition.Codes[slices.Index(e.codes, f.what)]
		}
		what = append(what, say)
	}
	return points, what
}

// product compares the product and its version.
func (l *look) product(e *entry, note func(Sort, float64, ...string)) {
	content := e.edition.Content
	if content.Model == "" {
		return
	}
	found := false
	var affected, unaffected []string
	for _, p := range l.q.Products {
		if !e.features[feature{ByModel, strings.ToLower(p.Model)}] || p.Vendor != "" && content.Vendor != "" && !strings.EqualFold(p.Vendor, content.Vendor) {
			continue
		}
		found = true
		switch {
		case p.Version == "" || content.Versions.IsZero():
		case content.Versions.Affects(p.Version):
			affected = append(affected, p.Version)
		default:
			unaffected = append(unaffected, p.Version)
		}
	}
	if !found {
		return
	}
	r := l.c.cfg.Ranking
	for _, f := range l.sought[ByModel] {
		if e.features[f.feature] {
			note(ByModel, f.points, content.Model)
		}
	}
	switch {
	case len(affected) > 0:
		note(ByVersion, r.Version, affected[:min(len(affected), maxWords)]...)
	case len(unaffected) > 0:
		note(Unaffected, r.Unaffected, unaffected[0]+" ("+content.Versions.String()+")")
	}
}

func (l *look) stale(e *entry) bool {
	return !l.q.At.IsZero() && !e.reviewAt.IsZero() && !l.q.At.Before(e.reviewAt)
}

func (l *look) explain(e *entry, points float64) Suggestion {
	s := Suggestion{ID: e.id, Number: e.number, Title: e.edition.Title, Revision: e.edition.Revision, Workaround: e.edition.Workaround,
		Solution: e.edition.Solution, Problem: e.edition.Problem, Usage: l.c.usage[e.id], Stale: l.stale(e), Score: points}
	l.weigh(e, &s.Reasons)
	return s
}

func insert(list []uint32, slot uint32) []uint32 {
	i, there := slices.BinarySearch(list, slot)
	if there {
		return list
	}
	return slices.Insert(list, i, slot)
}

func remove(list []uint32, slot uint32) []uint32 {
	if i, there := slices.BinarySearch(list, slot); there {
		return slices.Delete(list, i, i+1)
	}
	return list
}
