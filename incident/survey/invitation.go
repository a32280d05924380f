package survey

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/workflow"
)

// The kinds of records in a store.
const (
	KindName     = "survey_invitation"
	KindResponse = "survey_response" // the answers to anonymous surveys
	kindPerson   = "survey_person"
	kindThread   = "survey_record"
	kindQuota    = "survey_quota"
)

// Invitation is one person asked, or not, on one record. It is changed through a
// [Service] alone; what a Service returns is a copy.
type Invitation struct {
	workflow.Record

	Survey        string            `json:"survey"`
	SurveyVersion int               `json:"survey_version"`
	About         About             `json:"about"`
	Person        string            `json:"person"`
	As            string            `json:"as"` // the person's part in the record: "caller"
	Language      string            `json:"language"`
	Anonymous     bool              `json:"anonymous,omitempty"`
	Facts         map[string]string `json:"facts,omitempty"` // of the record: those that the survey keeps

	OccurredAt time.Time `json:"occurred_at"`         // the occasion
	DueAt      time.Time `json:"due_at"`              // when it is to be sent
	Period     string    `json:"period,omitempty"`    // in which it has a place under the survey's cap, if there is one
	SentAt     time.Time `json:"sent_at,omitzero"`    // zero for an answer that was given on the record
	ExpiresAt  time.Time `json:"expires_at,omitzero"` // from then on no answer is taken
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Reminded   int       `json:"reminded,omitempty"` // how many reminders have come due

	OnRecord bool    `json:"on_record,omitempty"` // answered without having been sent
	Answers  Answers `json:"answers,omitempty"`   // none of an anonymous survey
	Edits    int     `json:"edits,omitempty"`
	Why      Why     `json:"why,omitempty"` // it was skipped
}

// About is the record that is asked about.
type About struct {
	workflow.Ref
	Number string `json:"number"`
	Title  string `json:"title"`
}

func (inv *Invitation) clone() *Invitation {
	c := *inv
	c.Record = inv.Record.Clone()
	c.Facts, c.Answers = maps.Clone(inv.Facts), maps.Clone(inv.Answers)
	return &c
}

// Response is what somebody has answered to an anonymous survey. Nothing in it says who
// or about which record; its time is that of the day.
type Response struct {
	workflow.Record

	Survey        string            `json:"survey"`
	SurveyVersion int               `json:"survey_version"`
	Facts         map[string]string `json:"facts,omitempty"`
	Answers       Answers           `json:"answers"`
}

func (r *Response) clone() *Response {
	c := *r
	c.Record = r.Record.Clone()
	c.Facts, c.Answers = maps.Clone(r.Facts), maps.Clone(r.Answers)
	return &c
}

// The fields an invitation can be found by, besides those of every record.
const (
	IndexCategory = "category" // of the state, see [workflow.Category]
	IndexSurvey   = "survey"
	IndexPerson   = "person"
	IndexAbout    = "about"    // the reference of the record, as text
	IndexSent     = "sent"     // a TimeKey, if it was sent
	IndexAnswered = "answered" // a TimeKey, if it was answered by name
)

func (inv *Invitation) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexSurvey, Key: workflow.StringKey(inv.Survey)},
		{Field: IndexPerson, Key: workflow.StringKey(inv.Person)},
		{Field: IndexAbout, Key: workflow.StringKey(inv.About.String())},
	}
	if !inv.SentAt.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexSent, Key: workflow.TimeKey(inv.SentAt)})
	}
	if !inv.AnsweredAt.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexAnswered, Key: workflow.TimeKey(inv.AnsweredAt)})
	}
	return entries
}

// thread is what is known of a record that surveys ask about. Everything that asks on
// the record, or takes its questions back, writes it, so that of two at once one is
// decided after the other.
type thread struct {
	workflow.Record
	ReopenedAt time.Time `json:"reopened_at,omitzero"`
	Asked      []asked   `json:"asked,omitempty"` // since it was last reopened
}

// maxAsked is how many people are asked on one record.
const maxAsked = 500

type asked struct {
	Invitation workflow.ID `json:"invitation"`
	Survey     string      `json:"survey"`
	Person     string      `json:"person"`
}

func (t *thread) find(survey, person string) (workflow.ID, bool) {
	i := slices.IndexFunc(t.Asked, func(a asked) bool { return a.Survey == survey && a.Person == person })
	if i < 0 {
		return workflow.ID{}, false
	}
	return t.Asked[i].Invitation, true
}

// idSpace is the namespace of ids that are made from names.
var idSpace = uuid.MustParse("6f0a35a4-1b1d-5c0c-9f5c-0b2c64a1b7d3")

// derived makes the id that the parts always have; JSON keeps the parts apart.
func derived(parts ...string) workflow.ID {
	b, _ := json.Marshal(parts)
	return uuid.NewSHA1(idSpace, b)
}
