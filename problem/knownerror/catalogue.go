package knownerror

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// CatalogueConfig sets up a [Catalogue]. The zero value works.
type CatalogueConfig struct {
	Ranking Ranking // default: [StarterRanking]
	Texts   Texts   // default: [NewWords] with [EnglishStopWords]

	// Relate asks the configuration what the items of a case have to do with, of which
	// classes they are, and what runs there. It must have no effect. Default: nothing is
	// known of them.
	Relate func(ctx context.Context, items []string) (Surroundings, error)
}

// Catalogue is all known errors in force, in memory, for finding those that fit. It
// starts no goroutine: the host calls [Catalogue.Refresh] when it wants to catch up with
// the store, for example once a second or before each look. It is safe for concurrent
// use.
//
// A refresh also follows what was redacted, and what a [workflow.Retention] has erased,
// whose journal says so. Nothing tells of what a host erases by itself: it calls
// [Catalogue.Forget], and [Catalogue.Reset] after [workflow.EraseTenant].
type Catalogue struct {
	store workflow.Store
	cfg   CatalogueConfig
	kind  *workflow.Kind[*KnownError]
	uses  *workflow.Kind[*Use]
	gone  *workflow.Kind[*workflow.Disposal] // the journal that tells what was erased

	refresh sync.Mutex // of those who refresh
	after   workflow.Position

	mu    sync.RWMutex
	slots map[workflow.ID]uint32
	all   []*entry // by slot; nil: free
	free  []uint32
	index map[feature][]uint32 // slots, ascending
	usage map[workflow.ID]Usage
}

// entry is a known error in force.
type entry struct {
	id       workflow.ID
	number   string
	edition  Edition
	reviewAt time.Time
	codes    []string // in their canonical form, beside those of the content
	features map[feature]bool
}

// feature is something that known errors have in common with others.
type feature struct {
	sort Sort
	what string
}

// NewCatalogue returns a catalogue that knows nothing yet: refresh it.
func NewCatalogue(store workflow.Store, cfg CatalogueConfig) (*Catalogue, error) {
	var p workflow.Problems
	if store == nil {
		p.Addf("no store")
	}
	if cfg.Ranking == (Ranking{}) {
		cfg.Ranking = StarterRanking()
	}
	p.Add(cfg.Ranking.Validate())
	if cfg.Texts == nil {
		cfg.Texts = NewWords(EnglishStopWords()...)
	}
	c := &Catalogue{store: store, cfg: cfg, slots: map[workflow.ID]uint32{}, index: map[feature][]uint32{}, usage: map[workflow.ID]Usage{}}
	var err error
	c.kind, err = newKind(workflow.NumberFormat{}, workflow.Schema{})
	p.Add(err)
	c.uses, err = newUses()
	p.Add(err)
	c.gone, err = workflow.Disposals()
	p.Add(err)
	if err := p.Err("knownerror: catalogue"); err != nil {
		return nil, err
	}
	return c, nil
}

// Refresh brings the catalogue up to date with everything committed before. After an
// error it may be tried again.
func (c *Catalogue) Refresh(ctx context.Context) error {
	c.refresh.Lock()
	defer c.refresh.Unlock()
	n := news{c: c, usage: map[workflow.ID]Usage{}, seen: map[workflow.ID]bool{}, after: c.after}
	for e, err := range c.store.Events(ctx, c.after, workflow.Filter{Kinds: []string{KindName, UseKind, c.gone.Name()}}) {
		if err == nil {
			err = n.hear(ctx, e)
		}
		if err != nil {
			return fmt.Errorf("knownerror: catalogue: %w", err)
		}
	}
	var known []*KnownError
	var erased []workflow.ID
	for _, id := range n.changed {
		k, err := c.kind.Load(ctx, c.store, id)
		switch {
		case errors.Is(err, workflow.ErrNotFound):
			erased = append(erased, id)
		case err != nil:
			return fmt.Errorf("knownerror: catalogue: %w", err)
		default:
			known = append(known, k)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range known {
		if err := c.take(ctx, k); err != nil {
			return fmt.Errorf("knownerror: catalogue: %s: %w", k.Name(), err)
		}
	}
	if err := c.forget(ctx, erased); err != nil {
		return fmt.Errorf("knownerror: catalogue: %w", err)
	}
	for id, more := range n.usage {
		u := c.usage[id]
		c.usage[id] = Usage{u.Suggested + more.Suggested, u.Linked + more.Linked, u.Helped + more.Helped, u.NotHelped + more.NotHelped}
	}
	c.after = n.after
	return nil
}

// Forget takes known errors out that were erased otherwise than by a retention, at once:
// neither they nor their words are suggested any more. Those that it does not know are no
// error. After an error it may be tried again.
func (c *Catalogue) Forget(ctx context.Context, ids ...workflow.ID) error {
	c.refresh.Lock()
	defer c.refresh.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.forget(ctx, ids); err != nil {
		return fmt.Errorf("knownerror: catalogue: %w", err)
	}
	return nil
}

// Reset forgets everything: the next refresh begins with an empty catalogue at the
// beginning of the store. It is for a tenant that was erased, whose positions in the
// store are void. After an error it may be tried again.
func (c *Catalogue) Reset(ctx context.Context) error {
	c.refresh.Lock()
	defer c.refresh.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.forget(ctx, slices.Collect(maps.Keys(c.slots))); err != nil {
		return fmt.Errorf("knownerror: catalogue: %w", err)
	}
	clear(c.usage)
	c.all, c.free, c.after = nil, nil, ""
	return nil
}

func (c *Catalogue) forget(ctx context.Context, ids []workflow.ID) error {
	for _, id := range ids {
		if err := c.cfg.Texts.Remove(ctx, id); err != nil {
			return err
		}
		c.drop(id)
	}
	return nil
}

// news is what happened since the last refresh.
type news struct {
	c       *Catalogue
	changed []workflow.ID
	seen    map[workflow.ID]bool
	usage   map[workflow.ID]Usage // by how much it changed
	after   workflow.Position
}

func (n *news) hear(ctx context.Context, e workflow.Event) error {
	n.after = e.Position
	switch e.Kind {
	case UseKind:
		return n.hearUse(ctx, e)
	case n.c.gone.Name():
		return n.hearDisposal(ctx, e)
	}
	for _, c := range e.Changes {
		field, _, _ := strings.Cut(strings.TrimPrefix(c.Path, "/"), "/")
		switch field {
		case "linked", "comments", "watchers", "remind_at", "reminders":
		default:
			n.look(e.ID)
		}
	}
	return nil
}

// look notes that a known error is to be looked at again.
func (n *news) look(id workflow.ID) {
	if !n.seen[id] {
		n.seen[id] = true
		n.changed = append(n.changed, id)
	}
}

// hearDisposal looks again at a known error about which a retention has done something.
func (n *news) hearDisposal(ctx context.Context, e workflow.Event) error {
	d, err := n.c.gone.Load(ctx, n.c.store, e.ID)
	switch {
	case errors.Is(err, workflow.ErrNotFound): // the journal was erased, too
		return nil
	case err != nil:
		return err
	case d.Of.Kind == KindName:
		n.look(d.Of.ID)
	}
	return nil
}

// hearUse counts what an event of a use makes of what was before.
func (n *news) hearUse(ctx context.Context, e workflow.Event) error {
	var was, now Use
	for _, c := range e.Changes {
		var into [2]any
		switch c.Path {
		case "/known_error":
			into = [2]any{&was.KnownError, &now.KnownError}
		case "/suggested":
			into = [2]any{&was.Suggested, &now.Suggested}
		case "/linked":
			into = [2]any{&was.Linked, &now.Linked}
		case "/verdict":
			into = [2]any{&was.Verdict, &now.Verdict}
		default:
			continue
		}
		for i, raw := range []json.RawMessage{c.Old, c.New} {
			if raw == nil {
				continue
			}
			if err := json.Unmarshal(raw, into[i]); err != nil {
				return fmt.Errorf("%v, event %d, %s: %w", e.Ref, e.Version, c.Path, err)
			}
		}
	}
	id := now.KnownError
	if id == (workflow.ID{}) { // said by the first event alone
		u, err := n.c.uses.Load(ctx, n.c.store, e.ID)
		if errors.Is(err, workflow.ErrNotFound) { // erased since
			return nil
		}
		if err != nil {
			return err
		}
		id = u.KnownError
	}
	n.usage[id] = n.usage[id].plus(&was, -1).plus(&now, 1)
	return nil
}

// take brings what is in force of a known error into the catalogue.
func (c *Catalogue) take(ctx context.Context, k *KnownError) error {
	if k.Published == nil {
		if err := c.cfg.Texts.Remove(ctx, k.ID); err != nil {
			return err
		}
		c.drop(k.ID)
		return nil
	}
	e := &entry{id: k.ID, number: k.Number, edition: *k.Published, reviewAt: k.ReviewAt}
	// A redaction changes the content of a revision.
	if slot, ok := c.slots[k.ID]; ok && equal(c.all[slot].edition.Content, e.edition.Content) {
		e.codes, e.features = c.all[slot].codes, c.all[slot].features
		c.all[slot] = e
		return nil
	}
	if err := c.cfg.Texts.Put(ctx, k.ID, textOf(k.Published.Content)); err != nil {
		return err
	}
	c.drop(k.ID)
	c.add(e)
	return nil
}

func (c *Catalogue) add(e *entry) {
	e.features = map[feature]bool{}
	content := e.edition.Content
	set := func(sort Sort, names ...string) {
		for _, n := range names {
			if n != "" {
				e.features[feature{sort, n}] = true
			}
		}
	}
	for _, code := range content.Codes {
		e.codes = append(e.codes, CanonicalCode(code))
	}
	set(ByCode, e.codes...)
	set(ByItem, content.Items...)
	set(ByService, content.Services...)
	set(ByClass, content.Classes...)
	set(ByCategory, content.Categories...)
	set(ByModel, strings.ToLower(content.Model))
	slot := uint32(len(c.all))
	if n := len(c.free); n > 0 {
		slot, c.free = c.free[n-1], c.free[:n-1]
		c.all[slot] = e
	} else {
		c.all = append(c.all, e)
	}
	c.slots[e.id] = slot
	for f := range e.features {
		c.index[f] = insert(c.index[f], slot)
	}
}

func (c *Catalogue) drop(id workflow.ID) {
	slot, ok := c.slots[id]
	if !ok {
		return
	}
	for f := range c.all[slot].features {
		if c.index[f] = remove(c.index[f], slot); len(c.index[f]) == 0 {
			delete(c.index, f)
		}
	}
	delete(c.slots, id)
	c.all[slot] = nil
	c.free = append(c.free, slot)
}

// Len is how many known errors are in force.
func (c *Catalogue) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.slots)
}

// Usage returns what a known error was used for, as of the last refresh.
func (c *Catalogue) Usage(id workflow.ID) Usage {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.usage[id]
}

// Duplicates finds the known errors in force that look the same as a content, other than
// itself, at most [MaxSuggested] of them. It refreshes the catalogue first. Give it to
// [Config.Duplicates].
func (c *Catalogue) Duplicates(ctx context.Context, self workflow.ID, content Content) ([]Suggestion, error) {
	if err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	q := caseOf(content)
	q.Except = []workflow.ID{self}
	return c.search(ctx, q, c.cfg.Ranking.Duplicate, MaxSuggested)
}
