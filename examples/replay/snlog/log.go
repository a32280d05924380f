package snlog

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// A Log is a whole log, grouped by incident.
type Log struct {
	Incidents []Incident // in the order in which they first appear
	Bad       []*RowError
}

// Open reads the log in a file.
func Open(path string, opts Options) (*Log, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := NewReader(f, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	log, err := Collect(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return log, nil
}

// Collect reads the rows that are left and groups them by incident, whether or
// not those of one incident stand together. It fails only where the file cannot
// be read any further; rows that cannot be read are in Bad.
func Collect(r *Reader) (*Log, error) {
	log := &Log{}
	where := map[string]int{}
	for row, err := range r.Rows() {
		var bad *RowError
		if errors.As(err, &bad) {
			log.Bad = append(log.Bad, bad)
			continue
		}
		if err != nil {
			return nil, err
		}
		i, ok := where[row.Number]
		if !ok {
			i = len(log.Incidents)
			where[row.Number] = i
			log.Incidents = append(log.Incidents, Incident{Number: row.Number})
		}
		log.Incidents[i].Rows = append(log.Incidents[i].Rows, row)
	}
	return log, nil
}

// Logged are the figures that a log states in its own columns, without a
// lifecycle or a clock to judge them. The last event of an incident decides.
type Logged struct {
	Incidents     int            `json:"incidents"`
	Events        int            `json:"events"`         // rows that can be read
	MalformedRows int            `json:"malformed_rows"` // rows that cannot
	EventsByState map[string]int `json:"events_by_state"`
	Reopened      int            `json:"reopened_incidents"`   // reopen_count above zero
	Reassigned    int            `json:"reassigned_incidents"` // reassignment_count above zero
	ByPriority    map[string]int `json:"by_priority"`          // incidents by "1" to "5"
	MadeSLA       Verdicts       `json:"made_sla"`
}

// Verdicts count incidents by what made_sla says of them.
type Verdicts struct {
	True  int `json:"true"`
	False int `json:"false"`
}

// Logged counts what the log says of itself.
func (l *Log) Logged() Logged {
	f := Logged{
		Incidents:     len(l.Incidents),
		MalformedRows: len(l.Bad),
		EventsByState: map[string]int{},
		ByPriority:    map[string]int{},
	}
	for _, inc := range l.Incidents {
		f.Events += len(inc.Rows)
		for _, row := range inc.Rows {
			f.EventsByState[row.State]++
		}
		last := inc.Last()
		f.ByPriority[strconv.Itoa(last.Priority)]++
		if last.Reopens > 0 {
			f.Reopened++
		}
		if last.Reassignments > 0 {
			f.Reassigned++
		}
		if last.MadeSLA {
			f.MadeSLA.True++
		} else {
			f.MadeSLA.False++
		}
	}
	return f
}

// Period returns the times of the first and the last event, both zero when
// there is none.
func (l *Log) Period() (from, to time.Time) {
	for _, inc := range l.Incidents {
		for _, row := range inc.Rows {
			if from.IsZero() || row.Updated.Before(from) {
				from = row.Updated
			}
			if row.Updated.After(to) {
				to = row.Updated
			}
		}
	}
	return from, to
}
