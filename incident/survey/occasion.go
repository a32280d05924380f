package survey

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// Event is what the host tells of a record on which a survey might ask. It knows
// nothing of what kind of record that is.
type Event struct {
	Record workflow.Ref `json:"record"`
	Number string       `json:"number"`
	Title  string       `json:"title"`
	On     string       `json:"on"` // the occasion: "closed", "resolved"
	At     time.Time    `json:"at"` // when it happened

	Facts     map[string]string   `json:"facts,omitempty"`     // to trigger, to sample and to break figures down by: "priority", "entity"
	People    map[string][]string `json:"people,omitempty"`    // by their part: {"caller": ["carl"]}
	Languages map[string]string   `json:"languages,omitempty"` // by person; default: the survey's first
}

func (e Event) validate() error {
	var p workflow.Problems
	if e.Record.ID == (workflow.ID{}) || !validName(e.Record.Kind) {
		p.Addf("%v is not a record", e.Record)
	}
	if !validName(e.On) {
		p.Addf("occasion %.64q must be a name", e.On)
	}
	if y := e.At.Year(); e.At.IsZero() || y < 1 || y > 9999 {
		p.Addf("an event has an instant")
	}
	if len(e.Number) > workflow.MaxKey || len(e.Title) > workflow.MaxTitle || !utf8.ValidString(e.Number+e.Title) {
		p.Addf("number and title must be text of at most %d and %d bytes", workflow.MaxKey, workflow.MaxTitle)
	}
	if len(e.Facts) > MaxList || len(e.People) > MaxList {
		p.Addf("%d facts and %d parts of people, at most %d each", len(e.Facts), len(e.People), MaxList)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Facts)) {
		if !validName(name) || len(e.Facts[name]) > workflow.MaxKey || !utf8.ValidString(e.Facts[name]) {
			p.Addf("fact %.64q must be a name with a text of at most %d bytes", name, workflow.MaxKey)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(e.People)) {
		for _, person := range e.People[part] {
			if len(person) > workflow.MaxKey || !utf8.ValidString(person) {
				p.Addf("%.64s: a person's id has at most %d bytes of text", part, workflow.MaxKey)
			}
		}
	}
	return p.Err("survey: event of " + e.Number)
}

func (t Trigger) matches(e Event) bool {
	if !slices.Contains(t.Kinds, e.Record.Kind) || !slices.Contains(t.On, e.On) {
		return false
	}
	return !slices.ContainsFunc(t.When, func(w Test) bool { return slices.Contains(w.In, e.Facts[w.Fact]) == w.Not })
}

// recipient is somebody to ask, and what part he has in the record.
type recipient struct{ person, as string }

// recipients lists whom to ask, each person once: in the first part that he has.
func (t Trigger) recipients(e Event) []recipient {
	var list []recipient
	for _, part := range t.Ask {
		for _, person := range e.People[part] {
			if person != "" && !slices.ContainsFunc(list, func(r recipient) bool { return r.person == person }) {
				list = append(list, recipient{person, part})
			}
		}
	}
	return list
}

// language picks the survey's language for a person.
func (s *Survey) language(e Event, person string) string {
	if l := e.Languages[person]; slices.Contains(s.def.Languages, l) {
		return l
	}
	return s.def.Languages[0]
}

// kept are the facts that are kept with an invitation.
func (s *Survey) kept(e Event) map[string]string {
	var kept map[string]string
	for _, name := range s.def.Keep {
		if v := e.Facts[name]; v != "" {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[name] = v
		}
	}
	return kept
}

// due is when the invitation on an occasion is to be sent. False means never: the
// hours do not open that long.
func (s *Survey) due(at time.Time) (time.Time, bool) {
	d, ok := s.def.Delay, true
	switch {
	case d.Business != 0:
		at, ok = s.def.Hours.Add(at, time.Duration(d.Business))
	case d.BusinessDays != 0:
		at, ok = s.def.Hours.AddDays(at, d.BusinessDays, false)
	default:
		at = at.Add(time.Duration(d.Elapsed))
	}
	if !ok {
		return time.Time{}, false
	}
	return s.allowed(at)
}

// allowed is the first instant from t on at which something may be sent: in the
// survey's hours, and in none of its quiet periods. Each round but the last leaves a
// quiet period for good, so it ends.
func (s *Survey) allowed(t time.Time) (time.Time, bool) {
	for {
		if s.def.Hours != nil {
			open, ok := s.def.Hours.NextOpen(t)
			if !ok {
				return time.Time{}, false
			}
			t = open
		}
		i := slices.IndexFunc(s.def.Quiet, func(q Quiet) bool { return !t.Before(q.From) && t.Before(q.Until) })
		if i < 0 {
			return t.UTC(), true
		}
		t = s.def.Quiet[i].Until
	}
}

// period names the civil period of the survey's cap that an instant lies in.
func (s *Survey) period(t time.Time) string {
	zone := time.UTC
	if s.def.Hours != nil {
		zone = s.def.Hours.Date(2026, 1, 1, 0, 0, 0, 0).Location()
	}
	return t.In(zone).Format(s.def.PeriodCap.Per.layout())
}

// Why says why somebody is not asked.
type Why string

// The reasons.
const (
	WhyAlready   Why = "already"    // asked on this record already, since it was last reopened
	WhyReopened  Why = "reopened"   // the record was reopened after the event
	WhyPersonCap Why = "person_cap" // the person has had as many invitations as there may be
	WhyPeriodCap Why = "period_cap" // the survey has
	WhyOptedOut  Why = "opted_out"  // the person wants no surveys
	WhyNever     Why = "never"      // the survey's hours do not open any more
)

// Skip is somebody who is not asked, though the survey's trigger and sample have him.
type Skip struct {
	Survey     string      `json:"survey"`
	Person     string      `json:"person"`
	Why        Why         `json:"why"`
	Invitation workflow.ID `json:"invitation"` // the one there is already, or the one that says that he was skipped
}

func (k Skip) String() string {
	return fmt.Sprintf("%s is not asked for %s: %s", k.Person, k.Survey, k.Why)
}
