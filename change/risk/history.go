package risk

import (
	"fmt"
	"slices"
)

// MaxCount is the most changes or incidents of one sort in a history.
const MaxCount = 10_000_000

// History counts how changes like the one at hand went: of the same team, model or
// type, as the host sees fit. The incidents are those that they caused, by
// priority.
type History struct {
	Successful           int `json:"successful"`
	SuccessfulWithIssues int `json:"successful_with_issues"`
	Unsuccessful         int `json:"unsuccessful"`
	P1Caused             int `json:"p1_caused"`
	P2Caused             int `json:"p2_caused"`
	P3Caused             int `json:"p3_caused"`
}

// What each change and each incident adds to a success score (ServiceNow: change
// success score).
const (
	ScoreSuccessful           = 3
	ScoreSuccessfulWithIssues = -2
	ScoreUnsuccessful         = -5
	ScoreP1                   = -10
	ScoreP2                   = -5
	ScoreP3                   = -2
)

// Changes is how many changes the history counts.
func (h History) Changes() int { return h.Successful + h.SuccessfulWithIssues + h.Unsuccessful }

// Score is the success score: 3 for each successful change, less 2 for one with
// issues, 5 for one that failed, and 10, 5 and 2 for an incident of priority 1, 2
// and 3 that was caused.
func (h History) Score() int {
	return ScoreSuccessful*h.Successful + ScoreSuccessfulWithIssues*h.SuccessfulWithIssues + ScoreUnsuccessful*h.Unsuccessful +
		ScoreP1*h.P1Caused + ScoreP2*h.P2Caused + ScoreP3*h.P3Caused
}

// HistoryModel reads the probability that a change fails from how similar ones
// went, and looks the risk up by probability and impact (ServiceNow: probability x
// impact in nine rows).
//
// A success score by itself grows with the number of changes. The thresholds are
// therefore percentages of the best score that as many changes could have, which
// is 100 if all were successful, and below zero if more harm was done than good.
type HistoryModel struct {
	LowFrom    int `json:"low_from"`    // percent; from here on failure is of low probability, up to 100
	MediumFrom int `json:"medium_from"` // percent; from here on of medium probability, less than LowFrom

	// Least is how many changes it takes to trust a history. Fewer are no proof
	// that changes go well, but may be one that they do not: the probability is
	// then Unknown, or a higher one that they show.
	Least   int   `json:"least"`
	Unknown Grade `json:"unknown,omitzero"` // default: medium

	// UnknownImpact is taken when nothing says what the impact is. Default: medium.
	UnknownImpact Grade `json:"unknown_impact,omitzero"`

	// Lookup is the risk for each of the nine combinations; default: [DefaultLookup].
	// A higher probability or impact must not have a lower risk.
	Lookup []Row `json:"lookup,omitempty"`
}

// Row is the risk for one combination of probability and impact.
type Row struct {
	Probability Grade `json:"probability"`
	Impact      Grade `json:"impact"`
	Risk        Level `json:"risk"`
}

// DefaultLookup is the table of a [HistoryModel] that has none:
//
//	probability    low impact   medium impact   high impact
//	low            low          low             moderate
//	medium         low          moderate        high
//	high           moderate     high            very high
func DefaultLookup() []Row {
	return []Row{
		{GradeLow, GradeLow, Low}, {GradeLow, GradeMedium, Low}, {GradeLow, GradeHigh, Moderate},
		{GradeMedium, GradeLow, Low}, {GradeMedium, GradeMedium, Moderate}, {GradeMedium, GradeHigh, High},
		{GradeHigh, GradeLow, Moderate}, {GradeHigh, GradeMedium, High}, {GradeHigh, GradeHigh, VeryHigh},
	}
}

func (m *HistoryModel) clone() *HistoryModel {
	if m == nil {
		return nil
	}
	c := *m
	c.Lookup = slices.Clone(m.Lookup)
	return &c
}

// withDefaults fills in what is left open.
func (m HistoryModel) withDefaults() HistoryModel {
	if m.Unknown == GradeUnknown {
		m.Unknown = GradeMedium
	}
	if m.UnknownImpact == GradeUnknown {
		m.UnknownImpact = GradeMedium
	}
	if len(m.Lookup) == 0 {
		m.Lookup = DefaultLookup()
	}
	return m
}

// probability of failure, and why.
func (m HistoryModel) probability(h History) (Grade, string) {
	n := h.Changes()
	if n == 0 {
		return m.Unknown, "no similar change is known"
	}
	// Whole numbers: a percentage is never rounded up to its threshold.
	best := ScoreSuccessful * n
	reaches := func(percent int) bool { return int64(h.Score())*100 >= int64(percent)*int64(best) }
	shown := GradeHigh
	switch {
	case reaches(m.LowFrom):
		shown = GradeLow
	case reaches(m.MediumFrom):
		shown = GradeMedium
	}
	text := fmt.Sprintf("%d similar changes score %d of %d", n, h.Score(), best)
	if n < m.Least {
		return max(shown, m.Unknown), fmt.Sprintf("%s, and %d are needed to trust that", text, m.Least)
	}
	return shown, text
}

func (m HistoryModel) assess(h History, impact Grade) Contribution {
	probability, why := m.probability(h)
	c := Contribution{Method: ByHistory, Score: h.Score(), Points: []Point{
		{Item: "probability", Score: h.Score(), Text: fmt.Sprintf("the probability of failure is %s: %s", probability, why)}}}
	if impact == GradeUnknown {
		impact = m.UnknownImpact
		c.Points = append(c.Points, Point{Item: "impact", Text: fmt.Sprintf("the impact is not known and taken as %s", impact)})
	} else {
		c.Points = append(c.Points, Point{Item: "impact", Text: fmt.Sprintf("the impact is %s", impact)})
	}
	c.Level = m.risk(probability, impact)
	c.Text = fmt.Sprintf("%s probability of failure with %s impact", probability, impact)
	return c
}

func (m HistoryModel) risk(probability, impact Grade) Level {
	for _, r := range m.Lookup {
		if r.Probability == probability && r.Impact == impact {
			return r.Risk
		}
	}
	return Unassessed
}

func (h History) validate(p *problems) {
	for _, count := range []struct {
		name string
		n    int
	}{{"successful", h.Successful}, {"successful_with_issues", h.SuccessfulWithIssues}, {"unsuccessful", h.Unsuccessful},
		{"p1_caused", h.P1Caused}, {"p2_caused", h.P2Caused}, {"p3_caused", h.P3Caused}} {
		p.between("history: "+count.name, count.n, 0, MaxCount)
	}
}

func (m HistoryModel) validate(p *problems) {
	p.between("history: least", m.Least, 0, MaxCount)
	p.between("history: low_from", m.LowFrom, -1000, 100)
	p.between("history: medium_from", m.MediumFrom, -1000, 100)
	if m.MediumFrom >= m.LowFrom {
		p.addf("history: medium_from %d must be less than low_from %d, or no probability is medium", m.MediumFrom, m.LowFrom)
	}
	p.grade("history: unknown", m.Unknown, GradeUnknown)
	p.grade("history: unknown_impact", m.UnknownImpact, GradeUnknown)
	if len(m.Lookup) > 0 {
		validateLookup(p, m.Lookup)
	}
}

func validateLookup(p *problems, rows []Row) {
	if len(rows) != 9 {
		p.addf("history: lookup has %d rows, needs 9, one for each probability and impact", len(rows))
		return
	}
	for i, r := range rows {
		where := fmt.Sprintf("history: lookup of %s probability and %s impact", r.Probability, r.Impact)
		p.grade(where+": probability", r.Probability, GradeLow)
		p.grade(where+": impact", r.Impact, GradeLow)
		p.level(where, r.Risk)
		for _, o := range rows[:i] {
			switch {
			case r.Probability == o.Probability && r.Impact == o.Impact:
				p.addf("%s: is there twice", where)
			case o.Probability <= r.Probability && o.Impact <= r.Impact && o.Risk > r.Risk,
				o.Probability >= r.Probability && o.Impact >= r.Impact && o.Risk < r.Risk:
				p.addf("%s: risk %s against %s of %s probability and %s impact: more must not be less risky", where, r.Risk, o.Risk, o.Probability, o.Impact)
			}
		}
	}
}
