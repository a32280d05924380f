package problem

import (
	"context"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Source is the incident that a problem is opened from, and what is copied of it.
type Source struct {
	Incident workflow.ID
	Number   string // becomes the problem's origin
	// Values are the copied attributes, by name. Title, details, category, subcategory,
	// service, customer, group, assignee, impact and urgency are strings, cis a list of
	// strings. Number and priority are passed over: the one is the origin already, the
	// other follows from impact and urgency. Anything else, or "field." and a name, goes
	// into the custom field of that name.
	Values map[string]any
}

// OpenFrom opens a problem from an incident, and links the two in the same commit. A
// level of impact or urgency that the matrix of problems does not have becomes the
// nearest that it has. It is what a practice of incidents calls when it opens a problem,
// with its own key in [Service.Once], so that asking twice opens one. An incident that
// belongs to a problem already is an error matching [ErrLinked].
func (s *Service) OpenFrom(ctx context.Context, actor workflow.Actor, from Source) (*Problem, error) {
	r, err := s.report(from)
	if err != nil {
		return nil, err
	}
	return s.Open(ctx, actor, r)
}

// report is what the source says.
func (s *Service) report(from Source) (Report, error) {
	r := Report{Origin: from.Number, Incidents: []workflow.ID{from.Incident}, Fields: map[string]any{}}
	texts := map[string]*string{"title": &r.Title, "details": &r.Details, "category": &r.Category, "subcategory": &r.Subcategory,
		"service": &r.Service, "customer": &r.Customer, "group": &r.Group, "assignee": &r.Assignee}
	levels := map[string]*Level{"impact": &r.Impact, "urgency": &r.Urgency}
	var p workflow.Problems
	for _, name := range sortedKeys(from.Values) {
		value := from.Values[name]
		text, isText := value.(string)
		switch {
		case name == "number" || name == "priority":
		case texts[name] != nil && isText:
			*texts[name] = text
		case levels[name] != nil && isText:
			if err := levels[name].UnmarshalText([]byte(text)); err != nil {
				p.Addf("%s: %w", name, err)
			}
		case name == "cis":
			items, is := value.([]string)
			if !is {
				p.Addf("cis are a list of strings, not %T", value)
			}
			r.Items = slices.Clone(items)
		case texts[name] != nil || levels[name] != nil:
			p.Addf("%s is a string, not %T", name, value)
		default:
			r.Fields[strings.TrimPrefix(name, "field.")] = value
		}
	}
	if r.Impact != 0 || r.Urgency != 0 {
		r.Impact, r.Urgency = nearest(s.cfg.Matrix.Impacts, r.Impact), nearest(s.cfg.Matrix.Urgencies, r.Urgency)
	}
	if from.Incident == (workflow.ID{}) {
		p.Addf("the incident has no id")
	}
	return r, p.Err("problem: opening from " + from.Number)
}

// nearest is the level of a matrix that is closest to another, the more severe of two. If
// that is not set it is the least severe.
func nearest(levels []Level, l Level) Level {
	if l == 0 {
		return slices.Max(levels)
	}
	distance := func(x Level) int { return max(int(x)-int(l), int(l)-int(x)) }
	return slices.MinFunc(slices.Sorted(slices.Values(levels)), func(a, b Level) int { return distance(a) - distance(b) })
}
