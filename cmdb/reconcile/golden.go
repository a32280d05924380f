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

// believe works out what is to be believed. Manual is what people have entered by
// hand, if there is an item already.
func (r *rules) believe(members []*Observation, manual *cmdb.CI) golden {
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
	g.class = r.classOf(alive)
	words := map[string][]word{}
	for _, o := range alive {
		for name, v := range o.Payload.Attributes {
			words[name] = append(words[name], word{o.Payload.Source, o.Origin(), o.Payload.At, v})
		}
		if o.Payload.Name != "" {
			words[NameAttribute] = append(words[NameAttribute], word{o.Payload.Source, o.Origin(), o.Payload.At, o.Payload.Name})
		}
	}
	addManual(words, manual)
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
	}
	g.verify(r, values, alive)
	return g
}

func addManual(words map[string][]word, manual *cmdb.CI) {
	if manual == nil {
		return
	}
	for name, c := range manual.Claims {
		if c.Source != cmdb.SourceManual {
			continue
		}
		value := manual.Fields[name]
		if name == NameAttribute {
			value = manual.Title
		}
		words[name] = append(words[name], word{cmdb.SourceManual, Origin{cmdb.SourceManual, manual.Number}, c.At, value})
	}
}

// verify makes sure that an item can be made of it.
func (g *golden) verify(r *rules, values map[string]any, alive []*Observation) {
	var err error
	if g.attributes, err = r.model.Check(g.class, values); err != nil {
		g.held = err.Error()
	}
	if !slices.ContainsFunc(alive, func(o *Observation) bool { return r.creates(o.Payload.Source, g.class) }) {
		g.held = "none of its sources may create a " + g.class
	}
	if g.gone && !slices.ContainsFunc(alive, func(o *Observation) bool { return o.Lived }) {
		g.held = "gone before it was ever reported"
	}
}

// classOf is the class that members agree on: the one below all others. Where they do
// not agree, the word of the source with precedence counts.
func (r *rules) classOf(members []*Observation) string {
	best := members[0].Payload
	for _, o := range members[1:] {
		p := o.Payload
		switch {
		case r.model.Is(best.Class, p.Class):
		case r.model.Is(p.Class, best.Class):
			best = p
		default:
			a, _ := place(r.ranking(best.Class, ""), best.Source)
			b, _ := place(r.ranking(p.Class, ""), p.Source)
			if cmp.Or(cmp.Compare(b, a), cmp.Compare(p.Class, best.Class)) < 0 {
				best = p
			}
		}
	}
	return best.Class
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
