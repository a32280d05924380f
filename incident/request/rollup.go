package request

import "slices"

// Outcome is how something came out that consists of parts.
type Outcome string

// The outcomes.
const (
	Open       Outcome = "" // a part is not over
	Complete   Outcome = "complete"
	Incomplete Outcome = "incomplete"
	Skipped    Outcome = "skipped"
	Rejected   Outcome = "rejected"
	Cancelled  Outcome = "cancelled"
)

// RollUp says how a whole came out from how its parts did: an item from its tasks, a
// request from its items.
//
//	some part is not over               open
//	some part is incomplete             incomplete
//	some part is complete, none worse   complete
//	all are skipped                     skipped
//
// Parts that were rejected or cancelled are left out: nobody worked on them, and they say
// nothing of what was delivered. If there are no others, the whole is rejected if a part
// was, and otherwise cancelled.
//
// ServiceNow does not define what complete and skipped parts make together. Here they are
// complete: a part is skipped because it was not needed, so nothing that was asked for is
// missing; whoever could not do a part ends it incomplete.
//
// A whole follows what its parts are now. A task that was incomplete is left out of its
// item once the task by which it was put right, after a reopening, is complete.
func RollUp(parts ...Outcome) Outcome {
	count := map[Outcome]int{}
	for _, p := range parts {
		count[p]++
	}
	switch {
	case len(parts) == 0 || count[Open] > 0:
		return Open
	case count[Incomplete] > 0:
		return Incomplete
	case count[Complete] > 0:
		return Complete
	case count[Skipped] > 0:
		return Skipped
	case count[Rejected] > 0:
		return Rejected
	}
	return Cancelled
}

var taskOutcomes = map[TaskState]Outcome{TaskComplete: Complete, TaskIncomplete: Incomplete, TaskSkipped: Skipped}

var itemOutcomes = map[ItemState]Outcome{ItemComplete: Complete, ItemIncomplete: Incomplete, ItemSkipped: Skipped,
	ItemRejected: Rejected, ItemCancelled: Cancelled}

// rollUp is how the item came out of its tasks.
func (it *Item) rollUp() Outcome {
	parts := make([]Outcome, 0, len(it.Tasks))
	for i, t := range it.Tasks {
		if !it.madeGood(i) {
			parts = append(parts, taskOutcomes[t.State])
		}
	}
	return RollUp(parts...)
}

// madeGood reports whether a task was incomplete and was put right by a later one. A child
// record that was taken up again and failed again after that is not.
func (it *Item) madeGood(i int) bool {
	t := it.Tasks[i]
	return t.State == TaskIncomplete && slices.ContainsFunc(it.Tasks[i+1:], func(later Task) bool {
		return later.PutsRight && later.State == TaskComplete && !t.EndedAt.After(later.AddedAt)
	})
}

// rollUp is how the request came out of its items.
func (r *Request) rollUp() Outcome {
	parts := make([]Outcome, len(r.Items))
	for i, it := range r.Items {
		parts[i] = itemOutcomes[it.State]
	}
	return RollUp(parts...)
}
