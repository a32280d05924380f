package report

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of the input.
const (
	MaxCases  = 5_000_000
	MaxCaused = 10_000 // incidents caused by one change
	MaxText   = 1000   // bytes of each text
)

// Type is the type of a change (ITIL 4).
type Type string

// The types.
const (
	Standard  Type = "standard"
	Normal    Type = "normal"
	Emergency Type = "emergency"
)

// Outcome is how a change went (ServiceNow: close code). Empty: not known yet.
type Outcome string

// The outcomes.
const (
	Successful           Outcome = "successful"
	SuccessfulWithIssues Outcome = "successful_with_issues"
	Unsuccessful         Outcome = "unsuccessful"
)

// Case is a change as far as reports look at it. An instant that is zero has not
// come, or is not known. What is empty is reported as such.
type Case struct {
	ID      string `json:"id"`     // needed, and unlike any other
	Number  string `json:"number"` // by which people know it
	Type    Type   `json:"type"`
	Model   string `json:"model,omitempty"`
	Team    string `json:"team,omitempty"`
	Service string `json:"service,omitempty"`
	Risk    string `json:"risk,omitempty"`

	Requested    time.Time `json:"requested,omitzero"`
	Approved     time.Time `json:"approved,omitzero"` // by the last that had to
	PlannedStart time.Time `json:"planned_start,omitzero"`
	PlannedEnd   time.Time `json:"planned_end,omitzero"`
	Started      time.Time `json:"started,omitzero"` // the implementation
	Ended        time.Time `json:"ended,omitzero"`   // the implementation, or the back-out
	Closed       time.Time `json:"closed,omitzero"`  // also what was cancelled or rejected; until then it is open

	Outcome   Outcome `json:"outcome,omitempty"`
	Cancelled bool    `json:"cancelled,omitempty"` // given up; it has no outcome
	Rejected  bool    `json:"rejected,omitempty"`  // not approved in the end; it has no outcome

	BackedOut    bool `json:"backed_out,omitempty"`
	Unauthorized bool `json:"unauthorized,omitempty"` // found to be made without a change request (ServiceNow)
	Expedited    bool `json:"expedited,omitempty"`    // not planned, but rushed, as a fix is; any type
	Conflicting  bool `json:"conflicting,omitempty"`  // with another change or a window
	OnHold       bool `json:"on_hold,omitempty"`      // now

	Deployment bool      `json:"deployment,omitempty"` // puts software into production: DORA counts it
	Commit     time.Time `json:"commit,omitzero"`      // when the work was committed to version control
	Caused     []Caused  `json:"caused,omitempty"`     // incidents
}

// Caused is an incident that a change caused.
type Caused struct {
	Incident string    `json:"incident"` // its id; several changes may have caused it together
	Priority int       `json:"priority"` // 1 is the highest; 0: none
	At       time.Time `json:"at,omitzero"`
	Restored time.Time `json:"restored,omitzero"` // zero: the service is not restored
}

// Period is the time from an instant up to another, which is not part of it.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Has tells whether an instant lies in the period. The zero instant never does.
func (p Period) Has(t time.Time) bool {
	return !t.IsZero() && !t.Before(p.From) && t.Before(p.To)
}

// String writes the period as its first instant and the one at which it is over.
func (p Period) String() string {
	return p.From.Format("2006-01-02 15:04 MST") + " to " + p.To.Format("2006-01-02 15:04 MST")
}

// by tells whether an instant has come before another. The zero instant never has.
func by(t, end time.Time) bool { return !t.IsZero() && t.Before(end) }

func (c *Case) emergency() bool { return c.Type == Emergency }

// carried tells whether the change was neither given up nor refused.
func (c *Case) carried() bool { return !c.Cancelled && !c.Rejected }

// Validate reports everything that is wrong with cases, in one error that matches
// [ErrInvalid]: ids that are missing or there twice, types and outcomes that do
// not exist, an outcome of what was cancelled or rejected, and times that cannot
// be, such as an end before the start. That a change was recorded only after it was
// made is no mistake.
func Validate(cases []Case) error {
	var p problems
	p.cases(cases)
	return p.err()
}

func (p *problems) cases(cases []Case) {
	if len(cases) > MaxCases {
		p.addf("%d cases, at most %d", len(cases), MaxCases)
		return
	}
	seen := make(map[string]bool, len(cases))
	for i := range cases {
		c := &cases[i]
		switch {
		case c.ID == "":
			p.addf("case %d: has no id", i+1)
		case seen[c.ID]:
			p.addf("case %.64q: is there twice", c.ID)
		}
		seen[c.ID] = true
		p.one(c)
	}
}

func (p *problems) one(c *Case) {
	switch c.Type {
	case Standard, Normal, Emergency:
	default:
		p.addf("case %.64q: type %.32q, must be standard, normal or emergency", c.ID, c.Type)
	}
	switch c.Outcome {
	case "", Successful, SuccessfulWithIssues, Unsuccessful:
	default:
		p.addf("case %.64q: outcome %.32q, must be successful, successful_with_issues or unsuccessful", c.ID, c.Outcome)
	}
	if c.Outcome != "" && !c.carried() {
		p.addf("case %.64q: was cancelled or rejected, and has an outcome", c.ID)
	}
	for _, text := range [...]string{c.ID, c.Number, c.Model, c.Team, c.Service, c.Risk} {
		if len(text) > MaxText || !utf8.ValidString(text) {
			p.addf("case %.64q: %.64q must be text of at most %d bytes", c.ID, text, MaxText)
		}
	}
	p.order(c, "started", c.Started, "ended", c.Ended)
	p.order(c, "planned to start", c.PlannedStart, "planned to end", c.PlannedEnd)
	if len(c.Caused) > MaxCaused {
		p.addf("case %.64q: caused %d incidents, at most %d", c.ID, len(c.Caused), MaxCaused)
		return
	}
	for _, i := range c.Caused {
		p.order(c, fmt.Sprintf("incident %.64q began", i.Incident), i.At, "was restored", i.Restored)
		if i.Priority < 0 || len(i.Incident) > MaxText || !utf8.ValidString(i.Incident) {
			p.addf("case %.64q: incident %.64q: needs a priority of 0 or more, and an id of at most %d bytes of text", c.ID, i.Incident, MaxText)
		}
	}
}

func (p *problems) order(c *Case, first string, from time.Time, then string, to time.Time) {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		p.addf("case %.64q: %s %s, after it %s %s", c.ID, first, from.Format(time.RFC3339), then, to.Format(time.RFC3339))
	}
}

// input checks cases and period together.
func (p *problems) input(cases []Case, period Period) {
	p.cases(cases)
	if period.From.IsZero() || !period.From.Before(period.To) {
		p.addf("the period %s has no length", period)
	}
	if period.From.Year() < 1 || period.To.Year() > 9999 {
		p.addf("the period %s must lie in the years 1 to 9999", period)
	}
}
