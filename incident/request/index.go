package request

import (
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The fields a request can be found by, besides those of every record. Build conditions
// with [workflow.Is] and its like.
const (
	IndexCategory  = "category"  // of the state: "active", "on_hold", … see [workflow.Category]
	IndexRequester = "requester" // for whom it is
	IndexOpener    = "opener"    // who ordered it
	IndexCustomer  = "customer"
	IndexGroup     = "group"    // that sees to the whole of it
	IndexAssignee  = "assignee" // who does
	IndexService   = "service"  // of every item
	IndexItem      = "item"     // the name of every item in the catalogue
	IndexStage     = "stage"    // of every item
	IndexOutcome   = "outcome"
	IndexApprover  = "approver"      // who is asked now and has not voted; the first hundred by name
	IndexTaskGroup = "task_group"    // of tasks that are open or in progress
	IndexTaskOf    = "task_assignee" // of tasks that are open or in progress
	IndexFailed    = "failed"        // a BoolKey, where an automation could not do its task
	IndexChild     = "child"         // the text form of every child record's Ref
	IndexBreached  = "breached"      // a BoolKey, of the request and its items
	IndexDue       = "due"           // a TimeKey: the earliest due time of a running clock
)

// maxApprovers bounds the entries of a record that asks thousands.
const maxApprovers = 100

func (r *Request) index(category workflow.Category) []workflow.IndexEntry {
	var entries []workflow.IndexEntry
	seen := map[workflow.IndexEntry]bool{}
	add := func(field string, key workflow.Key) {
		e := workflow.IndexEntry{Field: field, Key: key}
		if key != "" && !seen[e] {
			seen[e] = true
			entries = append(entries, e)
		}
	}
	add(IndexCategory, workflow.StringKey(category.String()))
	add(IndexRequester, workflow.StringKey(r.For.ID))
	add(IndexOpener, workflow.StringKey(r.CreatedBy.ID))
	add(IndexCustomer, workflow.StringKey(r.For.Customer))
	add(IndexGroup, workflow.StringKey(r.Group))
	add(IndexAssignee, workflow.StringKey(r.Assignee))
	add(IndexOutcome, workflow.StringKey(string(r.Outcome)))
	approvers := 0
	asked := func(a *approval.Request) {
		if a == nil {
			return
		}
		for _, person := range a.Pending() {
			if approvers++; approvers <= maxApprovers {
				add(IndexApprover, workflow.StringKey(person))
			}
		}
	}
	asked(r.Approval)
	clocks := r.Clocks
	failed := false
	for i := range r.Items {
		it := &r.Items[i]
		add(IndexService, workflow.StringKey(it.Service))
		add(IndexItem, workflow.StringKey(it.Name))
		add(IndexStage, workflow.StringKey(string(it.Stage())))
		if it.State == ItemWaiting {
			asked(it.Approval)
		}
		clocks = append(clocks[:len(clocks):len(clocks)], it.Clocks...)
		for _, t := range it.Tasks {
			if t.State == TaskOpen || t.State == TaskInProgress {
				add(IndexTaskGroup, workflow.StringKey(t.Group))
				add(IndexTaskOf, workflow.StringKey(t.Assignee))
				failed = failed || t.Failure != ""
			}
			if !t.Record.IsZero() {
				add(IndexChild, workflow.StringKey(t.Record.String()))
			}
		}
	}
	if failed {
		add(IndexFailed, workflow.BoolKey(true))
	}
	breached := false
	var due time.Time
	for _, c := range clocks {
		breached = breached || c.Breached
		if !c.Due.IsZero() && c.State == sla.StateRunning && (due.IsZero() || c.Due.Before(due)) {
			due = c.Due
		}
	}
	add(IndexBreached, workflow.BoolKey(breached))
	add(IndexDue, workflow.TimeKey(due))
	return entries
}
