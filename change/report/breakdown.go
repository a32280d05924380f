package report

import (
	"maps"
	"slices"
)

// Dimension is what a report tells apart: the cases of a row have the same value
// of it. Of must not keep or change the case.
type Dimension struct {
	Name string
	Of   func(Case) string
}

// ByType tells cases apart by the type of the change.
func ByType() Dimension { return Dimension{"type", func(c Case) string { return string(c.Type) }} }

// ByModel tells cases apart by the model of the change.
func ByModel() Dimension { return Dimension{"model", func(c Case) string { return c.Model }} }

// ByTeam tells cases apart by the team that makes the change.
func ByTeam() Dimension { return Dimension{"team", func(c Case) string { return c.Team }} }

// ByService tells cases apart by the service that is changed.
func ByService() Dimension { return Dimension{"service", func(c Case) string { return c.Service }} }

// ByRisk tells cases apart by the risk of the change.
func ByRisk() Dimension { return Dimension{"risk", func(c Case) string { return c.Risk }} }

// Breakdown is the changes closed in a period, by a dimension.
type Breakdown struct {
	Period    Period `json:"period"`
	Dimension string `json:"dimension"`
	Rows      []Row  `json:"rows"` // ascending by their names; none is empty
	Total     Tally  `json:"total"`
}

// Row is a part of the changes of a report.
type Row struct {
	Name   string `json:"name"`            // the value of the dimension, or of the time: "2026-03"
	Period Period `json:"period,omitzero"` // of a [Trend]
	Tally
}

// By counts the changes closed in a period, by a dimension. Every mistake of the
// input is told, in one error that matches [ErrInvalid].
func By(cases []Case, period Period, d Dimension) (Breakdown, error) {
	var p problems
	p.input(cases, period)
	if d.Of == nil {
		p.addf("the dimension %.64q has no function", d.Name)
	}
	if err := p.err(); err != nil {
		return Breakdown{}, err
	}
	b := Breakdown{Period: period, Dimension: d.Name, Rows: []Row{}}
	tallies := map[string]*Tally{}
	for i := range cases {
		c := &cases[i]
		if !period.Has(c.Closed) {
			continue
		}
		value := d.Of(*c)
		if tallies[value] == nil {
			tallies[value] = &Tally{}
		}
		tallies[value].count(c)
		b.Total.count(c)
	}
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		b.Rows = append(b.Rows, Row{Name: name, Tally: *tallies[name]})
	}
	return b, nil
}

// String writes the breakdown as a table.
func (b Breakdown) String() string { return table(b.Dimension, b.Rows, b.Total) }
