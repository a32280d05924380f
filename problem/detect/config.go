package detect

import (
	"math"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// A Config says what is looked at, and what is unusual enough. The zero value is a good
// start; each zero field stands for its default.
type Config struct {
	// Zone is the time zone in which days begin, like Europe/Berlin. Default UTC.
	Zone string `json:"zone,omitempty"`
	// Dimensions that are looked at, in the order in which keys name them. Default: all
	// that the incidents have, by name.
	Dimensions []string `json:"dimensions,omitempty"`
	// NoPairs looks at single attributes only, NoWords not at titles, NoTrends not at
	// slow growth.
	NoPairs  bool `json:"no_pairs,omitempty"`
	NoWords  bool `json:"no_words,omitempty"`
	NoTrends bool `json:"no_trends,omitempty"`

	// Windows are the lengths, in days, of the latest time that is compared with the
	// past. Default 1, 7 and 28.
	Windows []int `json:"windows,omitempty"`
	// Lookback is how many days are looked at in all, window and past together. Default
	// 182, half a year.
	Lookback int `json:"lookback,omitempty"`
	// MinPast is how many days of past there must be before a window; there must also be
	// as many as the window has. Default 28.
	MinPast int `json:"min_past,omitempty"`

	// Level bounds the chance that as many daily runs as Horizon says propose anything
	// at all where time tells nothing. Default 0.05 in 365 days.
	Level   float64 `json:"level,omitempty"`
	Horizon int     `json:"horizon,omitempty"`

	// MinIncidents, MinRatio (observed by expected), MinDays and MinCallers (different
	// ones) are what a cluster must have to be worth a problem, however sure it is. What
	// too few people tell of does not count for wider keys either.
	// Default 5 incidents, twice as many as expected, 1 day and 1 caller. A caller that
	// is not known is one more.
	MinIncidents int     `json:"min_incidents,omitempty"`
	MinRatio     float64 `json:"min_ratio,omitempty"`
	MinDays      int     `json:"min_days,omitempty"`
	MinCallers   int     `json:"min_callers,omitempty"`
	// MaxShare is the largest share of all incidents that a key may have: what most
	// incidents have is no cause of them. Default 0.5.
	MaxShare float64 `json:"max_share,omitempty"`
	// MinDeviation is how many standard deviations of the key's own past windows a
	// cluster stands above what was expected. Default 3.
	MinDeviation float64 `json:"min_deviation,omitempty"`
	// MaxRecurrence is the share of the key's own past windows that may have had as many
	// incidents. Default 0.1: a key with such a burst every other week is as it always
	// was.
	MaxRecurrence float64 `json:"max_recurrence,omitempty"`
	// MinGrowth is by what factor the share of a trend has grown from the first third of
	// the weeks to the last. Default 1.5. A trend has at least four times MinIncidents.
	MinGrowth float64 `json:"min_growth,omitempty"`

	// CoolDown is for how many days after a known problem was closed proposals of it are
	// withheld, and after how many days of silence a finding of a scan is a new one.
	// Default 28.
	CoolDown int `json:"cool_down,omitempty"`
}

// ParseConfig reads a configuration from JSON. Unknown fields are refused; whether the
// values make sense is said by [New].
func ParseConfig(data []byte) (Config, error) {
	var c Config
	err := workflow.ParseJSON(data, "detect: configuration", &c)
	return c, err
}

func (c Config) withDefaults() Config {
	c.Windows = slices.Clone(c.Windows)
	c.Dimensions = slices.Clone(c.Dimensions)
	if len(c.Windows) == 0 {
		c.Windows = []int{1, 7, 28}
	}
	slices.Sort(c.Windows)
	for _, d := range []struct {
		field *int
		value int
	}{
		{&c.Lookback, 182}, {&c.MinPast, 28}, {&c.Horizon, 365}, {&c.MinIncidents, 5}, {&c.MinDays, 1}, {&c.MinCallers, 1}, {&c.CoolDown, 28},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *float64
		value float64
	}{
		{&c.Level, 0.05}, {&c.MinRatio, 2}, {&c.MaxShare, 0.5}, {&c.MinDeviation, 3}, {&c.MaxRecurrence, 0.1}, {&c.MinGrowth, 1.5},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

// check lists what is wrong with a configuration that has its defaults.
func (c Config) check() error {
	var p workflow.Problems
	if len(c.Windows) > 8 {
		p.Addf("%d windows are more than 8", len(c.Windows))
	}
	for i, w := range c.Windows {
		switch {
		case w < 1:
			p.Addf("a window of %d days is shorter than a day", w)
		case i > 0 && w == c.Windows[i-1]:
			p.Addf("the window of %d days comes twice", w)
		case c.Lookback-w < max(w, c.MinPast):
			p.Addf("a lookback of %d days leaves a window of %d days %d days of past: %d are needed", c.Lookback, w, c.Lookback-w, max(w, c.MinPast))
		}
	}
	if c.Lookback > MaxDays {
		p.Addf("a lookback of %d days is more than %d", c.Lookback, MaxDays)
	}
	atLeast := func(name string, value, least int) {
		if value < least {
			p.Addf("%s is %d: at least %d", name, value, least)
		}
	}
	atLeast("min_past", c.MinPast, 1)
	atLeast("horizon", c.Horizon, 1)
	atLeast("min_incidents", c.MinIncidents, 2)
	atLeast("min_days", c.MinDays, 1)
	atLeast("min_callers", c.MinCallers, 1)
	atLeast("cool_down", c.CoolDown, 1)
	within := func(name string, value, least, most float64) {
		if !(value >= least && value <= most) {
			p.Addf("%s is %v: from %v to %v", name, value, least, most)
		}
	}
	within("level", c.Level, 1e-12, 0.5)
	within("min_ratio", c.MinRatio, 1, 1e6)
	within("max_share", c.MaxShare, 1e-9, 1)
	within("min_deviation", c.MinDeviation, 0, 1e6)
	within("max_recurrence", c.MaxRecurrence, 0, 1)
	within("min_growth", c.MinGrowth, 1, 1e6)
	seen := map[string]bool{}
	for _, d := range c.Dimensions {
		if d == "" || d == Words || len(d) > MaxText || seen[d] {
			p.Addf("dimension %q: names are unique, at most %d bytes long and not %q", clip(d), MaxText, Words)
		}
		seen[d] = true
	}
	if len(c.Dimensions) > MaxAttributes {
		p.Addf("%d dimensions are more than %d", len(c.Dimensions), MaxAttributes)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		p.Addf("zone: %w", err)
	}
	return p.Err("detect: configuration")
}

// A Detector finds what is unusual. It never changes and may be used concurrently.
type Detector struct {
	cfg  Config
	zone *time.Location
}

// New makes a detector. A wrong configuration is an error matching
// [workflow.ErrInvalid] that lists everything that is wrong.
func New(c Config) (*Detector, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	return &Detector{cfg: c, zone: zone}, nil
}

// Config returns the configuration with its defaults.
func (d *Detector) Config() Config {
	c := d.cfg
	c.Windows, c.Dimensions = slices.Clone(c.Windows), slices.Clone(c.Dimensions)
	return c
}

// day is the number of the civil day of an instant, counted from 1970-01-01.
func (d *Detector) day(t time.Time) int {
	y, m, dd := t.In(d.zone).Date()
	return int(math.Floor(float64(time.Date(y, m, dd, 0, 0, 0, 0, time.UTC).Unix()) / 86400))
}

// begins is the instant at which a day begins.
func (d *Detector) begins(day int) time.Time {
	return time.Date(1970, 1, 1+day, 0, 0, 0, 0, d.zone)
}
