package report

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// Delivery is the performance of software delivery after DORA: three figures of
// throughput and two of instability.
//
// A deployment counts in the period in which its implementation ended
// ([Case.Ended]), if it is marked as one ([Case.Deployment]) and was neither
// cancelled nor rejected. One that failed or was backed out is a deployment too.
//
// Each figure says whether the data allow it, and if not, the reason.
//
// Source: dora.dev, "DORA's software delivery performance metrics", as of 2024,
// with deployment rework rate. DORA asks people about the application they mainly
// work on; compare the figures of one service over time rather than teams.
type Delivery struct {
	Period    Period    `json:"period"`
	Frequency Frequency `json:"deployment_frequency"`
	Lead      Lead      `json:"change_lead_time"`
	Failures  Share     `json:"change_fail_rate"`
	Recovery  Recovery  `json:"failed_deployment_recovery_time"`
	Rework    Share     `json:"deployment_rework_rate"`
}

// Frequency is how often there are deployments (DORA: deployment frequency). None
// in the period is a frequency too; not known is that of cases of which none at
// all is marked as a deployment.
type Frequency struct {
	Known       bool   `json:"known"`
	Reason      string `json:"reason,omitempty"`
	Deployments int    `json:"deployments"`
	Days        int    `json:"days"`          // on the calendar, that the period touches, in the zone of its From
	DaysWithAny int    `json:"days_with_any"` // of them, those with a deployment
}

// PerDay is the deployments for each day of the calendar, and 0 without any day.
func (f Frequency) PerDay() float64 { return Ratio{f.Deployments, f.Days}.Float() }

// PerWeek is the deployments for each seven days of the calendar.
func (f Frequency) PerWeek() float64 { return 7 * f.PerDay() }

// Lead is how long it takes from the commit to version control until the
// deployment is in production, [Case.Commit] to [Case.Ended] (DORA: change lead
// time; its figure is the median). Where the commit is not known, the request is
// taken, and counted as such: it tells another, mostly longer, time.
type Lead struct {
	Known  bool   `json:"known"`
	Reason string `json:"reason,omitempty"`
	Times
	FromRequest int `json:"from_request"` // measured ones that began with the request
}

// Share is a part of the deployments.
type Share struct {
	Known  bool   `json:"known"`
	Reason string `json:"reason,omitempty"`
	Ratio
}

// Recovery is how long it takes to restore service after a deployment that failed:
// from the beginning of the incidents that deployments of the period caused until
// the service was restored (DORA: failed deployment recovery time; its figure is
// the median). An incident that several deployments caused together counts once, as
// the first of them tells it.
type Recovery struct {
	Known       bool   `json:"known"`
	Reason      string `json:"reason,omitempty"`
	Times              // of the incidents that were restored, whenever
	Incidents   int    `json:"incidents"`
	NotRestored int    `json:"not_restored"` // not yet, and so in none of the times
}

// DORA measures the delivery of software in a period.
//
//   - Change fail rate: deployments that were unsuccessful, were backed out or
//     caused an incident, of all. Success with issues alone is no failure.
//   - Deployment rework rate: deployments that were not planned, by type
//     emergency or marked as expedited, of all. DORA means those made because of an
//     incident; mark others as neither.
//
// Outcomes and incidents count as they are known now, also if they came after the
// period. Every mistake of the input is told, in one error that matches
// [ErrInvalid].
func DORA(cases []Case, period Period) (Delivery, error) {
	var p problems
	if p.input(cases, period); len(p.errs) > 0 {
		return Delivery{}, p.err()
	}
	var m measure
	marked := false
	for i := range cases {
		c := &cases[i]
		marked = marked || c.Deployment
		if c.Deployment && c.carried() && period.Has(c.Ended) {
			m.count(c, period.From.Location())
		}
	}
	return m.delivery(period, marked), nil
}

// measure collects what the figures are made of.
type measure struct {
	deployments, failed, rework, fromRequest int

	lead, recovery spans
	days           map[int64]bool
	incidents      map[string]bool // those with an id, so that each counts once
	caused, open   int
}

func (m *measure) count(c *Case, zone *time.Location) {
	if m.days == nil {
		m.days, m.incidents = map[int64]bool{}, map[string]bool{}
	}
	m.deployments++
	m.days[day(c.Ended.In(zone))] = true
	if c.failed() {
		m.failed++
	}
	if c.emergency() || c.Expedited {
		m.rework++
	}
	begun := c.Commit
	if begun.IsZero() {
		begun = c.Requested
	}
	before := len(m.lead.all)
	if m.lead.add(begun, c.Ended); len(m.lead.all) > before && c.Commit.IsZero() {
		m.fromRequest++
	}
	for _, i := range c.Caused {
		if i.Incident != "" && m.incidents[i.Incident] {
			continue
		}
		m.incidents[i.Incident] = true
		m.caused++
		if i.Restored.IsZero() {
			m.open++
			continue
		}
		m.recovery.add(i.At, i.Restored)
	}
}

// failed: see [DORA].
func (c *Case) failed() bool {
	return c.Outcome == Unsuccessful || c.BackedOut || len(c.Caused) > 0
}

// day counts the days of the calendar.
func day(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600)
}

func (m *measure) delivery(period Period, marked bool) Delivery {
	last := period.To.Add(-1).In(period.From.Location())
	d := Delivery{Period: period,
		Frequency: Frequency{Deployments: m.deployments, Days: int(day(last) - day(period.From) + 1), DaysWithAny: len(m.days)},
		Lead:      Lead{Times: m.lead.times(), FromRequest: m.fromRequest},
		Failures:  Share{Ratio: Ratio{m.failed, m.deployments}},
		Recovery:  Recovery{Times: m.recovery.times(), Incidents: m.caused, NotRestored: m.open},
		Rework:    Share{Ratio: Ratio{m.rework, m.deployments}},
	}
	none := ""
	switch {
	case !marked:
		none = "no change is marked as a deployment"
	case m.deployments == 0:
		none = "no deployments in the period"
	}
	d.Failures.Reason, d.Rework.Reason = none, none
	if !marked {
		d.Frequency.Reason = none
	}
	d.Lead.Reason = cmp.Or(none, unless(d.Lead.Times.Known(), "no deployment tells when it began"))
	d.Recovery.Reason = cmp.Or(none, unless(m.caused > 0, "no deployment caused an incident"),
		unless(m.caused > m.open, fmt.Sprintf("none of %d incidents is restored", m.caused)),
		unless(d.Recovery.Times.Known(), "no incident tells when it began"))
	for known, reason := range map[*bool]string{&d.Frequency.Known: d.Frequency.Reason, &d.Lead.Known: d.Lead.Reason,
		&d.Failures.Known: d.Failures.Reason, &d.Recovery.Known: d.Recovery.Reason, &d.Rework.Known: d.Rework.Reason} {
		*known = reason == ""
	}
	return d
}

func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

// String writes the figures for people, and the reason of one that is not known.
func (d Delivery) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Delivery, %s\n", d.Period)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	put := func(name, reason, figure string) {
		if reason != "" {
			figure = "not known: " + reason
		}
		fmt.Fprintf(w, "%s\t%s\n", name, figure)
	}
	f := d.Frequency
	put("deployment frequency", f.Reason, fmt.Sprintf("%.2f a day, %.2f a week: %d on %d of %d days", f.PerDay(), f.PerWeek(), f.Deployments, f.DaysWithAny, f.Days))
	put("change lead time", d.Lead.Reason, d.Lead.String())
	put("change fail rate", d.Failures.Reason, d.Failures.String())
	put("failed deployment recovery time", d.Recovery.Reason, d.Recovery.String())
	put("deployment rework rate", d.Rework.Reason, d.Rework.String())
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// String reads as [Times.String], with how many began with the request.
func (l Lead) String() string {
	if l.FromRequest == 0 {
		return l.Times.String()
	}
	return fmt.Sprintf("%v, %d from the request", l.Times, l.FromRequest)
}

// String reads as [Times.String], with how many are not restored.
func (r Recovery) String() string {
	if r.NotRestored == 0 {
		return r.Times.String()
	}
	return fmt.Sprintf("%v, %d not restored", r.Times, r.NotRestored)
}
