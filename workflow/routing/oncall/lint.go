package oncall

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// What [Roster.Lint] finds.
const (
	FindNobody      = "nobody"             // nobody is ever on call
	FindGap         = "gap"                // there are times without anybody
	FindLayer       = "layer_not_reached"  // a layer never decides
	FindPerson      = "person_not_reached" // a participant is never on call
	FindOverlap     = "overlap"            // two overrides or absences contradict each other
	FindNoEffect    = "no_effect"          // an override changes nothing
	FindClock       = "clock_change"       // a hand-over is skipped or happens twice
	FindSplitShifts = "split_shift"        // a hand-over lies in the middle of a shift
)

// Finding is a doubt about a rota that is valid.
type Finding struct {
	Kind  string `json:"kind"`  // one of those above
	Where string `json:"where"` // the rota, layer, person or override
	Text  string `json:"text"`
}

// String reads "kind: where: text".
func (f Finding) String() string { return f.Kind + ": " + f.Where + ": " + f.Text }

// Lint returns what is allowed but probably not meant, as seen from..until, which
// should be some full rounds of the rotations.
func (r *Roster) Lint(from, until time.Time) []Finding {
	var found []Finding
	add := func(kind, where, format string, args ...any) {
		found = append(found, Finding{kind, where, fmt.Sprintf(format, args...)})
	}
	layers, people, overrides := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var first Span
	var gaps int
	var missing time.Duration
	for s := range r.Spans(from, until) {
		if s.Gap() {
			if gaps++; gaps == 1 {
				first = s
			}
			missing += s.Length()
			continue
		}
		layers[s.Layer], people[s.Person], overrides[s.Override] = true, true, true
	}
	switch {
	case len(people) == 0:
		add(FindNobody, r.rota.Name, "nobody is ever on call")
	case gaps > 0:
		add(FindGap, r.rota.Name, "%d gaps of together %v, the first from %s to %s", gaps, missing,
			first.From.Format(time.RFC3339), first.Until.Format(time.RFC3339))
	}
	for _, l := range r.rota.Layers {
		if !layers[l.Name] {
			add(FindLayer, l.Name, "never decides who is on call")
			continue
		}
		for _, p := range distinct(l.Participants) {
			if !people[p] {
				add(FindPerson, p, "takes part in layer %s and is never on call", l.Name)
			}
		}
	}
	for _, o := range r.rota.Overrides {
		if o.From.Before(until) && o.Until.After(from) && !overrides[o.Name] {
			add(FindNoEffect, o.Name, "the override changes nothing")
		}
	}
	found = append(found, r.overlaps(from, until)...)
	for i := range r.layers {
		found = append(found, r.lintLayer(&r.layers[i], r.rota.Layers[i], from, until)...)
	}
	return found
}

// overlaps tells each override, and each absence, of the first later one that has the
// same to say about a part of its time.
func (r *Roster) overlaps(from, until time.Time) []Finding {
	var found []Finding
	meet := func(a1, a2, b1, b2 time.Time) bool {
		return a1.Before(b2) && b1.Before(a2) && a1.Before(until) && from.Before(a2)
	}
	for i, o := range r.rota.Overrides {
		later := r.rota.Overrides[i+1:]
		j := slices.IndexFunc(later, func(l Override) bool {
			return l.Kind == o.Kind && l.For == o.For && meet(o.From, o.Until, l.From, l.Until)
		})
		if j >= 0 {
			found = append(found, Finding{FindOverlap, o.Name, fmt.Sprintf("override %s overlaps it, and counts", later[j].Name)})
		}
	}
	for i, a := range r.rota.Absences {
		later := r.rota.Absences[i+1:]
		j := slices.IndexFunc(later, func(l Absence) bool {
			return l.Person == a.Person && l.Substitute != a.Substitute && meet(a.From, a.Until, l.From, l.Until)
		})
		if j >= 0 {
			found = append(found, Finding{FindOverlap, a.Person, "two absences overlap and name different substitutes"})
		}
	}
	return found
}

// lintLayer looks at the hand-overs of a layer.
func (r *Roster) lintLayer(l *layer, data Layer, from, until time.Time) []Finding {
	if l.period == 0 || len(distinct(data.Participants)) == 1 {
		return nil
	}
	var found []Finding
	z := r.zones[l.zone]
	for i := 1; i < len(z.starts); i++ {
		at := z.starts[i]
		if at <= from.Unix() || at >= until.Unix() {
			continue
		}
		// The readings between the two are skipped, or come again.
		a, b := at+z.offsets[i-1], at+z.offsets[i]
		what := "is skipped by the clock: it happens right behind the gap"
		if a > b {
			a, b, what = b, a, "comes twice on the clock: the one before is on call again in between"
		}
		hand := l.anchor + max(0, a-l.anchor)/l.period*l.period
		for ; hand < b; hand += l.period {
			if hand > a && hand >= l.first && hand >= l.from && hand < l.until {
				found = append(found, Finding{FindClock, l.name, fmt.Sprintf("the hand-over of %s %s",
					time.Unix(hand, 0).UTC().Format("2006-01-02 15:04"), what)})
			}
		}
	}
	if l.hours != nil && splits(l, data) {
		found = append(found, Finding{FindSplitShifts, l.name, "the hand-over lies in the middle of a shift, which two people share"})
	}
	return found
}

// splits tells whether a hand-over lies inside a shift of the week.
func splits(l *layer, data Layer) bool {
	// A calendar without holidays, in a zone without changes of the clock, is the
	// ordinary week.
	week, err := calendar.Compile(calendar.Definition{Zone: "UTC", Weekly: data.Hours})
	if err != nil || len(data.Hours) == 0 {
		return false
	}
	for n := range int64(7 * 24) {
		hand := time.Unix(l.anchor+n*l.period, 0).UTC()
		if week.IsOpen(hand) && week.IsOpen(hand.Add(-time.Second)) && !roundTheClock(week, hand) {
			return true
		}
	}
	return false
}

// roundTheClock tells whether a week has no end of a shift.
func roundTheClock(week *calendar.Calendar, at time.Time) bool {
	_, ends := week.NextClosing(at)
	return !ends
}
