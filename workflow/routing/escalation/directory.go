package escalation

import (
	"fmt"
	"slices"
	"time"
)

// Rotas answers who is on call. The book of package oncall does.
type Rotas interface {
	// OnCall tells who is on call in a rota, or by one of its layers if that is not
	// empty, and why. Without a person the second result tells why nobody is.
	OnCall(rota, layer string, at time.Time) (person, why string)
	// Order lists whom to call, who is on call first and each once.
	Order(rota string, at time.Time) []string
	// Layers lists the layers of a rota in order.
	Layers(rota string) []string
}

// People answers who belongs to whom: the host's directory. An empty answer means that
// there is nobody, or no such group or person. It leaves out who has left.
type People interface {
	Members(group string) []string
	Lead(group string) string
	Manager(person string) string
}

// Directory is whom to ask for people. What is nil knows nobody. For one instant it
// has to give one answer, however often it is asked; then an escalation can be replayed.
type Directory struct {
	Rotas  Rotas
	People People
}

// Contact is a person to tell, and why this one.
type Contact struct {
	Person string `json:"person"`
	Why    string `json:"why"`
}

// search finds the people of one rung.
type search struct {
	dir   Directory
	facts Facts
	told  []Contact
	at    time.Time
}

// find lists whom targets mean, each person once, and what went wrong with targets that
// mean nobody.
func (s search) find(targets []Target, rotate Rotate) (found []Contact, problems []string) {
	for _, t := range targets {
		list, problem := s.target(t, rotate)
		if problem != "" {
			problems = append(problems, t.String()+": "+problem)
		}
		for _, c := range list {
			known := slices.ContainsFunc(found, func(f Contact) bool { return f.Person == c.Person })
			switch {
			case c.Person == "" || known:
			case len(found) == MaxPeople:
				return found, append(problems, fmt.Sprintf("%v: more than %d people", t, MaxPeople))
			default:
				found = append(found, c)
			}
		}
	}
	return found, problems
}

func (s search) target(t Target, rotate Rotate) ([]Contact, string) {
	name := t.Name
	if t.Fact != "" {
		if name = s.facts[t.Fact]; name == "" {
			return nil, "the fact is not set"
		}
	}
	if t.Kind == OnCall {
		return s.onCall(name, t.Layer, rotate)
	}
	if t.Kind == Person {
		return []Contact{{name, t.String()}}, ""
	}
	if s.dir.People == nil {
		return nil, "there is no directory of people"
	}
	switch t.Kind {
	case Group:
		return some(s.dir.People.Members(name), "member of group "+name, "group "+name+" has no members")
	case Lead:
		lead := s.dir.People.Lead(name)
		if lead == "" {
			return nil, "group " + name + " has no lead"
		}
		if t.Levels > 1 {
			return s.above([]string{lead}, t.Levels-1)
		}
		return []Contact{{lead, "lead of group " + name}}, ""
	case Manager:
		return s.above([]string{name}, max(1, t.Levels))
	default: // Told
		var names []string
		for _, c := range s.told {
			names = append(names, c.Person)
		}
		if len(names) == 0 {
			return nil, "nobody was told before"
		}
		return s.above(names, max(1, t.Levels))
	}
}

func (s search) onCall(rota, layer string, rotate Rotate) ([]Contact, string) {
	if s.dir.Rotas == nil {
		return nil, "there are no rotas"
	}
	if rotate == Layers && layer == "" {
		var found []Contact
		problem := "nobody in any layer"
		for _, l := range s.dir.Rotas.Layers(rota) {
			if p, why := s.dir.Rotas.OnCall(rota, l, s.at); p != "" {
				found, problem = append(found, Contact{p, why}), ""
			}
		}
		return found, problem
	}
	first, why := s.dir.Rotas.OnCall(rota, layer, s.at)
	if first == "" {
		return nil, why
	}
	found := []Contact{{first, why}}
	if rotate == Members && layer == "" {
		for _, p := range s.dir.Rotas.Order(rota, s.at) {
			found = append(found, Contact{p, "rota " + rota + ": next in order"})
		}
	}
	return found, ""
}

// above lists the managers so many levels above people. That one has none that far up
// is a problem only if nobody is found.
func (s search) above(people []string, levels int) ([]Contact, string) {
	var found []Contact
	problem := ""
	for _, of := range people {
		boss := of
		for i := 0; i < levels && boss != ""; i++ {
			below := boss
			if boss = s.dir.People.Manager(below); boss == "" {
				problem = below + " has no manager"
			}
		}
		why := "manager of " + of
		if levels > 1 {
			why = fmt.Sprintf("manager of %s, %d levels up", of, levels)
		}
		if boss != "" {
			found = append(found, Contact{boss, why})
		}
	}
	if len(found) > 0 {
		return found, ""
	}
	return nil, problem
}

func some(names []string, why, none string) ([]Contact, string) {
	var found []Contact
	for _, n := range names {
		if n != "" {
			found = append(found, Contact{n, why})
		}
	}
	if len(found) == 0 {
		return nil, none
	}
	return found, ""
}
