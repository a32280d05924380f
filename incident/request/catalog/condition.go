package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Op compares.
type Op string

// The comparisons.
const (
	Is      Op = "is"       // one of the values; of several groups, any of them
	Not     Op = "not"      // none of the values; also when nothing is set
	Set     Op = "set"      // anything
	Unset   Op = "unset"    // nothing
	AtLeast Op = "at_least" // a number not less than the value; not when nothing is set
	Below   Op = "below"    // a number less than the value; not when nothing is set
)

// Test is a condition on one fact: an answer, "answer.disk", or an attribute of the person
// that the item is for, "for.group". Of a list of tests all must hold.
type Test struct {
	Of     string   `json:"of"`
	Op     Op       `json:"op"`
	Values []string `json:"values,omitempty"`
}

// String writes the test in words.
func (t Test) String() string {
	words := strings.ReplaceAll(string(t.Op), "_", " ")
	if t.Op == Set || t.Op == Unset {
		return t.Of + " is " + words
	}
	if t.Op == Not {
		words = "is not"
	}
	return t.Of + " " + words + " " + strings.Join(t.Values, " or ")
}

// facts are what tests look at; a fact may have several values.
type facts map[string][]string

func (t Test) holds(f facts) bool {
	have := f[t.Of]
	switch t.Op {
	case Is:
		return slices.ContainsFunc(have, func(v string) bool { return slices.Contains(t.Values, v) })
	case Not:
		return !slices.ContainsFunc(have, func(v string) bool { return slices.Contains(t.Values, v) })
	case Set:
		return len(have) > 0
	case Unset:
		return len(have) == 0
	}
	limit, err := number(t.Values[0])
	if err != nil || len(have) != 1 {
		return false
	}
	n, err := number(have[0])
	return err == nil && n.LessThan(limit) == (t.Op == Below)
}

func all(tests []Test, f facts) bool {
	return !slices.ContainsFunc(tests, func(t Test) bool { return !t.holds(f) })
}

// number reads a plain decimal. Exponents are not taken: a few bytes of them are a number
// of gigabytes.
func number(s string) (decimal.Decimal, error) {
	if len(s) > 32 || strings.Trim(s, "-.0123456789") != "" {
		return decimal.Decimal{}, fmt.Errorf("%.40q is not a number such as 12 or 0.5", s)
	}
	return decimal.NewFromString(s)
}

// subject is what can be tested: the values that a fact may have.
type subject struct {
	values  []string // all there are; nil = any
	numeric bool
	many    bool // it may have several values
}

// scope is what the tests at some place may look at.
type scope map[string]subject

// answered adds the questions of a form.
func (s scope) answered(form []Question) scope {
	n := scope{}
	for name, sub := range s {
		n[name] = sub
	}
	for _, q := range form {
		sub := subject{values: q.Values, numeric: q.Type == workflow.FieldNumber || q.Type == workflow.FieldDecimal}
		if q.Type == workflow.FieldBool {
			sub.values = []string{"true", "false"}
		}
		n["answer."+q.Name] = sub
	}
	return n
}

// Limits of conditions.
const (
	MaxTests  = 32  // in one condition
	MaxValues = 500 // of one test
)

func (s scope) check(p *workflow.Problems, where string, tests []Test) {
	if len(tests) > MaxTests {
		p.Addf("%s: %d tests, at most %d", where, len(tests), MaxTests)
	}
	for _, t := range tests {
		sub, known := s[t.Of]
		if !known {
			p.Addf("%s: there is no %.64q to test here", where, t.Of)
			continue
		}
		least, most := 1, MaxValues
		switch t.Op {
		case Is, Not:
		case Set, Unset:
			least, most = 0, 0
		case AtLeast, Below:
			most = 1
			if !sub.numeric {
				p.Addf("%s: %s is not a number", where, t.Of)
			}
		default:
			p.Addf("%s: %s: op %.32q, want is, not, set, unset, at_least or below", where, t.Of, t.Op)
			continue
		}
		if len(t.Values) < least || len(t.Values) > most {
			p.Addf("%s: %s %s takes %d to %d values, not %d", where, t.Of, t.Op, least, most, len(t.Values))
		}
		for _, v := range t.Values {
			_, err := number(v)
			switch {
			case len(v) > workflow.MaxKey:
				p.Addf("%s: %s: a value has at most %d bytes", where, t.Of, workflow.MaxKey)
			case sub.numeric && err != nil:
				p.Addf("%s: %s: %.40q is not a number such as 12 or 0.5", where, t.Of, v)
			case sub.values != nil && !slices.Contains(sub.values, v):
				p.Addf("%s: %s is never %.64q, it is one of %q", where, t.Of, v, sub.values)
			}
		}
	}
}

// never says why no facts at all pass the tests, or "".
func (s scope) never(tests []Test) string {
	for i, t := range tests {
		for _, o := range tests[:i] {
			if t.Of == o.Of && contradict(s[t.Of], o, t) {
				return o.String() + " and " + t.String()
			}
		}
		if sub := s[t.Of]; t.Op == Not && sub.values != nil && !sub.many &&
			slices.ContainsFunc(tests, func(o Test) bool { return o.Of == t.Of && (o.Op == Set || o.Op == Is) }) &&
			!slices.ContainsFunc(sub.values, func(v string) bool { return !slices.Contains(t.Values, v) }) {
			return t.String() + ", which leaves nothing"
		}
	}
	return ""
}

func contradict(sub subject, a, b Test) bool {
	outside := func(in, not []string) bool {
		return !slices.ContainsFunc(in, func(v string) bool { return !slices.Contains(not, v) })
	}
	for _, pair := range [][2]Test{{a, b}, {b, a}} {
		x, y := pair[0], pair[1]
		switch {
		case x.Op == Unset && y.Op != Unset && y.Op != Not:
			return true
		case x.Op == Is && y.Op == Not && outside(x.Values, y.Values):
			return true
		case x.Op == Is && y.Op == Is && !sub.many && !slices.ContainsFunc(x.Values, func(v string) bool { return slices.Contains(y.Values, v) }):
			return true
		case x.Op == Is && (y.Op == AtLeast || y.Op == Below) && !slices.ContainsFunc(x.Values, func(v string) bool { return y.holds(facts{y.Of: {v}}) }):
			return true
		case x.Op == AtLeast && y.Op == Below && len(x.Values) == 1 && len(y.Values) == 1:
			low, err := number(x.Values[0])
			high, err2 := number(y.Values[0])
			if err == nil && err2 == nil && !low.LessThan(high) {
				return true
			}
		}
	}
	return false
}

// text is an answer as tests see it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
