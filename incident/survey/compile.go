package survey

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// Survey is a compiled [Definition]. It is immutable and safe for concurrent use.
type Survey struct{ def Definition }

// Compile checks a definition and makes a survey of it. The error lists everything
// that is wrong and matches [workflow.ErrInvalid].
func Compile(d Definition) (*Survey, error) {
	var p workflow.Problems
	d.validate(&p)
	if err := p.Err(fmt.Sprintf("survey: %.64q version %d", d.Name, d.Version)); err != nil {
		return nil, err
	}
	return &Survey{d.Clone()}, nil
}

// Definition returns a copy of what was compiled.
func (s *Survey) Definition() Definition { return s.def.Clone() }

// MarshalJSON writes the definition as [Parse] reads it.
func (s *Survey) MarshalJSON() ([]byte, error) { return json.Marshal(s.def) }

func (d *Definition) validate(p *workflow.Problems) {
	if !validName(d.Name) {
		p.Addf("the name %.64q must be 1 to 128 letters, digits, dots, underscores or hyphens", d.Name)
	}
	if d.Version < 1 {
		p.Addf("version %d, versions count from 1", d.Version)
	}
	names(p, "language", d.Languages, 1, MaxLanguages)
	d.text(p, "title", d.Title)
	if len(d.Questions) < 1 || len(d.Questions) > MaxQuestions {
		p.Addf("%d questions, must be 1 to %d", len(d.Questions), MaxQuestions)
	} else {
		for i := range d.Questions {
			d.question(p, i)
		}
	}
	d.trigger(p)
	d.timing(p)
	d.caps(p)
	if d.Anonymous && d.Editable {
		p.Addf("anonymous answers cannot be found again to be edited")
	}
	if len(d.FollowUp) > MaxList {
		p.Addf("%d follow-ups, at most %d", len(d.FollowUp), MaxList)
	}
	for i, f := range d.FollowUp {
		what := fmt.Sprintf("follow-up %d", i+1)
		d.given(p, what, f.Given, len(d.Questions))
		texts(p, what+" tells", f.Tell, 1)
	}
}

func (d *Definition) text(p *workflow.Problems, what string, t Text) {
	for _, l := range d.Languages {
		if s := t[l]; strings.TrimSpace(s) == "" || len(s) > workflow.MaxTitle || !utf8.ValidString(s) {
			p.Addf("the %s needs a text of at most %d bytes in language %.32q", what, workflow.MaxTitle, l)
		}
	}
	if len(t) > len(d.Languages) {
		p.Addf("the %s is in languages that the survey does not have", what)
	}
}

func (d *Definition) question(p *workflow.Problems, i int) {
	q := d.Questions[i]
	what := fmt.Sprintf("question %d (%.64s)", i+1, q.Name)
	if !validName(q.Name) {
		p.Addf("%s: the name must be 1 to 128 letters, digits, dots, underscores or hyphens", what)
	}
	if slices.ContainsFunc(d.Questions[:i], func(o Question) bool { return o.Name == q.Name }) {
		p.Addf("%s: the name is there twice", what)
	}
	d.text(p, what, q.Text)
	switch q.Kind {
	case Rating, NPS, YesNo, Choice, Words:
	default:
		p.Addf("%s: kind %.32q, want rating, nps, yes_no, choice or text", what, q.Kind)
	}
	if q.Kind == Rating && (q.Scale < 2 || q.Scale > MaxScale) {
		p.Addf("%s: a scale of %d, must be 2 to %d", what, q.Scale, MaxScale)
	}
	if q.Kind != Rating && (q.Scale != 0 || q.LowIsBest) {
		p.Addf("%s: only a rating has a scale", what)
	}
	if (q.Kind == Choice) != (len(q.Options) > 0) || len(q.Options) == 1 || len(q.Options) > MaxOptions {
		p.Addf("%s: %d options; a choice has 2 to %d, and nothing else has any", what, len(q.Options), MaxOptions)
		return
	}
	for j, o := range q.Options {
		if !validName(o.Name) || slices.ContainsFunc(q.Options[:j], func(e Option) bool { return e.Name == o.Name }) {
			p.Addf("%s: option %.64q must be a name, and there once", what, o.Name)
		}
		d.text(p, what+" option "+o.Name, o.Text)
	}
	if q.If != nil {
		d.given(p, what, *q.If, i)
	}
}

// given checks a condition on one of the first questions.
func (d *Definition) given(p *workflow.Problems, what string, g Given, before int) {
	i := slices.IndexFunc(d.Questions[:before], func(q Question) bool { return q.Name == g.Question })
	switch {
	case i < 0:
		p.Addf("%s: there is no question %.64q before it", what, g.Question)
	case d.Questions[i].Kind == Words:
		p.Addf("%s: the answer to %s is free text, no condition can rest on it", what, g.Question)
	case len(g.In) < 1 || len(g.In) > MaxOptions:
		p.Addf("%s: a condition names 1 to %d answers", what, MaxOptions)
	default:
		for j, v := range g.In {
			if err := d.Questions[i].check(v); err != nil {
				p.Addf("%s: %w", what, err)
			}
			if slices.Contains(g.In[:j], v) {
				p.Addf("%s: the answer %.64q is there twice", what, v)
			}
		}
	}
}

func (d *Definition) trigger(p *workflow.Problems) {
	t := d.Trigger
	names(p, "kind of record", t.Kinds, 1, MaxList)
	names(p, "occasion", t.On, 1, MaxList)
	names(p, "part to ask", t.Ask, 1, MaxList)
	names(p, "fact to keep", d.Keep, 0, 20)
	if len(t.When) > MaxList {
		p.Addf("%d conditions, at most %d", len(t.When), MaxList)
	}
	for i, w := range t.When {
		if !validName(w.Fact) {
			p.Addf("condition %d: %.64q is not the name of a fact", i+1, w.Fact)
		}
		texts(p, fmt.Sprintf("condition %d on %s", i+1, w.Fact), w.In, 1)
	}
	if d.Sampling != nil {
		d.Sampling.validate(p)
	}
}

func (d *Definition) timing(p *workflow.Problems) {
	given := 0
	for _, v := range []int64{int64(d.Delay.Elapsed), int64(d.Delay.Business), int64(d.Delay.BusinessDays)} {
		if v != 0 {
			given++
		}
	}
	y := d.Delay
	if given > 1 || y.Elapsed < 0 || y.Elapsed > MaxSpan || y.Business < 0 || y.Business > MaxSpan || y.BusinessDays < 0 || y.BusinessDays > 250 {
		p.Addf("the delay must be one of elapsed or business time up to %v, or up to 250 business days", MaxSpan)
	}
	if d.Hours == nil && (y.Business != 0 || y.BusinessDays != 0) {
		p.Addf("a delay in business time needs hours")
	}
	if d.Hours != nil {
		if _, ok := d.Hours.NextOpen(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
			p.Addf("the hours never open: nothing would be sent")
		}
	}
	if len(d.Quiet) > MaxList {
		p.Addf("%d quiet periods, at most %d", len(d.Quiet), MaxList)
	}
	for i, q := range d.Quiet {
		if !q.From.Before(q.Until) {
			p.Addf("quiet period %d (%.64s) ends before it begins", i+1, q.Name)
		}
	}
	if d.Expires <= 0 || d.Expires > MaxSpan {
		p.Addf("expires after %v, must be more than 0 and at most %v", d.Expires, MaxSpan)
	}
	if len(d.Remind) > 10 {
		p.Addf("%d reminders, at most 10", len(d.Remind))
	}
	for i, r := range d.Remind {
		if r <= 0 || r >= d.Expires || i > 0 && r <= d.Remind[i-1] {
			p.Addf("reminder %d after %v: reminders ascend, and come before the survey expires after %v", i+1, r, d.Expires)
		}
	}
}

func (d *Definition) caps(p *workflow.Problems) {
	if d.PersonCap != nil {
		d.PersonCap.validate(p)
	}
	if c := d.PeriodCap; c != nil && (c.Most < 1 || c.Per.layout() == "") {
		p.Addf("a cap of %d invitations per %.32q: want at least one per day, month or year", c.Most, c.Per)
	}
}

func (c PersonCap) validate(p *workflow.Problems) {
	if c.Most < 1 || c.Most > MaxPerPerson || c.Within <= 0 || c.Within > MaxSpan {
		p.Addf("a cap of %d invitations to a person within %v: want 1 to %d within at most %v", c.Most, c.Within, MaxPerPerson, MaxSpan)
	}
}

// names checks a list of names for people to configure with.
func names(p *workflow.Problems, what string, list []string, least, most int) {
	if len(list) < least || len(list) > most {
		p.Addf("%d times a %s, must be %d to %d", len(list), what, least, most)
		return
	}
	for i, n := range list {
		if !validName(n) || slices.Contains(list[:i], n) {
			p.Addf("%s %.64q must be a name, and there once", what, n)
		}
	}
}

// texts checks a list of short texts.
func texts(p *workflow.Problems, what string, list []string, least int) {
	if len(list) < least || len(list) > MaxList {
		p.Addf("%s: %d entries, must be %d to %d", what, len(list), least, MaxList)
		return
	}
	for i, s := range list {
		if len(s) > workflow.MaxKey || !utf8.ValidString(s) || slices.Contains(list[:i], s) {
			p.Addf("%s: %.64q must be text of at most %d bytes, and there once", what, s, workflow.MaxKey)
		}
	}
}

func validName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	})
}

// number reads a whole number in the one way of writing it.
func number(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && strconv.Itoa(n) == s
}
