package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// writeLog writes a log of the columns that matter, a line for each event.
func writeLog(t *testing.T, lines ...string) string {
	const header = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,opened_at,sys_updated_at,impact,urgency,priority,assignment_group,assigned_to,closed_code"
	path := filepath.Join(t.TempDir(), "log.csv")
	require.NoError(t, os.WriteFile(path, []byte(header+"\n"+strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

type verdicts struct{ Met, Breached, Open int }

// figures are the parts of the JSON object that the tests look at.
type figures struct {
	Logged struct {
		Incidents  int
		Events     int
		Reopened   int                       `json:"reopened_incidents"`
		Reassigned int                       `json:"reassigned_incidents"`
		ByState    map[string]int            `json:"events_by_state"`
		ByPriority map[string]int            `json:"by_priority"`
		MadeSLA    struct{ True, False int } `json:"made_sla"`
	}
	Replayed struct {
		Incidents  int
		Events     int
		Reopened   int            `json:"reopened_incidents"`
		Reassigned int            `json:"reassigned_incidents"`
		ByPriority map[string]int `json:"by_priority"`
		Targets    map[string]verdicts
		Resolve    map[string]struct {
			Median float64 `json:"median_seconds"`
		} `json:"time_to_resolve"`
		Holds []struct {
			Reason   string
			Elapsed  float64 `json:"elapsed_hours"`
			Business float64 `json:"business_hours"`
		}
		Held []struct {
			Target, Group string
			Business      float64 `json:"business_hours"`
			Breaches      int
		} `json:"held_by"`
		Messages map[string]int
	}
	Refused map[string]int
}

func replay(t *testing.T, log string) figures {
	var f figures
	require.NoError(t, json.Unmarshal([]byte(jsonOf(t, "-log", log, "-out", t.TempDir(), "-verify")), &f))
	return f
}

// One incident, opened on a Tuesday at nine and resolved the next Monday at
// eleven, waiting from Wednesday noon to Friday noon: the goal of fifty office
// hours is kept. Another is urgent, changes hands once, and takes five hours of
// the four it has.
func TestAFewIncidentsCountedByHand(t *testing.T) {
	f := replay(t, writeLog(t,
		"INC1,New,true,0,0,0,true,1/3/2016 09:00,1/3/2016 09:00,2 - Medium,3 - Low,4 - Low,Group 1,?,?",
		"INC1,Active,true,0,0,1,true,1/3/2016 09:00,1/3/2016 10:00,2 - Medium,3 - Low,4 - Low,Group 1,Ann,?",
		"INC1,Awaiting User Info,true,0,0,2,true,1/3/2016 09:00,2/3/2016 12:00,2 - Medium,3 - Low,4 - Low,Group 1,Ann,?",
		"INC1,Active,true,0,0,3,true,1/3/2016 09:00,4/3/2016 12:00,2 - Medium,3 - Low,4 - Low,Group 1,Ann,?",
		"INC1,Resolved,true,0,0,4,true,1/3/2016 09:00,7/3/2016 11:00,2 - Medium,3 - Low,4 - Low,Group 1,Ann,code 1",
		"INC1,Closed,false,0,0,5,true,1/3/2016 09:00,12/3/2016 11:00,2 - Medium,3 - Low,4 - Low,Group 1,Ann,code 1",
		"INC2,New,true,0,0,0,true,1/3/2016 20:00,1/3/2016 20:00,1 - High,1 - High,1 - Critical,Group 1,Ann,?",
		"INC2,Active,true,1,0,1,true,1/3/2016 20:00,1/3/2016 20:10,1 - High,1 - High,1 - Critical,Group 2,Ben,?",
		"INC2,Resolved,true,1,0,2,false,1/3/2016 20:00,2/3/2016 01:00,1 - High,1 - High,1 - Critical,Group 2,Ben,code 2",
	))
	require.Equal(t, 2, f.Logged.Incidents)
	require.Equal(t, 9, f.Logged.Events)
	require.Equal(t, map[string]int{"New": 2, "Active": 3, "Awaiting User Info": 1, "Resolved": 2, "Closed": 1}, f.Logged.ByState)
	require.Equal(t, struct{ True, False int }{1, 1}, f.Logged.MadeSLA)
	// Group 1 had the first one for 22 office hours of its goal, and the urgent one
	// for ten minutes; Group 2 had that for the rest, and missed its goal.
	require.Len(t, f.Replayed.Held, 3)
	require.Equal(t, "resolution", f.Replayed.Held[0].Target)
	require.Equal(t, "Group 1", f.Replayed.Held[0].Group)
	require.InDelta(t, 22+1./6, f.Replayed.Held[0].Business, 1e-9)
	require.Zero(t, f.Replayed.Held[0].Breaches)
	require.Equal(t, "Group 2", f.Replayed.Held[1].Group)
	require.InDelta(t, 4+5./6, f.Replayed.Held[1].Business, 1e-9)
	require.Equal(t, 1, f.Replayed.Held[1].Breaches)

	r := f.Replayed
	require.Equal(t, 2, r.Incidents)
	require.Equal(t, 9, r.Events)
	require.Equal(t, 1, r.Reassigned)
	require.Zero(t, r.Reopened)
	require.Equal(t, map[string]int{"1": 1, "4": 1}, r.ByPriority)
	require.Equal(t, map[string]verdicts{"resolution": {Met: 1, Breached: 1}, "time to own": {Met: 2}}, r.Targets)
	require.Equal(t, 5*3600.0, r.Resolve["elapsed"].Median, "the smaller of the two: five hours of the night")
	require.Equal(t, 0.0, r.Resolve["business"].Median, "none of them office hours")
	require.Len(t, r.Holds, 1)
	require.Equal(t, "awaiting caller", r.Holds[0].Reason)
	require.Equal(t, 48.0, r.Holds[0].Elapsed)
	require.Equal(t, 6.0+10+4, r.Holds[0].Business)
	require.Equal(t, 1, r.Messages["incident.sla_breach"])
	require.Equal(t, 2, r.Messages["incident.resolved"])
	require.Empty(t, f.Refused)
}

func TestDirtyRowsAreCountedByReason(t *testing.T) {
	row := func(state, at string) string {
		return "INC1," + state + ",true,0,0,0,true,1/3/2016 09:00," + at + ",2 - Medium,2 - Medium,3 - Moderate,Group 1,Ann,code 1"
	}
	f := replay(t, writeLog(t,
		row("New", "1/3/2016 09:00"),
		row("-100", "1/3/2016 09:10"),
		row("Active", "1/3/2016 09:20"),
		row("New", "1/3/2016 09:30"),
		row("Closed", "1/3/2016 09:40"),
		row("Resolved", "1/3/2016 10:00"),
		row("Active", "1/3/2016 09:50"),
		row("Closed", "1/3/2016 11:00"),
		row("Active", "1/3/2016 12:00"),
	))
	require.Equal(t, 9, f.Logged.Events)
	require.Equal(t, 4, f.Replayed.Events)
	require.Equal(t, map[string]int{
		"unknown state -100":                         1,
		"back_to_new: not possible when in_progress": 1,
		"close: not possible when in_progress":       1,
		"dated before the event that precedes it":    1,
		"reopen: not possible when closed":           1,
	}, f.Refused)
}
