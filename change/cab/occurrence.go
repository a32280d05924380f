package cab

import (
	"slices"
	"time"
)

// Occurrence is one regular meeting of a board, by its recurrence.
type Occurrence struct {
	Start  time.Time `json:"start"`  // in UTC
	End    time.Time `json:"end"`    // as planned
	Cutoff time.Time `json:"cutoff"` // when its agenda closes
	// Date is the date, in the board's zone, that the recurrence gives. A meeting
	// that was moved is on another one.
	Date  string `json:"date"`
	Moved bool   `json:"moved,omitempty"`
}

// MaxOccurrences is the most meetings that [Board.Next] looks for.
const MaxOccurrences = 1000

// patience is for how long Next looks for one more meeting. Whatever recurs does so
// within a year; closed days can take some of that away, but not for so long.
const patience = 8 * 366

// lastYear is where instants end that a calendar knows.
const lastYear = 9990

// Next returns the first n meetings that begin after an instant, in order; fewer if
// there are no more, and none for an emergency board or one that is not valid. n is
// at most [MaxOccurrences]. It reads no clock and always comes to an end.
func (b Board) Next(after time.Time, n int) []Occurrence {
	loc, err := time.LoadLocation(b.Zone)
	if err != nil || b.Meets == nil || b.Emergency || n < 1 {
		return nil
	}
	pl, ok := b.Meets.compile()
	if !ok {
		return nil
	}
	n = min(n, MaxOccurrences)
	// A meeting can have been moved from as far away as this, and local dates differ
	// from those of UTC by one.
	date := dateOf(after, time.UTC).AddDate(0, 0, -MaxMove-2)
	if date.Before(pl.from) {
		date = pl.from
	}
	var found []Occurrence
	var enough time.Time // no later date can be moved before the first n
	for idle := 0; idle < patience && date.Year() < lastYear; date, idle = date.AddDate(0, 0, 1), idle+1 {
		if !pl.until.IsZero() && date.After(pl.until) || !enough.IsZero() && date.After(enough) {
			break
		}
		o, ok := b.occurrence(pl, date, loc)
		if !ok || !o.Start.After(after) {
			continue
		}
		idle = 0
		if found = insert(found, o); len(found) >= n {
			enough = dateOf(found[n-1].Start, loc).AddDate(0, 0, MaxMove+1)
		}
	}
	return found[:min(n, len(found))]
}

// occurrence is the meeting that the plan gives for a date, if there is one.
func (b Board) occurrence(pl plan, date time.Time, loc *time.Location) (Occurrence, bool) {
	if !pl.on(date) {
		return Occurrence{}, false
	}
	held, ok := b.openDay(date, loc)
	if !ok {
		return Occurrence{}, false
	}
	start := wall(held, pl.clock, loc)
	return Occurrence{Start: start, End: start.Add(time.Duration(b.Length)), Cutoff: start.Add(-time.Duration(b.Cutoff)),
		Date: date.Format(time.DateOnly), Moved: !held.Equal(date)}, true
}

// insert keeps meetings in order. Of two at the same time the one that was not moved
// stays.
func insert(all []Occurrence, o Occurrence) []Occurrence {
	i, same := slices.BinarySearchFunc(all, o, func(a, b Occurrence) int { return a.Start.Compare(b.Start) })
	switch {
	case !same:
		return slices.Insert(all, i, o)
	case all[i].Moved && !o.Moved:
		all[i] = o
	}
	return all
}

// openDay is the date on which a meeting of a date is held, by the calendar.
func (b Board) openDay(date time.Time, loc *time.Location) (time.Time, bool) {
	if b.Calendar == nil {
		return date, true
	}
	begin, end := wall(date, 0, loc), wall(date.AddDate(0, 0, 1), 0, loc)
	if t, ok := b.Calendar.NextOpen(begin); ok && t.Before(end) {
		return date, true
	}
	held, ok := date, false
	switch b.Meets.ClosedDays {
	case Next:
		var t time.Time
		if t, ok = b.Calendar.NextOpen(end); ok {
			held = dateOf(t, loc)
		}
	case Previous:
		var t time.Time
		if t, ok = b.Calendar.PrevOpen(begin); ok { // the day whose open time ends there
			held = dateOf(t.Add(-1), loc)
		}
	}
	return held, ok && held.Sub(date).Abs() <= MaxMove*day
}

// dateOf is the date that an instant has in a zone, as a midnight in UTC.
func dateOf(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// wall is the instant at which the clock of a zone reads so much after midnight on a
// date. A reading that comes twice is the first. One that is left out is taken with
// the offset before the gap, and so lies as far behind it.
func wall(date time.Time, clock time.Duration, loc *time.Location) time.Time {
	reading := date.Add(clock)
	before := reading.Add(-offset(reading.Add(-day), loc))
	after := reading.Add(-offset(reading.Add(day), loc))
	if offset(before, loc) != offset(reading.Add(-day), loc) && offset(after, loc) == offset(reading.Add(day), loc) {
		return after
	}
	return before
}

// offset is by how much the clock of a zone is ahead of UTC at an instant.
func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}
