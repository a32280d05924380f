package rca

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Analysis is a whole analysis. Each part may be missing. Its JSON form is what
// [Parse] reads.
type Analysis struct {
	Title     string     `json:"title"`
	Whys      *Whys      `json:"whys,omitempty"`
	Fishbone  *Fishbone  `json:"fishbone,omitempty"`
	FaultTree *FaultTree `json:"fault_tree,omitempty"`
	Timeline  *Timeline  `json:"timeline,omitempty"`
	Factors   []Factor   `json:"factors,omitempty"`
}

// Factor is what contributed to the problem, or made it worse, without being its cause.
type Factor struct {
	Text     string  `json:"text"`
	Evidence string  `json:"evidence,omitempty"`
	Verdict  Verdict `json:"verdict,omitzero"`
}

// Limits of an analysis.
const (
	MaxText    = 1_000 // bytes of one text
	MaxCauses  = 500   // causes in one diagram
	MaxDepth   = 20    // whys in a row
	MaxFactors = 100
)

// Parse decodes an analysis from JSON and validates it. Unknown fields are refused.
func Parse(data []byte) (Analysis, error) {
	var a Analysis
	if err := workflow.ParseJSON(data, "rca: analysis", &a); err != nil {
		return Analysis{}, err
	}
	return a, a.Validate()
}

// Validate reports everything that is wrong with the analysis in one error matching
// [workflow.ErrInvalid].
func (a Analysis) Validate() error {
	var p workflow.Problems
	checkText(&p, "the title", a.Title, true)
	if a.Whys != nil {
		p.Add(a.Whys.Validate())
	}
	if a.Fishbone != nil {
		p.Add(a.Fishbone.Validate())
	}
	if a.FaultTree != nil {
		p.Add(a.FaultTree.Validate())
	}
	if a.Timeline != nil {
		p.Add(a.Timeline.Validate())
	}
	if len(a.Factors) > MaxFactors {
		p.Addf("%d contributing factors, at most %d", len(a.Factors), MaxFactors)
	}
	for i, f := range a.Factors[:min(len(a.Factors), MaxFactors)] {
		c := Cause{Text: f.Text, Evidence: f.Evidence, Verdict: f.Verdict}
		c.check(&p, fmt.Sprintf("contributing factor %d", i+1))
	}
	return p.Err("rca: analysis")
}

// RootCauses are those of the whys and of the cause and effect diagram, in this order.
// A cause that both name with the same words is listed once.
func (a Analysis) RootCauses() []RootCause {
	var all []RootCause
	add := func(more []RootCause) {
		for _, c := range more {
			if !slices.ContainsFunc(all, func(x RootCause) bool { return strings.EqualFold(oneLine(x.Text), oneLine(c.Text)) }) {
				all = append(all, c)
			}
		}
	}
	if a.Whys != nil {
		add(a.Whys.RootCauses())
	}
	if a.Fishbone != nil {
		add(a.Fishbone.RootCauses())
	}
	return all
}

func checkText(p *workflow.Problems, what, text string, needed bool) {
	switch {
	case len(text) > MaxText:
		p.Addf("%s has at most %d bytes, not %d", what, MaxText, len(text))
	case needed && oneLine(text) == "":
		p.Addf("%s is missing", what)
	}
}
