package detect

import (
	"cmp"
	"iter"
	"math"
	"time"
)

// A Day is what one daily run found.
type Day struct {
	Day       time.Time `json:"day"`       // its midnight in the zone
	Incidents int       `json:"incidents"` // looked at, window and past
	Tests     int       `json:"tests"`     // that the level was divided among; 0: there is not enough past yet
	// Proposals are the surest first. Those of open problems are marked, those of
	// closed ones are in Withheld until the cool-down is over.
	Proposals []Proposal `json:"proposals"`
	Withheld  []Proposal `json:"withheld,omitempty"`
}

// Run says what is unusual at the end of a day, by the incidents opened on it or before.
// Later ones are not looked at, so that a run tells the same whenever it is made. The
// order of the incidents does not matter.
//
// The host hands over the incidents of the lookback or more: how much past there is
// counts from the first of them. Wrong incidents are one error matching
// [workflow.ErrInvalid] that lists all of them, up to fifty.
func (d *Detector) Run(day time.Time, incidents iter.Seq[Incident], known ...Known) (Day, error) {
	at := d.day(day)
	l, err := d.open(upTo(incidents, d.begins(at+1)), func(day int) bool { return day > at-d.cfg.Lookback })
	if err != nil {
		return Day{}, err
	}
	s := l.slide()
	s.to(at)
	run := s.run()
	run.sort(known, at, d)
	return run, nil
}

// upTo leaves out what was opened at end or later.
func upTo(stream iter.Seq[Incident], end time.Time) iter.Seq[Incident] {
	return func(yield func(Incident) bool) {
		for inc := range stream {
			if inc.Opened.Before(end) && !yield(inc) {
				return
			}
		}
	}
}

// run looks at one day.
func (s *slide) run() Day {
	run := Day{Day: s.d.begins(s.day), Incidents: s.total()}
	fam := s.family()
	if run.Tests = fam.tests; run.Tests == 0 {
		return run
	}
	groups := s.groups(s.findings(fam), fam)
	for i := range groups {
		if groups[i].quiet {
			continue
		}
		run.Proposals = append(run.Proposals, s.proposal(&groups[i], fam))
	}
	return run
}

// sort parts the proposals that are withheld from the others.
func (r *Day) sort(known []Known, day int, d *Detector) {
	all, memories := r.Proposals, make([]memory, len(known))
	for i := range known {
		memories[i].learn(known[i])
	}
	r.Proposals = nil
	for _, p := range all {
		if d.mark(&p, memories, day) {
			r.Withheld = append(r.Withheld, p)
		} else {
			r.Proposals = append(r.Proposals, p)
		}
	}
}

// A Report is what a scan found.
type Report struct {
	From      time.Time  `json:"from"` // the first day that could be tested
	To        time.Time  `json:"to"`   // the last
	Days      int        `json:"days"` // tested: the horizon that the level is for
	Incidents int        `json:"incidents"`
	Tests     int        `json:"tests"` // that the level was divided among, on all days
	Level     float64    `json:"level"`
	Proposals []Proposal `json:"proposals"` // in the order in which they were found
}

// Scan goes through a whole log day by day, as if it had been run on every evening, and
// tells each happening once: as it was on the day on which it was surest. The level is
// for all days of the log together, in place of the configured horizon. A finding that
// stays away for longer than the cool-down and comes again is told again.
func (d *Detector) Scan(incidents iter.Seq[Incident]) (Report, error) {
	l, err := d.open(incidents, func(int) bool { return true })
	if err != nil {
		return Report{}, err
	}
	report := Report{Incidents: len(l.list), Level: d.cfg.Level}
	if len(l.list) == 0 {
		return report, nil
	}
	last := l.days[len(l.days)-1]
	begin := l.first + d.leastPast()
	if begin > last {
		return report, nil
	}
	report.From, report.To, report.Days = d.begins(begin), d.begins(last), last-begin+1
	whole := *d
	whole.cfg.Horizon = report.Days
	l.d = &whole
	s := l.slide()
	var cases []scanCase
	for day := begin; day <= last; day++ {
		s.to(day)
		run := s.run()
		report.Tests += run.Tests
		cases = track(cases, run, day, d.cfg.CoolDown)
	}
	for _, c := range cases {
		report.Proposals = append(report.Proposals, c.told)
	}
	return report, nil
}

// leastPast is how many days come before the first that can be tested.
func (d *Detector) leastPast() int {
	least := math.MaxInt
	for _, w := range d.cfg.Windows {
		least = min(least, max(d.cfg.MinPast, w)+w-1)
	}
	if !d.cfg.NoTrends {
		least = min(least, 7*leastWeeks-1)
	}
	return least
}

// A scanCase is what a host would have opened a problem for.
type scanCase struct {
	told   Proposal
	known  memory
	latest int // day
}

// track adds what a day found to the cases that are still going on.
func track(cases []scanCase, run Day, day, coolDown int) []scanCase {
	old := len(cases)
	for _, p := range run.Proposals {
		at := -1
		for i := range cases[:old] {
			c := &cases[i]
			if c.latest+coolDown < day || !c.known.is(&p) {
				continue
			}
			if at < 0 || c.known.print == p.Fingerprint {
				at = i
			}
		}
		if at < 0 {
			cases = append(cases, scanCase{told: p, latest: day})
			at = len(cases) - 1
		} else {
			cases[at].add(p, day)
		}
		cases[at].known.learn(p.Problem())
	}
	return cases
}

// add keeps the surest of a case's proposals, under the fingerprint of the first.
func (c *scanCase) add(p Proposal, day int) {
	found, runs, print := c.told.Found, c.told.Runs, c.known.print
	if day > c.latest {
		runs++
	}
	latest := p.Latest
	if cmp.Or(cmp.Compare(p.P, c.told.P), cmp.Compare(c.told.Observed, p.Observed)) < 0 {
		c.told = p
	}
	c.told.Found, c.told.Latest, c.told.Runs, c.told.Fingerprint = found, latest, runs, print
	c.latest = day
}

// Problem is the proposal as a known problem, for the next run.
func (p Proposal) Problem() Known {
	var k Known
	k.Update(p)
	return k
}
