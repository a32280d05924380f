package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Source is what puts a person on call.
type Source string

// The sources, by precedence.
const (
	ByTake     Source = "take"     // an override of that kind
	ByRotation Source = "rotation" // a turn, which others may stand in for
	ByFill     Source = "fill"     // an override of that kind
)

// Duty is who is on call, and why. Duties are comparable.
type Duty struct {
	Person string `json:"person"`
	By     Source `json:"by"`
	Layer  string `json:"layer,omitempty"` // of a turn
	Turn   int    `json:"turn,omitempty"`  // of the layer, counted from 1
	// Of is whose turn it is; another than Person if somebody stands in.
	Of       string `json:"of,omitempty"`
	Override string `json:"override,omitempty"` // the override that counted
	// Absent is who is absent, and for whom Person is the substitute.
	Absent string `json:"absent,omitempty"`
}

// String tells who and why: "bob: turn 2 of ann in layer primary, override wedding".
func (d Duty) String() string {
	if d.Person == "" {
		return "nobody"
	}
	return d.Person + ": " + d.reason()
}

// reason tells why somebody is on call.
func (d Duty) reason() string {
	var b strings.Builder
	if d.By == ByRotation {
		fmt.Fprintf(&b, "turn %d", d.Turn)
		if d.Of != d.Person {
			b.WriteString(" of " + d.Of)
		}
		b.WriteString(" in layer " + d.Layer)
		if d.Override != "" {
			b.WriteString(", override " + d.Override)
		}
	} else {
		fmt.Fprintf(&b, "override %s (%s)", d.Override, d.By)
	}
	if d.Absent != "" {
		b.WriteString(", substitute of " + d.Absent)
	}
	return b.String()
}

// OnCall returns who is on call. False is a gap: nobody is; [Roster.Explain] tells
// why. An override that takes comes before the layers in their order, an override that
// fills behind them. It does not allocate.
func (r *Roster) OnCall(at time.Time) (Duty, bool) {
	u := at.Unix()
	if u < firstSecond || u >= lastSecond {
		return Duty{}, false
	}
	c := &r.covers[r.coverAt(u)]
	if c.take.by != none {
		return r.overridden(ByTake, c.take), true
	}
	zone, wall := -1, int64(0)
	for i := range r.layers {
		l := &r.layers[i]
		if l.zone != zone {
			zone, wall = l.zone, r.zones[l.zone].wall(u)
		}
		if d, ok := r.layerDuty(l, c, at, wall); ok {
			return d, true
		}
	}
	if c.fill.by != none {
		return r.overridden(ByFill, c.fill), true
	}
	return Duty{}, false
}

// Layer returns whom one layer puts on call, whatever other layers say. Those who
// replace others and substitutes count; overrides that take or fill do not, as they
// belong to no layer. False means nobody, or that there is no such layer.
func (r *Roster) Layer(name string, at time.Time) (Duty, bool) {
	u := at.Unix()
	i := slices.IndexFunc(r.layers, func(l layer) bool { return l.name == name })
	if i < 0 || u < firstSecond || u >= lastSecond {
		return Duty{}, false
	}
	l := &r.layers[i]
	return r.layerDuty(l, &r.covers[r.coverAt(u)], at, r.zones[l.zone].wall(u))
}

func (r *Roster) layerDuty(l *layer, c *cover, at time.Time, wall int64) (Duty, bool) {
	turn, ok := l.turn(at, wall)
	if !ok {
		return Duty{}, false
	}
	s := c.resolve(l.people[turn%int64(len(l.people))])
	if s.by == none {
		return Duty{}, false
	}
	return r.turned(l, turn, s), true
}

// resolve is who takes the place of somebody whose turn it is.
func (c *cover) resolve(who int32) stand {
	if s := find(c.replaced, who); s != nil {
		return *s
	}
	return c.present(who)
}

// present is who stands in for somebody who is absent, or he himself.
func (c *cover) present(who int32) stand {
	if s := find(c.absent, who); s != nil {
		return *s
	}
	return stand{who: who, by: who, absent: none, rule: none}
}

func (r *Roster) turned(l *layer, turn int64, s stand) Duty {
	d := Duty{Person: r.people[s.by], By: ByRotation, Layer: l.name, Turn: int(turn) + 1, Of: r.people[s.who]}
	if s.rule != none {
		d.Override = r.rota.Overrides[s.rule].Name
	}
	if s.absent != none {
		d.Absent = r.people[s.absent]
	}
	return d
}

func (r *Roster) overridden(by Source, s stand) Duty {
	d := Duty{Person: r.people[s.by], By: by, Override: r.rota.Overrides[s.rule].Name}
	if s.absent != none {
		d.Absent = r.people[s.absent]
	}
	return d
}

// coverAt is the index of the cover in force at a second.
func (r *Roster) coverAt(u int64) int {
	lo, hi := 0, len(r.covers)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); r.covers[mid].from <= u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// change is the first second after u at which the answer may be another; before it
// the answer is the same.
func (r *Roster) change(u int64) int64 {
	limit := int64(lastSecond)
	if i := r.coverAt(u); i+1 < len(r.covers) {
		limit = r.covers[i+1].from
	}
	at := time.Unix(u, 0)
	for i := range r.layers {
		z := r.zones[r.layers[i].zone]
		s := z.find(u)
		limit = r.layers[i].next(at, z.offsets[s], min(limit, z.until(s)))
	}
	return limit
}

// Order lists who could be called, in order and each once: who is on call, then, layer
// by layer, the others of it in the order of their turns. Layers that are closed are
// left out, and so are people who are absent, unless they have a substitute. In a gap
// there is nobody.
func (r *Roster) Order(at time.Time) []string {
	d, ok := r.OnCall(at)
	if !ok {
		return nil
	}
	u := at.Unix()
	c := &r.covers[r.coverAt(u)]
	all := []string{d.Person}
	for i := range r.layers {
		l := &r.layers[i]
		turn, ok := l.turn(at, r.zones[l.zone].wall(u))
		for n := int64(0); ok && n < int64(len(l.people)); n++ {
			if s := c.resolve(l.people[(turn+n)%int64(len(l.people))]); s.by != none {
				all = append(all, r.people[s.by])
			}
		}
	}
	return distinct(all)
}

// Explain tells in lines why somebody or nobody is on call: what each override in
// force and each layer has to say, in the order in which they count. The first that
// has somebody decides.
func (r *Roster) Explain(at time.Time) []string {
	u := at.Unix()
	if u < firstSecond || u >= lastSecond {
		return []string{"the roster knows the years 1900 to 2099 only"}
	}
	c := &r.covers[r.coverAt(u)]
	lines := r.explainOverrides(c, Take, at)
	for i := range r.layers {
		lines = append(lines, layerLine(r.layers[i].name)+r.explainLayer(&r.layers[i], c, at))
	}
	lines = append(lines, r.explainOverrides(c, Fill, at)...)
	d, _ := r.OnCall(at)
	return append(lines, d.String())
}

// layerLine begins what a layer has to say.
func layerLine(layer string) string { return "layer " + layer + ": " }

func (r *Roster) explainOverrides(c *cover, kind OverrideKind, at time.Time) []string {
	var lines []string
	for _, o := range slices.Backward(r.rota.Overrides) {
		if o.Kind != kind || at.Before(o.From) || !at.Before(o.Until) {
			continue
		}
		s := c.present(r.number[o.Person])
		lines = append(lines, fmt.Sprintf("override %s (%s): %s%s", o.Name, kind, o.Person, r.explainAbsence(s)))
	}
	return lines
}

func (r *Roster) explainAbsence(s stand) string {
	switch {
	case s.absent == none:
		return ""
	case s.by == none:
		return fmt.Sprintf(", but %s is absent without a substitute", r.people[s.absent])
	}
	return fmt.Sprintf(", but %s is absent, substitute %s", r.people[s.absent], r.people[s.by])
}

func (r *Roster) explainLayer(l *layer, c *cover, at time.Time) string {
	wall := r.zones[l.zone].wall(at.Unix())
	turn, ok := l.turn(at, wall)
	switch {
	case ok:
	case wall < l.from || wall >= l.until:
		return "not in force"
	case wall < l.first:
		return "the first turn has not begun"
	default:
		return l.hours.Reason(at).String()
	}
	who := l.people[turn%int64(len(l.people))]
	text := fmt.Sprintf("turn %d of %s", turn+1, r.people[who])
	if s := find(c.replaced, who); s != nil {
		o := r.rota.Overrides[s.rule]
		return fmt.Sprintf("%s, override %s: %s%s", text, o.Name, o.Person, r.explainAbsence(*s))
	}
	return text + r.explainAbsence(c.present(who))
}
