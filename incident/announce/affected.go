package announce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Harm is an item that does not work as it should, or will not, and the way on which
// that comes about.
type Harm struct {
	Item  workflow.ID `json:"item"`
	Name  string      `json:"name"`
	Class string      `json:"class,omitempty"`
	State graph.State `json:"state"`          // down or degraded
	Path  string      `json:"path,omitempty"` // from the cause: "disk 7 → database → shop"
}

// String gives "shop is down (disk 7 → database → shop)".
func (h Harm) String() string {
	text := h.Name + " is " + h.State.String()
	if h.Path != "" && h.Path != h.Name {
		text += " (" + h.Path + ")"
	}
	return text
}

// parties are the classes of items that stand for people. They are told, and are not
// what they are told about.
var parties = []string{cmdb.ClassPerson, cmdb.ClassTeam, cmdb.ClassLocation}

// Affected lists the harm that an impact does, services first. People who consume what
// fails are degraded by the configuration; they are left out here, as are their sites
// and teams. A host that has classes of its own for people gives the impact the classes
// to tell of, see [cmdb.Query].
func Affected(im *cmdb.Impact) []Harm {
	services := im.Services()
	var harms []Harm
	for _, a := range slices.Concat(services, im.Affected()) {
		if slices.Contains(parties, a.Class) || slices.ContainsFunc(harms, func(h Harm) bool { return h.Item == a.ID }) {
			continue
		}
		harms = append(harms, Harm{Item: a.ID, Name: a.Name, Class: a.Class, State: a.State, Path: cmdb.Path(im.Explain(a.ID))})
	}
	return harms
}

// Consumption is who consumes what by a snapshot of the configuration: persons, teams
// and locations with a relation of the type [cmdb.Consumes]. It is immutable and safe
// for concurrent use.
type Consumption struct{ by map[workflow.ID][]Party }

// NewConsumption reads a snapshot of all items, or of the persons, teams and locations.
// A person is known by the attribute user_id, or without one by the item's name; a team
// is the group of its name, a location the site of its name.
func NewConsumption(snap cmdb.Snapshot) *Consumption {
	c := &Consumption{map[workflow.ID][]Party{}}
	for _, ci := range snap.Items {
		p := Party{Name: ci.Title}
		switch ci.Class {
		case cmdb.ClassPerson:
			p.Kind = Person
			if id := ci.Fields.String("user_id"); id != "" {
				p.Name = id
			}
		case cmdb.ClassTeam:
			p.Kind = Group
		case cmdb.ClassLocation:
			p.Kind = Site
		default:
			continue
		}
		for _, item := range ci.Related(cmdb.Consumes) {
			if !slices.Contains(c.by[item], p) {
				c.by[item] = append(c.by[item], p)
			}
		}
	}
	return c
}

// Consumers implements [Consumers].
func (c *Consumption) Consumers(_ context.Context, item workflow.ID) ([]Party, error) {
	return slices.Clone(c.by[item]), nil
}

// Because says why somebody is told.
type Because string

// The reasons.
const (
	Consumes   Because = "consumes"   // an item that is harmed, by the configuration
	Subscribed Because = "subscribed" // to what it is about
	Addressed  Because = "addressed"  // the audience has him
)

// Why is one reason for which a person is told.
type Why struct {
	Because Because `json:"because"`
	Harm    int     `json:"harm,omitempty"` // which of the harms, from 1; 0 = none of them
	Via     Party   `json:"via,omitzero"`   // the group or site through which
}

// explain tells the reason in words.
func (b *Bulletin) explain(w Why) string {
	var text strings.Builder
	switch w.Because {
	case Consumes:
		text.WriteString("consumes")
	case Subscribed:
		text.WriteString("has subscribed")
	default:
		text.WriteString("is addressed")
	}
	if w.Via.Kind != "" {
		fmt.Fprintf(&text, " as %v", w.Via)
	}
	if w.Harm > 0 && w.Harm <= len(b.Harms) {
		fmt.Fprintf(&text, ": %v", b.Harms[w.Harm-1])
	}
	return text.String()
}

// maxWhy is how many reasons are kept for a person.
const maxWhy = 5

// Reached is somebody who is told, or would be.
type Reached struct {
	Person   string   `json:"person"`
	Channels []string `json:"channels"` // by which he wants to be told
	Why      []Why    `json:"why"`      // the first few reasons
}

// gathering collects an audience, each person once: the first ones behind a place, by
// id. It holds no more than a few times as many as are wanted, however large the
// audience is: whoever comes behind enough others is let go, for good.
type gathering struct {
	s     *Service
	after string          // nobody up to him
	known map[string]bool // and none of these
	most  int             // so many at least, if there are; 0 = all
	all   map[string]*Reached
	last  string // nobody behind him, once there are enough; empty = no end yet
	more  bool   // somebody was let go
}

func (g *gathering) add(person string, channels []string, w Why) {
	switch {
	case !validID(person) || g.after != "" && person <= g.after || g.known[person]:
		return
	case g.last != "" && person > g.last:
		g.more = true
		return
	}
	r := g.all[person]
	if r == nil {
		r = &Reached{Person: person}
		g.all[person] = r
		defer g.prune()
	}
	if len(r.Why) < maxWhy && !slices.Contains(r.Why, w) {
		r.Why = append(r.Why, w)
	}
	for _, c := range channels {
		if !slices.Contains(r.Channels, c) {
			r.Channels = append(r.Channels, c)
		}
	}
}

// prune lets go who is behind enough others. Who is left has all his reasons, as nobody
// is let go and comes back.
func (g *gathering) prune() {
	if g.most == 0 || len(g.all) < 3*g.most {
		return
	}
	names := sortedKeys(g.all)
	g.last, g.more = names[g.most-1], true
	for _, name := range names[g.most:] {
		delete(g.all, name)
	}
}

// addParty adds all members of a party.
func (g *gathering) addParty(ctx context.Context, p Party, channels []string, w Why) error {
	list, err := g.s.members(ctx, p)
	if err != nil {
		return err
	}
	if p.Kind != Person {
		w.Via = p
	}
	for _, person := range list {
		g.add(person, channels, w)
	}
	return nil
}

// gather finds who could be told of a bulletin, by id: who consumes what is harmed, who
// has subscribed, and who is addressed. What each of them wants for himself is not asked
// yet.
func (s *Service) gather(ctx context.Context, b *Bulletin) ([]Reached, error) {
	list, _, err := s.gatherNext(ctx, b, nil, 0)
	return list, err
}

// gatherNext finds the first of them behind the bulletin's cursor who are not known, and
// whether there are more.
func (s *Service) gatherNext(ctx context.Context, b *Bulletin, known map[string]bool, most int) ([]Reached, bool, error) {
	g := &gathering{s: s, known: known, most: most, all: map[string]*Reached{}}
	if most > 0 {
		g.after = b.Cursor.After
	}
	if err := g.everybody(ctx, b); err != nil {
		return nil, false, err
	}
	names := sortedKeys(g.all)
	if most > 0 && len(names) > most {
		names, g.more = names[:most], true
	}
	out := make([]Reached, len(names))
	for i, name := range names {
		out[i] = *g.all[name]
	}
	return out, g.more, nil
}

func (g *gathering) everybody(ctx context.Context, b *Bulletin) error {
	sites := slices.Clone(b.Sites)
	for i, h := range b.Harms {
		list, err := g.s.consumers(ctx, h.Item)
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.Kind == Site && !slices.Contains(sites, p.Name) {
				sites = append(sites, p.Name)
			}
			if err := g.addParty(ctx, p, nil, Why{Because: Consumes, Harm: i + 1}); err != nil {
				return err
			}
		}
	}
	if err := g.subscribers(ctx, b, sites); err != nil {
		return err
	}
	for _, p := range b.Audience {
		if err := g.addressed(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) addressed(ctx context.Context, p Party) error {
	if p.Kind != Users {
		return g.addParty(ctx, p, nil, Why{Because: Addressed})
	}
	list, err := g.s.consumers(ctx, p.Item)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := g.addParty(ctx, c, nil, Why{Because: Addressed}); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) subscribers(ctx context.Context, b *Bulletin, sites []string) error {
	if b.Announcement != (workflow.ID{}) {
		return nil // it goes to its audience
	}
	keys := []workflow.Key{targetAll}
	for _, h := range b.Harms {
		keys = append(keys, targetItem(h.Item))
	}
	for _, name := range sites {
		keys = append(keys, targetSite(name))
	}
	seen := map[workflow.ID]bool{}
	for some := range slices.Chunk(keys, workflow.MaxInList) {
		for p, err := range g.s.profiles.Find(ctx, g.s.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.In(IndexTarget, some...)}}) {
			if err != nil {
				return err
			}
			if seen[p.ID] {
				continue
			}
			seen[p.ID] = true
			for _, sub := range p.Subscriptions {
				if harm, ok := sub.matches(b, sites); ok {
					if err := g.addParty(ctx, p.Subscriber, sub.Channels, Why{Because: Subscribed, Harm: harm}); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// Audience lists who would be told of a bulletin now, by id, with the reasons: what
// people want for themselves is asked.
func (s *Service) Audience(ctx context.Context, b *Bulletin) ([]Reached, error) {
	all, err := s.gather(ctx, b)
	if err != nil {
		return nil, err
	}
	var out []Reached
	for _, r := range all {
		p, err := s.Profile(ctx, Party{Kind: Person, Name: r.Person})
		if err != nil {
			return nil, err
		}
		if p.wants(b, &r) {
			r.Channels = s.channels(p, r)
			out = append(out, r)
		}
	}
	return out, nil
}
