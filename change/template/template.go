package template

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// KindName is the kind of templates in a store.
const KindName = "change_template"

// The states of a template.
const (
	StateDraft     = "draft"
	StateSubmitted = "submitted" // waits for approval
	StateApproved  = "approved"
	StateWithdrawn = "withdrawn" // after failures, or by somebody
	StateRetired   = "retired"
)

// Content is what a version of a template says.
type Content struct {
	change.Template // its version is given by the service
	// After is how many unsuccessful changes among the last Of withdraw the template;
	// 0 = none ever do.
	After int `json:"withdraw_after,omitempty"`
	Of    int `json:"of_the_last,omitempty"`
}

// MaxResults is the most changes that a template can look back on.
const MaxResults = 100

func (c Content) clone() Content {
	c.Locked = slices.Clone(c.Locked)
	c.Proposal = c.Proposal.Clone()
	return c
}

func (c Content) validate() error {
	var p workflow.Problems
	p.Add(c.Template.Validate())
	if c.After < 0 || c.Of < c.After || c.Of > MaxResults || c.After == 0 && c.Of != 0 {
		p.Addf("%d failures of the last %d changes: want 1 to as many, of at most %d, or neither", c.After, c.Of, MaxResults)
	}
	return p.Err("template: " + c.Name)
}

// Template is the record of a template: what is in force, and what is being drafted.
// It is changed through a [Service] alone.
type Template struct {
	workflow.Record

	Draft   *Content         `json:"draft,omitempty"`     // the next version
	Current *Content         `json:"current,omitempty"`   // the version that was approved last
	Request approval.Request `json:"approval,omitzero"`   // of the draft, or of what became of it
	Authors []string         `json:"authors,omitempty"`   // of the draft
	Results []Result         `json:"results,omitempty"`   // of the version that was approved last, the latest last
	Why     string           `json:"why,omitempty"`       // it was withdrawn or retired
	Since   time.Time        `json:"in_force,omitzero"`   // the version that was approved last
	Last    int              `json:"last_version"`        // that was submitted
	Policy  string           `json:"policy,omitempty"`    // that approved it
	By      []string         `json:"approvers,omitempty"` // who has approved what is in force
}

// Result is how a change went that was made from the template.
type Result struct {
	Change  workflow.ID    `json:"change"`
	Outcome change.Outcome `json:"outcome"`
	At      time.Time      `json:"at"`
}

// failures counts the unsuccessful changes among the last so many.
func (t *Template) failures() int {
	n := 0
	for _, r := range t.Results[max(0, len(t.Results)-t.Current.Of):] {
		if r.Outcome == change.Unsuccessful {
			n++
		}
	}
	return n
}

func (t *Template) clone() *Template {
	n := *t
	n.Record = t.Record.Clone()
	for _, c := range []**Content{&n.Draft, &n.Current} {
		if *c != nil {
			content := (*c).clone()
			*c = &content
		}
	}
	n.Request = t.Request.Clone()
	n.Authors, n.Results, n.By = slices.Clone(t.Authors), slices.Clone(t.Results), slices.Clone(t.By)
	return &n
}

// The fields a template can be found by, besides those of every record.
const (
	IndexName     = "name"
	IndexApprover = "approver" // everybody who is asked now and has not voted
)

func (t *Template) index() []workflow.IndexEntry {
	entries := []workflow.IndexEntry{{Field: IndexName, Key: workflow.StringKey(t.Title)}}
	for _, person := range t.Request.Pending() {
		entries = append(entries, workflow.IndexEntry{Field: IndexApprover, Key: workflow.StringKey(person)})
	}
	return entries
}

// space is the namespace of the ids of templates: a name has one record.
var space = uuid.MustParse("5b0a1a0e-8f0e-5a53-9d6c-6d3a2b9a7f41")

func idOf(name string) workflow.ID { return uuid.NewSHA1(space, []byte(name)) }
