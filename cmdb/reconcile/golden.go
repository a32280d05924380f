package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// golden is what is to be believed of an item, after everything that its sources
// say.
type golden struct {
	class      string
	name       string
	attributes workflow.Fields
	claims     map[string]cmdb.Claim
	sources    []cmdb.Sighting
	verdicts   []Verdict
	gone       bool   // every source says so
	held       string // why it cannot be an item
}

// word is what somebody says of an attribute.
type word struct {
	source string
	from   Origin
	at     time.Time
	value  any
}

// believe works out what is to be believed. Before is the item as it is, if there is
// one: what was entered there by those who report nothing counts. Sources that have
// parted from it no longer do.
func (r *rules) believe(members []*Observation, before *cmdb.CI, parted map[string]bool) golden {
	g := golden{gone: true, claims: map[string]cmdb.Claim{}}
	var newest time.Time
	for _, o := range members {
		p := o.Payload
		g.sources = append(g.sources, cmdb.Sighting{Source: p.Source, Key: p.Key, At: p.At})
		g.gone = g.gone && p.Gone
		if p.At.After(newest) {
			newest = p.At
		}
	}
	alive := members
	if !g.gone { // what is gone for a source is not worth its word
		alive = slices.DeleteFunc(slices.Clone(members), func(o *Observation) bool { return o.Payload.Gone })
	}
	words := map[string][]word{}
	for _, o := range alive {
		for name, v := range o.Payload.Attributes {
			words[name] = append(words[name], word{o.Payload.Source, o.Origin(), o.Payload.At, v})
		}
		if o.Payload.Name != "" {
			words[NameAttribute] = append(words[NameAttribute], word{o.Payload.Source, o.Origin(), o.Payload.At, o.Payload.Name})
		}
	}
	addEntered(words, before, parted)
	g.class = r.classOf(alive, words)
	values := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if _, known := attribute(r.classes[g.class], name); !known && name != NameAttribute {
			g.verdicts = append(g.verdicts, Verdict{Attribute: name, Over: []string{"class " + g.class + " has no such attribute"}})
			continue
		}
		v, claim := r.judge(g.class, name, words[name], newest)
		g.verdicts = append(g.verdicts, v)
		g.claims[name] = claim
		if name == NameAttribute {
			g.name, _ = v.Value.(string)
		} else {
			values[name] = v.Value
		}
	}
	if g.name == "" {
		g.name = members[0].Payload.Key
		g.claims[NameAttribute] = cmdb.Claim{Source: members[0].Payload.Source, At: members[0].Payload.At}
	}
	g.verify(r, values, members)
	return g
}

// addEntered adds the words of those who entered values and report nothing: people
// above all.
func addEntered(words map[string][]word, before *cmdb.CI, parted map[string]bool) {
	if before == nil {
		return
	}
	for name, c := range before.Claims {
		if parted[c.Source] || slices.ContainsFunc(before.Sources, func(s cmdb.Sighting) bool { return s.Source == c.Source }) {
			continue
		}
		value := before.Fields[name]
		if name == NameAttribute {
			value = before.Title
		}
		words[name] = append(words[name], word{c.Source, Origin{c.Source, before.Number}, c.At, value})
	}
}

// verify makes sure that an item can be made of it.
func (g *golden) verify(r *rules, values map[string]any, members []*Observation) {
	var err error
	if g.attributes, err = r.model.Check(g.class, values); err != nil {
		g.held = err.Error()
	}
	// A source that has seen it is as good a witness when it is gone for it.
	if !slices.ContainsFunc(members, func(o *Observation) bool { return o.Lived && r.creates(o.Payload.Source, g.class) }) {
		g.held = "none of the sources that have seen it may create a " + g.class
	}
	if g.gone && !slices.ContainsFunc(members, func(o *Observation) bool { return o.Lived }) {
		g.held = "gone before it was ever reported"
	}
}

// classOf is the class that members agree on: the one below all others, or if that
// would lack something it requires, the next of those named that does not. Where they
// do not agree, the word of the source with precedence counts.
func (r *rules) classOf(members []*Observation, words map[string][]word) string {
	named := slices.SortedFunc(slices.Values(members), func(x, y *Observation) int {
		a, b := x.Payload, y.Payload
		i, _ := place(r.ranking(a.Class, ""), a.Source)
		j, _ := place(r.ranking(b.Class, ""), b.Source)
		return cmp.Or(cmp.Compare(i, j), cmp.Compare(r.depth(b.Class), r.depth(a.Class)), cmp.Compare(a.Class, b.Class), compareOrigins(x.Origin(), y.Origin()))
	})
	best := named[0].Payload.Class
	for _, o := range named[1:] {
		if r.model.Is(o.Payload.Class, best) {
			best = o.Payload.Class
		}
	}
	line := []string{best} // and those named that it inherits from, the nearest first
	for _, o := range named {
		if c := o.Payload.Class; r.model.Is(best, c) && !slices.Contains(line, c) {
			line = append(line, c)
		}
	}
	slices.SortStableFunc(line[1:], func(a, b string) int { return cmp.Compare(r.depth(b), r.depth(a)) })
	for _, c := range line {
		if r.complete(c, words) {
			return c
		}
	}
	return best
}

// depth is how many classes there are above one.
func (r *rules) depth(class string) int {
	n := 0
	for c := r.classes[class].Parent; c != ""; c = r.classes[c].Parent {
		n++
	}
	return n
}

// complete reports whether somebody has a word on everything that a class requires.
func (r *rules) complete(class string, words map[string][]word) bool {
	return !slices.ContainsFunc(r.classes[class].Attributes, func(a cmdb.Attribute) bool { return a.Required && len(words[a.Name]) == 0 })
}

// judge decides whose word counts for an attribute.
func (r *rules) judge(class, name string, words []word, newest time.Time) (Verdict, cmdb.Claim) {
	ranking := r.ranking(class, name)
	type ranked struct {
		word
		place int
		stale bool
	}
	list := make([]ranked, len(words))
	for i, w := range words {
		n, fresh := place(ranking, w.source)
		list[i] = ranked{w, n, fresh > 0 && newest.Sub(w.at) > fresh}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(compareBools(a.stale, b.stale), cmp.Compare(a.place, b.place), b.at.Compare(a.at),
			compareOrigins(a.from, b.from), cmp.Compare(fmt.Sprint(a.value), fmt.Sprint(b.value)))
	})
	best := list[0]
	v := Verdict{Attribute: name, Value: best.value, Source: best.source}
	for _, w := range list[1:] {
		if w.value == best.value {
			continue
		}
		why := "older"
		switch {
		case w.stale && !best.stale:
			why = "out of date"
		case w.place != best.place:
			why = "of lower precedence"
		case w.at.Equal(best.at):
			why = "as new, but of a later key"
		}
		v.Over = append(v.Over, fmt.Sprintf("%v by %s: %s", w.value, w.from, why))
	}
	return v, cmdb.Claim{Source: best.source, At: best.at}
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
