package incident

import (
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// The fields an incident can be found by, besides those of every record. Build
// conditions with [workflow.Is] and its like.
const (
	IndexCategory = "category" // of the state: "active", "on_hold", … see [workflow.Category]
	IndexPriority = "priority" // an IntKey
	IndexCaller   = "caller"   //
	IndexCustomer = "customer" //
	IndexGroup    = "group"    //
	IndexAssignee = "assignee" //
	IndexService  = "service"  //
	IndexCI       = "ci"       // every affected configuration item
	IndexParent   = "parent"   // an IDKey
	IndexFollowed = "followed" // an IntKey: the last order followed; children alone have it
	IndexLink     = "link"     // the text form of every linked record's Ref
	IndexBreached = "breached" // a BoolKey
	IndexMajor    = "major"    // the state as a major incident: "proposed", "accepted", …
	IndexDue      = "due"      // a TimeKey: the earliest due time of a running clock
)

func (inc *Incident) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexPriority, Key: workflow.IntKey(int64(inc.Priority))},
		{Field: IndexCaller, Key: workflow.StringKey(inc.Caller)},
		{Field: IndexBreached, Key: workflow.BoolKey(inc.Breached())},
	}
	add := func(field string, key workflow.Key) {
		if key != "" {
			entries = append(entries, workflow.IndexEntry{Field: field, Key: key})
		}
	}
	add(IndexCustomer, workflow.StringKey(inc.Customer))
	add(IndexGroup, workflow.StringKey(inc.Group))
	add(IndexAssignee, workflow.StringKey(inc.Assignee))
	add(IndexService, workflow.StringKey(inc.Service))
	if inc.Parent != (workflow.ID{}) {
		add(IndexParent, workflow.IDKey(inc.Parent))
		add(IndexFollowed, workflow.IntKey(inc.Followed))
	}
	if inc.Major != nil {
		add(IndexMajor, workflow.StringKey(inc.Major.State))
	}
	for _, ci := range inc.CIs {
		if ci.Source != CINotAffected {
			add(IndexCI, workflow.StringKey(ci.ID))
		}
	}
	for _, l := range inc.Links {
		add(IndexLink, workflow.StringKey(l.To.String()))
	}
	var due time.Time
	for _, c := range inc.Clocks {
		if !c.Due.IsZero() && c.State == sla.StateRunning && (due.IsZero() || c.Due.Before(due)) {
			due = c.Due
		}
	}
	add(IndexDue, workflow.TimeKey(due))
	return entries
}
