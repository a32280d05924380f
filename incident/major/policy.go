package major

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Policy is how an organisation handles major incidents, as data. The zero Policy works:
// no rules, no communications, no group. It has a JSON form, see [ParsePolicy].
type Policy struct {
	Group     string              `json:"group,omitempty"`      // takes major incidents
	NewParent bool                `json:"new_parent,omitempty"` // promoting opens a new incident above the candidate
	Decide    Duration            `json:"decide,omitempty"`     // elapsed time after which a proposal that nobody has decided on is told to the group again; zero: never
	Review    bool                `json:"review,omitempty"`     // closing needs the review to be finished
	Rules     []Rule              `json:"rules,omitempty"`      // in their order
	Plan      []Communication     `json:"plan,omitempty"`
	Templates map[string]Template `json:"templates,omitempty"`

	Organisation string `json:"organisation,omitempty"` // how templates call it
}

// ParsePolicy decodes a policy from JSON. Unknown fields are refused; [Compile] checks
// the rest.
func ParsePolicy(data []byte) (Policy, error) {
	var p Policy
	if err := workflow.ParseJSON(data, "major: policy", &p); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// Playbook is a policy that was checked. It is immutable and safe for concurrent use.
type Playbook struct {
	policy  Policy
	machine *workflow.Machine[Facts]
	lines   []line
}

// Compile checks a policy, with the calendars that its paces name, and reports
// everything that is wrong with it.
func Compile(pol Policy, hours map[string]*calendar.Calendar) (*Playbook, error) {
	var p workflow.Problems
	if len(pol.Group) > workflow.MaxKey || len(pol.Organisation) > workflow.MaxKey {
		p.Addf("a group and an organisation have at most %d bytes", workflow.MaxKey)
	}
	if pol.Decide < 0 {
		p.Addf("to decide within %v", time.Duration(pol.Decide))
	}
	checkRules(&p, pol.Rules)
	b := &Playbook{policy: pol.clone()}
	b.lines = compilePlan(&p, b.policy, hours)
	var err error
	b.machine, err = workflow.Compile(Lifecycle(), Bindings())
	p.Add(err)
	if err := p.Err("major: policy"); err != nil {
		return nil, err
	}
	return b, nil
}

func (p Policy) clone() Policy {
	p.Rules = slices.Clone(p.Rules)
	for i := range p.Rules {
		s := &p.Rules[i].When
		s.Services, s.Criticality = slices.Clone(s.Services), slices.Clone(s.Criticality)
		s.Categories, s.Customers = slices.Clone(s.Categories), slices.Clone(s.Customers)
	}
	p.Plan = slices.Clone(p.Plan)
	for i := range p.Plan {
		c := &p.Plan[i]
		c.Priorities, c.To, c.Cadence = slices.Clone(c.Priorities), slices.Clone(c.To), slices.Clone(c.Cadence)
	}
	p.Templates = maps.Clone(p.Templates)
	return p
}

// Policy returns a copy of what the playbook was made of.
func (b *Playbook) Policy() Policy { return b.policy.clone() }

// Machine returns the lifecycle, ready to be asked.
func (b *Playbook) Machine() *workflow.Machine[Facts] { return b.machine }

// Match returns the first active rule that holds, besides those that a decision on the
// case has answered, and says why.
func (b *Playbook) Match(c *Case, x Situation) (r Rule, because string, ok bool) {
	for _, r := range b.policy.Rules {
		if !r.Active || c != nil && slices.Contains(c.Answered, r.Name) {
			continue
		}
		if because, ok := r.When.Holds(x); ok {
			return r, because, true
		}
	}
	return Rule{}, "", false
}

// Answer notes that a decision was made in the face of all rules that hold now, so that
// none of them proposes the incident again.
func (b *Playbook) Answer(c *Case, x Situation) {
	for _, r := range b.policy.Rules {
		_, holds := r.When.Holds(x)
		if (r.Name == c.Rule || r.Active && holds) && !slices.Contains(c.Answered, r.Name) {
			c.Answered = append(c.Answered, r.Name)
		}
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
