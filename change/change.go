package change

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/shopspring/decimal"
)

// KindName is the kind of changes in a store.
const KindName = "change"

// Change is a request for change: the addition, modification or removal of anything
// that could have an effect on services (ITIL 4). It is changed through a [Service]
// alone; what a Service returns is a copy that the caller may do with as he likes.
type Change struct {
	workflow.Record

	Model     string `json:"model"` // the name of its [Model]
	Type      Type   `json:"type"`  // of the model
	Requester string `json:"requester"`

	Template *TemplateRef `json:"template,omitempty"` // that it was made from

	Group    string `json:"group,omitempty"`
	Assignee string `json:"assignee,omitempty"` // who implements it

	Risk     string          `json:"risk,omitempty"`        // "low", "moderate", "high", "very_high": what counts
	Stated   string          `json:"stated_risk,omitempty"` // what people say it is; Risk is not less
	Category string          `json:"category,omitempty"`
	Service  string          `json:"service,omitempty"`
	Items    []schedule.Item `json:"items,omitempty"` // the configuration items that are changed

	Answers    map[string]string `json:"risk_answers,omitempty"`    // question and choice, see [Service.Questions]
	Assessment *risk.Assessment  `json:"risk_assessment,omitempty"` // what Risk comes from, if [Config.Risk] is set

	Plan     string          `json:"plan,omitempty"` // how it is implemented
	Test     string          `json:"test_plan,omitempty"`
	BackOut  string          `json:"back_out_plan,omitempty"`
	Start    time.Time       `json:"planned_start,omitzero"`
	End      time.Time       `json:"planned_end,omitzero"`
	Downtime time.Duration   `json:"downtime,omitempty"` // expected, elapsed
	Cost     decimal.Decimal `json:"cost,omitzero"`

	Hold       *Hold       `json:"hold,omitempty"`
	Approvals  []Approval  `json:"approvals,omitempty"` // one for each gate that was reached
	Exceptions []Exception `json:"exceptions,omitempty"`
	Tasks      []Task      `json:"tasks,omitempty"`

	Started  time.Time `json:"actual_start,omitzero"`
	Ended    time.Time `json:"actual_end,omitzero"`
	Review   *Review   `json:"review,omitempty"`
	ClosedAt time.Time `json:"closed_at,omitzero"` // closed or cancelled
	Caused   []Caused  `json:"caused,omitempty"`   // incidents

	Deployment bool      `json:"deployment,omitempty"` // puts software into production
	Commit     time.Time `json:"commit,omitzero"`      // when that was committed to version control

	Unauthorized bool          `json:"unauthorized,omitempty"` // it was found out, see [Service.Observe]
	Observed     []Observation `json:"observed,omitempty"`
}

// Type is the type of a change (ITIL 4).
type Type string

// The types.
const (
	Standard  Type = "standard" // pre-authorized
	Normal    Type = "normal"
	Emergency Type = "emergency"
)

// Outcome is how a change went (ServiceNow's close codes).
type Outcome string

// The outcomes.
const (
	Successful           Outcome = "successful"
	SuccessfulWithIssues Outcome = "successful_with_issues"
	Unsuccessful         Outcome = "unsuccessful"
)

var outcomes = []Outcome{Successful, SuccessfulWithIssues, Unsuccessful}

// Review is what the post-implementation review says.
type Review struct {
	Outcome   Outcome   `json:"outcome"`
	Notes     string    `json:"notes"`
	BackedOut bool      `json:"backed_out,omitempty"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
}

// Hold says why a change is on hold. It is no state of its own (ServiceNow).
type Hold struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// Approval is the decision that a gate of the lifecycle waits for.
type Approval struct {
	State   string           `json:"state"` // the gate
	Request approval.Request `json:"request"`
}

// Exception is a freeze exception: the change may happen in a blackout.
type Exception struct {
	Blackout string    `json:"blackout"` // the name of the window
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	By       string    `json:"by"` // who granted it
}

// Approval returns a copy of the request of a gate.
func (c *Change) Approval(state string) (approval.Request, bool) {
	if a := c.approval(state); a != nil {
		return a.Request.Clone(), true
	}
	return approval.Request{}, false
}

func (c *Change) approval(state string) *Approval {
	for i := range c.Approvals {
		if c.Approvals[i].State == state {
			return &c.Approvals[i]
		}
	}
	return nil
}

// Booking is the change as a schedule sees it, under its number, by which people know
// what it conflicts with. The schedule takes it only if its
// window is planned.
func (c *Change) Booking() schedule.Change {
	b := schedule.Change{ID: c.Number, Start: c.Start, End: c.End, Items: slices.Clone(c.Items)}
	if c.Assignee != "" {
		b.Assignees = []string{c.Assignee}
	}
	for _, e := range c.Exceptions {
		b.Exceptions = append(b.Exceptions, e.Blackout)
	}
	return b
}

// facts are what approval policies may know of a change.
func (c *Change) facts() approval.Facts {
	f := approval.Facts{
		"model": c.Model, "type": string(c.Type), "risk": c.Risk, "category": c.Category, "service": c.Service, "group": c.Group,
		"title": c.Title, "details": c.Details, "plan": c.Plan, "test_plan": c.Test, "back_out_plan": c.BackOut, "assignee": c.Assignee,
		"items": strings.Join(c.itemIDs(), " "), "cost": c.Cost.String(),
	}
	if c.Unauthorized {
		f["unauthorized"] = "true"
	}
	for name, t := range map[string]time.Time{"planned_start": c.Start, "planned_end": c.End} {
		if !t.IsZero() {
			f[name] = t.UTC().Format(time.RFC3339)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		f["field."+name] = fmt.Sprint(c.Fields[name])
	}
	for name, v := range f {
		if len(v) > approval.MaxText { // more than a policy takes: then what tells it from any other text
			f[name] = fmt.Sprintf("sha256 %x", sha256.Sum256([]byte(v)))
		}
	}
	return f
}

// excluded are the people who do not decide on the change: they are part of it.
func (c *Change) excluded() []approval.Exclusion {
	var out []approval.Exclusion
	add := func(person, why string) {
		if person != "" {
			out = append(out, approval.Exclusion{Person: person, Why: why})
		}
	}
	add(c.Requester, "the requester")
	add(c.CreatedBy.ID, "who opened it")
	add(c.CreatedBy.OnBehalfOf, "for whom it was opened")
	add(c.Assignee, "the implementer")
	for _, t := range c.Tasks {
		add(t.Assignee, "the implementer of task "+t.ID)
	}
	return out
}

func (c *Change) put() approval.Case {
	return approval.Case{Facts: c.facts(), Excluded: c.excluded()}
}

func (c *Change) itemIDs() []string {
	ids := make([]string, len(c.Items))
	for i, it := range c.Items {
		ids[i] = it.ID
	}
	slices.Sort(ids)
	return ids
}

// clone returns a copy that shares nothing with c.
func (c *Change) clone() *Change {
	n := *c
	n.Record = c.Record.Clone()
	n.Items = cloneItems(c.Items)
	n.Approvals = slices.Clone(c.Approvals)
	for i := range n.Approvals {
		n.Approvals[i].Request = c.Approvals[i].Request.Clone()
	}
	n.Exceptions = slices.Clone(c.Exceptions)
	n.Tasks = slices.Clone(c.Tasks)
	for i := range n.Tasks {
		n.Tasks[i].After = slices.Clone(n.Tasks[i].After)
	}
	n.Answers, n.Caused, n.Observed = maps.Clone(c.Answers), slices.Clone(c.Caused), slices.Clone(c.Observed)
	if c.Template != nil {
		t := *c.Template
		t.Locked = slices.Clone(t.Locked)
		n.Template = &t
	}
	if c.Assessment != nil {
		a := c.Assessment.Clone()
		n.Assessment = &a
	}
	if c.Hold != nil {
		h := *c.Hold
		n.Hold = &h
	}
	if c.Review != nil {
		r := *c.Review
		n.Review = &r
	}
	return &n
}

func cloneItems(items []schedule.Item) []schedule.Item {
	items = slices.Clone(items)
	for i := range items {
		it := &items[i]
		it.Services, it.Related, it.Attributes = slices.Clone(it.Services), slices.Clone(it.Related), maps.Clone(it.Attributes)
	}
	return items
}

// The fields a change can be found by, besides those of every record.
const (
	IndexCategory  = "category" // of the state, see [workflow.Category]
	IndexModel     = "model"
	IndexTemplate  = "template"
	IndexType      = "type"
	IndexRequester = "requester"
	IndexGroup     = "group"
	IndexAssignee  = "assignee"
	IndexService   = "service"
	IndexItem      = "item"     // every configuration item
	IndexStart     = "start"    // a TimeKey: the planned start
	IndexApprover  = "approver" // everybody who is asked now and has not voted
	IndexBoard     = "board"    // every board that is asked now
	IndexHold      = "on_hold"  // a BoolKey

	IndexUnauthorized = "unauthorized" // a BoolKey, where it is so
)

func (c *Change) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexModel, Key: workflow.StringKey(c.Model)},
		{Field: IndexType, Key: workflow.StringKey(string(c.Type))},
		{Field: IndexRequester, Key: workflow.StringKey(c.Requester)},
		{Field: IndexHold, Key: workflow.BoolKey(c.Hold != nil)},
	}
	add := func(field, value string) {
		if value != "" {
			entries = append(entries, workflow.IndexEntry{Field: field, Key: workflow.StringKey(value)})
		}
	}
	if c.Unauthorized {
		entries = append(entries, workflow.IndexEntry{Field: IndexUnauthorized, Key: workflow.BoolKey(true)})
	}
	if c.Template != nil {
		add(IndexTemplate, c.Template.Name)
	}
	add(IndexGroup, c.Group)
	add(IndexAssignee, c.Assignee)
	add(IndexService, c.Service)
	for _, it := range c.Items {
		add(IndexItem, it.ID)
	}
	if !c.Start.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexStart, Key: workflow.TimeKey(c.Start)})
	}
	for i := range c.Approvals {
		for _, person := range c.Approvals[i].Request.Pending() {
			add(IndexApprover, person)
		}
		for _, name := range boards(&c.Approvals[i].Request) {
			add(IndexBoard, name)
		}
	}
	return entries
}
