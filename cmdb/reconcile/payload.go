package reconcile

import (
	"cmp"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Payload is what a source says about one item: a discovered device, a row of an
// import. A later payload of the same source and key replaces an earlier one; an
// earlier one that comes late changes nothing.
type Payload struct {
	Source string    `json:"source"` // "discovery", "vcenter", "asset list"
	Key    string    `json:"key"`    // the source's own key for the item
	At     time.Time `json:"at"`     // when the source saw it

	Class      string         `json:"class"`
	Name       string         `json:"name,omitempty"`
	State      string         `json:"state,omitempty"` // in which a new item begins; default: [Config.State]
	Attributes map[string]any `json:"attributes,omitempty"`
	Relations  []Link         `json:"relations,omitempty"`
	Gone       bool           `json:"gone,omitempty"` // the source says that it is no more
}

// Link is a relation from the item of a payload to another item, as a source knows
// it. The other may be heard of later: until then the relation waits.
type Link struct {
	Type   string `json:"type"`
	Source string `json:"source,omitempty"` // of the other item; default: that of the payload
	Key    string `json:"key"`
}

// Origin is an item as one source knows it.
type Origin struct {
	Source string `json:"source"`
	Key    string `json:"key"`
}

// String gives "discovery/srv-17".
func (o Origin) String() string { return o.Source + "/" + o.Key }

func compareOrigins(a, b Origin) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
}

// Outcome is what became of a payload.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // nothing new, but for when it was seen
	Merged    Outcome = "merged"    // it showed that items were one and the same
	Split     Outcome = "split"     // it showed that an item was two
	Held      Outcome = "held"      // kept, until another source creates the item or the rest is known
	Outdated  Outcome = "outdated"  // older than what the source has said already
	Rejected  Outcome = "rejected"  // wrong in itself
)

// Decision tells what became of a payload and why.
type Decision struct {
	Origin
	Outcome Outcome     `json:"outcome"`
	CI      workflow.ID `json:"ci,omitzero"` // the item it is about
	Reasons []string    `json:"reasons"`     // why, in words, in the order in which it was decided

	// Attributes tells of every attribute that any source names whose word counts.
	Attributes []Verdict `json:"attributes,omitempty"`
}

// Verdict is whose word counts for an attribute.
type Verdict struct {
	Attribute string   `json:"attribute"`
	Value     any      `json:"value"`
	Source    string   `json:"source"`
	Over      []string `json:"over,omitempty"` // who says otherwise, and why it does not count
}

// String tells the decision in one line: "scan/s: created: nothing that is known
// matches".
func (d Decision) String() string {
	return d.Origin.String() + ": " + string(d.Outcome) + ": " + strings.Join(d.Reasons, "; ")
}
