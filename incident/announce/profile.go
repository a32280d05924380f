package announce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Subscription is something that a person or a group wants to be told of.
type Subscription struct {
	Name string `json:"name"` // of the subscription, once in a profile
	// What it is to: an item of the configuration, a service or any other; or a site;
	// or, with neither, everything.
	Item workflow.ID `json:"item,omitzero"`
	Site string      `json:"site,omitempty"`

	Kinds    []Kind   `json:"kinds,omitempty"`    // empty = all
	Least    Severity `json:"least,omitzero"`     // not what is less severe
	Channels []string `json:"channels,omitempty"` // "mail", "sms", "chat"; empty = as the preferences say
}

// Preferences are how a person wants to be told, of whatever it is.
type Preferences struct {
	Channels []string `json:"channels,omitempty"` // empty = the service's
	// Awake are the hours in which he is told; what happens outside of them waits for
	// the next opening. None = around the clock.
	Awake *calendar.Calendar `json:"awake,omitempty"`
	// Digest collects everything into one message, which goes out when these hours
	// open next. None = everything comes by itself.
	Digest *calendar.Calendar `json:"digest,omitempty"`
	// Unless lets what is as severe as this come at once, at night and past the digest.
	// Zero = nothing does.
	Unless Severity `json:"unless,omitzero"`

	// NotByConsumption: he is not told just because he consumes something.
	NotByConsumption bool     `json:"not_by_consumption,omitempty"`
	Least            Severity `json:"least,omitzero"` // of what he is told because he consumes something
}

// Profile is what a person or a group has subscribed to, how the person wants to be
// told, and what waits to be. It is changed through a [Service] alone.
type Profile struct {
	workflow.Record
	Subscriber    Party          `json:"subscriber"` // a person or a group
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	Preferences   Preferences    `json:"preferences,omitzero"` // of a person

	Held    []Held    `json:"held,omitempty"`    // what waits for the morning, or for the digest
	FlushAt time.Time `json:"flush_at,omitzero"` // when it is told
}

// Held is something that a person will be told of.
type Held struct {
	Bulletin workflow.ID `json:"bulletin"`
	Page     int         `json:"page"`
}

// Limits of a profile.
const (
	MaxSubscriptions = 200
	MaxChannels      = 10
	maxHeld          = 1000
)

func (p *Profile) clone() *Profile {
	c := *p
	c.Record = p.Record.Clone()
	c.Subscriptions = slices.Clone(p.Subscriptions)
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		s.Kinds, s.Channels = slices.Clone(s.Kinds), slices.Clone(s.Channels)
	}
	c.Preferences.Channels, c.Held = slices.Clone(p.Preferences.Channels), slices.Clone(p.Held)
	return &c
}

// IndexTarget is the field by which profiles are found that have subscribed to an item,
// a site, or everything.
const IndexTarget = "target"

const targetAll = workflow.Key("all")

func targetItem(id workflow.ID) workflow.Key { return workflow.Key("item/" + id.String()) }
func targetSite(name string) workflow.Key    { return workflow.StringKey("site/" + name) }

func (p *Profile) index() []workflow.IndexEntry {
	var entries []workflow.IndexEntry
	for _, s := range p.Subscriptions {
		key := targetAll
		switch {
		case s.Item != workflow.ID{}:
			key = targetItem(s.Item)
		case s.Site != "":
			key = targetSite(s.Site)
		}
		entries = append(entries, workflow.IndexEntry{Field: IndexTarget, Key: key})
	}
	return entries
}

// matches reports whether the subscription has a bulletin, and by which of its harms,
// counted from 1.
func (s Subscription) matches(b *Bulletin, sites []string) (harm int, ok bool) {
	if b.Severity < s.Least || len(s.Kinds) > 0 && !slices.Contains(s.Kinds, b.Kind) {
		return 0, false
	}
	if s.Item != (workflow.ID{}) {
		i := slices.IndexFunc(b.Harms, func(h Harm) bool { return h.Item == s.Item })
		return i + 1, i >= 0
	}
	return 0, s.Site == "" || slices.Contains(sites, s.Site)
}

// wants takes away the reasons that the person does not count, and reports whether any
// is left.
func (p *Profile) wants(b *Bulletin, r *Reached) bool {
	r.Why = slices.DeleteFunc(slices.Clone(r.Why), func(w Why) bool {
		return w.Because == Consumes && (p.Preferences.NotByConsumption || b.Severity < p.Preferences.Least)
	})
	return len(r.Why) > 0
}

// channels are those by which somebody is told.
func (s *Service) channels(p *Profile, r Reached) []string {
	switch {
	case len(r.Channels) > 0:
		return r.Channels
	case len(p.Preferences.Channels) > 0:
		return p.Preferences.Channels
	}
	return s.cfg.Channels
}

// until is when the person is told of something that happens at an instant: then, or
// later. False means never: the hours do not open any more.
func (p *Profile) until(at time.Time, s Severity) (time.Time, bool) {
	f := p.Preferences
	switch {
	case f.Unless > 0 && s >= f.Unless:
		return at, true
	case f.Digest != nil:
		return f.Digest.NextOpening(at)
	case f.Awake != nil:
		return f.Awake.NextOpen(at)
	}
	return at, true
}

func (s Subscription) validate(p *workflow.Problems) {
	if !validName(s.Name) {
		p.Addf("subscription %.64q must be 1 to 128 letters, digits, dots, underscores or hyphens", s.Name)
	}
	if s.Item != (workflow.ID{}) && s.Site != "" || s.Site != "" && !validID(s.Site) {
		p.Addf("subscription %.64s is to an item, to a site, or with neither to everything", s.Name)
	}
	for i, k := range s.Kinds {
		checkKind(p, k)
		if slices.Contains(s.Kinds[:i], k) {
			p.Addf("kind %.32s is there twice", k)
		}
	}
	checkChannels(p, s.Channels)
	checkSeverity(p, s.Least)
}

func checkSeverity(p *workflow.Problems, s Severity) {
	if s > Critical {
		p.Addf("%v is not a severity", s)
	}
}

func checkChannels(p *workflow.Problems, list []string) {
	if len(list) > MaxChannels {
		p.Addf("%d channels, at most %d", len(list), MaxChannels)
		return
	}
	for i, c := range list {
		if !validName(c) || slices.Contains(list[:i], c) {
			p.Addf("channel %.64q must be a name, and there once", c)
		}
	}
}

func (f Preferences) validate(p *workflow.Problems) {
	checkChannels(p, f.Channels)
	checkSeverity(p, f.Least)
	checkSeverity(p, f.Unless)
	some := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if f.Awake != nil {
		if _, ok := f.Awake.NextOpen(some); !ok {
			p.Addf("the hours awake never open: nothing would be told")
		}
	}
	if f.Digest != nil {
		if _, ok := f.Digest.NextOpening(some); !ok {
			p.Addf("the hours of the digest never open, or never close: it goes out when they open")
		}
	}
}

// ParsePreferences decodes preferences from JSON and checks them. Fields that they do
// not have are refused. Every error matches [workflow.ErrInvalid].
func ParsePreferences(data []byte) (Preferences, error) {
	var f Preferences
	if err := workflow.ParseJSON(data, "announce: preferences", &f); err != nil {
		return Preferences{}, err
	}
	var p workflow.Problems
	f.validate(&p)
	if err := p.Err("announce: preferences"); err != nil {
		return Preferences{}, err
	}
	return f, nil
}

// ParseSubscription decodes a subscription from JSON and checks it, as
// [ParsePreferences] does.
func ParseSubscription(data []byte) (Subscription, error) {
	var s Subscription
	if err := workflow.ParseJSON(data, "announce: subscription", &s); err != nil {
		return Subscription{}, err
	}
	var p workflow.Problems
	s.validate(&p)
	if err := p.Err("announce: subscription"); err != nil {
		return Subscription{}, err
	}
	return s, nil
}

func profileID(who Party) workflow.ID { return derived("profile", string(who.Kind), who.Name) }

// Profile reads the profile of a person or a group. Whoever has none yet has an empty
// one.
func (s *Service) Profile(ctx context.Context, who Party) (*Profile, error) {
	p, err := s.profiles.Load(ctx, s.desk.Store(), profileID(who))
	if errors.Is(err, workflow.ErrNotFound) {
		return &Profile{Subscriber: who}, nil
	}
	return p, err
}

// Subscribe adds a subscription to the profile of a person or a group, in place of the
// one of its name. It is for the person and for [RoleCommunicator].
func (s *Service) Subscribe(ctx context.Context, actor workflow.Actor, who Party, sub Subscription) (*Profile, error) {
	var pr workflow.Problems
	sub.validate(&pr)
	if err := pr.Err("announce: subscribing " + who.String()); err != nil {
		return nil, err
	}
	sub.Kinds, sub.Channels = slices.Clone(sub.Kinds), slices.Clone(sub.Channels)
	return s.profile(ctx, actor, who, "subscribe", func(p *Profile) error {
		p.Subscriptions = slices.DeleteFunc(p.Subscriptions, func(o Subscription) bool { return o.Name == sub.Name })
		if len(p.Subscriptions) >= MaxSubscriptions {
			return fmt.Errorf("announce: %v has %d subscriptions, the most there may be: %w", who, MaxSubscriptions, workflow.ErrInvalid)
		}
		p.Subscriptions = append(p.Subscriptions, sub)
		return nil
	})
}

// Unsubscribe takes a subscription away. It is for those who may subscribe. Of what
// somebody was told already he is told the end all the same.
func (s *Service) Unsubscribe(ctx context.Context, actor workflow.Actor, who Party, name string) (*Profile, error) {
	return s.profile(ctx, actor, who, "unsubscribe", func(p *Profile) error {
		before := len(p.Subscriptions)
		p.Subscriptions = slices.DeleteFunc(p.Subscriptions, func(o Subscription) bool { return o.Name == name })
		if len(p.Subscriptions) == before {
			return fmt.Errorf("announce: %v has no subscription %.64q: %w", who, name, workflow.ErrNotFound)
		}
		return nil
	})
}

// Prefer sets how a person wants to be told. It is for the person and for
// [RoleCommunicator]. What waits already keeps its time.
func (s *Service) Prefer(ctx context.Context, actor workflow.Actor, person string, f Preferences) (*Profile, error) {
	var pr workflow.Problems
	f.validate(&pr)
	if err := pr.Err("announce: preferences of " + person); err != nil {
		return nil, err
	}
	f.Channels = slices.Clone(f.Channels)
	return s.profile(ctx, actor, Party{Kind: Person, Name: person}, "prefer", func(p *Profile) error {
		p.Preferences = f
		return nil
	})
}

func (s *Service) profile(ctx context.Context, actor workflow.Actor, who Party, name string, change func(*Profile) error) (*Profile, error) {
	if err := who.validate(); err != nil || who.Kind != Person && who.Kind != Group {
		return nil, fmt.Errorf("announce: %v: persons and groups have profiles: %w", who, workflow.ErrInvalid)
	}
	var p *Profile
	res, err := s.desk.Do(ctx, s.command(actor, name), func(tx *workflow.Tx) error {
		err := tx.Authorize(workflow.Access{Ref: s.profiles.Ref(profileID(who)), Roles: []string{RoleCommunicator, RoleSelf}, Relations: self(actor, who)})
		if err != nil {
			return err
		}
		if p, err = s.own(tx, who); err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		return s.profiles.Put(tx, p, workflow.Entry{})
	})
	if err == nil && res.Duplicate {
		return s.Profile(ctx, who)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// own reads a profile within a command, or makes it.
func (s *Service) own(tx *workflow.Tx, who Party) (*Profile, error) {
	return s.profiles.GetOrCreate(tx, profileID(who), func() *Profile {
		return &Profile{Record: workflow.Record{Title: who.String(), State: "kept"}, Subscriber: who}
	})
}

// self is the role of a person towards what is his.
func self(actor workflow.Actor, who Party) []string {
	if who.Kind == Person && actor.Type == workflow.ActorUser && actor.OnBehalfOf == "" && actor.ID == who.Name {
		return []string{RoleSelf}
	}
	return nil
}
