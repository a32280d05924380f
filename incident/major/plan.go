package major

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Audience is who an update is for.
type Audience string

// The audiences.
const (
	Stakeholders Audience = "stakeholders"
	Executives   Audience = "executives"
	Customers    Audience = "customers"
	Technical    Audience = "technical"
	StatusPage   Audience = "status_page"
)

var audiences = []Audience{Stakeholders, Executives, Customers, Technical, StatusPage}

// Channel is the way an update takes.
type Channel string

// The channels.
const (
	ByMail   Channel = "mail"
	BySMS    Channel = "sms"
	ByChat   Channel = "chat"
	ByVoice  Channel = "voice"
	ByPortal Channel = "portal"
	ByPage   Channel = "status_page"
)

var channels = []Channel{ByMail, BySMS, ByChat, ByVoice, ByPortal, ByPage}

// Communication says who is told of a major incident, by which way, and how often.
type Communication struct {
	Name       string   `json:"name"`
	Audience   Audience `json:"audience"`
	Channel    Channel  `json:"channel"`
	Priorities []int    `json:"priorities,omitempty"` // of incidents for which it is done; empty: all
	To         []string `json:"to,omitempty"`         // persons, groups, lists
	Open       bool     `json:"open,omitempty"`       // recipients see each other; otherwise they are blind copies
	Template   string   `json:"template,omitempty"`   // the name of one of the policy's; default: a standard wording
	Cadence    []Pace   `json:"cadence,omitempty"`    // none: an update is never owed
	Grace      Duration `json:"grace,omitempty"`      // elapsed time after which an update that is owed is overdue; default: 10m
}

// String tells who is told, and by which way: "board (executives) by mail".
func (c Communication) String() string {
	words := func(name string) string { return strings.ReplaceAll(name, "_", " ") }
	text := c.Name
	if audience := words(string(c.Audience)); audience != text {
		text += " (" + audience + ")"
	}
	if string(c.Channel) != string(c.Audience) {
		text += " by " + words(string(c.Channel))
	}
	return text
}

// Pace is how often an update is owed: "every 30 minutes until mitigated".
type Pace struct {
	Every    Duration `json:"every"`
	Calendar string   `json:"calendar,omitempty"` // business time by this calendar; empty: elapsed time
	Until    Moment   `json:"until,omitempty"`    // [Mitigated]; empty, for the last pace: until resolved
}

const defaultGrace = 10 * time.Minute

// Duration is a time span that is written as text: "1h30m".
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("major: %.64q is not a duration: %w", b, workflow.ErrInvalid)
	}
	*d = Duration(v)
	return nil
}

// MaxPlan is the most communications of a policy, and the most recipients of one.
const (
	MaxPlan       = 50
	MaxRecipients = 200
)

// pace is a compiled [Pace].
type pace struct {
	every time.Duration
	hours *calendar.Calendar // nil: elapsed time
	until Moment
}

func (p pace) after(t time.Time) (time.Time, bool) {
	if p.hours == nil {
		return t.Add(p.every), true
	}
	due, ok := p.hours.Add(t, p.every)
	return due.UTC(), ok
}

// channel of updates as the playbook keeps it.
type line struct {
	Communication
	wording wording
	paces   []pace
}

func (l *line) serves(priority int) bool {
	return len(l.Priorities) == 0 || slices.Contains(l.Priorities, priority)
}

// next is when an update is owed after an instant. It is not ok if it never is.
func (l *line) next(c *Case, after time.Time) (time.Time, bool) {
	for _, p := range l.paces {
		if p.until == Mitigated && !c.MitigatedAt.IsZero() {
			continue
		}
		return p.after(after)
	}
	return time.Time{}, false
}

func compilePlan(p *workflow.Problems, pol Policy, hours map[string]*calendar.Calendar) []line {
	if len(pol.Plan) > MaxPlan || len(pol.Templates) > MaxPlan {
		p.Addf("%d communications and %d templates, at most %d of each", len(pol.Plan), len(pol.Templates), MaxPlan)
		return nil
	}
	wordings := map[string]wording{"": standard()}
	for _, name := range sortedKeys(pol.Templates) {
		w, err := pol.Templates[name].compile(name)
		if name == "" {
			p.Addf("a template has no name")
		}
		p.Add(err)
		wordings[name] = w
	}
	var lines []line
	names := map[string]bool{}
	for i, c := range pol.Plan {
		var q workflow.Problems
		if c.Name == "" || len(c.Name) > 100 || names[c.Name] {
			q.Addf("want a name of its own, of 1 to 100 bytes")
		}
		names[c.Name] = true
		l := line{Communication: c}
		var known bool
		if l.wording, known = wordings[c.Template]; !known {
			q.Addf("there is no template %.64q", c.Template)
		}
		c.check(&q)
		l.paces = compileCadence(&q, c.Cadence, hours)
		if l.Grace == 0 {
			l.Grace = Duration(defaultGrace)
		}
		p.Add(q.Err(fmt.Sprintf("communication %d, %.64q", i+1, c.Name)))
		lines = append(lines, l)
	}
	return lines
}

func (c Communication) check(p *workflow.Problems) {
	if !slices.Contains(audiences, c.Audience) {
		p.Addf("audience %.64q, want one of %q", c.Audience, audiences)
	}
	if !slices.Contains(channels, c.Channel) {
		p.Addf("channel %.64q, want one of %q", c.Channel, channels)
	}
	if len(c.To) > MaxRecipients || len(c.To) == 0 && c.Channel != ByPage {
		p.Addf("%d recipients, want 1 to %d", len(c.To), MaxRecipients)
	}
	for i, to := range c.To {
		if to == "" || len(to) > workflow.MaxKey || slices.Contains(c.To[:i], to) {
			p.Addf("recipient %d, %.64q: want 1 to %d bytes, once", i+1, to, workflow.MaxKey)
		}
	}
	for _, n := range c.Priorities {
		if n < 1 || n > 5 {
			p.Addf("priority %d, want 1 to 5", n)
		}
	}
	if c.Grace < 0 {
		p.Addf("a grace of %v", time.Duration(c.Grace))
	}
}

func compileCadence(p *workflow.Problems, cadence []Pace, hours map[string]*calendar.Calendar) []pace {
	if len(cadence) > 2 {
		p.Addf("%d paces, at most 2: until mitigated, and then", len(cadence))
		return nil
	}
	var paces []pace
	for i, c := range cadence {
		last := i == len(cadence)-1
		if c.Every < Duration(time.Minute) || c.Every > Duration(30*24*time.Hour) {
			p.Addf("every %v, want 1m to 720h", time.Duration(c.Every))
		}
		if c.Until != "" && c.Until != Mitigated || c.Until == "" && !last {
			p.Addf("pace %d lasts until %.64q: the last until nothing or %s, the one before until %s", i+1, c.Until, Mitigated, Mitigated)
		}
		if last && i > 0 && c.Until != "" {
			p.Addf("pace %d would never be used", i+1)
		}
		cal := hours[c.Calendar]
		if c.Calendar != "" && cal == nil {
			p.Addf("there is no calendar %.64q", c.Calendar)
		}
		paces = append(paces, pace{time.Duration(c.Every), cal, c.Until})
	}
	return paces
}
