package request

import (
	"maps"
	"slices"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow/approval"
)

// clone returns a copy that shares nothing with r.
func (r *Request) clone() *Request {
	n := *r
	n.Record = r.Record.Clone()
	n.For = r.For.Clone()
	n.Ordered = slices.Clone(r.Ordered)
	n.Lines = cloneLines(r.Lines)
	n.Items = slices.Clone(r.Items)
	for i := range n.Items {
		n.Items[i] = r.Items[i].clone()
	}
	n.Approval = cloneApproval(r.Approval)
	n.Clocks = cloneClocks(r.Clocks)
	return &n
}

func (it *Item) clone() Item {
	n := *it
	n.Answers = maps.Clone(it.Answers)
	n.Price = it.Price.Clone()
	n.Approval = cloneApproval(it.Approval)
	n.Tasks = slices.Clone(it.Tasks)
	for i := range n.Tasks {
		n.Tasks[i] = it.Tasks[i].clone()
	}
	n.Clocks = cloneClocks(it.Clocks)
	return n
}

func (t *Task) clone() Task {
	n := *t
	n.After, n.Results = slices.Clone(t.After), maps.Clone(t.Results)
	return n
}

func cloneApproval(a *approval.Request) *approval.Request {
	if a == nil {
		return nil
	}
	c := a.Clone()
	return &c
}

func cloneClocks(clocks []sla.Clock) []sla.Clock {
	clocks = slices.Clone(clocks)
	for i := range clocks {
		clocks[i] = clocks[i].Clone()
	}
	return clocks
}

func cloneLines(lines []catalog.Line) []catalog.Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Answers, lines[i].Without = maps.Clone(lines[i].Answers), slices.Clone(lines[i].Without)
	}
	return lines
}
