package announce

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Announcement is a text for an audience, valid for a time. It is changed through a
// [Service] alone; what a Service returns is a copy.
type Announcement struct {
	workflow.Record
	Draft

	Authors      []string    `json:"authors"` // who has written it: none of them approves it
	ApprovedBy   string      `json:"approved_by,omitempty"`
	ReleasedAt   time.Time   `json:"released_at,omitzero"` // from then on it is published when its time comes
	EndedAt      time.Time   `json:"ended_at,omitzero"`    // when it was withdrawn or superseded, if it was released
	SupersededBy workflow.ID `json:"superseded_by,omitzero"`
	Bulletin     workflow.ID `json:"bulletin,omitzero"` // by which people were told of it
}

// Draft is what an announcement says, to whom, and when.
type Draft struct {
	Kind     Kind      `json:"kind"`
	Severity Severity  `json:"severity,omitzero"` // what is severe enough gets through to people at night
	Priority int       `json:"priority"`          // 1 comes first, 5 last
	Words    Words     `json:"words"`
	Audience []Party   `json:"audience"`
	From     time.Time `json:"from"` // it is valid in the half-open time between
	Until    time.Time `json:"until"`

	Acknowledge bool `json:"acknowledge,omitempty"` // people are to say that they have read it
	Push        bool `json:"push,omitempty"`        // they are told of it when it is published
	// Supersedes is the announcement in whose place it comes when it is published.
	Supersedes workflow.ID `json:"supersedes,omitzero"`
}

func (a *Announcement) clone() *Announcement {
	c := *a
	c.Record, c.Draft = a.Record.Clone(), a.Draft.clone()
	c.Authors = slices.Clone(a.Authors)
	return &c
}

func (d Draft) clone() Draft {
	d.Words, d.Audience = d.Words.clone(), slices.Clone(d.Audience)
	return d
}

func (a *Announcement) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexKind, Key: workflow.StringKey(string(a.Kind))},
	}
	if !a.ReleasedAt.IsZero() {
		from, until := a.active()
		entries = append(entries, workflow.IndexEntry{Field: IndexFrom, Key: workflow.TimeKey(from)}, workflow.IndexEntry{Field: IndexUntil, Key: workflow.TimeKey(until)})
		if a.Supersedes != (workflow.ID{}) {
			entries = append(entries, workflow.IndexEntry{Field: IndexSupersedes, Key: workflow.IDKey(a.Supersedes)})
		}
	}
	return entries
}

// active is the half-open time in which it is active, as far as is known.
func (a *Announcement) active() (from, until time.Time) {
	from, until = a.From, a.Until
	if a.ReleasedAt.After(from) {
		from = a.ReleasedAt
	}
	if !a.EndedAt.IsZero() && a.EndedAt.Before(until) {
		until = a.EndedAt
	}
	return from, until
}

// ActiveAt reports whether the announcement was active at an instant, or is going to be:
// by its validity and by what was decided, however late timers are.
func (a *Announcement) ActiveAt(t time.Time) bool {
	from, until := a.active()
	return !a.ReleasedAt.IsZero() && !t.Before(from) && t.Before(until)
}

// ParseDraft decodes a draft from JSON and checks it. Fields that it does not have are
// refused. Every error matches [workflow.ErrInvalid].
func ParseDraft(data []byte) (Draft, error) {
	var d Draft
	if err := workflow.ParseJSON(data, "announce: draft", &d); err != nil {
		return Draft{}, err
	}
	if err := d.validate(); err != nil {
		return Draft{}, err
	}
	return d, nil
}

func (d Draft) validate() error {
	var p workflow.Problems
	checkKind(&p, d.Kind)
	checkSeverity(&p, d.Severity)
	if d.Priority < 1 || d.Priority > 5 {
		p.Addf("priority %d, must be 1 to 5", d.Priority)
	}
	d.Words.validate(&p)
	validateAudience(&p, d.Audience, 1)
	if y := d.Until.Year(); d.From.IsZero() || !d.From.Before(d.Until) || y > 9999 {
		p.Addf("valid from %s until %s: it must begin before it ends, in the years up to 9999", d.From.Format(time.RFC3339), d.Until.Format(time.RFC3339))
	}
	return p.Err("announce: draft")
}

// normal brings the times into the form in which they are kept.
func (d Draft) normal() Draft {
	d = d.clone()
	d.From, d.Until = d.From.UTC().Truncate(time.Microsecond), d.Until.UTC().Truncate(time.Microsecond)
	return d
}

// step is a command at work on one announcement.
type step struct {
	s      *Service
	tx     *workflow.Tx
	a      *Announcement
	reason string
}

func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Announcement, error) {
	var a *Announcement
	res, err := s.desk.Do(ctx, s.command(actor, name), func(tx *workflow.Tx) error {
		var err error
		if a, err = s.announcements.Get(tx, id); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, a: a}
		if err := decide(st); err != nil {
			return err
		}
		return s.announcements.Put(tx, a, workflow.Entry{Note: st.reason})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Announcement(ctx, id)
	}
	return a, nil
}

func (st *step) facts() Facts {
	return Facts{Announcement: st.a, Actor: st.tx.Actor(), Now: st.tx.Now(), Reason: st.reason, Direct: slices.Contains(st.s.cfg.Direct, st.a.Kind)}
}

func (st *step) ref() workflow.Ref { return st.s.announcements.Ref(st.a.ID) }

// fire takes the announcement through an action, and does what belongs to the state that
// it comes to.
func (st *step) fire(action string) error {
	before := st.a.State
	if err := st.s.lives.fire(st.tx, &st.a.Record, st.ref(), action, st.facts(), nil); err != nil {
		return err
	}
	return st.arrive(before)
}

// Draft writes an announcement. It is for [RoleEditor].
func (s *Service) Draft(ctx context.Context, actor workflow.Actor, d Draft) (*Announcement, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	var a *Announcement
	res, err := s.desk.Do(ctx, s.command(actor, "draft"), func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindAnnouncement}, Roles: []string{RoleEditor}}); err != nil {
			return err
		}
		a = &Announcement{Record: workflow.Record{Lifecycle: s.lives.current, State: StateDraft, Title: d.Words.title()}, Draft: d.normal()}
		a.wrote(actor)
		if err := s.earlier(tx, d); err != nil {
			return err
		}
		return s.announcements.Create(tx, a, workflow.Entry{})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Announcement(ctx, made(res, KindAnnouncement))
	}
	return a, nil
}

// earlier asks that there is what a draft supersedes.
func (s *Service) earlier(tx *workflow.Tx, d Draft) error {
	if d.Supersedes == (workflow.ID{}) {
		return nil
	}
	if _, err := s.announcements.Get(tx, d.Supersedes); err != nil {
		return fmt.Errorf("announce: what the draft supersedes: %w", err)
	}
	return nil
}

// wrote notes who has written it: the actor, and whom he acts for.
func (a *Announcement) wrote(actor workflow.Actor) {
	for _, who := range []string{actor.ID, actor.OnBehalfOf} {
		if who != "" && !slices.Contains(a.Authors, who) {
			a.Authors = append(a.Authors, who)
		}
	}
}

// Edit writes a draft anew. What was submitted is not changed: reject it, or supersede
// it once it is published.
func (s *Service) Edit(ctx context.Context, actor workflow.Actor, id workflow.ID, d Draft) (*Announcement, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	return s.run(ctx, actor, id, "edit", func(st *step) error {
		if err := st.tx.Authorize(workflow.Access{Ref: st.ref(), State: st.a.State, Roles: []string{RoleEditor}}); err != nil {
			return err
		}
		if st.a.State != StateDraft {
			return fmt.Errorf("announce: %s is %s, only a draft is edited: %w", st.a.Name(), st.a.State, workflow.ErrTransition)
		}
		st.a.Draft, st.a.Title = d.normal(), d.Words.title()
		st.a.wrote(actor)
		return s.earlier(st.tx, d)
	})
}

// Submit asks for the approval of a draft.
func (s *Service) Submit(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Announcement, error) {
	return s.run(ctx, actor, id, ActionSubmit, func(st *step) error { return st.fire(ActionSubmit) })
}

// Approve releases what was submitted: it is published when its validity begins, which
// may be at once. It is for [RoleApprover], and not for those who have written it.
func (s *Service) Approve(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Announcement, error) {
	return s.run(ctx, actor, id, ActionApprove, func(st *step) error {
		st.a.ApprovedBy = actor.ID
		return st.fire(ActionApprove)
	})
}

// Reject sends what was submitted back, with a reason.
func (s *Service) Reject(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Announcement, error) {
	return s.run(ctx, actor, id, ActionReject, func(st *step) error {
		st.reason = reason
		return st.fire(ActionReject)
	})
}

// Release releases a draft of a kind that needs no approval, see [Config].
func (s *Service) Release(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Announcement, error) {
	return s.run(ctx, actor, id, ActionRelease, func(st *step) error { return st.fire(ActionRelease) })
}

// Withdraw ends an announcement, for a reason. Those who were told of it are told that,
// in the words given; without words they are not.
func (s *Service) Withdraw(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string, w Words) (*Announcement, error) {
	return s.run(ctx, actor, id, ActionWithdraw, func(st *step) error {
		if len(reason) > workflow.MaxTitle {
			return fmt.Errorf("announce: %s: a reason of %d bytes, at most %d: %w", st.a.Name(), len(reason), workflow.MaxTitle, workflow.ErrInvalid)
		}
		st.reason = reason
		if err := st.fire(ActionWithdraw); err != nil {
			return err
		}
		return st.retract(w)
	})
}

// Announcement reads an announcement. It is an error matching [workflow.ErrNotFound] if
// there is none.
func (s *Service) Announcement(ctx context.Context, id workflow.ID) (*Announcement, error) {
	return s.announcements.Load(ctx, s.desk.Store(), id)
}

// Options tells what steps of the lifecycle the actor may take with the announcement at
// an instant, and of the others why not.
func (s *Service) Options(a *Announcement, actor workflow.Actor, now time.Time) ([]workflow.Option, error) {
	m, err := s.lives.of(&a.Record)
	if err != nil {
		return nil, err
	}
	return m.Options(a.State, m.Roles(actor.Roles...), Facts{Announcement: a, Actor: actor, Now: now, Direct: slices.Contains(s.cfg.Direct, a.Kind)}), nil
}
