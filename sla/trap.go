package sla

import (
	"maps"
	"slices"
	"strconv"

	"github.com/itsm-go/itsm/workflow"
)

// maxSamples bounds the search for conditions that cancel each other out. Larger
// conditions are not searched: what is reported is certain, what is not reported
// may still be there.
const maxSamples = 1 << 16

// traps finds conditions that cancel each other out. It tries them on every kind
// of record that they can tell apart, so it knows only what is written as data.
//
// That a start and a pause exclude each other is a trap elsewhere (in ServiceNow
// the clock is then cancelled instead of paused); here a clock that has started
// needs its start condition no more.
func (t Target) traps() []string {
	facts, ok := t.samples()
	if !ok {
		return nil
	}
	t.defaults()
	some := func(c Condition) bool { return slices.ContainsFunc(facts, c) }
	under := func(f Facts) bool { return !t.Stop(f) && !t.Cancel(f) }
	var found []string
	report := func(bad bool, text string) {
		if bad {
			found = append(found, text)
		}
	}
	starts := some(t.startable)
	report(!starts, "whenever the start condition holds, the stop or the cancel condition does too: no clock ever starts")
	report(!some(func(f Facts) bool { return t.Stop(f) && !t.Cancel(f) }),
		"the stop condition never holds without the cancel condition: no clock is ever met")
	if starts && t.data.Pause != nil {
		report(!some(func(f Facts) bool { return t.Pause(f) && under(f) }),
			"whenever the pause condition holds, the stop or the cancel condition does too: no clock is ever paused")
		report(!some(func(f Facts) bool { return under(f) && t.wants(StatePaused, f) == StateRunning }),
			"a paused clock never runs again: wherever it is not stopped, it is paused")
	}
	if starts && t.Resume != nil {
		report(!some(func(f Facts) bool { return under(f) && t.wants(StateRunning, f) == StatePaused }),
			"whenever the pause condition holds, the resume condition does too: no clock is ever paused")
	}
	if starts && t.Reset != nil {
		report(!some(func(f Facts) bool { return t.Reset(f) && t.startable(f) }),
			"the reset condition never holds when a clock could start: no clock is ever reset")
	}
	return append(found, t.unreached(facts)...)
}

// unreached finds goals that no record gets to, as an earlier goal fits it.
func (t *Target) unreached(facts []Facts) (found []string) {
	if len(facts)*len(t.Goals) > 100*maxSamples {
		return nil
	}
	reached := make([]bool, len(t.Goals))
	for _, f := range facts {
		if i := slices.IndexFunc(t.Goals, func(g Goal) bool { return g.fits(f) }); i >= 0 {
			reached[i] = true
		}
	}
	for i, yes := range reached {
		if !yes {
			found = append(found, "goal "+strconv.Itoa(i+1)+" is never reached: every record that it fits has an earlier goal, or there is none")
		}
	}
	return found
}

// samples returns a record of each kind that the conditions can tell apart: for
// each fact they ask for, every value they name and one that they do not.
func (t *Target) samples() ([]Facts, bool) {
	var v values
	for _, x := range []*Expression{t.data.Start, t.data.Pause, t.data.Resume, t.data.Stop, t.data.Cancel, t.data.Reset} {
		v.collect(x)
	}
	for _, g := range t.data.Goals {
		v.collect(g.When)
		v.priorities = append(v.priorities, g.Priorities...)
	}
	facts := []Facts{{}}
	grow := func(n int, set func(f *Facts, i int)) bool {
		if len(facts)*n > maxSamples {
			return false
		}
		next := make([]Facts, 0, len(facts)*n)
		for _, f := range facts {
			for i := range n {
				g := f
				set(&g, i)
				next = append(next, g)
			}
		}
		facts = next
		return true
	}
	ok := grow(int(workflow.CategoryCancelled), func(f *Facts, i int) { f.Category = workflow.CategoryNew + workflow.Category(i) })
	for _, set := range v.setters() {
		ok = ok && grow(set.n, set.to)
	}
	// Only a record on hold has a reason for it.
	facts = slices.DeleteFunc(facts, func(f Facts) bool { return f.HoldReason != "" && f.Category != workflow.CategoryOnHold })
	return facts, ok
}

// values are what the conditions of a target ask of each fact.
type values struct {
	priorities []int
	texts      [][]string // in the order of Expression.texts
	flags      []bool     // in the order of Expression.flags: is it asked for
	fields     map[string][]any
}

func (v *values) collect(x *Expression) {
	if x == nil {
		return
	}
	v.priorities = append(v.priorities, x.Priority...)
	if v.texts == nil {
		v.texts, v.flags, v.fields = make([][]string, len(x.texts())), make([]bool, len(x.flags())), map[string][]any{}
	}
	for i, t := range x.texts() {
		v.texts[i] = append(v.texts[i], t.values...)
	}
	for i, f := range x.flags() {
		v.flags[i] = v.flags[i] || f.want != nil
	}
	for name, list := range x.Fields {
		v.fields[name] = append(v.fields[name], list...)
	}
	for _, list := range [][]Expression{x.All, x.Any} {
		for i := range list {
			v.collect(&list[i])
		}
	}
	v.collect(x.Not)
}

// setter gives a fact each of n values.
type setter struct {
	n  int
	to func(f *Facts, i int)
}

func (v *values) setters() []setter {
	var all []setter
	if len(v.priorities) > 0 {
		slices.Sort(v.priorities)
		list := append(slices.Compact(v.priorities), v.priorities[len(v.priorities)-1]+1)
		all = append(all, setter{len(list), func(f *Facts, i int) { f.Priority = list[i] }})
	}
	var none Expression
	for i, t := range none.texts() {
		if v.texts == nil || len(v.texts[i]) == 0 {
			continue
		}
		slices.Sort(v.texts[i])
		list := slices.Compact(v.texts[i])
		list = append(list, list[len(list)-1]+"+") // sorts behind all of them
		if t.name == "hold_reason" && !slices.Contains(list, "") {
			list = append(list, "")
		}
		all = append(all, setter{len(list), func(f *Facts, i int) { *t.of(f) = list[i] }})
	}
	for i, flag := range none.flags() {
		if v.flags != nil && v.flags[i] {
			all = append(all, setter{2, func(f *Facts, yes int) { *flag.of(f) = yes == 1 }})
		}
	}
	for name, list := range v.fields {
		all = append(all, setter{len(list) + 1, func(f *Facts, i int) {
			if i < len(list) {
				fields := workflow.Fields{name: list[i]}
				maps.Copy(fields, f.Fields)
				f.Fields = fields
			}
		}})
	}
	return all
}
