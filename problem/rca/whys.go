package rca

import "github.com/itsm-go/itsm/workflow"

// Whys asks why again and again (five whys). A why may have several answers, and five
// is no number to stop at.
type Whys struct {
	Problem string  `json:"problem"`
	Answers []Cause `json:"answers,omitempty"`
}

// Validate reports everything that is wrong with the whys in one error matching
// [workflow.ErrInvalid].
func (y *Whys) Validate() error {
	var p workflow.Problems
	checkText(&p, "the problem", y.Problem, true)
	count := 0
	checkCauses(&p, y.Answers, "whys", &count)
	return p.Err("rca: whys")
}

// RootCauses are the leaves that are confirmed, in the order of the answers.
func (y *Whys) RootCauses() []RootCause { return roots(y.Answers, y.Problem) }

// Open returns the leaves that nobody has verified yet, in the order of the answers.
func (y *Whys) Open() []string { return unverified(y.Answers) }
