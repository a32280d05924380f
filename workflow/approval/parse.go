package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxPolicy is the size of a policy in JSON, in bytes.
const MaxPolicy = 1 << 20

// Parse decodes a policy from JSON and checks it with [Policy.Validate]. Fields
// that a policy does not have are refused. Every error matches [ErrInvalid].
func Parse(data []byte) (Policy, error) {
	if len(data) > MaxPolicy {
		return Policy{}, fmt.Errorf("approval: policy of %d bytes, at most %d: %w", len(data), MaxPolicy, ErrInvalid)
	}
	var p Policy
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("approval: policy: %w: %w", ErrInvalid, err)
	}
	if !json.Valid(data) {
		return Policy{}, fmt.Errorf("approval: policy: %w: more follows behind the JSON value", ErrInvalid)
	}
	if err := p.Validate(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// Validate reports everything that is wrong with the policy in one error that
// matches [ErrInvalid]. Rules that only turn out to be impossible with the people
// there are is the matter of [Lint].
func (p Policy) Validate() error {
	var faults problems
	if !validName(p.Name) {
		faults.addf("name %.64q %s", p.Name, nameRule)
	}
	if p.Version < 1 {
		faults.addf("version %d, versions count from 1", p.Version)
	}
	if p.Delegations < 0 || p.Delegations > MaxDelegations {
		faults.addf("delegations %d, must be 0 to %d", p.Delegations, MaxDelegations)
	}
	faults.list("material fact", p.Material)
	if len(p.Stages) == 0 && !p.NoneNeeded {
		faults.addf("no stages: a policy that needs no approval says so with none_needed")
	}
	if len(p.Stages) > MaxStages {
		faults.addf("%d stages, at most %d", len(p.Stages), MaxStages)
		return faults.err("policy")
	}
	for i, s := range p.Stages {
		where := fmt.Sprintf("stage %.64q", s.Name)
		if !validName(s.Name) {
			where = fmt.Sprintf("stage %d", i+1)
			faults.addf("%s: name %.64q %s", where, s.Name, nameRule)
		} else if p.index(s.Name) < i {
			faults.addf("%s: is there twice", where)
		}
		faults.stage(where, s)
	}
	return faults.err(fmt.Sprintf("policy %.64q", p.Name))
}

func (f *problems) stage(where string, s Stage) {
	if len(s.Ask) == 0 {
		f.addf("%s: asks nobody", where)
	}
	if len(s.Ask) > MaxSelectors || len(s.When) > MaxTests {
		f.addf("%s: at most %d selectors and %d tests", where, MaxSelectors, MaxTests)
		return
	}
	for i, sel := range s.Ask {
		f.selector(fmt.Sprintf("%s: selector %d", where, i+1), sel)
		same := func(o Selector) bool { return o.Kind == sel.Kind && o.Name == sel.Name }
		if slices.ContainsFunc(s.Ask[:i], same) {
			f.addf("%s: %v is asked twice", where, sel)
		}
	}
	for i, t := range s.When {
		f.test(fmt.Sprintf("%s: test %d", where, i+1), t)
	}
	f.rule(where+": approve", s.Approve)
	if s.Reject != (Rule{}) {
		f.rule(where+": reject", s.Reject)
	}
	if s.Quorum < 0 || s.Quorum > MaxPeople {
		f.addf("%s: quorum %d, must be 0 to %d", where, s.Quorum, MaxPeople)
	}
	if s.Deadline != nil {
		f.deadline(where+": deadline", *s.Deadline, s.Signed)
	}
}

func (f *problems) selector(where string, s Selector) {
	switch s.Kind {
	case Person, Role, Group, Relation, Board:
	default:
		f.addf("%s: kind %.64q, must be person, role, group, relation or board", where, s.Kind)
	}
	if !validText(s.Name) {
		f.addf("%s: name %.64q %s", where, s.Name, textRule)
	}
	if s.Weight < 0 || s.Weight > MaxWeight {
		f.addf("%s: weight %d, must be 0 to %d", where, s.Weight, MaxWeight)
	}
}

func (f *problems) rule(where string, r Rule) {
	switch r.Kind {
	case Any, All, Majority:
		if r.N != 0 {
			f.addf("%s: rule %s takes no n", where, r.Kind)
		}
	case Count, Weight:
		if r.N < 1 || r.N > MaxPeople*MaxWeight {
			f.addf("%s: n %d, must be 1 to %d", where, r.N, MaxPeople*MaxWeight)
		}
	case Percent:
		if r.N < 1 || r.N > 100 {
			f.addf("%s: n %d, must be 1 to 100 percent", where, r.N)
		}
	default:
		f.addf("%s: rule %.64q, must be any, all, majority, count, percent or weight", where, r.Kind)
	}
	switch r.Round {
	case "", Up:
	case Nearest, Down:
		if r.Kind != Percent {
			f.addf("%s: only a percentage is rounded", where)
		}
	default:
		f.addf("%s: round %.64q, must be up, nearest or down", where, r.Round)
	}
}

func (f *problems) deadline(where string, d Deadline, signed bool) {
	if d.Within < 0 || d.Days < 0 || (d.Within == 0) == (d.Days == 0) {
		f.addf("%s: needs either within or days, greater than 0", where)
	}
	switch d.AtDue {
	case "", Escalate, RejectAtDue:
		if d.Accountable != "" {
			f.addf("%s: only approval by silence has an accountable person", where)
		}
	case ApproveAtDue:
		if !validText(d.Accountable) {
			f.addf("%s: approval by silence must name the accountable person", where)
		}
		if signed {
			f.addf("%s: silence cannot sign: the stage needs signatures", where)
		}
	default:
		f.addf("%s: at_due %.64q, must be escalate, reject or approve", where, d.AtDue)
	}
	if len(d.Remind) > MaxTests {
		f.addf("%s: %d reminders, at most %d", where, len(d.Remind), MaxTests)
	}
	for _, r := range d.Remind {
		if r <= 0 {
			f.addf("%s: reminder %v before it is due must be greater than 0", where, r)
		}
	}
}

// list checks names of facts.
func (f *problems) list(what string, all []string) {
	for i, n := range all {
		if !validText(n) {
			f.addf("%s %.64q %s", what, n, textRule)
		} else if slices.Contains(all[:i], n) {
			f.addf("%s %.64q is named twice", what, n)
		}
	}
}

const (
	nameRule = "is not a name: 1 to 128 letters, digits, dots, underscores and hyphens"
	textRule = "must be 1 to 256 bytes of text"
)

func validName(s string) bool {
	if s == "" || len(s) > 128 || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
}

func validText(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= 256 && utf8.ValidString(s)
}
