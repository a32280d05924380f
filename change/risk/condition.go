package risk

import (
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of conditions and of the facts they look at.
const (
	MaxTests  = 16     // in one condition
	MaxValues = 100    // in one test
	MaxFacts  = 1000   // of one change
	MaxFact   = 10_000 // bytes of the value of a fact
)

// Facts are what conditions may know about the change: attribute and value. An
// empty value is the same as none. Numbers are written as decimals, "1250.50".
type Facts map[string]string

// Op compares one fact.
type Op string

// The comparisons.
const (
	Equals  Op = "equals"   // the one value given
	OneOf   Op = "one_of"   // one of the values given
	NoneOf  Op = "none_of"  // none of the values given; also when the fact is not set
	AtLeast Op = "at_least" // a number not less than the one given; not when the fact is not set
	Below   Op = "below"    // a number less than the one given; not when the fact is not set
	Set     Op = "set"
	NotSet  Op = "not_set"
)

// Test is a condition on one fact. The texts of Equals, OneOf and NoneOf are
// compared byte by byte: "5.0" does not equal "5".
type Test struct {
	Fact   string   `json:"fact"`
	Op     Op       `json:"op"`
	Values []string `json:"values,omitempty"`
}

// String writes the test in words.
func (t Test) String() string {
	words := strings.ReplaceAll(string(t.Op), "_", " ")
	if len(t.Values) == 0 {
		return t.Fact + " is " + words
	}
	if t.Op == Equals {
		return t.Fact + " is " + strings.Join(t.Values, ", ")
	}
	return t.Fact + " is " + words + " " + strings.Join(t.Values, ", ")
}

// numeric tells whether the test needs a number.
func (t Test) numeric() bool { return t.Op == AtLeast || t.Op == Below }

// holds tells whether a value passes the test. That a number is one was checked
// before.
func (t Test) holds(have string) bool {
	switch t.Op {
	case Equals, OneOf:
		return have != "" && slices.Contains(t.Values, have)
	case NoneOf:
		return !slices.Contains(t.Values, have)
	case Set:
		return have != ""
	case NotSet:
		return have == ""
	}
	n, ok := number(have)
	limit, sound := number(t.Values[0])
	return ok && sound && (n.Cmp(limit) < 0) == (t.Op == Below)
}

// matches tells whether all tests hold.
func matches(when []Test, f Facts) bool {
	return !slices.ContainsFunc(when, func(t Test) bool { return !t.holds(f[t.Fact]) })
}

// short reads a number of a length that a number from outside may have.
func short(s string) (*big.Rat, bool) {
	if len(s) > maxNumber {
		return nil, false
	}
	return number(s)
}

// number reads a plain decimal. Exponents are not taken: a few bytes of them are
// a number of gigabytes.
func number(s string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, dot := strings.Cut(digits, ".")
	decimal := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if !decimal(whole) || dot && !decimal(fraction) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// words writes a condition for people.
func words(when []Test) string {
	if len(when) == 0 {
		return "always"
	}
	all := make([]string, len(when))
	for i, t := range when {
		all[i] = t.String()
	}
	return strings.Join(all, " and ")
}

func cloneTests(when []Test) []Test {
	when = slices.Clone(when)
	for i := range when {
		when[i].Values = slices.Clone(when[i].Values)
	}
	return when
}

// facts checks what is known of a change. A fact that should be a number and is
// not is a mistake even where its rule is never reached: to read it as "no" would
// let a risky change pass.
func (p *problems) facts(f Facts, numeric []string) {
	if len(f) > MaxFacts {
		p.addf("%d facts, at most %d", len(f), MaxFacts)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if name == "" || len(name) > maxName || len(f[name]) > MaxFact || !utf8.ValidString(name+f[name]) {
			p.addf("fact %.64q: must be text, the name at most %d bytes, the value %d", name, maxName, MaxFact)
		}
	}
	for _, name := range numeric {
		if have := f[name]; have != "" {
			if _, ok := short(have); !ok {
				p.addf("fact %.64q is %.64q, must be a number such as 12 or 0.5", name, have)
			}
		}
	}
}

// condition checks tests by themselves.
func (p *problems) condition(where string, when []Test) {
	if len(when) > MaxTests {
		p.addf("%s: %d tests, at most %d", where, len(when), MaxTests)
		return
	}
	for _, t := range when {
		p.test(where, t)
	}
}

func (p *problems) test(where string, t Test) {
	p.name(where+": fact", t.Fact)
	least, most := 1, 1
	switch t.Op {
	case Equals, AtLeast, Below:
	case OneOf, NoneOf:
		most = MaxValues
	case Set, NotSet:
		least, most = 0, 0
	default:
		p.addf("%s: op %.64q, must be equals, one_of, none_of, at_least, below, set or not_set", where, t.Op)
		return
	}
	if len(t.Values) < least || len(t.Values) > most {
		p.addf("%s: %s takes %d to %d values, not %d", where, t.Op, least, most, len(t.Values))
		return
	}
	for _, v := range t.Values {
		p.text(where+": value", v)
		if _, ok := short(v); t.numeric() && !ok {
			p.addf("%s: value %.64q is not a number such as 12 or 0.5", where, v)
		}
	}
}
