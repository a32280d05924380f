package approval

import (
	"slices"
	"strings"
	"time"
)

// Limits of one policy and of what the host answers.
const (
	MaxStages      = 64
	MaxSelectors   = 64 // in one stage
	MaxTests       = 32 // in one condition
	MaxDelegations = 8  // links in a chain of delegations
	MaxWeight      = 1000
	MaxPeople      = 10_000 // asked in one stage
	MaxText        = 10_000 // bytes of a comment, a reason or a signature
)

// Policy says who approves what, as data. All stages whose condition matches
// apply, in the order of the policy (ServiceNow: all matching decision rows).
type Policy struct {
	Name    string `json:"name"`
	Version int    `json:"version"` // from 1; a request keeps the version it began with

	// NoneNeeded says that nothing has to be approved when no stage applies.
	// Without it that is a gap in the policy and blocks. ServiceNow lets such
	// a request fall through as approved.
	NoneNeeded bool `json:"none_needed,omitempty"`
	// Delegations is how many delegations may stand between a voter and the
	// person for whom he votes; 0 = everybody votes himself.
	Delegations int `json:"delegations,omitempty"`
	// Material names the facts on which an approval rests: when one of them
	// changes, the approval no longer holds. None named = all facts. The facts
	// that decide which stages apply are material in any case.
	Material []string `json:"material,omitempty"`

	Stages []Stage `json:"stages"`
}

// Stage is one decision of a policy.
type Stage struct {
	Name       string     `json:"name"`
	When       []Test     `json:"when,omitempty"` // all must hold; none = always
	Ask        []Selector `json:"ask"`
	Approve    Rule       `json:"approve"`
	Reject     Rule       `json:"reject,omitzero"`       // default: any rejection rejects
	AllRespond bool       `json:"all_respond,omitempty"` // nothing is decided before everybody has voted
	// Quorum is how many people have to vote, abstentions included, before
	// anything is decided; 0 = no quorum. A stage with a quorum can be closed by
	// [Request.Close] once it is reached, as a meeting does: then those who have
	// voted are the electorate.
	Quorum   int       `json:"quorum,omitempty"`
	Signed   bool      `json:"signed,omitempty"`   // approvals and rejections need a signature
	Deadline *Deadline `json:"deadline,omitempty"` // none = waits for ever
}

// Kind says what the name of a [Selector] stands for. Only the host knows who
// the people behind it are.
type Kind string

// The kinds of selectors.
const (
	Person   Kind = "person"
	Role     Kind = "role"
	Group    Kind = "group"
	Relation Kind = "relation" // to the record: ci_owner, manager_of_requester
	Board    Kind = "board"    // a change advisory board
)

// Selector names people who are asked. A person named by several selectors of a
// stage is asked once and has one vote.
type Selector struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Mandatory: without the approval of at least one of these people the
	// stage is not approved, whatever its rule says.
	Mandatory bool `json:"mandatory,omitempty"`
	// Veto: a rejection by one of these people rejects, whatever the rule says.
	Veto bool `json:"veto,omitempty"`
	// Weight of each of these people under a [Weight] rule; 0 = 1. The
	// greatest counts for a person named several times.
	Weight int `json:"weight,omitempty"`
}

// String gives kind and name.
func (s Selector) String() string { return string(s.Kind) + " " + s.Name }

func (s Selector) weight() int { return max(1, s.Weight) }

// Deadline says by when a stage is to be decided and what happens if it is not.
// [Host.Due] turns it into an instant, as the host knows the working time.
type Deadline struct {
	Within      Duration   `json:"within,omitzero"`       // of the host's working time, or
	Days        int        `json:"days,omitempty"`        // working days; exactly one of the two is given
	AtDue       AtDue      `json:"at_due,omitempty"`      // default: [Escalate]
	Accountable string     `json:"accountable,omitempty"` // the person who answers for an approval by silence
	Remind      []Duration `json:"remind,omitempty"`      // how long before it is due, in elapsed time
}

// AtDue is what becomes of a stage that is not decided in time. ServiceNow offers
// approve, reject and cancel; here the default lets no decision happen by itself.
type AtDue string

// What happens at due.
const (
	Escalate    AtDue = "escalate" // stays open, and somebody is to look after it
	RejectAtDue AtDue = "reject"
	// ApproveAtDue is approval by silence. It needs an accountable person, and
	// happens only if nobody has rejected and no mandatory approval is missing;
	// otherwise the stage escalates.
	ApproveAtDue AtDue = "approve"
)

// Duration is a [time.Duration] that JSON writes as text, "48h".
type Duration time.Duration

// String writes the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the duration as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Stage returns the stage of that name.
func (p Policy) Stage(name string) (Stage, bool) {
	i := p.index(name)
	if i < 0 {
		return Stage{}, false
	}
	return p.Stages[i], true
}

func (p Policy) index(stage string) int {
	return slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == stage })
}

// Clone returns a copy that shares nothing with p.
func (p Policy) Clone() Policy {
	p.Material = slices.Clone(p.Material)
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		s := &p.Stages[i]
		s.Ask = slices.Clone(s.Ask)
		s.When = slices.Clone(s.When)
		for j := range s.When {
			s.When[j].Values = slices.Clone(s.When[j].Values)
		}
		if s.Deadline != nil {
			d := *s.Deadline
			d.Remind = slices.Clone(d.Remind)
			s.Deadline = &d
		}
	}
	return p
}

// reject is the rule for rejections: any, unless the stage says otherwise.
func (s *Stage) reject() Rule {
	if s.Reject == (Rule{}) {
		return Rule{Kind: Any}
	}
	return s.Reject
}

// names lists the selectors of a stage in words.
func (s *Stage) names() string {
	all := make([]string, len(s.Ask))
	for i, sel := range s.Ask {
		all[i] = sel.String()
	}
	return strings.Join(all, ", ")
}
