package survey

import (
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Definition is a survey as data: what is asked, of whom, on what occasion, how often
// at most. [Compile] checks it. An invitation keeps the version it was made by.
type Definition struct {
	Name      string     `json:"name"`
	Version   int        `json:"version"`   // from 1
	Languages []string   `json:"languages"` // the first is for whoever reads none of the others
	Title     Text       `json:"title"`
	Questions []Question `json:"questions"`

	Trigger  Trigger   `json:"trigger"`
	Sampling *Sampling `json:"sampling,omitempty"` // none = every record
	Keep     []string  `json:"keep,omitempty"`     // the facts of the record that are kept, to break figures down by

	Delay Delay `json:"delay,omitzero"` // from the occasion to the sending
	// Hours are when invitations and reminders go out, and what a delay in business
	// time counts. None = around the clock.
	Hours *calendar.Calendar `json:"hours,omitempty"`
	Quiet []Quiet            `json:"quiet,omitempty"` // periods in which nothing goes out

	PersonCap *PersonCap `json:"person_cap,omitempty"` // of this survey's invitations to one person
	PeriodCap *PeriodCap `json:"period_cap,omitempty"` // of this survey's invitations to all

	Remind  []Duration `json:"remind,omitempty"` // elapsed since the sending, ascending
	Expires Duration   `json:"expires"`          // elapsed since the sending

	Anonymous bool       `json:"anonymous,omitempty"` // answers are kept apart from who gave them
	Editable  bool       `json:"editable,omitempty"`  // answers can be changed until the survey expires
	FollowUp  []FollowUp `json:"follow_up,omitempty"`
}

// Text is a text by language: {"en": "How was it?", "de": "Wie war es?"}.
type Text map[string]string

// QuestionKind says how a question is answered.
type QuestionKind string

// The kinds of questions.
const (
	Rating QuestionKind = "rating" // 1 to the question's scale
	NPS    QuestionKind = "nps"    // how likely to recommend: 0 to 10, after Reichheld's net promoter score
	YesNo  QuestionKind = "yes_no" // "yes" or "no"
	Choice QuestionKind = "choice" // one of the options
	Words  QuestionKind = "text"   // in one's own words
)

// Question is one question of a survey.
type Question struct {
	Name  string       `json:"name"`
	Kind  QuestionKind `json:"kind"`
	Text  Text         `json:"text"`
	Scale int          `json:"scale,omitempty"` // of a rating: 2 to 10
	// LowIsBest turns a rating round: iTop's user satisfaction has 1 for very
	// satisfied and 4 for very dissatisfied.
	LowIsBest bool     `json:"low_is_best,omitempty"`
	Options   []Option `json:"options,omitempty"` // of a choice
	Required  bool     `json:"required,omitempty"`
	If        *Given   `json:"if,omitempty"` // asked only then
}

// Option is one answer to a choice.
type Option struct {
	Name string `json:"name"`
	Text Text   `json:"text"`
}

// Given is a condition on an earlier answer. It does not hold when the earlier
// question was not answered.
type Given struct {
	Question string   `json:"question"`
	In       []string `json:"in"` // one of these
}

// Trigger says on what occasion a survey asks, and whom.
type Trigger struct {
	Kinds []string `json:"kinds"`          // of records: "incident", "request", "change"
	On    []string `json:"on"`             // occasions, such as "closed" or "resolved"
	When  []Test   `json:"when,omitempty"` // all must hold; none = always
	Ask   []string `json:"ask"`            // parts that people have in the record: "caller", "assignee"
}

// Test is a condition on a fact of the record. A fact that is not there is the empty
// text.
type Test struct {
	Fact string   `json:"fact"`
	In   []string `json:"in"`            // one of these
	Not  bool     `json:"not,omitempty"` // none of these
}

// Delay is how long after its occasion a survey is sent. At most one of the three is
// given; none = at once.
type Delay struct {
	Elapsed      Duration      `json:"elapsed,omitzero"`
	Business     Duration      `json:"business,omitzero"`      // within the survey's hours
	BusinessDays calendar.Days `json:"business_days,omitzero"` // of the survey's hours
}

// Quiet is a period in which nothing is sent: what comes due in it waits for its end.
// It is half-open.
type Quiet struct {
	Name  string    `json:"name"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// PersonCap is how many invitations one person is sent at most, in every half-open
// period of so much elapsed time.
type PersonCap struct {
	Most   int      `json:"most"`
	Within Duration `json:"within"`
}

// PeriodCap is how many invitations of a survey are planned at most for one day, month
// or year of the survey's hours, or of UTC.
type PeriodCap struct {
	Most int    `json:"most"`
	Per  Period `json:"per"`
}

// Period is a period of the civil calendar.
type Period string

// The periods.
const (
	Day   Period = "day"
	Month Period = "month"
	Year  Period = "year"
)

// layout is what the period of an instant is called by: one text for each.
func (p Period) layout() string {
	return map[Period]string{Day: "2006-01-02", Month: "2006-01", Year: "2006"}[p]
}

// FollowUp has somebody told of an answer, usually a bad one.
type FollowUp struct {
	Given
	Tell []string `json:"tell"` // persons or groups
}

// Duration is a [time.Duration] that JSON writes as text, "48h".
type Duration time.Duration

// String writes the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the duration as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Limits of a survey.
const (
	MaxQuestions = 50
	MaxOptions   = 50
	MaxScale     = 10
	MaxWords     = 4000 // bytes of an answer in one's own words
	MaxLanguages = 50
	MaxList      = 100 // entries of any other list
	MaxPerPerson = 100
	// MaxSpan bounds delays, expiry and the periods of caps.
	MaxSpan = Duration(400 * 24 * time.Hour)
)

// Parse decodes a survey from JSON and compiles it. Fields that a survey does not have
// are refused. Every error matches [workflow.ErrInvalid].
func Parse(data []byte) (*Survey, error) {
	var d Definition
	if err := workflow.ParseJSON(data, "survey: definition", &d); err != nil {
		return nil, err
	}
	return Compile(d)
}

// Clone returns a copy that shares nothing with d but its calendar, which never changes.
func (d Definition) Clone() Definition {
	d.Languages, d.Title = slices.Clone(d.Languages), maps.Clone(d.Title)
	d.Questions = slices.Clone(d.Questions)
	for i := range d.Questions {
		q := &d.Questions[i]
		q.Text, q.Options = maps.Clone(q.Text), slices.Clone(q.Options)
		for j := range q.Options {
			q.Options[j].Text = maps.Clone(q.Options[j].Text)
		}
		if q.If != nil {
			q.If = &Given{q.If.Question, slices.Clone(q.If.In)}
		}
	}
	t := &d.Trigger
	t.Kinds, t.On, t.When, t.Ask = slices.Clone(t.Kinds), slices.Clone(t.On), slices.Clone(t.When), slices.Clone(t.Ask)
	for i := range t.When {
		t.When[i].In = slices.Clone(t.When[i].In)
	}
	if d.Sampling != nil {
		s := *d.Sampling
		s.Rates = maps.Clone(s.Rates)
		d.Sampling = &s
	}
	d.PersonCap, d.PeriodCap = pointed(d.PersonCap), pointed(d.PeriodCap)
	d.Keep, d.Quiet, d.Remind, d.FollowUp = slices.Clone(d.Keep), slices.Clone(d.Quiet), slices.Clone(d.Remind), slices.Clone(d.FollowUp)
	for i := range d.FollowUp {
		f := &d.FollowUp[i]
		f.In, f.Tell = slices.Clone(f.In), slices.Clone(f.Tell)
	}
	return d
}

func pointed[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
