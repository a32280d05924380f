package escalation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// maxName is the limit of names and values, in bytes.
const maxName = 128

// problems collects everything that is wrong with a policy.
type problems struct {
	workflow.Problems
	policy Policy
}

func (p *problems) name(where, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxName || !utf8.ValidString(s) {
		p.Addf("%s: name %.64q must be 1 to %d bytes of text", where, s, maxName)
	}
}

func (p *problems) between(where string, n, least, most int) bool {
	ok := n >= least && n <= most
	if !ok {
		p.Addf("%s: %d, must be %d to %d", where, n, least, most)
	}
	return ok
}

func (p *problems) once(where string, names []string) {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			p.Addf("%s %.64q is there twice", where, n)
		}
		seen[n] = true
	}
}

func (p *problems) calendar(where, name string) {
	if name != "" && p.policy.Calendars[name] == nil {
		p.Addf("%s: calendar %.64q is not in the policy", where, name)
	}
}

func (p *problems) ladder(where, name string) {
	if !slices.ContainsFunc(p.policy.Ladders, func(l Ladder) bool { return l.Name == name }) {
		p.Addf("%s: ladder %.64q is not in the policy", where, name)
	}
}

func (p *problems) check() {
	ladders := p.between("ladders", len(p.policy.Ladders), 1, MaxLadders)
	choices := p.between("choices", len(p.policy.Choices), 0, MaxLadders)
	calendars := p.between("calendars", len(p.policy.Calendars), 0, MaxLadders)
	if !ladders || !choices || !calendars {
		return
	}
	p.name("policy", p.policy.Name)
	if p.policy.Version < 1 {
		p.Addf("version %d, versions count from 1", p.policy.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(p.policy.Calendars)) {
		p.name("calendar", name)
		if p.policy.Calendars[name] == nil {
			p.Addf("calendar %.64q is null", name)
		}
	}
	var names []string
	for _, l := range p.policy.Ladders {
		names = append(names, l.Name)
		p.checkLadder(l)
	}
	p.once("ladder", names)
	names = nil
	for _, c := range p.policy.Choices {
		names = append(names, c.Name)
		p.checkChoice(c)
	}
	p.once("choice", names)
	if p.policy.Default != "" {
		p.ladder("default", p.policy.Default)
	}
	if len(p.policy.Choices) == 0 && p.policy.Default == "" {
		p.Addf("needs choices or a default: no ladder is ever taken")
	}
}

func (p *problems) checkChoice(c Choice) {
	where := fmt.Sprintf("choice %.64q", c.Name)
	p.name("choice", c.Name)
	p.calendar(where, c.During)
	p.ladder(where, c.Ladder)
	for _, fact := range slices.Sorted(maps.Keys(c.When)) {
		p.name(where+": fact", fact)
		if len(c.When[fact]) == 0 {
			p.Addf("%s: fact %.64q has no values: it never holds", where, fact)
		}
		for _, v := range c.When[fact] {
			p.name(where+": value of "+fact, v)
		}
	}
}

func (p *problems) checkLadder(l Ladder) {
	where := fmt.Sprintf("ladder %.64q", l.Name)
	p.name("ladder", l.Name)
	p.between(where+": repeat", l.Repeat, 0, MaxReminders)
	if p.between(where+": rungs", len(l.Rungs), 1, MaxRungs) {
		var names []string
		for i, r := range l.Rungs {
			names = append(names, r.Name)
			p.checkRung(where, r, i == 0)
		}
		p.once(where+": rung", names)
	}
	where += ": end"
	p.targets(where, l.End.Tell, 0, false)
	p.calendar(where, l.End.Calendar)
	switch {
	case l.End.Every != 0:
		p.interval(where+": every", l.End.Every)
		if len(l.End.Tell) == 0 {
			p.Addf("%s: every needs somebody to tell", where)
		}
	case l.End.Calendar != "":
		p.Addf("%s: calendar needs every", where)
	}
}

func (p *problems) checkRung(where string, r Rung, first bool) {
	where = fmt.Sprintf("%s: rung %.64q", where, r.Name)
	p.name(where, r.Name)
	if r.Type != Functional && r.Type != Hierarchical {
		p.Addf("%s: type %.64q, must be functional or hierarchical", where, r.Type)
	}
	if r.Rotate != Together && r.Rotate != Members && r.Rotate != Layers {
		p.Addf("%s: rotate %.64q, must be members or layers, or left out", where, r.Rotate)
	}
	p.between(where+": reminders", r.Reminders, 0, MaxReminders)
	p.interval(where+": interval", r.Interval)
	p.calendar(where, r.Calendar)
	p.targets(where, r.Tell, 1, first)
}

func (p *problems) interval(where string, d Duration) {
	if d < Duration(time.Second) || d > MaxInterval {
		p.Addf("%s: %v, must be a second to %v", where, d, MaxInterval)
	}
}

func (p *problems) targets(where string, list []Target, least int, first bool) {
	if !p.between(where+": tell", len(list), least, MaxTargets) {
		return
	}
	for _, t := range list {
		where := where + ": " + t.String()
		switch t.Kind {
		case Person, Group, OnCall, Lead, Manager:
			if (t.Name == "") == (t.Fact == "") {
				p.Addf("%s: needs a name or a fact, and not both", where)
			} else {
				p.name(where, t.Name+t.Fact)
			}
		case Told:
			if t.Name != "" || t.Fact != "" {
				p.Addf("%s: has neither name nor fact", where)
			}
			if first {
				p.Addf("%s: nobody was told before the first rung", where)
			}
		default:
			p.Addf("%s: kind %.64q, must be person, group, on_call, lead, manager or told", where, t.Kind)
		}
		if t.Layer != "" && t.Kind != OnCall {
			p.Addf("%s: only on_call has a layer", where)
		}
		if t.Levels != 0 && t.Kind != Lead && t.Kind != Manager && t.Kind != Told {
			p.Addf("%s: only lead, manager and told have levels", where)
		}
		p.between(where+": levels", t.Levels, 0, 10)
	}
}
