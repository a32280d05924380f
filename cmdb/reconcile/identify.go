package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// cluster is observations that are one item.
type cluster struct {
	members []*Observation
	keys    map[int]map[string]bool // by the place in the rule
}

func (c *cluster) first() Origin { return c.members[0].Origin() }

// clusters finds which observations are of one item. It goes by the observations
// alone, never by their order: first what people have said, then the identifiers, the
// strongest first. By an identifier those become one that have it in common, unless
// some of them are known to differ: by a stronger identifier, or by the word of
// people. Then nobody can tell who the others belong to, and it joins none of them.
// Why tells of every observation what was decided.
func clusters(all []*Observation) (found []*cluster, why map[Origin][]string) {
	p := partition{of: map[Origin]*cluster{}, why: map[Origin][]string{}}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *Observation) int { return compareOrigins(a.Origin(), b.Origin()) })
	places := map[int]map[string][]*Observation{}
	for _, o := range all {
		c := &cluster{members: []*Observation{o}, keys: map[int]map[string]bool{}}
		for _, id := range o.Identities {
			c.keys[id.Entry] = map[string]bool{id.Key: true}
			if places[id.Entry] == nil {
				places[id.Entry] = map[string][]*Observation{}
			}
			places[id.Entry][id.Key] = append(places[id.Entry][id.Key], o)
		}
		p.of[o.Origin()] = c
	}
	for _, o := range all {
		for _, s := range o.Same {
			if other := p.of[s]; other != nil {
				p.join(p.of[o.Origin()], other, "said to be the same by a person")
			}
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(places)) {
		for _, key := range slices.Sorted(maps.Keys(places[entry])) {
			p.match(entry, key, places[entry][key])
		}
	}
	seen := map[*cluster]bool{}
	for _, o := range all {
		if c := p.of[o.Origin()]; !seen[c] {
			seen[c] = true
			found = append(found, c)
		}
	}
	return found, p.why
}

type partition struct {
	of  map[Origin]*cluster
	why map[Origin][]string
}

// match joins those that have a key in common, or says why not.
func (p *partition) match(entry int, key string, have []*Observation) {
	var groups []*cluster
	for _, o := range have {
		if c := p.of[o.Origin()]; !slices.Contains(groups, c) {
			groups = append(groups, c)
		}
	}
	text := ""
	for _, id := range have[0].Identities {
		if id.Key == key {
			text = id.Text
		}
	}
	for i, a := range groups {
		for _, b := range groups[:i] {
			if why := differ(a, b, entry); why != "" {
				for _, o := range have {
					p.note(o, fmt.Sprintf("not matched by %s: others have it too, and differ in %s", text, why))
				}
				return
			}
		}
	}
	for _, g := range groups[1:] {
		p.join(groups[0], g, "matched by "+text)
	}
}

// differ tells why two clusters are known not to be one item, by something stronger
// than a place in the rule; "" if they may be.
func differ(a, b *cluster, place int) string {
	for _, o := range a.members {
		for _, other := range b.members {
			if slices.Contains(o.Apart, other.Origin()) || slices.Contains(other.Apart, o.Origin()) {
				return "the word of a person"
			}
		}
	}
	for entry := range place {
		if len(a.keys[entry]) == 0 || len(b.keys[entry]) == 0 {
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(a.keys[entry])), func(k string) bool { return b.keys[entry][k] }) {
			return a.text(entry) + " and " + b.text(entry)
		}
	}
	return ""
}

// text is what the members have at a place in the rule.
func (c *cluster) text(entry int) string {
	var texts []string
	for _, o := range c.members {
		for _, id := range o.Identities {
			if id.Entry == entry && !slices.Contains(texts, id.Text) {
				texts = append(texts, id.Text)
			}
		}
	}
	return strings.Join(texts, " or ")
}

func (p *partition) join(a, b *cluster, why string) {
	if a == b {
		return
	}
	with := func(c *cluster) string { return why + " with " + c.first().String() }
	toA, toB := with(b), with(a)
	for _, o := range a.members {
		p.note(o, toA)
	}
	for _, o := range b.members {
		p.note(o, toB)
		p.of[o.Origin()] = a
	}
	a.members = append(a.members, b.members...)
	slices.SortFunc(a.members, func(x, y *Observation) int { return compareOrigins(x.Origin(), y.Origin()) })
	for entry, keys := range b.keys {
		if a.keys[entry] == nil {
			a.keys[entry] = map[string]bool{}
		}
		maps.Copy(a.keys[entry], keys)
	}
}

func (p *partition) note(o *Observation, why string) {
	p.why[o.Origin()] = append(p.why[o.Origin()], why)
}
