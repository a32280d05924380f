package risk

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what a change may affect.
const (
	MaxServices = 10_000        // named as critical
	MaxAffected = 1_000_000_000 // services or users counted
)

// Effects are what a change would affect if it went wrong, as the configuration
// tells: the services that stand on its items, and who uses them.
type Effects struct {
	ServicesDown     int      `json:"services_down,omitempty"`
	ServicesDegraded int      `json:"services_degraded,omitempty"`
	CriticalServices []string `json:"critical_services,omitempty"` // names of those hit, down or degraded
	SinglePoint      bool     `json:"single_point,omitempty"`      // an item that nothing stands in for
	Users            int      `json:"users,omitempty"`
}

// ImpactModel reads impact and risk from the [Effects] of a change (ITIL: impact
// is the effect on the business). The highest step that is reached counts; if none
// is, both are low.
type ImpactModel struct {
	Steps []Step `json:"steps"` // ascending by risk
}

// Step gives impact and risk to the changes that reach any one of its limits: so
// many or more. A limit of zero is none.
type Step struct {
	Impact Grade `json:"impact"`
	Risk   Level `json:"risk"`

	ServicesDown     int  `json:"services_down,omitempty"`
	ServicesDegraded int  `json:"services_degraded,omitempty"`
	CriticalServices int  `json:"critical_services,omitempty"`
	Users            int  `json:"users,omitempty"`
	SinglePoint      bool `json:"single_point,omitempty"` // a single point of failure reaches the step
}

func (m *ImpactModel) clone() *ImpactModel {
	if m == nil {
		return nil
	}
	return &ImpactModel{Steps: slices.Clone(m.Steps)}
}

// limit is one thing that a step counts.
type limit struct {
	item string
	text string // of what there is
	have int
	from int // zero: no limit
}

// limits puts the effects beside the limits of the step. A single point of failure
// is counted as one.
func (s Step) limits(e Effects) []limit {
	critical := names(e.CriticalServices)
	one := map[bool]int{true: 1}
	return []limit{
		{"services_down", fmt.Sprintf("services down: %d", e.ServicesDown), e.ServicesDown, s.ServicesDown},
		{"services_degraded", fmt.Sprintf("services degraded: %d", e.ServicesDegraded), e.ServicesDegraded, s.ServicesDegraded},
		{"critical_services", fmt.Sprintf("critical services: %d (%s)", len(critical), some(critical)), len(critical), s.CriticalServices},
		{"users", fmt.Sprintf("users: %d", e.Users), e.Users, s.Users},
		{"single_point", "a single point of failure is changed", one[e.SinglePoint], one[s.SinglePoint]},
	}
}

func (m *ImpactModel) assess(e Effects) (Contribution, Grade) {
	c := Contribution{Method: ByImpact, Level: Low, Text: "no step is reached"}
	impact := GradeLow
	for _, s := range m.Steps {
		var points []Point
		for _, l := range s.limits(e) {
			if l.from == 0 || l.have < l.from {
				continue
			}
			text := l.text
			if l.item != "single_point" {
				text = fmt.Sprintf("%s, %s from %d on", l.text, orNone(s.Risk.String()), l.from)
			}
			points = append(points, Point{Item: l.item, Text: text})
		}
		if len(points) > 0 {
			impact = s.Impact
			c.Level, c.Points, c.Text = s.Risk, points, fmt.Sprintf("what is affected makes the impact %s", s.Impact)
		}
	}
	return c, impact
}

// names sorts names, each once.
func names(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

// some lists names, as many as people read.
func some(all []string) string {
	const most = 10
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

func (e Effects) validate(p *problems) {
	p.between("effects: services_down", e.ServicesDown, 0, MaxAffected)
	p.between("effects: services_degraded", e.ServicesDegraded, 0, MaxAffected)
	p.between("effects: users", e.Users, 0, MaxAffected)
	p.between("effects: number of critical services", len(e.CriticalServices), 0, MaxServices)
	if len(e.CriticalServices) > MaxServices {
		return
	}
	for _, s := range e.CriticalServices {
		if strings.TrimSpace(s) == "" || len(s) > maxText || !utf8.ValidString(s) {
			p.addf("effects: critical service %.64q must be 1 to %d bytes of text", s, maxText)
		}
	}
}

func (m *ImpactModel) validate(p *problems) {
	p.between("impact: number of steps", len(m.Steps), 1, int(VeryHigh))
	if len(m.Steps) > int(VeryHigh) {
		return
	}
	for i, s := range m.Steps {
		where := fmt.Sprintf("impact: step %s", s.Risk)
		p.level(where, s.Risk)
		p.grade(where+": impact", s.Impact, GradeLow)
		own := s.limits(Effects{})
		if !slices.ContainsFunc(own, func(l limit) bool { return l.from != 0 }) {
			p.addf("%s: has no limit and is never reached", where)
		}
		for _, l := range own {
			p.between(where+": "+l.item, l.from, 0, MaxAffected)
		}
		for _, lower := range m.Steps[:i] {
			s.above(p, where, lower)
		}
	}
}

// above checks a step against one that comes before it.
func (s Step) above(p *problems, where string, lower Step) {
	if s.Risk <= lower.Risk || s.Impact < lower.Impact {
		p.addf("%s: steps must ascend, by risk, and not fall by impact", where)
	}
	before := lower.limits(Effects{})
	for j, l := range s.limits(Effects{}) {
		if o := before[j]; l.from != 0 && o.from >= l.from {
			p.addf("%s: %s from %d on, so that of step %s, from %d on, has no effect", where, l.item, l.from, lower.Risk, o.from)
		}
	}
}
