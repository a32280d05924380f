package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Summary is what became of changes in a period, and how it left them.
type Summary struct {
	Period    Period `json:"period"`
	Requested int    `json:"requested"` // changes whose Requested lies in the period

	Tally // of those whose Closed lies in the period

	// Of the same changes, so that they all are over:
	Lead           Times `json:"lead"`           // from Requested to Started
	Approval       Times `json:"approval"`       // from Requested to Approved
	Implementation Times `json:"implementation"` // from Started to Ended

	Backlog Backlog `json:"backlog"` // when the period ended
}

// Backlog is the changes that were requested and not closed when a period ended.
// The instants of a case tell that for any time, but its flags say how it is now:
// on hold and conflicting are right for a period that ends now.
type Backlog struct {
	Open        int `json:"open"`        // requested, or known without that instant, and not closed
	Overdue     int `json:"overdue"`     // the planned start had passed, and they were not started (ServiceNow)
	OnHold      int `json:"on_hold"`     // of the open ones
	Conflicting int `json:"conflicting"` // of the open ones
}

// Summarize counts the changes of a period. See [Tally], [Times] and [Backlog] for
// what counts by which instant. What closed after the period is still open in it,
// so a report on the past stays the same.
//
// Every mistake of the input is told, in one error that matches [ErrInvalid].
func Summarize(cases []Case, period Period) (Summary, error) {
	var p problems
	if p.input(cases, period); len(p.errs) > 0 {
		return Summary{}, p.err()
	}
	s := Summary{Period: period}
	var lead, approval, implementation spans
	for i := range cases {
		c := &cases[i]
		if period.Has(c.Requested) {
			s.Requested++
		}
		s.Backlog.count(c, period)
		if !period.Has(c.Closed) {
			continue
		}
		s.Tally.count(c)
		approval.add(c.Requested, c.Approved)
		lead.add(c.Requested, c.Started)
		implementation.add(c.Started, c.Ended)
	}
	s.Lead, s.Approval, s.Implementation = lead.times(), approval.times(), implementation.times()
	return s, nil
}

func (b *Backlog) count(c *Case, period Period) {
	if by(c.Closed, period.To) || !c.Requested.IsZero() && !c.Requested.Before(period.To) {
		return
	}
	b.Open++
	if by(c.PlannedStart, period.To) && !by(c.Started, period.To) && !by(c.Ended, period.To) {
		b.Overdue++
	}
	if c.OnHold {
		b.OnHold++
	}
	if c.Conflicting {
		b.Conflicting++
	}
}

// String writes the summary for people.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Changes, %s\n", s.Period)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		name string
		v    any
	}{
		{"requested", s.Requested}, {"closed", s.Closed},
		{"  successful", s.Tally.Successful}, {"  with issues", s.SuccessfulWithIssues}, {"  unsuccessful", s.Unsuccessful},
		{"  without an outcome", s.NoOutcome}, {"  cancelled", s.Cancelled}, {"  rejected", s.Rejected},
		{"success", s.Success()}, {"success without issues", s.Clean()}, {"emergency", s.EmergencyShare()}, {"expedited", Ratio{s.Expedited, s.Closed}},
		{"unauthorized", s.UnauthorizedShare()}, {"backed out", s.BackedOutShare()}, {"conflicting", Ratio{s.Tally.Conflicting, s.Closed}},
		{"caused incidents", Ratio{s.CausedIncidents, s.Closed}}, {"ended late", s.LateShare()},
		{"until the start", s.Lead}, {"until approval", s.Approval}, {"implementation", s.Implementation},
		{"open at the end", s.Backlog.Open}, {"  overdue", s.Backlog.Overdue}, {"  on hold", s.Backlog.OnHold}, {"  conflicting", s.Backlog.Conflicting},
	} {
		fmt.Fprintf(w, "%s\t%v\n", line.name, line.v)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
