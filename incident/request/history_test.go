package request_test

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/workflow"
)

// historyHolds checks a request from its events alone, without asking the service what it
// thinks: it is rebuilt event by event, and after each
//
//   - every roll-up is what the parts say;
//   - no task is begun whose predecessors are not over;
//   - nothing is worked on that was not approved;
//   - totals are the sums of the lines;
//   - what is over stays over, unless it was reopened or a child record was.
func historyHolds(s *request.Service) func(workflow.Document, []workflow.Event) error {
	return func(_ workflow.Document, events []workflow.Event) error {
		var before *request.Request
		var replay workflow.Replayer
		for n, e := range events {
			if err := replay.Apply(e); err != nil {
				return err
			}
			raw, err := replay.State()
			if err != nil {
				return err
			}
			r, err := s.Kind().Decode(workflow.Document{Ref: e.Ref, Version: e.Version, Schema: 1, Body: workflow.RawBody(raw)})
			if err != nil {
				return err
			}
			if err := holds(before, r, s.Category(r).Final()); err != nil {
				return fmt.Errorf("%s, event %d, %s: %w", r.Number, n+1, e.Type, err)
			}
			before = r
		}
		return nil
	}
}

func holds(before, r *request.Request, final bool) error {
	items := map[string]int{}
	for _, it := range r.Items {
		items[string(it.State)]++
		var old request.Item
		if before != nil {
			old, _ = before.Item(it.ID)
		}
		if err := itemHolds(r, old, it); err != nil {
			return fmt.Errorf("item %s: %w", it.ID, err)
		}
		for _, t := range it.Tasks {
			if err := taskHolds(old, it, t); err != nil {
				return fmt.Errorf("task %s: %w", t.ID, err)
			}
		}
	}
	if want := whole(items, len(r.Items)); r.State != "draft" && string(r.Outcome) != want {
		return fmt.Errorf("items %v and outcome %q, want %q", items, r.Outcome, want)
	}
	if r.Outcome == "" && slices.Contains([]string{request.StateFulfilled, request.StateClosed, request.StateRejected, request.StateCancelled, request.StateReview}, r.State) && len(r.Items) > 0 {
		return fmt.Errorf("it is %s, and an item is open", r.State)
	}
	if final == r.ClosedAt.IsZero() {
		return fmt.Errorf("it is %s, closed at %v", r.State, r.ClosedAt)
	}
	return nil
}

// whole is the rule of the roll-up as it would be read out.
func whole(parts map[string]int, n int) string {
	worked := parts["complete"] + parts["incomplete"] + parts["skipped"]
	switch over := worked + parts["rejected"] + parts["cancelled"]; {
	case over < n || n == 0:
		return ""
	case parts["incomplete"] > 0:
		return "incomplete"
	case worked > 0 && parts["skipped"] == worked:
		return "skipped"
	case worked > 0:
		return "complete"
	case parts["rejected"] > 0:
		return "rejected"
	}
	return "cancelled"
}

func itemHolds(r *request.Request, old, it request.Item) error {
	tasks := map[string]int{}
	n := 0
	for i, t := range it.Tasks {
		right := slices.ContainsFunc(it.Tasks[i+1:], func(o request.Task) bool {
			return o.PutsRight && o.State == request.TaskComplete && !o.AddedAt.Before(t.EndedAt)
		})
		if t.State != request.TaskIncomplete || !right {
			tasks[string(t.State)]++
			n++
		}
	}
	want := whole(tasks, n)
	switch it.State {
	case request.ItemComplete, request.ItemIncomplete, request.ItemSkipped:
		if string(it.State) != want {
			return fmt.Errorf("tasks %v make %q, it is %s", tasks, want, it.State)
		}
	case request.ItemFulfilment:
		if want != "" && it.Hold == "" && r.State == request.StateFulfilment {
			return fmt.Errorf("tasks %v make %q, it is %s", tasks, want, it.State)
		}
	}
	if len(it.Tasks) > 0 && len(old.Tasks) == 0 || !it.BegunAt.IsZero() && old.BegunAt.IsZero() {
		for _, a := range []struct {
			needed bool
			is     bool
		}{{r.Approval != nil, r.Approval != nil && r.Approval.Granted()}, {!preApproved[it.Name], it.Approval != nil && it.Approval.Granted()}} {
			if a.needed && !a.is {
				return fmt.Errorf("it is worked on, and not approved")
			}
		}
		for _, excluded := range append([]string{r.For.ID, r.CreatedBy.ID}, r.Ordered...) {
			if it.Approval != nil && slices.Contains(it.Approval.Voters(), excluded) {
				return fmt.Errorf("%s had a hand in it, and voted", excluded)
			}
		}
	}
	sum := decimal.Zero
	for _, l := range it.Price.Lines {
		if !l.Amount.Equal(l.Unit.Mul(decimal.NewFromInt(int64(l.Quantity)))) || l.Quantity != it.Quantity {
			return fmt.Errorf("%d × %v is not %v", l.Quantity, l.Unit, l.Amount)
		}
		if l.Every == "" {
			sum = sum.Add(l.Amount)
		}
	}
	if !sum.Equal(it.Price.Total()) {
		return fmt.Errorf("lines make %v, the total is %v", sum, it.Price.Total())
	}
	return nil
}

var preApproved = map[string]bool{"account": true, "phone": true, "anything": true}

func taskHolds(old, it request.Item, t request.Task) error {
	was := request.Task{State: request.TaskWaiting}
	for _, o := range old.Tasks {
		if o.ID == t.ID {
			was = o
		}
	}
	if was.State.Over() && !t.State.Over() && t.Record.IsZero() {
		return fmt.Errorf("it was %s and is %s", was.State, t.State)
	}
	begun := func(s request.TaskState) bool { return s != request.TaskWaiting && s != request.TaskSkipped }
	if !begun(was.State) && begun(t.State) {
		for _, id := range t.After {
			i := slices.IndexFunc(it.Tasks, func(o request.Task) bool { return o.ID == id })
			if !it.Tasks[i].State.Over() {
				return fmt.Errorf("it has begun, and %s is %s", id, it.Tasks[i].State)
			}
		}
	}
	return nil
}
