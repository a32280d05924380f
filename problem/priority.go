package problem

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Level is how severe an impact or how pressing an urgency is. Lower values are more
// severe. The zero Level is not set.
type Level uint8

// The levels. A matrix uses those it has.
const (
	VeryHigh Level = iota + 1
	High
	Medium
	Low
	VeryLow
)

var levelNames = [...]string{"", "very_high", "high", "medium", "low", "very_low"}

// String gives the level's text form, such as "very_high", or "" if not set.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "level " + strconv.Itoa(int(l))
}

// MarshalText implements [encoding.TextMarshaler].
func (l Level) MarshalText() ([]byte, error) {
	if int(l) >= len(levelNames) {
		return nil, fmt.Errorf("problem: %v is not a level: %w", l, workflow.ErrInvalid)
	}
	return []byte(l.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown levels.
func (l *Level) UnmarshalText(b []byte) error {
	i := slices.Index(levelNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("problem: level %.32q, want one of %s: %w", b, strings.Join(levelNames[1:], ", "), workflow.ErrInvalid)
	}
	*l = Level(i)
	return nil
}

// Priority ranks problems; 1 comes first. The zero Priority is not set.
type Priority uint8

// The priorities, as ServiceNow names them.
const (
	P1 Priority = iota + 1 // critical
	P2                     // high
	P3                     // moderate
	P4                     // low
	P5                     // planning
)

// String gives "P1" to "P5", or "" if not set.
func (p Priority) String() string {
	if p == 0 {
		return ""
	}
	return "P" + strconv.Itoa(int(p))
}

// MarshalText implements [encoding.TextMarshaler].
func (p Priority) MarshalText() ([]byte, error) {
	if p > P5 {
		return nil, fmt.Errorf("problem: %v is not a priority: %w", p, workflow.ErrInvalid)
	}
	return []byte(p.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown priorities.
func (p *Priority) UnmarshalText(b []byte) error {
	for q := Priority(0); q <= P5; q++ {
		if q.String() == string(b) {
			*p = q
			return nil
		}
	}
	return fmt.Errorf("problem: priority %.32q, want P1 to P5: %w", b, workflow.ErrInvalid)
}

// Matrix derives the priority from impact and urgency. It is plain data, with a JSON
// form, the same as that of incidents; [Matrix.Validate] checks it.
type Matrix struct {
	Impacts   []Level      `json:"impacts"`   // the rows
	Urgencies []Level      `json:"urgencies"` // the columns
	Cells     [][]Priority `json:"cells"`     // a row for each impact
}

// ServiceNowMatrix is the 3×3 that ServiceNow ships: the priority is the number of the
// impact plus that of the urgency less one.
func ServiceNowMatrix() Matrix {
	levels := []Level{High, Medium, Low}
	return Matrix{Impacts: levels, Urgencies: slices.Clone(levels), Cells: [][]Priority{
		{P1, P2, P3},
		{P2, P3, P4},
		{P3, P4, P5},
	}}
}

// ParseMatrix decodes a matrix from JSON and checks it. Unknown fields are refused.
func ParseMatrix(data []byte) (Matrix, error) {
	var m Matrix
	if err := workflow.ParseJSON(data, "problem: priority matrix", &m); err != nil {
		return Matrix{}, err
	}
	return m, m.Validate()
}

// Validate reports every fault of the matrix in one error matching
// [workflow.ErrInvalid].
func (m Matrix) Validate() error {
	var p workflow.Problems
	checkAxis(&p, "impact", m.Impacts)
	checkAxis(&p, "urgency", m.Urgencies)
	if len(m.Cells) != len(m.Impacts) {
		p.Addf("%d rows for %d impacts", len(m.Cells), len(m.Impacts))
	}
	for i, row := range m.Cells {
		if len(row) != len(m.Urgencies) {
			p.Addf("row %d: %d cells for %d urgencies", i+1, len(row), len(m.Urgencies))
		}
		for j, c := range row {
			if c < P1 || c > P5 {
				p.Addf("row %d, column %d: no priority", i+1, j+1)
			}
		}
	}
	return p.Err("problem: priority matrix")
}

func checkAxis(p *workflow.Problems, name string, levels []Level) {
	if len(levels) == 0 {
		p.Addf("no %s levels", name)
	}
	for i, l := range levels {
		if l < VeryHigh || l > VeryLow || slices.Contains(levels[:i], l) {
			p.Addf("%s level %d (%v) is unknown or listed twice", name, i+1, l)
		}
	}
}

// Priority looks the priority up. An impact or urgency the matrix does not have is an
// error that lists those it has.
func (m Matrix) Priority(impact, urgency Level) (Priority, error) {
	i, j := slices.Index(m.Impacts, impact), slices.Index(m.Urgencies, urgency)
	var p workflow.Problems
	if i < 0 {
		p.Addf("impact %q is not one of %v", impact, m.Impacts)
	}
	if j < 0 {
		p.Addf("urgency %q is not one of %v", urgency, m.Urgencies)
	}
	if err := p.Err("problem: priority"); err != nil {
		return 0, err
	}
	return m.Cells[i][j], nil
}

func (m Matrix) clone() Matrix {
	m.Impacts, m.Urgencies, m.Cells = slices.Clone(m.Impacts), slices.Clone(m.Urgencies), slices.Clone(m.Cells)
	for i := range m.Cells {
		m.Cells[i] = slices.Clone(m.Cells[i])
	}
	return m
}

// Override is a priority set by hand against the matrix. It stays, visibly, until it
// is lifted.
type Override struct {
	Priority Priority  `json:"priority"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Prioritize sets impact and urgency, and with them the priority, unless that was set
// by hand.
func (s *Service) Prioritize(ctx context.Context, actor workflow.Actor, id workflow.ID, impact, urgency Level) (*Problem, error) {
	return s.run(ctx, actor, id, "prioritize", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		priority, err := s.cfg.Matrix.Priority(impact, urgency)
		if err != nil {
			return err
		}
		st.p.Impact, st.p.Urgency = impact, urgency
		if st.p.Override == nil {
			st.p.Priority = priority
		}
		return nil
	})
}

// OverridePriority sets the priority by hand, for a reason that stays visible with it.
func (s *Service) OverridePriority(ctx context.Context, actor workflow.Actor, id workflow.ID, priority Priority, reason string) (*Problem, error) {
	return s.run(ctx, actor, id, "override_priority", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var p workflow.Problems
		if priority < P1 || priority > P5 {
			p.Addf("%v is not one of P1 to P5", priority)
		}
		checkText(&p, "the reason for a priority against the matrix", reason, true)
		if err := p.Err("problem: priority of " + st.p.Name()); err != nil {
			return err
		}
		st.note = reason
		st.p.Priority = priority
		st.p.Override = &Override{Priority: priority, Reason: reason, By: actor.ID, At: st.tx.Now()}
		return nil
	})
}

// LiftOverride lets the matrix decide the priority again.
func (s *Service) LiftOverride(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Problem, error) {
	return s.run(ctx, actor, id, "lift_override", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		priority, err := s.cfg.Matrix.Priority(st.p.Impact, st.p.Urgency)
		if err != nil {
			return err
		}
		st.p.Priority, st.p.Override = priority, nil
		return nil
	})
}
