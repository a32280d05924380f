package exchange

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// ServiceNow says how the tables cmdb_ci and cmdb_rel_ci of ServiceNow translate into
// a model, both ways. It is plain data with a JSON form: [StarterServiceNow] is for
// the shipped classes, and a host changes what is different at home.
type ServiceNow struct {
	Source string `json:"source"` // whose word the export is
	// Key is the column that relations name items by. An export of relations that has
	// names in it, as lists in the browser do, is read with "name".
	Key string `json:"key"`

	Classes  []Pair `json:"classes"`            // tables, or their labels, and classes of the model
	Fallback string `json:"fallback,omitempty"` // the class of items of other tables; empty = such a line is wrong

	Columns  []Column  `json:"columns"`
	Defaults []Default `json:"defaults,omitempty"`

	// Install and Operational are the values of install_status and operational_status,
	// and states. The state "in use" of the first gives way to what the second says.
	Install     []Pair   `json:"install"`
	Operational []Pair   `json:"operational"`
	InUse       string   `json:"in_use"`
	Gone        []string `json:"gone,omitempty"` // the states in which an item is said to be no more

	Relations []RelationPair `json:"relations"`

	SeenAt time.Time      `json:"seen_at,omitzero"` // for items without sys_updated_on
	Zone   *time.Location `json:"-"`                // of times: that of whoever made the export; default UTC, in which ServiceNow keeps them
	Comma  rune           `json:"comma,omitempty"`  // between columns; default ','
}

// Pair is a word of ServiceNow's, whatever its case, and ours. Of several pairs with
// one word, the first counts. A "*" at the end of Theirs stands for any ending, and
// then the longest counts.
type Pair struct {
	Theirs string `json:"theirs"`
	Ours   string `json:"ours"`
}

// Column is a column of cmdb_ci and the attribute that it holds. Of several columns
// for one attribute the first that is filled counts. Columns that are not listed are
// not read.
type Column struct {
	Name      string  `json:"name"`
	Attribute string  `json:"attribute"`
	Per       float64 `json:"per,omitempty"`    // how many of their units are one of ours: 1024 MB are a GB
	Values    []Pair  `json:"values,omitempty"` // if they are other words than ours; others are left out
}

// Default is the value of an attribute that an item of a class, or of one below it,
// has if ServiceNow does not say.
type Default struct {
	Class     string `json:"class"`
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
}

// RelationPair is a type of relation, in ServiceNow's way of writing it: what the
// parent is to the child, "::", and what the child is to the parent. The same the
// other way round need not be listed.
type RelationPair struct {
	Theirs string `json:"theirs"` // "Depends on::Used by"
	Ours   string `json:"ours"`   // "depends_on"
	Turned bool   `json:"turned"` // ours begins at their child
}

// ours translates a word of theirs. Guess tells that it was by its beginning only.
func ours(pairs []Pair, word string) (our string, guess, ok bool) {
	longest := -1
	for _, p := range pairs {
		if strings.EqualFold(p.Theirs, word) {
			return p.Ours, false, true
		}
		start, any := strings.CutSuffix(p.Theirs, "*")
		if any && len(start) > longest && len(word) >= len(start) && strings.EqualFold(word[:len(start)], start) {
			our, longest = p.Ours, len(start)
		}
	}
	return our, true, longest >= 0
}

// theirs translates a word of ours.
func theirs(pairs []Pair, word string) (string, bool) {
	i := slices.IndexFunc(pairs, func(p Pair) bool { return p.Ours == word && !strings.HasSuffix(p.Theirs, "*") })
	if i < 0 {
		return "", false
	}
	return pairs[i].Theirs, true
}

// class translates a table, which may stand there as its label. Guess tells that it
// was by the beginning of its name only, or that it is not listed at all.
func (c ServiceNow) class(table string) (class string, guess bool) {
	names := []string{table, "cmdb_ci_" + underscored(table)}
	for _, name := range names {
		if class, guess, ok := ours(c.Classes, name); ok && !guess {
			return class, false
		}
	}
	for _, name := range names {
		if class, _, ok := ours(c.Classes, name); ok {
			return class, true
		}
	}
	return c.Fallback, true
}

// state translates a status: what is installed may be in repair.
func (c ServiceNow) state(install, operational string) string {
	state, _, _ := ours(c.Install, install)
	if state == "" || state == c.InUse {
		if other, _, ok := ours(c.Operational, operational); ok {
			return other
		}
	}
	return state
}

// relation translates a type. Turned tells that ours begins at their child.
func (c ServiceNow) relation(text string) (name string, turned, ok bool) {
	parent, child, _ := strings.Cut(text, "::")
	for _, p := range c.Relations {
		if strings.EqualFold(p.Theirs, parent+"::"+child) {
			return p.Ours, p.Turned, true
		}
	}
	for _, p := range c.Relations {
		if strings.EqualFold(p.Theirs, child+"::"+parent) {
			return p.Ours, !p.Turned, true
		}
	}
	return "", false, false
}

// check makes sure that a model has everything that is translated into.
func (c ServiceNow) check(p *workflow.Problems, m *cmdb.Model) {
	told := map[string]bool{"": true} // there need be no fallback
	for _, pair := range append(slices.Clone(c.Classes), Pair{Ours: c.Fallback}) {
		if class, known := m.Class(pair.Ours); (!known || class.Abstract) && !told[pair.Ours] {
			told[pair.Ours] = true
			p.Addf("the translation names class %.64q, which is unknown or abstract", pair.Ours)
		}
	}
	for _, r := range c.Relations {
		if _, ok := m.RelationType(r.Ours); !ok {
			p.Addf("the translation names relation %.64q, which is unknown", r.Ours)
		}
		if parent, child, ok := strings.Cut(r.Theirs, "::"); !ok || parent == "" || child == "" {
			p.Addf("relation %.64q: want what the parent is to the child, ::, and the other way round", r.Theirs)
		}
	}
	if c.Source == "" || c.Key == "" {
		p.Addf("source %q and key %q: want whose word it is, and the column of the key", c.Source, c.Key)
	}
}

// underscored makes a column or table name of a label.
func underscored(label string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return '_'
		}
		return unicode.ToLower(r)
	}, label)
}
