package major

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Limits of one case. They keep the incident small enough to be loaded with every
// command.
const (
	MaxShort   = 4 << 10 // bytes of a reason, an update, a note, an action
	MaxSection = 32 << 10
	MaxUpdates = 400
	MaxNotes   = 400
	MaxCrew    = 400 // turns of duty
	MaxCalls   = 400 // joins of the bridge
	MaxActions = 100
	MaxFactors = 50
)

// Case is what makes an incident a major one, or may: it is part of the incident's
// record. It is changed through the incident's service alone.
type Case struct {
	State    string   `json:"state"`
	Impact   string   `json:"business_impact"`
	Reason   string   `json:"reason"` // of the last decision
	Rule     string   `json:"rule,omitempty"`
	Answered []string `json:"answered_rules,omitempty"` // rules that a decision has answered: they do not propose again

	ProposedAt time.Time `json:"proposed_at,omitzero"`  // the first time, or when it was promoted
	ProposedBy string    `json:"proposed_by,omitempty"` // empty: the rule did
	Undecided  time.Time `json:"undecided_at,omitzero"` // when it is told that nobody has decided; zero: it was, or is not to be
	AcceptedAt time.Time `json:"accepted_at,omitzero"`  // the last time
	AcceptedBy string    `json:"accepted_by,omitempty"` // empty: the rule did
	EndedAt    time.Time `json:"ended_at,omitzero"`     // rejected, demoted or cancelled
	EndedBy    string    `json:"ended_by,omitempty"`

	BeganAt     time.Time `json:"began_at,omitzero"`   // the service began to suffer
	AlertedAt   time.Time `json:"alerted_at,omitzero"` // the first alert
	MitigatedAt time.Time `json:"mitigated_at,omitzero"`
	Mitigation  string    `json:"mitigation,omitempty"`

	Crew    []Turn    `json:"crew,omitempty"`
	Bridge  *Bridge   `json:"bridge,omitempty"`
	Status  Status    `json:"status,omitempty"` // as the last update said
	Updates []Update  `json:"updates,omitempty"`
	Due     []Pending `json:"due,omitempty"` // updates that are owed
	Notes   []Entry   `json:"notes,omitempty"`
	Review  *Review   `json:"review,omitempty"`
}

// Is reports whether the case, which may be nil, is in the state.
func (c *Case) Is(state string) bool {
	if c == nil {
		return state == StateNone
	}
	return c.State == state
}

// Clone returns a copy that shares nothing with c, which may be nil.
func (c *Case) Clone() *Case {
	if c == nil {
		return nil
	}
	d := *c
	d.Answered = slices.Clone(c.Answered)
	d.Crew = slices.Clone(c.Crew)
	d.Bridge = c.Bridge.clone()
	d.Updates = slices.Clone(c.Updates)
	for i := range d.Updates {
		d.Updates[i].Communications = slices.Clone(d.Updates[i].Communications)
	}
	d.Due = slices.Clone(c.Due)
	d.Notes = slices.Clone(c.Notes)
	d.Review = c.Review.clone()
	return &d
}

// Moment is an instant that the figures of a major incident are made of.
type Moment string

// The moments that people tell.
const (
	Began     Moment = "began"     // the service began to suffer
	Alerted   Moment = "alerted"   // monitoring, or somebody, told of it first
	Mitigated Moment = "mitigated" // the service works again, if only by a workaround
)

// Mark notes when a moment was; a later word corrects an earlier one. The text, which
// says how, is kept for the mitigation.
func (c *Case) Mark(m Moment, at, now time.Time, text string) error {
	var p workflow.Problems
	checkText(&p, "the text", text, false)
	if at.IsZero() || at.After(now) {
		p.Addf("a moment is an instant that has passed")
	}
	switch m {
	case Began:
		c.BeganAt = at
	case Alerted:
		c.AlertedAt = at
	case Mitigated:
		if !c.BeganAt.IsZero() && at.Before(c.BeganAt) {
			p.Addf("it is not mitigated before it began")
		}
		c.MitigatedAt, c.Mitigation = at, text
	default:
		p.Addf("moment %q, want %s, %s or %s", m, Began, Alerted, Mitigated)
	}
	return p.Err("major: moment")
}

// Relapse takes back that the incident is mitigated: the service suffers again.
func (c *Case) Relapse() { c.MitigatedAt, c.Mitigation = time.Time{}, "" }

func checkText(p *workflow.Problems, what, text string, needed bool) {
	if needed && text == "" || len(text) > MaxShort {
		p.Addf("%s has %d to %d bytes, not %d", what, b2i(needed), MaxShort, len(text))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
