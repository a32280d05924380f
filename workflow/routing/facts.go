package routing

import (
	"slices"
	"strings"
)

// Facts are what rules know about the work: for each fact its values, as an incident
// has one category and several configuration items. An empty value is the same as none.
// Numbers are written as decimals, "1250.50"; texts are compared to the letter, case and
// all.
type Facts map[string][]string

// Op compares one fact.
type Op string

// The comparisons. One that asks for a value holds if any value of the fact passes; a
// number that is asked for is not found in a text.
const (
	Equals  Op = "equals"   // the one value given
	OneOf   Op = "one_of"   // one of the values given
	NoneOf  Op = "none_of"  // none of the values given; also when the fact is not set
	Prefix  Op = "prefix"   // begins with one of the values given
	AtLeast Op = "at_least" // a number not less than the one given
	Below   Op = "below"    // a number less than the one given
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
	switch t.Op {
	case Equals:
		words = "equal to"
	case Prefix:
		return t.Fact + " begins with " + strings.Join(t.Values, " or ")
	}
	if len(t.Values) == 0 {
		return t.Fact + " is " + words
	}
	return t.Fact + " is " + words + " " + strings.Join(t.Values, ", ")
}

// Condition says which facts it takes. The zero Condition always holds.
type Condition struct {
	When   []Test `json:"when,omitempty"`   // all of them
	Any    []Test `json:"any,omitempty"`    // and one of them, if there are any
	Unless []Test `json:"unless,omitempty"` // and none of them
}

func (c Condition) clone() Condition {
	return Condition{cloneTests(c.When), cloneTests(c.Any), cloneTests(c.Unless)}
}

func cloneTests(tests []Test) []Test {
	all := slices.Clone(tests)
	for i := range all {
		all[i].Values = slices.Clone(all[i].Values)
	}
	return all
}

// test is a compiled Test.
type test struct {
	Test
	values map[string]struct{} // of a long list
	limit  number
}

// longList is from how many values on a map is quicker than looking through them.
const longList = 8

func compileTest(t Test) test {
	c := test{Test: Test{t.Fact, t.Op, slices.Clone(t.Values)}}
	if len(t.Values) >= longList && (t.Op == OneOf || t.Op == NoneOf) {
		c.values = make(map[string]struct{}, len(t.Values))
		for _, v := range t.Values {
			c.values[v] = struct{}{}
		}
	}
	if t.Op == AtLeast || t.Op == Below {
		c.limit, _ = readNumber(t.Values[0])
	}
	return c
}

func (t *test) holds(f Facts) bool {
	have := f[t.Fact]
	switch t.Op {
	case Set:
		return isSet(have)
	case NotSet:
		return !isSet(have)
	case NoneOf:
		return !slices.ContainsFunc(have, t.lists)
	case Equals, OneOf:
		return slices.ContainsFunc(have, t.lists)
	}
	return slices.ContainsFunc(have, t.passes)
}

func isSet(have []string) bool {
	return slices.ContainsFunc(have, func(v string) bool { return v != "" })
}

// passes reports whether one value is what a prefix or a number asks for.
func (t *test) passes(v string) bool {
	if t.Op == Prefix {
		for _, p := range t.Values {
			if strings.HasPrefix(v, p) {
				return true
			}
		}
		return false
	}
	n, ok := readNumber(v)
	return ok && (n.compare(t.limit) < 0) == (t.Op == Below)
}

func (t *test) lists(v string) bool {
	if t.values != nil {
		_, ok := t.values[v]
		return ok
	}
	return slices.Contains(t.Values, v)
}

// condition is a compiled Condition.
type condition struct{ when, any, unless []test }

func compileCondition(c Condition) condition {
	compiled := func(tests []Test) []test {
		var all []test
		for _, t := range tests {
			all = append(all, compileTest(t))
		}
		return all
	}
	return condition{compiled(c.When), compiled(c.Any), compiled(c.Unless)}
}

func (c *condition) holds(f Facts) bool {
	for i := range c.when {
		if !c.when[i].holds(f) {
			return false
		}
	}
	for i := range c.unless {
		if c.unless[i].holds(f) {
			return false
		}
	}
	for i := range c.any {
		if c.any[i].holds(f) {
			return true
		}
	}
	return len(c.any) == 0
}

// against says what keeps the condition from holding, or "".
func (c *condition) against(f Facts) string {
	for i := range c.when {
		if !c.when[i].holds(f) {
			return "not so: " + c.when[i].String()
		}
	}
	for i := range c.unless {
		if c.unless[i].holds(f) {
			return "excepted: " + c.unless[i].String()
		}
	}
	if !c.holds(f) {
		return "none of these is so: " + words(c.any)
	}
	return ""
}

func words(tests []test) string {
	var all []string
	for i := range tests {
		all = append(all, tests[i].String())
	}
	return strings.Join(all, "; ")
}
