package sla_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// The service-level cases of the conformance file, which tells what each field
// means.
type conformanceCase struct {
	ID       string          `json:"id"`
	Op       string          `json:"op"`
	Calendar conformanceCal  `json:"calendar"`
	Targets  []caseTarget    `json:"targets"`
	Events   []caseEvent     `json:"events"`
	AsOf     *time.Time      `json:"asof"`
	Want     json.RawMessage `json:"want"`
}

type conformanceCal struct {
	TZ       string                 `json:"tz"`
	Weekly   map[string][][2]string `json:"weekly"`
	Holidays []string               `json:"holidays"`
	Shifts   map[string][][2]string `json:"shifts"`
	Breaks   map[string][][2]string `json:"breaks"`
}

type caseTarget struct {
	Name            string   `json:"name"`
	BusinessSeconds *float64 `json:"business_seconds"`
	BusinessDays    int      `json:"business_days"`
	EndOfDay        bool     `json:"end_of_day"`
	Pausable        *bool    `json:"pausable"`
}

type caseEvent struct {
	Type     string          `json:"type"`
	At       time.Time       `json:"at"`
	Names    []string        `json:"names"`
	Targets  []caseTarget    `json:"targets"`
	Calendar *conformanceCal `json:"calendar"`
}

func (c conformanceCal) build(t *testing.T, name string) *calendar.Calendar {
	spans := func(in [][2]string) (out []string) {
		for _, s := range in {
			out = append(out, s[0]+"-"+s[1])
		}
		return out
	}
	opts := []calendar.Option{calendar.Named(name)}
	for i, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if s := spans(c.Weekly[day]); len(s) > 0 {
			opts = append(opts, calendar.Weekly(time.Weekday(i), time.Weekday(i), s...))
		}
	}
	for _, h := range c.Holidays {
		opts = append(opts, calendar.Closed(h, ""))
	}
	for date, s := range c.Shifts {
		opts = append(opts, calendar.Override(date, "", spans(s)...))
	}
	for date, s := range c.Breaks {
		opts = append(opts, calendar.Break(date, "", spans(s)...))
	}
	cal, err := calendar.New(c.TZ, opts...)
	require.NoError(t, err)
	return cal
}

// facts turns the cases' events into the facts of a record: paused is being on
// hold, stopped is being resolved. The service names which definition counts.
func target(ct caseTarget, n int, cal *calendar.Calendar) sla.Goal {
	g := sla.Goal{Calendar: cal, When: func(f sla.Facts) bool { return f.Service == fmt.Sprint(n) }}
	if ct.BusinessSeconds != nil {
		g.Within = time.Duration(*ct.BusinessSeconds * 1e9)
	}
	g.Days, g.EndOfDay = calendar.Days(ct.BusinessDays), ct.EndOfDay
	return g
}

func TestConformance(t *testing.T) {
	f, err := os.Open("calendar/testdata/business-time.jsonl")
	require.NoError(t, err)
	defer f.Close()
	cases := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c conformanceCase
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		if c.Op == "sla" {
			cases++
			t.Run(c.ID, func(t *testing.T) { c.run(t) })
		}
	}
	require.Equal(t, 76, cases)
}

func (c conformanceCase) run(t *testing.T) {
	var want struct {
		Targets map[string]map[string]any `json:"targets"`
	}
	require.NoError(t, json.Unmarshal(c.Want, &want))
	for name, w := range want.Targets {
		got := c.follow(t, name)
		for key, v := range w {
			require.Equal(t, instant(v), got[key], "%s: %s of %s", c.ID, key, name)
		}
	}
}

// follow runs the engine over the events as one target sees them.
func (c conformanceCase) follow(t *testing.T, name string) map[string]any {
	var goals []sla.Goal
	pausable := true
	define := func(targets []caseTarget, cal conformanceCal) {
		built := cal.build(t, fmt.Sprintf("calendar %d", len(goals)))
		for _, ct := range targets {
			if ct.Name == name {
				pausable = ct.Pausable == nil || *ct.Pausable
				goals = append(goals, target(ct, len(goals), built))
			}
		}
	}
	define(c.Targets, c.Calendar)
	for _, e := range c.Events {
		if e.Type == "retarget" {
			cal := c.Calendar
			if e.Calendar != nil {
				cal = *e.Calendar
			}
			define(e.Targets, cal)
		}
	}
	tgt := sla.Target{Name: name, Goals: goals, Start: sla.OnAssigned, Stop: sla.OnResolved, OnChange: sla.Retroactive}
	if pausable {
		tgt.Pause = sla.OnHold()
	}
	engine, err := sla.NewEngine(tgt)
	require.NoError(t, err)
	facts := sla.Facts{Service: "0"}
	var clocks []sla.Clock
	at := time.Time{}
	definition := 0
	for _, e := range c.Events {
		if at = e.At; len(e.Names) > 0 && !slices.Contains(e.Names, name) {
			continue
		}
		switch e.Type {
		case "start":
			facts.Assigned = true
			if facts.Category == workflow.CategoryResolved {
				facts.Category = workflow.CategoryActive
			}
		case "resume":
			facts.Category = workflow.CategoryActive
		case "pause":
			facts.Category = workflow.CategoryOnHold
		case "stop":
			facts.Category = workflow.CategoryResolved
		case "retarget":
			definition++
			facts.Service = fmt.Sprint(definition)
		}
		clocks, _, err = engine.Advance(clocks, facts, e.At, e.Type)
		require.NoError(t, err)
	}
	if c.AsOf != nil {
		at = *c.AsOf
		if !at.Before(clocks[0].Periods[len(clocks[0].Periods)-1].From) {
			clocks, _, err = engine.Advance(clocks, facts, at, "asof")
			require.NoError(t, err)
		}
	}
	require.Len(t, clocks, 1)
	r, err := engine.Read(clocks[0], at)
	require.NoError(t, err)
	return result(r)
}

// instant puts a time stamp into UTC, as instants are compared as such.
func instant(v any) any {
	if s, ok := v.(string); ok {
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	return v
}

func result(r sla.Reading) map[string]any {
	when := func(at time.Time) any {
		if at.IsZero() {
			return nil
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	return map[string]any{
		"due": when(r.Due), "breach_at": when(r.BreachAt), "breached": r.Breached, "state": string(r.State),
		"elapsed": r.Elapsed.Seconds(), "remaining": r.Remaining.Seconds(), "paused_business_seconds": r.Paused.Seconds(),
	}
}
