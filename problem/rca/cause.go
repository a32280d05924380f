package rca

import (
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Verdict says whether a cause is one indeed.
type Verdict uint8

// The verdicts.
const (
	Open      Verdict = iota // nobody has verified it yet
	Confirmed                // it is so
	Refuted                  // it is not so
)

var verdictNames = [...]string{"open", "confirmed", "refuted"}

// String gives the verdict's name in small letters.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// MarshalText implements [encoding.TextMarshaler].
func (v Verdict) MarshalText() ([]byte, error) {
	if int(v) >= len(verdictNames) {
		return nil, fmt.Errorf("rca: %v is unknown: %w", v, workflow.ErrInvalid)
	}
	return []byte(v.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and refuses unknown verdicts.
func (v *Verdict) UnmarshalText(b []byte) error {
	i := slices.Index(verdictNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("rca: verdict %.32q, want one of %q: %w", b, verdictNames, workflow.ErrInvalid)
	}
	*v = Verdict(i)
	return nil
}

// Cause is an answer to a why, or a possible cause in a diagram, and what is behind it
// in its turn. A verdict needs evidence, and what explains something refuted is not
// confirmed.
type Cause struct {
	Text     string  `json:"text"`
	Evidence string  `json:"evidence,omitempty"` // what shows that it is so, or not so
	Verdict  Verdict `json:"verdict,omitzero"`
	Because  []Cause `json:"because,omitempty"`
}

// RootCause is a confirmed cause behind which nothing else was named.
type RootCause struct {
	Text     string
	Evidence string
	Way      []string // from the problem, or the category, to the cause; without the cause
	Open     []string // those on the way that nobody has verified: so far the chain is not proven
}

func (c *Cause) check(p *workflow.Problems, where string) {
	checkText(p, where, c.Text, true)
	checkText(p, where+": the evidence", c.Evidence, c.Verdict != Open)
	if c.Verdict > Refuted {
		p.Addf("%s: %v is unknown", where, c.Verdict)
	}
}

// leaf reports whether nothing is behind the cause.
func (c *Cause) leaf() bool { return len(c.Because) == 0 }

// root reports whether the cause is a root cause.
func (c *Cause) root() bool { return c.leaf() && c.Verdict == Confirmed }

// walk visits causes from the first to the last, each before what is behind it; way are
// those that lead to it. It ends when visit returns false.
func walk(causes []Cause, way []*Cause, visit func(way []*Cause, c *Cause) bool) bool {
	for i := range causes {
		c := &causes[i]
		if !visit(way, c) || !walk(c.Because, append(way, c), visit) {
			return false
		}
	}
	return true
}

// checkCauses notes what is wrong with the causes of a part of a diagram; count are
// those of the whole diagram.
func checkCauses(p *workflow.Problems, causes []Cause, where string, count *int) {
	walk(causes, nil, func(way []*Cause, c *Cause) bool {
		*count++
		if *count > MaxCauses {
			if *count == MaxCauses+1 {
				p.Addf("more than %d causes", MaxCauses)
			}
			return false
		}
		name := fmt.Sprintf("%s: cause %d (%.40q)", where, *count, c.Text)
		if len(way) >= MaxDepth {
			p.Addf("%s: more than %d in a row", name, MaxDepth)
			return false
		}
		c.check(p, name)
		if c.Verdict == Confirmed && slices.ContainsFunc(way, func(x *Cause) bool { return x.Verdict == Refuted }) {
			p.Addf("%s is confirmed, but explains what is refuted", name)
		}
		return true
	})
}

// roots returns the root causes among causes that start the way with a text.
func roots(causes []Cause, start string) []RootCause {
	var list []RootCause
	walk(causes, nil, func(way []*Cause, c *Cause) bool {
		if !c.root() {
			return true
		}
		r := RootCause{Text: c.Text, Evidence: c.Evidence, Way: []string{start}}
		for _, x := range way {
			r.Way = append(r.Way, x.Text)
			if x.Verdict == Open {
				r.Open = append(r.Open, x.Text)
			}
		}
		list = append(list, r)
		return true
	})
	return list
}

// unverified returns the texts of the leaves that nobody has verified.
func unverified(causes []Cause) []string {
	var list []string
	walk(causes, nil, func(_ []*Cause, c *Cause) bool {
		if c.leaf() && c.Verdict == Open {
			list = append(list, c.Text)
		}
		return true
	})
	return list
}
