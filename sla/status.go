package sla

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Status is how a target stands for a record, also where there is no clock.
type Status struct {
	Target  string
	Applies bool   // false: the record has no clock of it, and would have none
	State   State  // of the latest clock; [StatePending] if one is still to start
	Why     string // for people: why there is no clock, or what brought its state about
	Reading Reading
}

// Status tells of every target how it stands for a record with the given facts
// at an instant, and answers the question that service desks hear most: why has
// this clock not started, why is it paused.
func (e *Engine) Status(clocks []Clock, f Facts, at time.Time) ([]Status, error) {
	f.at = at.UTC()
	var all []Status
	for i := range e.lines {
		l := &e.lines[i]
		if k := current(clocks, l.name); k >= 0 {
			r, err := e.Read(clocks[k], at)
			if err != nil {
				return nil, err
			}
			c := clocks[k].asOf(at)
			all = append(all, Status{l.name, true, r.State, c.why(), r})
			continue
		}
		all = append(all, e.absent(l, f, at))
	}
	return all, nil
}

// why is what brought the clock's state about, not who has had the record since.
func (c *Clock) why() string {
	i := len(c.Periods) - 1
	for i > 0 && c.Periods[i-1].State == c.State {
		i--
	}
	return c.Periods[i].Cause
}

// absent tells why there is no clock.
func (e *Engine) absent(l *line, f Facts, at time.Time) Status {
	s := Status{Target: l.name}
	i := e.inForce(l, at)
	if i < 0 {
		s.Why = "it is not in force"
		return s
	}
	t := &e.targets[i]
	data := t.data
	if data == nil {
		data = &Definition{}
	}
	switch {
	case !t.hasGoal(f):
		s.Why = "no goal fits the record"
	case t.Cancel(f):
		s.Why = "its cancel condition holds already"
	case t.Start(f) && t.Stop(f):
		s.Why = "its stop condition holds already"
	default:
		s.Applies, s.State, s.Why = true, StatePending, "it starts with the next change"
		if !t.Start(f) {
			s.Why = "its start condition does not hold yet"
			if data.Start != nil {
				s.Why += ": " + data.Start.Missing(f)
			}
		}
	}
	return s
}

// Missing words what a record lacks for the expression to hold, such as
// "priority is 3, want 1, 2"; empty if it holds.
func (x Expression) Missing(f Facts) string {
	var lacks []string
	want := func(name string, is any, want ...any) {
		if !slices.Contains(want, is) {
			lacks = append(lacks, fmt.Sprintf("%s is %v, want %s", name, is, listOf(want)))
		}
	}
	if x.Category != nil {
		want("category", f.Category, anys(x.Category)...)
	}
	if x.Priority != nil {
		want("priority", f.Priority, anys(x.Priority)...)
	}
	for _, t := range x.texts() {
		if t.values != nil {
			want(t.name, *t.of(&f), anys(t.values)...)
		}
	}
	for _, flag := range x.flags() {
		if flag.want != nil {
			want(flag.name, *flag.of(&f), *flag.want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Fields)) {
		want(name, f.Fields[name], x.Fields[name]...)
	}
	for _, part := range x.All {
		if text := part.Missing(f); text != "" {
			lacks = append(lacks, text)
		}
	}
	if x.Any != nil && !slices.ContainsFunc(x.Any, func(p Expression) bool { return p.Missing(f) == "" }) {
		var each []string
		for _, part := range x.Any {
			each = append(each, part.Missing(f))
		}
		lacks = append(lacks, strings.Join(each, ", or "))
	}
	if x.Not != nil && x.Not.Missing(f) == "" {
		lacks = append(lacks, "what must not hold does")
	}
	return strings.Join(lacks, "; ")
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func listOf(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
