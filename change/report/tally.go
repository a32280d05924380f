package report

// Tally counts the changes that were closed in a period: those whose [Case.Closed]
// lies in it. Each of them is counted once by how it ended, so
//
//	Closed = Successful + SuccessfulWithIssues + Unsuccessful + NoOutcome + Cancelled + Rejected
//
// and by each of the other counts that it falls under.
type Tally struct {
	Closed int `json:"closed"`

	Successful           int `json:"successful"`
	SuccessfulWithIssues int `json:"successful_with_issues"`
	Unsuccessful         int `json:"unsuccessful"`
	NoOutcome            int `json:"no_outcome"` // closed, and nobody said how it went
	Cancelled            int `json:"cancelled"`
	Rejected             int `json:"rejected"` // also if it was cancelled then

	Emergency    int `json:"emergency"`
	Expedited    int `json:"expedited"`
	Unauthorized int `json:"unauthorized"`
	BackedOut    int `json:"backed_out"`
	Conflicting  int `json:"conflicting"`

	Timed int `json:"timed"` // have a planned and an actual end, and were neither cancelled nor rejected
	Late  int `json:"late"`  // of them: ended after the planned end; exactly at it is in time

	CausedIncidents int `json:"caused_incidents"` // changes that caused any, whenever
}

func (t *Tally) count(c *Case) {
	t.Closed++
	switch {
	case c.Rejected:
		t.Rejected++
	case c.Cancelled:
		t.Cancelled++
	case c.Outcome == Successful:
		t.Successful++
	case c.Outcome == SuccessfulWithIssues:
		t.SuccessfulWithIssues++
	case c.Outcome == Unsuccessful:
		t.Unsuccessful++
	default:
		t.NoOutcome++
	}
	for _, flag := range [...]struct {
		is bool
		n  *int
	}{{c.emergency(), &t.Emergency}, {c.Expedited, &t.Expedited}, {c.Unauthorized, &t.Unauthorized}, {c.BackedOut, &t.BackedOut},
		{c.Conflicting, &t.Conflicting}, {len(c.Caused) > 0, &t.CausedIncidents}} {
		if flag.is {
			*flag.n++
		}
	}
	if c.carried() && !c.PlannedEnd.IsZero() && !c.Ended.IsZero() {
		t.Timed++
		if c.Ended.After(c.PlannedEnd) {
			t.Late++
		}
	}
}

// Judged is how many changes have an outcome.
func (t Tally) Judged() int { return t.Successful + t.SuccessfulWithIssues + t.Unsuccessful }

// Success is the share of changes that were successful, with issues or without, of
// those with an outcome (ServiceNow: change success rate, by close code).
func (t Tally) Success() Ratio { return Ratio{t.Successful + t.SuccessfulWithIssues, t.Judged()} }

// Clean is the share of changes that were successful without issues, of those with
// an outcome.
func (t Tally) Clean() Ratio { return Ratio{t.Successful, t.Judged()} }

// EmergencyShare is the share of emergency changes, of all that were closed.
func (t Tally) EmergencyShare() Ratio { return Ratio{t.Emergency, t.Closed} }

// UnauthorizedShare is the share of unauthorized changes, of all that were closed.
func (t Tally) UnauthorizedShare() Ratio { return Ratio{t.Unauthorized, t.Closed} }

// BackedOutShare is the share of changes that were backed out, of all that were
// closed.
func (t Tally) BackedOutShare() Ratio { return Ratio{t.BackedOut, t.Closed} }

// LateShare is the share of changes that ended after their planned end, of those
// of which both ends are known.
func (t Tally) LateShare() Ratio { return Ratio{t.Late, t.Timed} }
