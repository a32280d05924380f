package knownerror

import (
	"errors"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// KindName is the kind of known errors in a store.
const KindName = "known_error"

// Why a command on a known error is refused.
var (
	// ErrDuplicate: another known error looks the same, and nobody has said that it is
	// not.
	ErrDuplicate = errors.New("looks like a known error that there is already")
	// ErrIncomplete: something that readers need is not said.
	ErrIncomplete = errors.New("incomplete")
	// ErrNotPublished: there is nothing in force.
	ErrNotPublished = errors.New("not published")
)

// KnownError is a record of what is known about an error. It is changed through a
// [Service] alone; what a Service returns is a copy that the caller may do with as he
// likes.
type KnownError struct {
	workflow.Record

	Published *Edition `json:"published,omitempty"` // what readers see: in force
	Draft     *Content `json:"draft,omitempty"`     // what is being written, or was last in force once it is retired
	Revision  int      `json:"revision,omitempty"`  // how often something was published
	Authors   []string `json:"authors,omitempty"`   // who wrote the draft, or what is in force if there is none
	Owner     string   `json:"owner"`               // the person who answers for it

	ReviewAt  time.Time `json:"review_at,omitzero"` // when it is to be looked at again
	RemindAt  time.Time `json:"remind_at,omitzero"` // when its owner is reminded next
	Reminders int       `json:"reminders,omitempty"`

	Distinct   []Distinction `json:"distinct,omitempty"`
	Retirement *Retirement   `json:"retirement,omitempty"`
	Supersedes []workflow.ID `json:"supersedes,omitempty"` // retired for this one

	Linked int `json:"linked,omitempty"` // cases that are linked to it
}

// Edition is a revision that was published.
type Edition struct {
	Content
	Revision int       `json:"revision"` // 1, 2, …
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Authors  []string  `json:"authors,omitempty"`

	// Told is the last revision that changed what readers do: the workaround or the
	// solution.
	Told int `json:"told"`
}

// Distinction says that another known error looks alike, and is not the same.
type Distinction struct {
	Other  workflow.ID `json:"other"`
	Reason string      `json:"reason"`
	At     time.Time   `json:"at"`
	By     string      `json:"by"`
}

// Retirement says why a known error is not shown any more.
type Retirement struct {
	Reason string      `json:"reason"`
	By     workflow.ID `json:"superseded_by,omitzero"` // what is to be read instead
	At     time.Time   `json:"at"`
	Person string      `json:"person"`
}

// Limits of one known error.
const (
	MaxDistinct = 200
	MaxLinked   = 20_000 // cases
	maxAuthors  = 100
)

// Content returns the newest content: the draft, or else what is in force.
func (k *KnownError) Content() Content {
	switch {
	case k.Draft != nil:
		return k.Draft.clone()
	case k.Published != nil:
		return k.Published.Content.clone()
	}
	return Content{}
}

// Stale reports whether a known error in force should have been looked at again.
func (k *KnownError) Stale(now time.Time) bool {
	return k.Published != nil && !k.ReviewAt.IsZero() && !now.Before(k.ReviewAt)
}

// The fields that known errors are indexed by, besides those of every kind. All but
// IndexOwner and IndexReview are of what is in force, and empty otherwise.
const (
	IndexOwner   = "owner"
	IndexReview  = "review_at" // a [workflow.TimeKey]
	IndexCode    = "code"      // in the form that [CanonicalCode] gives
	IndexItem    = "item"
	IndexService = "service"
	IndexProblem = "problem" // an [workflow.IDKey]
	IndexModel   = "model"
)

func (k *KnownError) index(schema workflow.Schema) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{{Field: IndexOwner, Key: workflow.StringKey(k.Owner)}, {Field: IndexReview, Key: workflow.TimeKey(k.ReviewAt)}}
	if k.Published == nil {
		return entries
	}
	c := k.Published.Content
	add := func(field string, values ...string) {
		for _, v := range values {
			if v != "" {
				entries = append(entries, workflow.IndexEntry{Field: field, Key: workflow.StringKey(v)})
			}
		}
	}
	for _, code := range c.Codes {
		add(IndexCode, CanonicalCode(code))
	}
	add(IndexItem, c.Items...)
	add(IndexService, c.Services...)
	add(IndexModel, c.Model)
	if c.Problem != (workflow.ID{}) {
		entries = append(entries, workflow.IndexEntry{Field: IndexProblem, Key: workflow.IDKey(c.Problem)})
	}
	return append(entries, schema.Index(c.Fields)...)
}

func (k *KnownError) clone() *KnownError {
	c := *k
	c.Record = k.Record.Clone()
	if k.Published != nil {
		e := *k.Published
		e.Content, e.Authors = e.Content.clone(), slices.Clone(e.Authors)
		c.Published = &e
	}
	if k.Draft != nil {
		d := k.Draft.clone()
		c.Draft = &d
	}
	c.Authors, c.Distinct, c.Supersedes = slices.Clone(k.Authors), slices.Clone(k.Distinct), slices.Clone(k.Supersedes)
	if k.Retirement != nil {
		r := *k.Retirement
		c.Retirement = &r
	}
	return &c
}

func newKind(number workflow.NumberFormat, schema workflow.Schema) (*workflow.Kind[*KnownError], error) {
	if number.Prefix == "" {
		number.Prefix = "KE"
	}
	return workflow.NewKind(workflow.KindConfig[*KnownError]{
		Name: KindName, Number: number, New: func() *KnownError { return new(KnownError) }, Clone: (*KnownError).clone,
		Index: func(k *KnownError) []workflow.IndexEntry { return k.index(schema) },
	})
}
