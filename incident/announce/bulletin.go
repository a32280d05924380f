package announce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The kinds of records in a store.
const (
	KindBulletin     = "bulletin"
	KindAnnouncement = "announcement"
	KindProfile      = "announce_profile"
	kindPage         = "bulletin_page"
	kindAck          = "announcement_ack"
)

// Stage says where in its course something is that people are told of.
type Stage string

// The stages.
const (
	Reported  Stage = "reported" // the first word
	Update    Stage = "update"
	AllClear  Stage = "all_clear" // it is over
	Withdrawn Stage = "withdrawn" // it was not so, or is not going to be
)

// last reports whether nothing follows.
func (s Stage) last() bool { return s == AllClear || s == Withdrawn }

// Bulletin is the running word of one outage, change or announcement to those whom it
// touches. Each new word is a round. It is changed through a [Service] alone; what a
// Service returns is a copy.
type Bulletin struct {
	workflow.Record

	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity,omitzero"`
	About    About    `json:"about,omitzero"`
	Harms    []Harm   `json:"harms,omitempty"`    // those who consume or have subscribed to these are told
	Sites    []string `json:"sites,omitempty"`    // those who have subscribed to these are told
	Audience []Party  `json:"audience,omitempty"` // these are told in any case

	Announcement workflow.ID `json:"announcement,omitzero"` // it is the word of that

	Rounds []Round `json:"rounds"`          // what was told, the last one is the present
	Pages  int     `json:"pages"`           // how many pages of people there are
	Cursor Cursor  `json:"cursor,omitzero"` // how far the present round has come
}

// About is the record that a bulletin is about.
type About struct {
	workflow.Ref
	Number string `json:"number,omitempty"`
	Title  string `json:"title,omitempty"`
}

// Round is one word to everybody.
type Round struct {
	Stage Stage     `json:"stage"`
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Words Words     `json:"words"`
}

// Cursor is how far a round has come.
type Cursor struct {
	Page  int    `json:"page,omitempty"`  // the next of the pages that there were when the round began
	Of    int    `json:"of,omitempty"`    // how many there were
	After string `json:"after,omitempty"` // the last person new to the bulletin who was reached
	Done  bool   `json:"done,omitempty"`
}

// page is some of the people of a bulletin, and what each of them knows.
type page struct {
	workflow.Record
	Bulletin workflow.ID `json:"bulletin"`
	N        int         `json:"n"`
	People   []entry     `json:"people"`
}

type entry struct {
	Person   string   `json:"person"`
	Channels []string `json:"channels"`
	Why      []Why    `json:"why"`
	Told     int      `json:"told,omitempty"` // the last round that he was told, from 1
	Held     bool     `json:"held,omitempty"` // a word waits in his profile
	Over     bool     `json:"over,omitempty"` // he was told that it is over
}

func (p *page) clone() *page {
	c := *p
	c.Record = p.Record.Clone()
	c.People = slices.Clone(p.People)
	for i := range c.People {
		e := &c.People[i]
		e.Channels, e.Why = slices.Clone(e.Channels), slices.Clone(e.Why)
	}
	return &c
}

func (b *Bulletin) clone() *Bulletin {
	c := *b
	c.Record = b.Record.Clone()
	c.Harms, c.Sites, c.Audience, c.Rounds = slices.Clone(b.Harms), slices.Clone(b.Sites), slices.Clone(b.Audience), slices.Clone(b.Rounds)
	for i := range c.Rounds {
		c.Rounds[i].Words = c.Rounds[i].Words.clone()
	}
	return &c
}

func (w Words) clone() Words {
	if w == nil {
		return nil
	}
	c := make(Words, len(w))
	for l, t := range w {
		c[l] = t
	}
	return c
}

// Now is the present round.
func (b *Bulletin) Now() Round { return b.Rounds[len(b.Rounds)-1] }

// The fields a bulletin or an announcement can be found by, besides those of every
// record.
const (
	IndexCategory     = "category" // of the state, see [workflow.Category]
	IndexKind         = "kind"
	IndexAbout        = "about"        // the reference of a bulletin's record, as text
	IndexFrom         = "from"         // a TimeKey: an announcement's validity, once it is released
	IndexUntil        = "until"        // a TimeKey: likewise
	IndexSupersedes   = "supersedes"   // an IDKey: in whose place it comes, once it is released
	IndexAnnouncement = "announcement" // an IDKey: of an acknowledgement
)

func (b *Bulletin) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexKind, Key: workflow.StringKey(string(b.Kind))},
	}
	if !b.About.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexAbout, Key: workflow.StringKey(b.About.String())})
	}
	return entries
}

// Report is what a bulletin begins with.
type Report struct {
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity,omitzero"`
	About    About    `json:"about,omitzero"`
	Words    Words    `json:"words"`
	Harms    []Harm   `json:"harms,omitempty"` // see [Affected]
	Sites    []string `json:"sites,omitempty"`
	Audience []Party  `json:"audience,omitempty"`
}

// ParseReport decodes a report from JSON and checks it. Fields that it does not have are
// refused. Every error matches [workflow.ErrInvalid].
func ParseReport(data []byte) (Report, error) {
	var r Report
	if err := workflow.ParseJSON(data, "announce: report", &r); err != nil {
		return Report{}, err
	}
	if err := r.validate(); err != nil {
		return Report{}, err
	}
	return r, nil
}

func (r Report) validate() error {
	var p workflow.Problems
	checkKind(&p, r.Kind)
	checkSeverity(&p, r.Severity)
	r.Words.validate(&p)
	if !r.About.IsZero() && (r.About.ID == workflow.ID{} || !validName(r.About.Kind)) || len(r.About.Number) > workflow.MaxKey || len(r.About.Title) > workflow.MaxTitle {
		p.Addf("about %.64v: not a record, or its number or title too long", r.About.Ref)
	}
	validateHarms(&p, r.Harms, r.Sites)
	validateAudience(&p, r.Audience, 0)
	if len(r.Harms)+len(r.Sites)+len(r.Audience) == 0 {
		p.Addf("nothing is harmed and nobody addressed: nobody would be told")
	}
	return p.Err("announce: report")
}

func validateHarms(p *workflow.Problems, harms []Harm, sites []string) {
	if len(harms) > MaxHarms || len(sites) > MaxAudience {
		p.Addf("%d items and %d sites, at most %d each: tell of services alone", len(harms), len(sites), MaxHarms)
		return
	}
	seen := map[workflow.ID]bool{}
	for _, h := range harms {
		if h.Item == (workflow.ID{}) || !validID(h.Name) || len(h.Path) > MaxWording || seen[h.Item] {
			p.Addf("item %.64q needs an id and a name, and is there once", h.Name)
		}
		seen[h.Item] = true
	}
	for _, s := range sites {
		if !validID(s) {
			p.Addf("site %.64q is not a name", s)
		}
	}
}

// Report begins a bulletin: everybody whom it touches is told, in chunks, once the relay
// comes to it. It is for [RoleCommunicator] and systems.
func (s *Service) Report(ctx context.Context, actor workflow.Actor, r Report) (*Bulletin, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	var b *Bulletin
	res, err := s.desk.Do(ctx, s.command(actor, "report"), func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindBulletin}, Roles: []string{RoleCommunicator, workflow.RoleSystem}}); err != nil {
			return err
		}
		var err error
		b, err = s.begin(tx, r, workflow.ID{})
		return err
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Bulletin(ctx, made(res, KindBulletin))
	}
	return b, nil
}

// begin makes a bulletin with its first round.
func (s *Service) begin(tx *workflow.Tx, r Report, announcement workflow.ID) (*Bulletin, error) {
	b := &Bulletin{Record: workflow.Record{Lifecycle: s.courses.current, State: StateOpen, Title: r.Words.title()}, Kind: r.Kind, Severity: r.Severity, About: r.About,
		Harms: r.Harms, Sites: r.Sites, Audience: r.Audience, Announcement: announcement}
	b = b.clone() // of what the caller has given
	b.round(tx, Reported, r.Words)
	if err := s.bulletins.Create(tx, b, workflow.Entry{}); err != nil {
		return nil, err
	}
	if err := b.fits(); err != nil {
		return nil, err
	}
	return b, s.tick(tx, b)
}

// round begins a new round: first those who were told already, then who is new to it.
func (b *Bulletin) round(tx *workflow.Tx, stage Stage, w Words) {
	b.Rounds = append(b.Rounds, Round{Stage: stage, At: tx.Now(), By: tx.Actor().ID, Words: w.clone()})
	b.Cursor = Cursor{Of: b.Pages}
}

// lastWord is how many bytes of a bulletin are kept for its last word.
const lastWord = 1 << 20

// fits reports whether the bulletin leaves room for its last word: whatever was told can
// be ended.
func (b *Bulletin) fits() error {
	raw, err := json.Marshal(b)
	if err == nil && len(raw) > workflow.MaxBody-lastWord {
		err = fmt.Errorf("%d bytes with all that was said, at most %d: end it, and tell the rest in another bulletin: %w", len(raw), workflow.MaxBody-lastWord, workflow.ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("announce: %s: %w", b.Name(), err)
	}
	return nil
}

// News is what has come of something that people were told of.
type News struct {
	Words    Words    `json:"words"`
	Severity Severity `json:"severity,omitzero"` // zero = as before
	// Harms, unless nil, are what is harmed by now. Who is touched anew is told; who
	// was told before is told this, too.
	Harms []Harm `json:"harms,omitempty"`
}

// Update tells everybody who was told, and whoever is touched by now.
func (s *Service) Update(ctx context.Context, actor workflow.Actor, id workflow.ID, n News) (*Bulletin, error) {
	return s.follow(ctx, actor, id, ActionUpdate, Update, n)
}

// Clear tells that it is over, to exactly those who were told of it: each of them once.
func (s *Service) Clear(ctx context.Context, actor workflow.Actor, id workflow.ID, w Words) (*Bulletin, error) {
	return s.follow(ctx, actor, id, ActionClear, AllClear, News{Words: w})
}

// Retract tells that it was not so, or is not going to be, to exactly those who were
// told of it.
func (s *Service) Retract(ctx context.Context, actor workflow.Actor, id workflow.ID, w Words) (*Bulletin, error) {
	return s.follow(ctx, actor, id, ActionRetract, Withdrawn, News{Words: w})
}

func (s *Service) follow(ctx context.Context, actor workflow.Actor, id workflow.ID, action string, stage Stage, n News) (*Bulletin, error) {
	var p workflow.Problems
	n.Words.validate(&p)
	checkSeverity(&p, n.Severity)
	validateHarms(&p, n.Harms, nil)
	if err := p.Err("announce: news"); err != nil {
		return nil, err
	}
	var b *Bulletin
	res, err := s.desk.Do(ctx, s.command(actor, action), func(tx *workflow.Tx) error {
		var err error
		if b, err = s.bulletins.Get(tx, id); err != nil {
			return err
		}
		return s.next(tx, b, action, stage, n)
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Bulletin(ctx, id)
	}
	return b, nil
}

// next takes a bulletin into another round.
func (s *Service) next(tx *workflow.Tx, b *Bulletin, action string, stage Stage, n News) error {
	if len(b.Rounds) >= MaxRounds && !stage.last() {
		return fmt.Errorf("announce: %s has %d rounds, the most there may be: %w", b.Name(), len(b.Rounds), workflow.ErrInvalid)
	}
	err := s.courses.fire(tx, &b.Record, s.bulletins.Ref(b.ID), action, BulletinFacts{b, tx.Actor()}, nil)
	if err != nil {
		return err
	}
	if n.Severity > 0 {
		b.Severity = n.Severity
	}
	if n.Harms != nil {
		b.Harms = slices.Clone(n.Harms)
	}
	b.round(tx, stage, n.Words)
	if err := b.fits(); err != nil && !stage.last() {
		return err
	}
	if err := s.bulletins.Put(tx, b, workflow.Entry{}); err != nil {
		return err
	}
	return s.tick(tx, b)
}

// Bulletin reads a bulletin. It is an error matching [workflow.ErrNotFound] if there is
// none.
func (s *Service) Bulletin(ctx context.Context, id workflow.ID) (*Bulletin, error) {
	return s.bulletins.Load(ctx, s.desk.Store(), id)
}

// Standing is what one person knows of a bulletin.
type Standing struct {
	Person string   `json:"person"`
	Why    []string `json:"why"`            // in words
	Told   Stage    `json:"told,omitempty"` // the last word he was told
	Held   bool     `json:"held,omitempty"` // a word waits for his morning, or his digest
}

// Standings lists the people of a bulletin whom its rounds have come to, in the order in
// which they were reached.
func (s *Service) Standings(ctx context.Context, id workflow.ID) ([]Standing, error) {
	b, err := s.Bulletin(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []Standing
	for n := range b.Pages {
		p, err := s.pages.Load(ctx, s.desk.Store(), pageID(b.ID, n))
		if errors.Is(err, workflow.ErrNotFound) {
			return nil, fmt.Errorf("announce: %s has no page %d: %w", b.Name(), n, workflow.ErrTampered)
		}
		if err != nil {
			return nil, err
		}
		for _, e := range p.People {
			st := Standing{Person: e.Person, Held: e.Held}
			if e.Told > 0 {
				st.Told = b.Rounds[e.Told-1].Stage
			}
			for _, w := range e.Why {
				st.Why = append(st.Why, b.explain(w))
			}
			out = append(out, st)
		}
	}
	return out, nil
}

func pageID(bulletin workflow.ID, n int) workflow.ID {
	return derived("page", bulletin.String(), fmt.Sprint(n))
}
