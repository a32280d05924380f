package routing

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Facts are what rules know about the work: for each fact its values, as an incident
// has one category and several configuration items. Numbers are written as decimals,
// "1250.50".
type Facts map[string][]string

// Op compares one fact.
type Op string

// The comparisons. One that asks for a value holds if any value of the fact passes.
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

// test is a compiled Test.
type test struct {
	Test
	values map[string]struct{} // of a long list
	limit  decimal.Decimal
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
		c.limit, _ = number(t.Values[0])
	}
	return c
}

func (t *test) holds(f Facts) bool {
	have := f[t.Fact]
	switch t.Op {
	case Set:
		return len(have) > 0
	case NotSet:
		return len(have) == 0
	case NoneOf:
		return !slices.ContainsFunc(have, t.lists)
	case Equals, OneOf:
		return slices.ContainsFunc(have, t.lists)
	}
	for _, v := range have {
		if t.Op == Prefix {
			if slices.ContainsFunc(t.Values, func(p string) bool { return strings.HasPrefix(v, p) }) {
				return true
			}
		} else if n, ok := number(v); ok && n.LessThan(t.limit) == (t.Op == Below) {
			return true
		}
	}
	return false
}

func (t *test) lists(v string) bool {
	if t.values != nil {
		_, ok := t.values[v]
		return ok
	}
	return slices.Contains(t.Values, v)
}

// number reads a plain decimal. Exponents are not taken: a few bytes of them are a
// number of gigabytes.
func number(s string) (decimal.Decimal, bool) {
	if s == "" || len(s) > 64 || strings.Trim(s, "0123456789.-") != "" {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	return d, err == nil
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
		return "none of these is so: " + wordsOf(c.any)
	}
	return ""
}

func wordsOf(tests []test) string {
	var words []string
	for _, t := range tests {
		words = append(words, t.String())
	}
	return strings.Join(words, "; ")
}

// check notes everything that is wrong with a condition.
func (c Condition) check(p *workflow.Problems, where string) {
	for _, list := range [][]Test{c.When, c.Any, c.Unless} {
		if len(list) > MaxTests {
			p.Addf("%s: %d tests in one list, at most %d", where, len(list), MaxTests)
			continue
		}
		for _, t := range list {
			t.check(p, where)
		}
	}
}

func (t Test) check(p *workflow.Problems, where string) {
	checkText(p, where+": fact", t.Fact)
	least, most := 1, 1
	switch t.Op {
	case Equals, AtLeast, Below:
	case OneOf, NoneOf, Prefix:
		most = MaxValues
	case Set, NotSet:
		least, most = 0, 0
	default:
		p.Addf("%s: op %.64q, want equals, one_of, none_of, prefix, at_least, below, set or not_set", where, t.Op)
		return
	}
	if len(t.Values) < least || len(t.Values) > most {
		p.Addf("%s: %s takes %d to %d values, not %d", where, t.Op, least, most, len(t.Values))
		return
	}
	for _, v := range t.Values {
		checkText(p, where+": value of "+t.Fact, v)
		if _, ok := number(v); !ok && (t.Op == AtLeast || t.Op == Below) {
			p.Addf("%s: value %.64q is not a number such as 12 or 0.5", where, v)
		}
	}
}
