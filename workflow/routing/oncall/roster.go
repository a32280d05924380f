package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// Roster is a compiled [Rota]. It is immutable and safe for concurrent use. Make one
// with [NewRoster] or [ParseRota]; the zero value is not a roster.
//
// Whether a layer has somebody, and whom, depends only on what its wall clock reads.
// A hand-over in an hour that the clock skips happens right behind the gap. One in an
// hour that it repeats happens twice: in the repeated part before the time of the
// hand-over, the one who has handed over is on call again. Of a day that a zone skips
// the turn never comes. [Roster.Lint] tells of them.
//
// A roster knows the years 1900 to 2099; outside of them nobody is on call.
type Roster struct {
	rota   Rota
	zones  []*zone
	layers []layer
	people []string
	number map[string]int32
	covers []cover
}

// layer is a compiled [Layer]. Its times are wall-clock seconds of its zone.
type layer struct {
	name        string
	zone        int // of the roster's zones
	people      []int32
	first       int64 // the first turn begins
	anchor      int64 // a hand-over at or before first
	period      int64 // of a turn; 0: there is only one person
	from, until int64
	hours       *calendar.Calendar // nil: around the clock
}

// NewRoster compiles a rota. The rota is copied. The error lists everything that is
// wrong with it and matches [workflow.ErrInvalid].
func NewRoster(rota Rota) (*Roster, error) {
	r := &Roster{rota: rota.Clone(), number: map[string]int32{}}
	var bad problems
	what := fmt.Sprintf("oncall: rota %.64q", rota.Name)
	layers := bad.between("layers", len(rota.Layers), 1, MaxLayers)
	overrides := bad.between("overrides", len(rota.Overrides), 0, MaxOverrides)
	absences := bad.between("absences", len(rota.Absences), 0, MaxOverrides)
	if !layers || !overrides || !absences {
		return nil, bad.Err(what)
	}
	bad.name("name", rota.Name)
	if rota.Version < 1 {
		bad.Addf("version %d, versions count from 1", rota.Version)
	}
	r.zone(rota.Zone, "rota", &bad)
	bad.unique("layer", r.Layers())
	bad.unique("override", namesOf(rota.Overrides, func(o Override) string { return o.Name }))
	for _, l := range r.rota.Layers {
		r.layers = append(r.layers, r.layer(l, &bad))
	}
	for _, o := range rota.Overrides {
		o.validate(&bad)
		r.person(o.Person)
		r.person(o.For)
	}
	for i, a := range rota.Absences {
		a.validate(&bad, fmt.Sprintf("absence %d of %.64q", i+1, a.Person))
		r.person(a.Person)
		r.person(a.Substitute)
	}
	if err := bad.Err(what); err != nil {
		return nil, err
	}
	r.covers = r.coverage(&bad)
	if err := bad.Err(what); err != nil {
		return nil, err
	}
	return r, nil
}

// Rota returns a copy of what the roster was compiled from.
func (r *Roster) Rota() Rota { return r.rota.Clone() }

// Layers lists the layers by precedence.
func (r *Roster) Layers() []string {
	return namesOf(r.rota.Layers, func(l Layer) string { return l.Name })
}

// People lists everybody who is named in the rota, by name.
func (r *Roster) People() []string { return slices.Sorted(slices.Values(r.people)) }

// person is the number of a person; nobody is none.
func (r *Roster) person(name string) int32 {
	if name == "" {
		return none
	}
	n, known := r.number[name]
	if !known {
		n = int32(len(r.people))
		r.people, r.number[name] = append(r.people, name), n
	}
	return n
}

// zone is the number of a zone.
func (r *Roster) zone(name, where string, bad *problems) int {
	if i := slices.IndexFunc(r.zones, func(z *zone) bool { return z.name == name }); i >= 0 {
		return i
	}
	z, err := newZone(name)
	if err != nil {
		bad.Addf("%s: %w", where, err)
		z = &zone{name: name}
	}
	r.zones = append(r.zones, z)
	return len(r.zones) - 1
}

func (r *Roster) layer(l Layer, bad *problems) layer {
	where := fmt.Sprintf("layer %.64q", l.Name)
	c := layer{name: l.Name, from: firstSecond, until: lastSecond + 2*daySeconds}
	c.from -= 2 * daySeconds
	if l.Zone != "" {
		c.zone = r.zone(l.Zone, where, bad)
	}
	bad.between(where+": participants", len(l.Participants), 1, MaxParticipants)
	for _, name := range l.Participants[:min(len(l.Participants), MaxParticipants)] {
		bad.name(where+": participant", name)
		c.people = append(c.people, r.person(name))
	}
	moment := func(s, what string, into *int64) {
		if s == "" {
			return
		}
		at, err := readWall(s)
		if err != nil {
			bad.Addf("%s: %s: %w", where, what, err)
			return
		}
		*into = at
	}
	moment(l.From, "from", &c.from)
	moment(l.Until, "until", &c.until)
	if c.from >= c.until {
		bad.Addf("%s: from %s is not before until %s", where, l.From, l.Until)
	}
	c.rotate(l, where, bad)
	c.restrict(l, r.rota.Zone, where, bad)
	return c
}

// rotate reads the rotation.
func (c *layer) rotate(l Layer, where string, bad *problems) {
	c.first = c.from
	if l.Rotation == (Rotation{}) {
		if len(l.Participants) > 1 {
			bad.Addf("%s: several participants need a rotation", where)
		}
		return
	}
	rot := l.Rotation
	where += ": rotation"
	unit, known := map[Unit]int64{Hour: 3600, Day: daySeconds, Week: 7 * daySeconds}[rot.Every]
	if !known {
		bad.Addf("%s: every %.64q, must be hour, day or week", where, rot.Every)
	}
	if rot.On != "" && rot.Every != Week {
		bad.Addf("%s: only weeks have a weekday of the hand-over", where)
	}
	if rot.Count < 0 || known && int64(rot.Count) > MaxTurnDays*daySeconds/unit {
		bad.Addf("%s: count %d, a turn takes 1 hour to %d days", where, rot.Count, MaxTurnDays)
	}
	var clock int64
	var err error
	if rot.At != "" {
		if clock, err = readClock(rot.At); err != nil {
			bad.Addf("%s: at: %w", where, err)
		}
	}
	on, ok := weekday(rot.On)
	if rot.On != "" && !ok {
		bad.Addf("%s: on %.40q must be a day of the week such as monday", where, rot.On)
	}
	start, err := time.Parse(time.DateOnly, rot.Start)
	if err != nil || start.Unix() < firstSecond || start.Unix() >= lastSecond {
		bad.Addf("%s: start %.40q must be a day of the years 1900 to 2099 such as 2026-01-05", where, rot.Start)
		return
	}
	back := 0
	if rot.On != "" {
		back = (int(start.Weekday()) - int(on) + 7) % 7
	}
	c.first = start.Unix() + clock
	c.anchor = c.first - int64(back)*daySeconds
	c.period = max(int64(rot.Count), 1) * unit
}

func weekday(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.ToLower(d.String()) == s {
			return d, true
		}
	}
	return 0, false
}

// restrict compiles the hours.
func (c *layer) restrict(l Layer, zone, where string, bad *problems) {
	if len(l.Hours) == 0 && len(l.Holidays) == 0 {
		return
	}
	if l.Zone != "" {
		zone = l.Zone
	}
	def := calendar.Definition{Name: "its hours", Zone: zone, Weekly: l.Hours, Holidays: l.Holidays}
	if len(l.Hours) == 0 {
		def.Weekly = []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"00:00-24:00"}}}
	}
	cal, err := calendar.Compile(def)
	if err != nil {
		bad.Addf("%s: hours: %w", where, err)
		return
	}
	c.hours = cal
}

// turn is the number of the turn at an instant, counted from 0, and false if the
// layer is not in force or closed then.
func (c *layer) turn(at time.Time, wall int64) (int64, bool) {
	if wall < c.from || wall >= c.until || wall < c.first || c.hours != nil && !c.hours.IsOpen(at) {
		return 0, false
	}
	if c.period == 0 {
		return 0, true
	}
	return (wall - c.anchor) / c.period, true
}

// next is the first second after at, and at most limit, at which the layer may
// change. The offset of the zone stays the same up to limit.
func (c *layer) next(at time.Time, offset, limit int64) int64 {
	wall := at.Unix() + offset
	consider := func(w int64) {
		if w > wall && w-offset < limit {
			limit = w - offset
		}
	}
	consider(c.from)
	consider(c.until)
	consider(c.first)
	if wall < c.from || wall >= c.until || wall < c.first {
		return limit
	}
	if c.period > 0 {
		consider(c.anchor + ((wall-c.anchor)/c.period+1)*c.period)
	}
	if c.hours != nil {
		change := c.hours.NextOpening
		if c.hours.IsOpen(at) {
			change = c.hours.NextClosing
		}
		if t, ok := change(at); ok {
			limit = min(limit, t.Unix())
		}
	}
	return limit
}
