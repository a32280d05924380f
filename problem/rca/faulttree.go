package rca

import (
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// FaultTree says how events together bring the top event about (IEC 61025). What has an
// id may be an input of several gates, and is the same thing in each of them.
type FaultTree struct {
	Top    string  `json:"top"` // the id of a gate, or of an event
	Gates  []Gate  `json:"gates,omitempty"`
	Events []Event `json:"events"`
}

// Gate happens when enough of its inputs happen.
type Gate struct {
	ID     string   `json:"id"`
	Text   string   `json:"text,omitempty"`
	Kind   GateKind `json:"kind"`
	K      int      `json:"k,omitempty"` // of a [Vote]
	Inputs []string `json:"inputs"`      // ids of gates and events
}

// GateKind says how many inputs are enough.
type GateKind string

// The kinds of gate.
const (
	And  GateKind = "and"  // all of them
	Or   GateKind = "or"   // one of them
	Vote GateKind = "vote" // K of them
)

// Event is a basic event: it is not explained further. Events happen independently of
// each other; what two of them have in common is an event of its own.
type Event struct {
	ID          string   `json:"id"`
	Text        string   `json:"text,omitempty"`
	Probability *float64 `json:"probability,omitempty"` // 0 to 1; nil: not known
	Undeveloped bool     `json:"undeveloped,omitempty"` // it could be explained, but was not
}

// Chance returns a probability to set in an [Event].
func Chance(p float64) *float64 { return &p }

// Limits of fault trees.
const (
	MaxEvents = 1_000
	MaxGates  = 1_000
	MaxInputs = 500   // of one gate
	MaxLinks  = 5_000 // inputs of all gates
	MaxID     = 64    // bytes
)

// need returns how many inputs are enough.
func (g *Gate) need() int {
	switch g.Kind {
	case And:
		return len(g.Inputs)
	case Vote:
		return g.K
	}
	return 1
}

// node is a place in the tree: a gate or an event.
type node struct {
	gate  *Gate
	event *Event
}

func (n node) id() string {
	if n.gate != nil {
		return n.gate.ID
	}
	return n.event.ID
}

// label is the text of the node, or its id if it has none.
func (n node) label() string {
	text := ""
	if n.gate != nil {
		text = n.gate.Text
	} else {
		text = n.event.Text
	}
	if text = oneLine(text); text == "" {
		return oneLine(n.id())
	}
	return text
}

func (n node) inputs() []string {
	if n.gate == nil {
		return nil
	}
	return n.gate.Inputs
}

// nodes returns what each id names. Of an id that is given twice it is the first.
func (t *FaultTree) nodes() map[string]node {
	all := make(map[string]node, len(t.Gates)+len(t.Events))
	for i := range t.Gates {
		if _, twice := all[t.Gates[i].ID]; !twice {
			all[t.Gates[i].ID] = node{gate: &t.Gates[i]}
		}
	}
	for i := range t.Events {
		if _, twice := all[t.Events[i].ID]; !twice {
			all[t.Events[i].ID] = node{event: &t.Events[i]}
		}
	}
	return all
}

// Validate reports everything that is wrong with the tree in one error matching
// [workflow.ErrInvalid]: what is named but not there, what is there but not part of the
// tree, gates that feed themselves.
func (t *FaultTree) Validate() error {
	var p workflow.Problems
	if len(t.Events) == 0 || len(t.Events) > MaxEvents || len(t.Gates) > MaxGates {
		p.Addf("%d events and %d gates, want 1 to %d and at most %d", len(t.Events), len(t.Gates), MaxEvents, MaxGates)
		return p.Err("rca: fault tree")
	}
	links := 0
	for _, g := range t.Gates {
		links += len(g.Inputs)
	}
	if links > MaxLinks {
		p.Addf("%d inputs of all gates, at most %d", links, MaxLinks)
		return p.Err("rca: fault tree")
	}
	all, seen := t.nodes(), map[string]bool{}
	for i := range t.Gates {
		checkID(&p, fmt.Sprintf("gate %d", i+1), t.Gates[i].ID, seen)
		t.Gates[i].check(&p, all)
	}
	for i := range t.Events {
		checkID(&p, fmt.Sprintf("event %d", i+1), t.Events[i].ID, seen)
		t.Events[i].check(&p)
	}
	if _, there := all[t.Top]; !there {
		p.Addf("the top event %.64q is neither a gate nor an event", t.Top)
	} else {
		t.checkShape(&p, all)
	}
	return p.Err("rca: fault tree")
}

func checkID(p *workflow.Problems, what, id string, seen map[string]bool) {
	if oneLine(id) == "" || len(id) > MaxID {
		p.Addf("%s: an id has 1 to %d bytes, and something to be seen", what, MaxID)
	} else if seen[id] {
		p.Addf("%s: the id %q is given twice", what, id)
	}
	seen[id] = true
}

func (g *Gate) check(p *workflow.Problems, all map[string]node) {
	what := fmt.Sprintf("gate %.64q", g.ID)
	checkText(p, what+": the text", g.Text, false)
	if n := len(g.Inputs); n == 0 || n > MaxInputs {
		p.Addf("%s has %d inputs, want 1 to %d", what, n, MaxInputs)
	}
	for i, id := range g.Inputs[:min(len(g.Inputs), MaxInputs)] {
		if _, there := all[id]; !there {
			p.Addf("%s: the input %.64q is neither a gate nor an event", what, id)
		}
		if slices.Contains(g.Inputs[:i], id) {
			p.Addf("%s: the input %.64q is listed twice", what, id)
		}
	}
	switch {
	case g.Kind != And && g.Kind != Or && g.Kind != Vote:
		p.Addf("%s: kind %.32q, want %s, %s or %s", what, g.Kind, And, Or, Vote)
	case g.Kind == Vote && (g.K < 1 || g.K > len(g.Inputs)):
		p.Addf("%s: %d of %d inputs, want 1 to all of them", what, g.K, len(g.Inputs))
	case g.Kind != Vote && g.K != 0:
		p.Addf("%s: only a %s gate counts to k", what, Vote)
	}
}

func (e *Event) check(p *workflow.Problems) {
	checkText(p, fmt.Sprintf("event %.64q: the text", e.ID), e.Text, false)
	if q := e.Probability; q != nil && !(*q >= 0 && *q <= 1) {
		p.Addf("event %.64q: probability %v, want 0 to 1", e.ID, *q)
	}
}

// checkShape finds circles, and what is not part of the tree.
func (t *FaultTree) checkShape(p *workflow.Problems, all map[string]node) {
	const entered, left = 1, 2
	state := map[string]int{}
	var visit func(id string)
	visit = func(id string) {
		state[id] = entered
		for _, in := range all[id].inputs() {
			if _, there := all[in]; !there {
				continue
			}
			switch state[in] {
			case entered:
				p.Addf("gate %.64q feeds itself through %.64q", in, id)
			case 0:
				visit(in)
			}
		}
		state[id] = left
	}
	visit(t.Top)
	for _, g := range t.Gates {
		if state[g.ID] == 0 {
			p.Addf("gate %.64q is not part of the tree below %.64q", g.ID, t.Top)
		}
	}
	for _, e := range t.Events {
		if state[e.ID] == 0 {
			p.Addf("event %.64q is not part of the tree below %.64q", e.ID, t.Top)
		}
	}
}
