package major

import "time"

// Figure is one of the key figures: how long something took. To is zero while it is not
// known.
type Figure struct {
	Name string        `json:"name"`
	From time.Time     `json:"from,omitzero"`
	To   time.Time     `json:"to,omitzero"`
	Took time.Duration `json:"took"` // elapsed time, in nanoseconds; never negative
}

// Known reports whether the figure is.
func (f Figure) Known() bool { return !f.To.IsZero() && !f.From.IsZero() }

// The names of the key figures.
const (
	TimeToDetect   = "time to detect"   // from when it began to the first alert or report
	TimeToIdentify = "time to identify" // from the first alert or report to the first proposal or promotion (ServiceNow)
	TimeToEngage   = "time to engage"   // from then until somebody has taken a role
	TimeToMitigate = "time to mitigate" // from the first alert or report
	TimeToResolve  = "time to resolve"  // from the first alert or report
)

// Figures returns the key figures of a major incident that was created and, if resolved
// is not zero, resolved at the instants given. All are elapsed time.
func (c *Case) Figures(created, resolved time.Time) []Figure {
	first := created
	if !c.AlertedAt.IsZero() && c.AlertedAt.Before(first) {
		first = c.AlertedAt
	}
	began := c.BeganAt
	if began.IsZero() {
		began = first
	}
	var engaged time.Time
	for _, t := range c.Crew {
		if engaged.IsZero() || t.From.Before(engaged) {
			engaged = t.From
		}
	}
	mitigated := c.MitigatedAt
	if mitigated.IsZero() {
		mitigated = resolved
	}
	return []Figure{
		figure(TimeToDetect, began, first), figure(TimeToIdentify, first, c.ProposedAt),
		figure(TimeToEngage, c.ProposedAt, engaged), figure(TimeToMitigate, first, mitigated),
		figure(TimeToResolve, first, resolved),
	}
}

func figure(name string, from, to time.Time) Figure {
	f := Figure{Name: name, From: from, To: to}
	if f.Known() {
		f.Took = max(0, to.Sub(from))
	}
	return f
}
