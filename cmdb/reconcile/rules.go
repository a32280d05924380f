package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// Config says whose word counts, and by what an item is recognised. It is plain
// data, with a JSON form.
type Config struct {
	Rules      []Rule       `json:"rules"`
	Sources    []Source     `json:"sources,omitempty"` // those that are not listed may create everything
	Precedence []Precedence `json:"precedence,omitempty"`
	State      string       `json:"state,omitempty"` // in which items begin; default: [cmdb.StateInUse]
}

// Rule says by what the items of a class, and of the classes below it, are
// recognised: the strongest identifier first. A rule of a class below takes the place
// of this one for that class. Items under different rules are never one.
type Rule struct {
	Class       string       `json:"class"`
	Identifiers []Identifier `json:"identifiers"`
}

// Identifier is a set of attributes, "name" among them, that recognise an item if it
// has all of them: none missing, none a placeholder. With Within the item is
// recognised among those on one host only: it is the hosting type of relation, and
// the host has to be known first.
type Identifier struct {
	Attributes []string `json:"attributes"`
	Within     string   `json:"within,omitempty"`
}

// NameAttribute is how rules and verdicts call an item's name, which is no attribute.
const NameAttribute = cmdb.ClaimName

// Source is what a source may do.
type Source struct {
	Name string `json:"name"`
	// Creates lists the classes, and with them those below, of which the source may
	// create items. Of others it is only asked about items that others created: what
	// it says is kept until then.
	Creates []string `json:"creates,omitempty"`
	Never   bool     `json:"never_creates,omitempty"` // it creates nothing at all
}

// Precedence says whose word counts for attributes of a class and of those below it:
// the first source that has one. A precedence that names the attribute goes before
// one for all of them; then one for a class below before one for a class above.
// Sources that are not listed come last, the newest word first; what people entered
// by hand, the source [cmdb.SourceManual], comes first unless it is listed.
type Precedence struct {
	Class      string   `json:"class"`
	Attributes []string `json:"attributes,omitempty"` // [NameAttribute] among them; empty = all
	Sources    []Ranked `json:"sources"`
}

// Ranked is a source in a [Precedence].
type Ranked struct {
	Source string `json:"source"`
	// FreshHours is how long its word counts, from when it was seen to the newest word
	// of any source on the item. Then it stands behind all words that are fresh. Zero:
	// for ever.
	FreshHours int `json:"fresh_hours,omitempty"`
}

// ParseConfig decodes a configuration from JSON. Unknown fields are refused. What it
// says is checked by [New].
func ParseConfig(data []byte) (Config, error) {
	var c Config
	if err := workflow.ParseJSON(data, "cmdb: reconciliation", &c); err != nil {
		return Config{}, err
	}
	return c, nil
}

// StarterConfig recognises the shipped classes: hardware by serial number, then by
// the UUID of its board, then by hardware address, then by host name; what runs on a
// host by its name there; everything else by its name. Any source may create.
func StarterConfig() Config {
	by := func(attributes ...string) Identifier { return Identifier{Attributes: attributes} }
	return Config{Rules: []Rule{
		{Class: cmdb.ClassItem, Identifiers: []Identifier{by(NameAttribute)}},
		{Class: cmdb.ClassHardware, Identifiers: []Identifier{by("serial_number"), by("uuid"), by("mac_address"), by("hostname")}},
		{Class: cmdb.ClassApplication, Identifiers: []Identifier{{Attributes: []string{NameAttribute}, Within: cmdb.RunsOn}}},
		{Class: cmdb.ClassContainer, Identifiers: []Identifier{by("container_id")}},
		{Class: cmdb.ClassPerson, Identifiers: []Identifier{by("user_id"), by(NameAttribute)}},
	}}
}

// maxFreshHours is a hundred years.
const maxFreshHours = 100 * 366 * 24

// clone returns a copy that shares nothing with c.
func (c Config) clone() Config {
	c.Rules, c.Sources, c.Precedence = slices.Clone(c.Rules), slices.Clone(c.Sources), slices.Clone(c.Precedence)
	for i, r := range c.Rules {
		c.Rules[i].Identifiers = slices.Clone(r.Identifiers)
		for j, id := range r.Identifiers {
			c.Rules[i].Identifiers[j].Attributes = slices.Clone(id.Attributes)
		}
	}
	for i, s := range c.Sources {
		c.Sources[i].Creates = slices.Clone(s.Creates)
	}
	for i, p := range c.Precedence {
		c.Precedence[i].Attributes, c.Precedence[i].Sources = slices.Clone(p.Attributes), slices.Clone(p.Sources)
	}
	return c
}

// rules is a compiled configuration.
type rules struct {
	cfg     Config
	model   *cmdb.Model
	classes map[string]cmdb.Class
}

func compile(m *cmdb.Model, cfg Config) (*rules, error) {
	var p workflow.Problems
	cfg = cfg.clone()
	r := &rules{cfg: cfg, model: m, classes: map[string]cmdb.Class{}}
	for _, c := range m.Classes() {
		r.classes[c.Name] = c
	}
	seen := map[string]bool{}
	for _, rule := range cfg.Rules {
		r.checkRule(&p, rule, seen[rule.Class])
		seen[rule.Class] = true
	}
	for i, s := range cfg.Sources {
		if s.Name == "" || slices.ContainsFunc(cfg.Sources[:i], func(o Source) bool { return o.Name == s.Name }) {
			p.Addf("source %d: %q is empty or listed twice", i+1, s.Name)
		}
		if s.Never && len(s.Creates) > 0 {
			p.Addf("source %s never creates, and creates %q", s.Name, s.Creates)
		}
		for _, c := range s.Creates {
			if _, ok := r.classes[c]; !ok {
				p.Addf("source %s: there is no class %q", s.Name, c)
			}
		}
	}
	for i, pr := range cfg.Precedence {
		r.checkPrecedence(&p, i, pr)
	}
	if err := p.Err("cmdb: reconciliation"); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *rules) checkRule(p *workflow.Problems, rule Rule, twice bool) {
	c, ok := r.classes[rule.Class]
	if !ok || twice {
		p.Addf("rule: class %q is unknown or has two rules", rule.Class)
		return
	}
	if len(rule.Identifiers) == 0 {
		p.Addf("rule of class %s: no identifier", rule.Class)
	}
	for i, id := range rule.Identifiers {
		if len(id.Attributes) == 0 {
			p.Addf("rule of class %s, identifier %d: no attribute", rule.Class, i+1)
		}
		for _, name := range id.Attributes {
			if a, known := attribute(c, name); name != NameAttribute && (!known || !a.Indexed) {
				p.Addf("rule of class %s, identifier %d: attribute %s is not there or not indexed", rule.Class, i+1, name)
			}
		}
		if t, known := r.model.RelationType(id.Within); id.Within != "" && (!known || !t.Hosts) {
			p.Addf("rule of class %s, identifier %d: %q is no hosting relation", rule.Class, i+1, id.Within)
		}
	}
}

func (r *rules) checkPrecedence(p *workflow.Problems, i int, pr Precedence) {
	c, ok := r.classes[pr.Class]
	if !ok {
		p.Addf("precedence %d: there is no class %q", i+1, pr.Class)
		return
	}
	for _, name := range pr.Attributes {
		if _, known := attribute(c, name); name != NameAttribute && !known {
			p.Addf("precedence %d: class %s has no attribute %s", i+1, pr.Class, name)
		}
	}
	for j, s := range pr.Sources {
		if s.Source == "" || s.FreshHours < 0 || s.FreshHours > maxFreshHours || slices.ContainsFunc(pr.Sources[:j], func(o Ranked) bool { return o.Source == s.Source }) {
			p.Addf("precedence %d: source %q is empty, listed twice, or fresh for %d hours", i+1, s.Source, s.FreshHours)
		}
	}
}

func attribute(c cmdb.Class, name string) (cmdb.Attribute, bool) {
	for _, a := range c.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return cmdb.Attribute{}, false
}

// rule returns the rule for the items of a class: its own, or that of the nearest
// class above.
func (r *rules) rule(class string) (Rule, bool) {
	for c := class; c != ""; c = r.classes[c].Parent {
		for _, rule := range r.cfg.Rules {
			if rule.Class == c {
				return rule, true
			}
		}
	}
	return Rule{}, false
}

// creates reports whether a source may create items of a class.
func (r *rules) creates(source, class string) bool {
	for _, s := range r.cfg.Sources {
		if s.Name == source {
			return !s.Never && (len(s.Creates) == 0 || slices.ContainsFunc(s.Creates, func(c string) bool { return r.model.Is(class, c) }))
		}
	}
	return true
}

// ranking returns the precedence for an attribute of a class.
func (r *rules) ranking(class, attribute string) []Ranked {
	for _, named := range []bool{true, false} {
		for c := class; c != ""; c = r.classes[c].Parent {
			for _, p := range r.cfg.Precedence {
				if p.Class == c && (named && slices.Contains(p.Attributes, attribute) || !named && len(p.Attributes) == 0) {
					return p.Sources
				}
			}
		}
	}
	return nil
}

// place is where a source stands in a ranking, and for how long its word is fresh.
func place(ranking []Ranked, source string) (n int, fresh time.Duration) {
	for i, s := range ranking {
		if s.Source == source {
			return i, time.Duration(s.FreshHours) * time.Hour
		}
	}
	if source == cmdb.SourceManual {
		return -1, 0
	}
	return len(ranking), 0
}

// identity is a key by which an item is recognised.
type identity struct {
	Entry  int    `json:"entry"`            // its place in the rule: 0 is the strongest
	Key    string `json:"key"`              // the rule's class, the place and the values
	Text   string `json:"text"`             // for people: "serial_number 4711"
	Within string `json:"within,omitempty"` // the host, if it counts only there
}

// identities returns the keys of what a source says, and why others are not used.
// host tells under which origin the host at the end of a link is known.
func (r *rules) identities(p Payload, host func(Origin) (Origin, bool)) (keys []identity, why []string) {
	rule, ok := r.rule(p.Class)
	if !ok {
		return nil, []string{"class " + p.Class + " has no rule to recognise its items by"}
	}
	for i, id := range rule.Identifiers {
		values, texts, missing := r.values(p, id)
		key := identity{Entry: i, Text: strings.Join(texts, ", ")}
		if missing == "" && id.Within != "" {
			at, found := hostOf(p, id.Within)
			if !found {
				missing = "no relation " + id.Within
			} else if known, ok := host(at); ok {
				key.Within = known.String()
				key.Text += " on " + at.String()
			} else {
				missing = "its host " + at.String() + " is not known yet"
			}
		}
		if missing != "" {
			why = append(why, fmt.Sprintf("not recognised by %s: %s", strings.Join(id.Attributes, " and "), missing))
			continue
		}
		key.Key = strings.Join(append([]string{rule.Class, fmt.Sprint(i), key.Within}, values...), "\x00")
		keys = append(keys, key)
	}
	return keys, why
}

// values returns what identifies an item by its attributes, or what is missing.
func (r *rules) values(p Payload, id Identifier) (values, texts []string, missing string) {
	for _, name := range id.Attributes {
		if name == NameAttribute {
			if p.Name == "" {
				return nil, nil, "no name"
			}
			if why := cmdb.Format("").Placeholder(p.Name); why != "" {
				return nil, nil, fmt.Sprintf("name %q is %s", p.Name, why)
			}
			values, texts = append(values, strings.ToLower(p.Name)), append(texts, "name "+p.Name)
			continue
		}
		v := p.Attributes[name]
		if v == nil || v == "" {
			return nil, nil, "no " + name
		}
		s, isText := v.(string)
		if !isText {
			s = fmt.Sprint(v)
		}
		a, _ := attribute(r.classes[p.Class], name)
		if why := a.Format.Placeholder(s); isText && why != "" {
			return nil, nil, fmt.Sprintf("%s %q is %s", name, s, why)
		}
		values, texts = append(values, a.Format.Identity(s)), append(texts, name+" "+s)
	}
	return values, texts, ""
}

// sameValues reports whether an item has the values by which a payload is recognised:
// an index finds what only begins alike.
func (r *rules) sameValues(id Identifier, p Payload, ci *cmdb.CI) bool {
	want, _, _ := r.values(p, id)
	have, _, missing := r.values(Payload{Class: ci.Class, Name: ci.Title, Attributes: ci.Fields}, id)
	return missing == "" && slices.Equal(want, have)
}

// hostOf returns the end of the first relation of a type.
func hostOf(p Payload, relation string) (Origin, bool) {
	for _, l := range p.Relations {
		if l.Type == relation {
			return l.target(p.Source), true
		}
	}
	return Origin{}, false
}

// target is the item that a link of a source leads to.
func (l Link) target(source string) Origin {
	if l.Source != "" {
		source = l.Source
	}
	return Origin{source, l.Key}
}
