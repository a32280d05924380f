package workflow

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Record is what every practice's record has in common. Embed it in a struct
// and the struct is [Recorded]. The zero value is a record not yet created.
//
// Version and UpdatedAt belong to the document, not to its body: they
// are filled in when a record is read, appear in its JSON, and are not stored
// twice.
type Record struct {
	ID        ID           `json:"id"`
	Number    string       `json:"number"` // for people: INC0000042
	Lifecycle LifecycleRef `json:"lifecycle,omitzero"`
	State     string       `json:"state"`
	Title     string       `json:"title"`
	Details   string       `json:"details,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	CreatedBy Actor        `json:"created_by"`
	Comments  []Comment    `json:"comments,omitempty"`
	Watchers  []string     `json:"watchers,omitempty"` // person ids, in order of joining
	Files     []Attachment `json:"files,omitempty"`
	Fields    Fields       `json:"fields,omitempty"` // custom fields, checked by a [Schema]

	Version   int64     `json:"version,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// LifecycleRef pins the lifecycle a record lives by: a later version of the
// definition does not change records that are under way.
type LifecycleRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// Recorded is a pointer to a struct that embeds [Record].
type Recorded interface {
	comparable
	Base() *Record
}

// Base returns the record itself, for code that serves every practice.
func (r *Record) Base() *Record { return r }

// Clone returns a copy that shares nothing with r.
func (r *Record) Clone() Record {
	c := *r
	c.CreatedBy.Roles = nil
	c.Comments = slices.Clone(r.Comments)
	c.Watchers = slices.Clone(r.Watchers)
	c.Files = slices.Clone(r.Files)
	c.Fields = maps.Clone(r.Fields)
	return c
}

// Comment is a line in a record's conversation. A public comment is for the
// caller to read; a private one, a work note, is for those who work on the
// record. Comments are never edited.
type Comment struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	OnBehalfOf string    `json:"on_behalf_of,omitempty"`
	Public     bool      `json:"public,omitempty"`
	Text       string    `json:"text"`
}

// Attachment refers to a file that the host keeps.
type Attachment struct {
	Name      string    `json:"name"`
	URL       string    `json:"url"` // where the host finds it
	MediaType string    `json:"media_type,omitempty"`
	Size      int64     `json:"size,omitempty"` // bytes
	SHA256    Hash      `json:"sha256,omitzero"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
}

// Limits of one record. They keep a runaway integration from making a record
// that nobody can load. All together has room in [SoftBody].
const (
	MaxText     = 64 << 10 // bytes of a comment, note or description
	MaxTitle    = 1 << 10  // bytes of a title
	MaxComments = 10_000
	MaxWatchers = 1_000
	MaxFiles    = 1_000
)

// Say adds a comment, public or private, at an instant.
func (r *Record) Say(by Actor, at time.Time, public bool, text string) error {
	switch {
	case text == "" || len(text) > MaxText:
		return fmt.Errorf("workflow: %s: a comment has 1 to %d bytes, not %d: %w", r.Name(), MaxText, len(text), ErrInvalid)
	case len(r.Comments) >= MaxComments:
		return fmt.Errorf("workflow: %s has %d comments, the most there may be: %w", r.Name(), MaxComments, ErrInvalid)
	}
	r.Comments = append(r.Comments, Comment{At: at, By: by.ID, OnBehalfOf: by.OnBehalfOf, Public: public, Text: text})
	return nil
}

// Watch adds a person to those kept informed; doing so twice changes nothing.
func (r *Record) Watch(person string) error {
	switch {
	case person == "" || len(person) > MaxKey:
		return fmt.Errorf("workflow: %s: a watcher's id has 1 to %d bytes: %w", r.Name(), MaxKey, ErrInvalid)
	case slices.Contains(r.Watchers, person):
	case len(r.Watchers) >= MaxWatchers:
		return fmt.Errorf("workflow: %s has %d watchers, the most there may be: %w", r.Name(), MaxWatchers, ErrInvalid)
	default:
		r.Watchers = append(r.Watchers, person)
	}
	return nil
}

// Unwatch takes a person off the list; one who is not on it changes nothing.
func (r *Record) Unwatch(person string) {
	r.Watchers = slices.DeleteFunc(r.Watchers, func(w string) bool { return w == person })
}

// Attach adds a reference to a file.
func (r *Record) Attach(by Actor, at time.Time, f Attachment) error {
	var p Problems
	if f.Name == "" || len(f.Name) > MaxKey {
		p.Addf("a file's name has 1 to %d bytes", MaxKey)
	}
	if f.URL == "" || len(f.URL) > MaxText {
		p.Addf("a file needs a URL of at most %d bytes", MaxText)
	}
	if f.Size < 0 {
		p.Addf("a file's size is not negative")
	}
	if len(r.Files) >= MaxFiles {
		p.Addf("there are %d files, the most there may be", MaxFiles)
	}
	if err := p.Err("workflow: " + r.Name()); err != nil {
		return err
	}
	f.At, f.By = at, by.ID
	r.Files = append(r.Files, f)
	return nil
}

// Name is how messages call the record: by its number, or its id before it has
// one.
func (r *Record) Name() string {
	if r.Number != "" {
		return r.Number
	}
	return r.ID.String()
}
