package problem

import (
	"bytes"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// KindName is the kind of problems in a store.
const KindName = "problem"

// Problem is a cause, or potential cause, of one or more incidents (ITIL 4). It is
// changed through a [Service] alone; what a Service returns is a copy that the caller
// may do with as he likes.
type Problem struct {
	workflow.Record

	Impact   Level     `json:"impact"`
	Urgency  Level     `json:"urgency"`
	Priority Priority  `json:"priority"`
	Override *Override `json:"priority_override,omitempty"`

	Category    string   `json:"category,omitempty"`
	Subcategory string   `json:"subcategory,omitempty"`
	Service     string   `json:"service,omitempty"`
	Customer    string   `json:"customer,omitempty"` // the company whose problem it is
	Items       []string `json:"items,omitempty"`    // the configuration items it is about
	Group       string   `json:"group,omitempty"`    // the group responsible
	Assignee    string   `json:"assignee,omitempty"` // the coordinator
	Origin      string   `json:"origin,omitempty"`   // what it was opened from: the number of an incident, a detection
	Evidence    string   `json:"evidence,omitempty"` // what a detection rests on

	Incidents int   `json:"incidents,omitempty"` // how many are linked, see [Service.Incidents]
	Fixes     []Fix `json:"fixes,omitempty"`     // the records that are to remove the cause

	Cause       *Cause     `json:"cause,omitempty"`
	Exception   *Exception `json:"exception,omitempty"`   // it is fixed though its cause is not known
	Analysis    *Analysis  `json:"analysis,omitempty"`    // of its root cause
	Workarounds []Text     `json:"workarounds,omitempty"` // every version; the last one holds
	FixNotes    string     `json:"fix_notes,omitempty"`   // how it is to be fixed
	Tasks       []Task     `json:"tasks,omitempty"`
	TaskCount   int        `json:"task_count,omitempty"` // tasks there ever were

	Major  bool    `json:"major,omitempty"`
	Review *Review `json:"review,omitempty"` // of a major problem

	Resolution  *Resolution `json:"resolution,omitempty"`
	Risk        *Acceptance `json:"risk,omitempty"`
	DuplicateOf workflow.ID `json:"duplicate_of,omitzero"` // the surviving problem
	ClosedAt    time.Time   `json:"closed_at,omitzero"`    // closed or cancelled
	Reanalysed  int         `json:"reanalysed,omitempty"`  // times

	ActiveAt time.Time `json:"active_at,omitzero"` // when somebody last worked on it, if that is watched
	NudgedAt time.Time `json:"nudged_at,omitzero"` // when people were last told that nobody does
	Nudges   int       `json:"nudges,omitempty"`   // since ActiveAt
}

// Code is how a problem ended (ServiceNow: resolution code).
type Code string

// The codes.
const (
	FixApplied   Code = "fix_applied"
	RiskAccepted Code = "risk_accepted"
	Duplicate    Code = "duplicate"
	Cancelled    Code = "cancelled"
)

// Resolution is how a problem ended.
type Resolution struct {
	Code  Code      `json:"code"`
	Notes string    `json:"notes,omitempty"`
	At    time.Time `json:"at"`
	By    string    `json:"by"`
}

// Acceptance says that the problem is lived with.
type Acceptance struct {
	AcceptedBy string    `json:"accepted_by"` // who answers for it
	Reason     string    `json:"reason"`
	Review     time.Time `json:"review"` // when it is to be thought over again
	Reminded   time.Time `json:"reminded,omitzero"`
	At         time.Time `json:"at"`
	By         string    `json:"by"` // who wrote it down
}

// Workaround returns the workaround that holds, or "".
func (p *Problem) Workaround() string {
	if n := len(p.Workarounds); n > 0 {
		return p.Workarounds[n-1].Text
	}
	return ""
}

// CauseConfirmed reports whether the cause is known for sure.
func (p *Problem) CauseConfirmed() bool { return p.Cause != nil && !p.Cause.ConfirmedAt.IsZero() }

// code is how the problem ended, or "".
func (p *Problem) code() Code {
	if p.Resolution == nil {
		return ""
	}
	return p.Resolution.Code
}

// clone returns a copy that shares nothing with p.
func (p *Problem) clone() *Problem {
	c := *p
	c.Record = p.Record.Clone()
	c.Items, c.Fixes, c.Tasks, c.Workarounds = slices.Clone(p.Items), slices.Clone(p.Fixes), slices.Clone(p.Tasks), slices.Clone(p.Workarounds)
	if p.Cause != nil {
		x := *p.Cause
		x.Factors = slices.Clone(x.Factors)
		c.Cause = &x
	}
	if p.Analysis != nil {
		x := *p.Analysis
		x.Document = bytes.Clone(x.Document)
		c.Analysis = &x
	}
	c.Override, c.Exception, c.Review = copied(p.Override), copied(p.Exception), copied(p.Review)
	c.Resolution, c.Risk = copied(p.Resolution), copied(p.Risk)
	return &c
}

// copied copies what holds no reference itself.
func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

// The fields a problem can be found by, besides those of every record.
const (
	IndexCategory   = "category" // of the state, see [workflow.Category]
	IndexPriority   = "priority" // an IntKey
	IndexGroup      = "group"    //
	IndexAssignee   = "assignee" //
	IndexService    = "service"  //
	IndexCustomer   = "customer" //
	IndexItem       = "item"     // every configuration item
	IndexFix        = "fix"      // the id of every fix record
	IndexMajor      = "major"    // a BoolKey
	IndexCode       = "code"     // how it ended
	IndexRiskReview = "risk_review"
	IndexSurvivor   = "duplicate_of" // an IDKey
	IndexIncidents  = "incidents"    // an IntKey: how many are linked
)

func (p *Problem) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexPriority, Key: workflow.IntKey(int64(p.Priority))},
		{Field: IndexMajor, Key: workflow.BoolKey(p.Major)},
		{Field: IndexIncidents, Key: workflow.IntKey(int64(p.Incidents))},
	}
	add := func(field string, key workflow.Key) {
		if key != "" {
			entries = append(entries, workflow.IndexEntry{Field: field, Key: key})
		}
	}
	add(IndexGroup, workflow.StringKey(p.Group))
	add(IndexAssignee, workflow.StringKey(p.Assignee))
	add(IndexService, workflow.StringKey(p.Service))
	add(IndexCustomer, workflow.StringKey(p.Customer))
	add(IndexCode, workflow.StringKey(string(p.code())))
	add(IndexSurvivor, workflow.IDKey(p.DuplicateOf))
	if p.Risk != nil {
		add(IndexRiskReview, workflow.TimeKey(p.Risk.Review))
	}
	for _, id := range p.Items {
		add(IndexItem, workflow.StringKey(id))
	}
	for _, f := range p.Fixes {
		add(IndexFix, workflow.StringKey(f.ID))
	}
	return entries
}
