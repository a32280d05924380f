package major

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Status is how far an incident is, in the words of a status page.
type Status string

// The statuses. The usual way is from one to the next; a fix that fails leads back, and
// the incident is mitigated no longer.
const (
	Investigating Status = "investigating"
	Identified    Status = "identified"
	Monitoring    Status = "monitoring"
	Resolved      Status = "resolved"
)

var statuses = []Status{Investigating, Identified, Monitoring, Resolved}

// CheckStatus tells whether an update may say the status after the last one said another.
// Resolved is said when the incident is, and nothing else is said while it is.
func CheckStatus(from, to Status, resolved bool) error {
	var p workflow.Problems
	switch {
	case !slices.Contains(statuses, to):
		p.Addf("status %.64q, want one of %q", to, statuses)
	case to == Resolved && !resolved:
		p.Addf("the status is not %s before the incident is resolved", to)
	case resolved && to != Resolved:
		p.Addf("the incident is resolved: the status is not %s", to)
	}
	return p.Err(fmt.Sprintf("major: from %s to %s", orNone(from), to))
}

func orNone(s Status) Status {
	if s == "" {
		return "no status"
	}
	return s
}

// Update is what people were told.
type Update struct {
	Number         int       `json:"number"` // 1, 2, …
	At             time.Time `json:"at"`
	By             string    `json:"by"`
	Status         Status    `json:"status"`
	Text           string    `json:"text"`
	Communications []string  `json:"communications"` // by which it went out
}

// Pending is an update that is owed.
type Pending struct {
	Communication string    `json:"communication"`
	Due           time.Time `json:"due"`
	Last          bool      `json:"last,omitempty"` // the one that says that the incident is resolved
	Next          time.Time `json:"next,omitzero"`  // when somebody is told that it is missing; zero: all have been
	Told          int       `json:"told,omitempty"` // 1: the lead was reminded, more: rungs of the ladder
}

// Owes brings what is owed up to date with the priority and the state of the incident: a
// communication that does not apply any longer owes nothing, and the first update of one
// that does is owed after its first interval. When the incident is resolved, the last
// update is owed at once to all who have heard of it.
func (b *Playbook) Owes(c *Case, priority int, resolved bool, now time.Time) {
	if c.State != StateAccepted {
		c.Due = nil
		return
	}
	var due []Pending
	for i := range b.lines {
		l := &b.lines[i]
		at := slices.IndexFunc(c.Due, func(p Pending) bool { return p.Communication == l.Name })
		switch {
		case resolved:
			if at >= 0 && c.Due[at].Last {
				due = append(due, c.Due[at])
			} else if c.Status != Resolved && c.told(l.Name) {
				due = append(due, Pending{Communication: l.Name, Due: now, Next: now, Last: true})
			}
		case !l.serves(priority):
		case at >= 0 && !c.Due[at].Last:
			due = append(due, c.Due[at])
		default:
			if next, ok := l.next(c, now); ok {
				due = append(due, Pending{Communication: l.Name, Due: next, Next: next})
			}
		}
	}
	c.Due = due
}

// told reports whether an update has gone out by a communication.
func (c *Case) told(communication string) bool {
	return slices.ContainsFunc(c.Updates, func(u Update) bool { return slices.Contains(u.Communications, communication) })
}

// Draft is an update to be sent.
type Draft struct {
	Text           string   `json:"text"`
	Status         Status   `json:"status,omitempty"`         // default: as before, or investigating
	Communications []string `json:"communications,omitempty"` // default: all for the incident's priority
	Children       bool     `json:"children,omitempty"`       // tell the callers of the incident's children, too
}

// Subject is what the words of updates are filled in with.
type Subject struct {
	Number, Title, State, Service string
	Priority                      int
	Children                      int
	Created                       time.Time
	Resolved                      bool
}

// Bulletin is an update on its way by one communication.
type Bulletin struct {
	Number        string      `json:"number"` // the incident's
	ID            workflow.ID `json:"id"`
	Update        int         `json:"update"`
	Communication string      `json:"communication"`
	Audience      Audience    `json:"audience"`
	Channel       Channel     `json:"channel"`
	To            []string    `json:"to,omitempty"`  // see each other
	Bcc           []string    `json:"bcc,omitempty"` // do not
	Status        Status      `json:"status"`
	Subject       string      `json:"subject"`
	Body          string      `json:"body"`
	At            time.Time   `json:"at"`
}

// Post records an update and returns what is to be sent. What the update satisfies is
// owed again after the communication's interval.
func (b *Playbook) Post(c *Case, s Subject, d Draft, by string, now time.Time) ([]Bulletin, error) {
	if d.Status == "" {
		switch d.Status = c.Status; {
		case s.Resolved:
			d.Status = Resolved
		case d.Status == "" || d.Status == Resolved:
			d.Status = Investigating
		}
	}
	lines, err := b.check(c, s, d)
	if err != nil {
		return nil, err
	}
	if c.Status == Monitoring && (d.Status == Investigating || d.Status == Identified) {
		c.Relapse() // what was monitored has failed
	}
	c.Status = d.Status
	u := Update{Number: len(c.Updates) + 1, At: now, By: by, Status: d.Status, Text: d.Text, Communications: []string{}}
	var out []Bulletin
	for _, l := range lines {
		u.Communications = append(u.Communications, l.Name)
		next, owed := l.next(c, now)
		owed = owed && !s.Resolved
		c.Due = slices.DeleteFunc(c.Due, func(p Pending) bool { return p.Communication == l.Name })
		values := s.values(c, d, now)
		values["organisation"] = b.policy.Organisation
		values["next_update"] = "when there is news"
		if s.Resolved {
			values["next_update"] = "none"
		}
		if owed {
			c.Due = append(c.Due, Pending{Communication: l.Name, Due: next, Next: next})
			values["next_update"] = when(next)
		}
		out = append(out, l.bulletin(u, s, values))
	}
	c.Updates = append(c.Updates, u)
	return out, nil
}

func (b *Playbook) check(c *Case, s Subject, d Draft) ([]*line, error) {
	var p workflow.Problems
	checkText(&p, "the text", d.Text, true)
	p.Add(CheckStatus(c.Status, d.Status, s.Resolved))
	if len(c.Updates) >= MaxUpdates {
		p.Addf("%d updates, the most there may be", MaxUpdates)
	}
	var lines []*line
	for i := range b.lines {
		l := &b.lines[i]
		chosen := slices.Contains(d.Communications, l.Name)
		if chosen || len(d.Communications) == 0 && (l.serves(s.Priority) || s.Resolved && c.told(l.Name)) {
			lines = append(lines, l)
		}
	}
	for i, name := range d.Communications {
		known := slices.ContainsFunc(b.lines, func(l line) bool { return l.Name == name })
		if !known || slices.Contains(d.Communications[:i], name) {
			p.Addf("communication %.64q is not in the plan, or named twice", name)
		}
	}
	return lines, p.Err("major: update of " + s.Number)
}

func (l *line) bulletin(u Update, s Subject, values map[string]string) Bulletin {
	out := Bulletin{Number: s.Number, Update: u.Number, Communication: l.Name, Audience: l.Audience, Channel: l.Channel,
		Status: u.Status, At: u.At, Body: l.wording.body.fill(values),
		Subject: strings.Join(strings.Fields(l.wording.subject.fill(values)), " ")} // one line, as a header must be
	if l.Open {
		out.To = slices.Clone(l.To)
	} else {
		out.Bcc = slices.Clone(l.To)
	}
	return out
}

func (s Subject) values(c *Case, d Draft, now time.Time) map[string]string {
	began := c.BeganAt
	if began.IsZero() {
		began = s.Created
	}
	bridge := ""
	if c.Bridge != nil {
		bridge = c.Bridge.URL
	}
	return map[string]string{
		"number": s.Number, "title": s.Title, "state": strings.ReplaceAll(s.State, "_", " "), "service": s.Service,
		"priority": "P" + strconv.Itoa(s.Priority), "business_impact": c.Impact, "status": string(d.Status), "text": d.Text,
		"began": when(began), "duration": span(now.Sub(began)), "children": strconv.Itoa(s.Children),
		"manager": strings.Join(c.Holders(Manager), ", "), "bridge": bridge,
	}
}

func when(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// span words a duration in minutes, as people do.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	h, m := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// Owed is an update that is missing.
type Owed struct {
	Communication // by which it is to go out
	Due           time.Time
	Last          bool // it is the one that says that the incident is resolved
}

// Missing tells of the pending updates whose Next has come, in the order of the plan:
// together those of which somebody has been told as often before. It moves them on by
// what tell returns, which is when to tell somebody again; zero is never. After the
// first word, to whom leads the communications, it is the grace of each instead.
func (b *Playbook) Missing(c *Case, now time.Time, tell func(before int, owed []Owed) (again time.Time, err error)) error {
	missing := map[int][]*Pending{}
	lines := map[*Pending]Communication{}
	for i := range c.Due {
		p := &c.Due[i]
		at := slices.IndexFunc(b.lines, func(l line) bool { return l.Name == p.Communication })
		if p.Next.IsZero() || now.Before(p.Next) || at < 0 {
			continue
		}
		missing[p.Told] = append(missing[p.Told], p)
		lines[p] = b.lines[at].Communication
	}
	for _, before := range sortedKeys(missing) {
		var owed []Owed
		for _, p := range missing[before] {
			owed = append(owed, Owed{lines[p], p.Due, p.Last})
		}
		again, err := tell(before, owed)
		if err != nil {
			return err
		}
		for _, p := range missing[before] {
			p.Told++
			if p.Next = again; p.Told == 1 {
				p.Next = p.Due.Add(time.Duration(lines[p].Grace))
				if !p.Next.After(now) {
					p.Next = now.Add(time.Microsecond)
				}
			}
		}
	}
	return nil
}
