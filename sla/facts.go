package sla

import (
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Facts is what conditions and goals look at: a record at one instant.
type Facts struct {
	State      string
	Category   workflow.Category
	HoldReason string // while on hold
	Priority   int    // 1 is the most urgent; 0 = not set
	Assigned   bool   // somebody has taken it
	Responded  bool   // the caller has heard from us
	Waiting    bool   // the caller has said something and was not answered yet
	Replies    int    // how often the caller has heard from us
	Group      string
	Assignee   string
	Service    string
	Customer   string
	Zone       string // the IANA zone on whose wall clock floating calendars are read; empty = their own
	Fields     workflow.Fields

	Overrides []Override // due times agreed on by hand

	at time.Time // the instant, set by the engine
}

// Fact names a fact by whose change a clock can be reset: one of the constants,
// or "fields." and the name of a custom field.
type Fact string

// The facts.
const (
	FactState    Fact = "state"
	FactPriority Fact = "priority"
	FactReplies  Fact = "replies"
	FactGroup    Fact = "group"
	FactAssignee Fact = "assignee"
	FactService  Fact = "service"
	FactCustomer Fact = "customer"
)

func (f Fact) valid() bool {
	return slices.Contains([]Fact{FactState, FactPriority, FactReplies, FactGroup, FactAssignee, FactService, FactCustomer}, f) ||
		strings.HasPrefix(string(f), "fields.") && len(f) > len("fields.")
}

func (f *Facts) value(name Fact) any {
	switch name {
	case FactState:
		return f.State
	case FactPriority:
		return f.Priority
	case FactReplies:
		return f.Replies
	case FactGroup:
		return f.Group
	case FactAssignee:
		return f.Assignee
	case FactService:
		return f.Service
	case FactCustomer:
		return f.Customer
	}
	return f.Fields[strings.TrimPrefix(string(name), "fields.")]
}

// Condition asks something of the facts. It must depend on nothing else, or a
// clock could not be replayed.
type Condition func(Facts) bool

// Open holds until the record is resolved, closed or cancelled.
func Open(f Facts) bool {
	return f.Category == workflow.CategoryNew || f.Category == workflow.CategoryActive || f.Category == workflow.CategoryOnHold
}

// OnAssigned holds when somebody has taken the record.
func OnAssigned(f Facts) bool { return f.Assigned }

// OnResponded holds when the caller has heard from us.
func OnResponded(f Facts) bool { return f.Responded }

// OnWaiting holds while the caller has said something and was not answered yet.
// A promise of the next reply starts with it, stops with its opposite, and has a
// new cycle each time (Zammad's update time).
func OnWaiting(f Facts) bool { return f.Waiting }

// OnResolved holds when the record is resolved or closed.
func OnResolved(f Facts) bool {
	return f.Category == workflow.CategoryResolved || f.Category == workflow.CategoryClosed
}

// OnCancelled holds when the record is cancelled.
func OnCancelled(f Facts) bool { return f.Category == workflow.CategoryCancelled }

// OnHold holds while the record waits for one of the reasons; without reasons,
// for any.
func OnHold(reasons ...string) Condition {
	reasons = slices.Clone(reasons)
	return func(f Facts) bool {
		return f.Category == workflow.CategoryOnHold && (len(reasons) == 0 || slices.Contains(reasons, f.HoldReason))
	}
}

// AnyOf holds when one of the conditions does.
func AnyOf(conditions ...Condition) Condition {
	conditions = slices.Clone(conditions)
	return func(f Facts) bool {
		return slices.ContainsFunc(conditions, func(c Condition) bool { return c(f) })
	}
}

// AllOf holds when every one of the conditions does.
func AllOf(conditions ...Condition) Condition {
	conditions = slices.Clone(conditions)
	return func(f Facts) bool {
		return !slices.ContainsFunc(conditions, func(c Condition) bool { return !c(f) })
	}
}

// Not holds when the condition does not.
func Not(c Condition) Condition { return func(f Facts) bool { return !c(f) } }
