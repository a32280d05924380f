package announce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The topics of the messages that bulletins put into the outbox.
const (
	TopicNotice = "announce.notice" // a [Notice]: to at most [ChunkSize] people
	TopicDigest = "announce.digest" // a [Digest]: to one person
	// TopicSpread takes a round to the next people. Relay it to [Service.Handle].
	TopicSpread = "announce.spread"
)

// ChunkSize is how many people are reached with one commit. A page of a bulletin has at
// most so many, and so has a message.
const ChunkSize = 100

// Notice is one word to some people. The same message comes again with the same id, so
// that a host which sends it to each of them can do so once, by id and person. They are
// blind copies: who else is told is nobody's business.
type Notice struct {
	Told
	To []Recipient `json:"to"`
}

// Told is a word of a bulletin.
type Told struct {
	ID       workflow.ID `json:"id"` // of the bulletin
	Number   string      `json:"number"`
	Kind     Kind        `json:"kind"`
	Severity Severity    `json:"severity,omitzero"`
	Stage    Stage       `json:"stage"`
	Round    int         `json:"round"` // from 1
	At       time.Time   `json:"at"`    // when it was said
	Words    Words       `json:"words"`
	About    About       `json:"about,omitzero"`

	Announcement workflow.ID `json:"announcement,omitzero"`
}

// Recipient is one person of a notice.
type Recipient struct {
	Person   string   `json:"person"`
	Channels []string `json:"channels"`
	Why      []string `json:"why,omitempty"` // in words
}

// Digest is everything that has waited for a person, in the order in which it came.
type Digest struct {
	To    Recipient `json:"to"`
	Items []Told    `json:"items"`
}

func (b *Bulletin) told() Told {
	r := b.Now()
	return Told{ID: b.ID, Number: b.Number, Kind: b.Kind, Severity: b.Severity, Stage: r.Stage, Round: len(b.Rounds), At: r.At, Words: r.Words, About: b.About,
		Announcement: b.Announcement}
}

// spreading is what TopicSpread carries.
type spreading struct {
	Bulletin workflow.ID `json:"bulletin"`
	Round    int         `json:"round"`
}

// tick asks for the next people of the present round to be reached.
func (s *Service) tick(tx *workflow.Tx, b *Bulletin) error {
	return tx.Send(s.bulletins.Ref(b.ID), TopicSpread, spreading{b.ID, len(b.Rounds)})
}

var system = workflow.System("announcements")

// over reports whether there is nothing to do any more for a tick: the round is through,
// or another has begun, which has ticks of its own.
func (b *Bulletin) over(t spreading) bool { return len(b.Rounds) != t.Round || b.Cursor.Done }

// fresh reports whether the round has come to those who are new to the bulletin.
func (b *Bulletin) fresh() bool { return b.Cursor.Page >= b.Cursor.Of && !b.Now().Stage.last() }

// spread reaches the next people, with one commit: the page that says so, the message to
// them, the cursor, and the tick for those after them. How far a round has come is in
// the bulletin, so after a crash it goes on from there.
func (s *Service) spread(ctx context.Context, m *workflow.Message) error {
	var t spreading
	if err := json.Unmarshal(m.Payload, &t); err != nil {
		return fmt.Errorf("announce: spreading: %w: %w", err, workflow.ErrInvalid)
	}
	b, err := s.Bulletin(ctx, t.Bulletin)
	if err != nil || b.over(t) {
		return err
	}
	var next []Reached
	var more bool
	gathered, after := b.fresh(), b.Cursor.After
	if gathered {
		known, err := s.known(ctx, b)
		if err != nil {
			return err
		}
		if next, more, err = s.gatherNext(ctx, b, known, ChunkSize); err != nil {
			return err
		}
	}
	_, err = s.desk.Do(ctx, s.Once(m.ID.String()).command(system, "spread"), func(tx *workflow.Tx) error {
		b, err := s.bulletins.Get(tx, t.Bulletin)
		if err != nil || b.over(t) {
			return err
		}
		c := &chunk{s: s, tx: tx, b: b}
		switch {
		case !b.fresh():
			err = c.revisit()
		case gathered && b.Cursor.After == after:
			err = c.reach(next, more)
		} // otherwise somebody was quicker, and the next tick gathers
		if err != nil {
			return err
		}
		if err := s.bulletins.Put(tx, b, workflow.Entry{}); err != nil || b.Cursor.Done {
			return err
		}
		return s.tick(tx, b)
	})
	return err
}

// finish ends a bulletin without a word: nobody more is told of it.
func (s *Service) finish(tx *workflow.Tx, id workflow.ID) error {
	b, err := s.bulletins.Get(tx, id)
	if err != nil || s.ended(b) {
		return err
	}
	b.State, b.Cursor.Done = StateCleared, true
	return s.bulletins.Put(tx, b, workflow.Entry{})
}

// ended reports whether the bulletin has come to its end, in whatever state.
func (s *Service) ended(b *Bulletin) bool { return s.courses.category(&b.Record).Final() }

// stale reports whether what a person was not told yet is of no use to him any more.
func (s *Service) stale(b *Bulletin, e *entry) bool {
	return s.ended(b) && (e.Told == 0 || !b.Now().Stage.last())
}

// chunk is a command that tells some people of a bulletin.
type chunk struct {
	s  *Service
	tx *workflow.Tx
	b  *Bulletin
	to []Recipient // who is told at once
}

// revisit tells the people of the next page.
func (c *chunk) revisit() error {
	cur := &c.b.Cursor
	if cur.Page < cur.Of {
		p, err := c.s.pages.Get(c.tx, pageID(c.b.ID, cur.Page))
		if err != nil {
			return err
		}
		for i := range p.People {
			if err := c.again(&p.People[i], p.N); err != nil {
				return err
			}
		}
		if err := c.close(p); err != nil {
			return err
		}
		cur.Page++
	}
	cur.Done = cur.Page >= cur.Of && c.b.Now().Stage.last()
	return nil
}

// again tells a person of the bulletin the present round, unless he knows it: the last
// word only if he was told any.
func (c *chunk) again(e *entry, n int) error {
	switch {
	case e.Over || e.Told == len(c.b.Rounds):
		return nil
	case c.s.stale(c.b, e):
		return c.unhold(e)
	}
	return c.tell(e, n)
}

// reach tells the next people who are new to the bulletin.
func (c *chunk) reach(next []Reached, more bool) error {
	p := &page{Record: workflow.Record{ID: pageID(c.b.ID, c.b.Pages), Title: c.b.Number, State: "kept"}, Bulletin: c.b.ID, N: c.b.Pages}
	for _, r := range next {
		c.b.Cursor.After = r.Person
		profile, err := c.profile(r.Person)
		if err != nil {
			return err
		}
		if !profile.wants(c.b, &r) {
			continue
		}
		p.People = append(p.People, entry{Person: r.Person, Channels: c.s.channels(profile, r), Why: r.Why})
		if err := c.tell(&p.People[len(p.People)-1], p.N); err != nil {
			return err
		}
	}
	c.b.Cursor.Done = !more
	if len(p.People) == 0 {
		return nil
	}
	c.b.Pages++
	if err := c.s.pages.Create(c.tx, p, workflow.Entry{}); err != nil {
		return err
	}
	return c.close(p)
}

// known are the people of the pages that there were when the round began; who is on a
// page never changes. The pages that it has made itself hold nobody behind the cursor.
func (s *Service) known(ctx context.Context, b *Bulletin) (map[string]bool, error) {
	known := map[string]bool{}
	for n := range b.Cursor.Of {
		p, err := s.pages.Load(ctx, s.desk.Store(), pageID(b.ID, n))
		if err != nil {
			return nil, err
		}
		for _, e := range p.People {
			known[e.Person] = true
		}
	}
	return known, nil
}

// close writes a page and sends the message to those of it who are told at once.
func (c *chunk) close(p *page) error {
	if err := c.s.pages.Put(c.tx, p, workflow.Entry{}); err != nil || len(c.to) == 0 {
		return err
	}
	// The messages of a page are delivered in order: nobody hears the end first.
	return c.tx.Send(c.s.pages.Ref(p.ID), TopicNotice, Notice{c.b.told(), c.to})
}

// profile reads what a person wants.
func (c *chunk) profile(person string) (*Profile, error) {
	who := Party{Kind: Person, Name: person}
	p, err := c.s.profiles.Get(c.tx, profileID(who))
	if errors.Is(err, workflow.ErrNotFound) {
		return &Profile{Subscriber: who}, nil
	}
	return p, err
}

// tell tells a person the present round, now or when he wants to be told.
func (c *chunk) tell(e *entry, n int) error {
	p, err := c.profile(e.Person)
	if err != nil {
		return err
	}
	now := c.tx.Now()
	at, ok := p.until(now, c.b.Severity)
	if !ok || !at.After(now) || len(p.Held) >= maxHeld && !e.Held {
		if err := c.unhold(e); err != nil {
			return err
		}
		c.b.mark(e)
		c.to = append(c.to, c.b.recipient(e))
		return nil
	}
	if !e.Held {
		p.Held = append(p.Held, Held{c.b.ID, n})
		e.Held = true
	}
	at = at.UTC().Truncate(time.Microsecond)
	if p.FlushAt.IsZero() || at.Before(p.FlushAt) {
		p.FlushAt = at
		c.tx.SetTimer(c.s.profiles.Ref(p.ID), TimerFlush, at)
	}
	return c.s.profiles.Put(c.tx, p, workflow.Entry{})
}

// mark notes that a person was told the present round.
func (b *Bulletin) mark(e *entry) {
	e.Told, e.Held, e.Over = len(b.Rounds), false, b.Now().Stage.last()
}

func (b *Bulletin) recipient(e *entry) Recipient {
	r := Recipient{Person: e.Person, Channels: e.Channels}
	for _, w := range e.Why {
		r.Why = append(r.Why, clip(b.explain(w), maxReason))
	}
	return r
}

// maxReason is how many bytes of a reason a message has, so that those of everybody fit
// into it.
const maxReason = 500

// clip cuts a text at a number of bytes, between characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// unhold takes back what waits for a person.
func (c *chunk) unhold(e *entry) error {
	if !e.Held {
		return nil
	}
	e.Held = false
	p, err := c.profile(e.Person)
	if err != nil {
		return err
	}
	p.Held = slices.DeleteFunc(p.Held, func(h Held) bool { return h.Bulletin == c.b.ID })
	if len(p.Held) == 0 {
		p.FlushAt = time.Time{}
		c.tx.ClearTimer(c.s.profiles.Ref(p.ID), TimerFlush)
	}
	return c.s.profiles.Put(c.tx, p, workflow.Entry{})
}
