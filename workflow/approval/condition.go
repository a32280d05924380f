package approval

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// Facts are what a policy may know about the record: attribute and value. An
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

// Test is a condition on one fact.
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
		words = "equal to"
	}
	return t.Fact + " is " + words + " " + strings.Join(t.Values, ", ")
}

// holds tells whether the facts pass the test. A fact that should be a number
// and is not is an error: taking it as "no" would let the record slip past a
// stage.
func (t Test) holds(f Facts) (bool, error) {
	have := f[t.Fact]
	switch t.Op {
	case Equals, OneOf:
		return have != "" && slices.Contains(t.Values, have), nil
	case NoneOf:
		return !slices.Contains(t.Values, have), nil
	case Set:
		return have != "", nil
	case NotSet:
		return have == "", nil
	}
	if have == "" {
		return false, nil
	}
	n, ok := number(have)
	if !ok {
		return false, fmt.Errorf("fact %.64q is %.64q, the policy needs a number such as 12 or 0.5", t.Fact, have)
	}
	limit, _ := number(t.Values[0])
	return (n.Cmp(limit) < 0) == (t.Op == Below), nil
}

// number reads a plain decimal. Exponents are not taken: a few bytes of them are
// a number of gigabytes.
func number(s string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, dot := strings.Cut(digits, ".")
	decimal := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if len(s) > 64 || !decimal(whole) || dot && !decimal(fraction) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// matches tells whether all tests hold.
func matches(when []Test, f Facts) (bool, error) {
	all := true
	for _, t := range when {
		ok, err := t.holds(f)
		if err != nil {
			return false, err
		}
		all = all && ok
	}
	return all, nil
}

// matching lists the stages that apply to the facts.
func (p Policy) matching(f Facts) ([]string, error) {
	var stages []string
	for _, s := range p.Stages {
		ok, err := matches(s.When, f)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", s.Name, err)
		}
		if ok {
			stages = append(stages, s.Name)
		}
	}
	return stages, nil
}

// normal returns a copy without empty values.
func (f Facts) normal() Facts {
	var n Facts
	for name, value := range f {
		if value == "" {
			continue
		}
		if n == nil {
			n = Facts{}
		}
		n[name] = value
	}
	return n
}

func (f *problems) facts(facts Facts) {
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if !validText(name) || len(facts[name]) > MaxText || !utf8.ValidString(facts[name]) {
			f.addf("fact %.64q: name and value must be text, at most %d bytes", name, MaxText)
		}
	}
}

func (f *problems) test(where string, t Test) {
	if !validText(t.Fact) {
		f.addf("%s: fact %.64q %s", where, t.Fact, textRule)
	}
	least, most := 1, 1
	switch t.Op {
	case Equals, AtLeast, Below:
	case OneOf, NoneOf:
		most = 1000
	case Set, NotSet:
		least, most = 0, 0
	default:
		f.addf("%s: op %.64q, must be equals, one_of, none_of, at_least, below, set or not_set", where, t.Op)
		return
	}
	if len(t.Values) < least || len(t.Values) > most {
		f.addf("%s: %s takes %d to %d values, not %d", where, t.Op, least, most, len(t.Values))
		return
	}
	for _, v := range t.Values {
		_, isNumber := number(v)
		switch {
		case !validText(v):
			f.addf("%s: value %.64q %s", where, v, textRule)
		case (t.Op == AtLeast || t.Op == Below) && !isNumber:
			f.addf("%s: value %.64q is not a number such as 12 or 0.5", where, v)
		}
	}
}
