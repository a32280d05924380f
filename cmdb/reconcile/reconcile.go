package reconcile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// Reconciler brings together what several sources say of configuration items. It is
// immutable and safe for concurrent use.
type Reconciler struct {
	desk  *workflow.Desk
	inv   *cmdb.Inventory
	rules *rules
	kind  *workflow.Kind[*Observation]

	meetings *workflow.Kind[*meeting]
}

// New checks the configuration, all of it, and returns a reconciler over an
// inventory and the desk that it works with.
func New(desk *workflow.Desk, inv *cmdb.Inventory, cfg Config) (*Reconciler, error) {
	if desk == nil || inv == nil {
		return nil, fmt.Errorf("cmdb: reconciliation needs a desk and an inventory: %w", workflow.ErrInvalid)
	}
	if cfg.State == "" {
		cfg.State = cmdb.StateInUse
	}
	if !slices.ContainsFunc(inv.Lifecycle().States, func(s workflow.State) bool { return s.Name == cfg.State }) {
		return nil, fmt.Errorf("cmdb: reconciliation: the lifecycle of items has no state %q to begin in: %w", cfg.State, workflow.ErrInvalid)
	}
	rules, err := compile(inv.Model(), cfg)
	if err != nil {
		return nil, err
	}
	r := &Reconciler{desk: desk, inv: inv, rules: rules}
	if r.kind, err = newKind(); err != nil {
		return nil, err
	}
	r.meetings, err = newMeetings()
	return r, err
}

// Limits of one command.
const (
	MaxPreview = 500 // payloads that [Reconciler.Preview] takes
	chunk      = 100 // payloads that are committed together
	mostLinked = 200 // items with a relation to others that one command looks at
	maxClosure = 5000
)

func errTooMany(o *Observation) error {
	return fmt.Errorf("cmdb: %s has something in common with more than %d others: its identifiers are too weak: %w", o.Origin(), maxClosure, workflow.ErrInvalid)
}

// Ingest takes in what sources say and brings the items up to date. It answers, in the
// order of the payloads, what became of each and why. Whatever the order in which
// payloads come, and however often, the same payloads give the same configuration.
//
// Many payloads are committed in several commands. What is wrong with one payload is
// its decision, [Rejected], and holds nothing else up. An error means that the
// command could not be carried out; what was committed before it stays, and giving
// all of it again does no harm.
func (r *Reconciler) Ingest(ctx context.Context, actor workflow.Actor, payloads ...Payload) ([]Decision, error) {
	var all []Decision
	for part := range slices.Chunk(payloads, chunk) {
		some, err := r.ingest(ctx, actor, part, false)
		if err == nil {
			err = r.catchUp(ctx, actor)
		}
		if err != nil {
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// catchUp looks at those with a relation to items that came to be, changed or went
// when there were too many for one command. What is left when it is interrupted is
// done by the next.
func (r *Reconciler) catchUp(ctx context.Context, actor workflow.Actor) error {
	q := workflow.Query{Where: []workflow.Condition{workflow.Is(indexBehind, workflow.BoolKey(true))}, Limit: 1}
	for {
		var hub Origin
		for o, err := range r.kind.Find(ctx, r.desk.Store(), q) {
			if err != nil {
				return err
			}
			hub = o.Origin()
		}
		if hub == (Origin{}) {
			return nil
		}
		_, err := r.desk.Do(ctx, workflow.Command{Name: "cmdb.catch_up", Actor: actor}, func(tx *workflow.Tx) error {
			s := newSession(r, tx)
			o, err := s.get(hub)
			if err != nil || o == nil || o.Behind == nil {
				return err
			}
			part, err := s.rest(o)
			if err != nil {
				return err
			}
			_, err = s.finish(part, map[Origin]*plan{})
			return err
		})
		if err != nil {
			return err
		}
	}
}

// Preview tells what would become of payloads, and changes nothing. It takes at most
// [MaxPreview].
func (r *Reconciler) Preview(ctx context.Context, actor workflow.Actor, payloads ...Payload) ([]Decision, error) {
	if len(payloads) > MaxPreview {
		return nil, fmt.Errorf("cmdb: a preview of %d payloads, at most %d: %w", len(payloads), MaxPreview, workflow.ErrInvalid)
	}
	return r.ingest(ctx, actor, payloads, true)
}

// errTried takes back what was only tried.
var errTried = errors.New("tried")

func (r *Reconciler) ingest(ctx context.Context, actor workflow.Actor, payloads []Payload, preview bool) ([]Decision, error) {
	var out []Decision
	_, err := r.desk.Do(ctx, workflow.Command{Name: "cmdb.ingest", Actor: actor}, func(tx *workflow.Tx) error {
		var err error
		if out, err = r.decide(tx, payloads); err == nil && preview {
			err = errTried
		}
		return err
	})
	if err == nil || errors.Is(err, errTried) {
		return out, nil
	}
	if !errors.Is(err, workflow.ErrInvalid) {
		return nil, err
	}
	if len(payloads) == 1 {
		return []Decision{{Origin: Origin{payloads[0].Source, payloads[0].Key}, Outcome: Rejected, Reasons: []string{err.Error()}}}, nil
	}
	// Something in one of them cannot be: find it, and let the others through.
	half := len(payloads) / 2
	out, err = r.ingest(ctx, actor, payloads[:half], preview)
	if err != nil {
		return nil, err
	}
	rest, err := r.ingest(ctx, actor, payloads[half:], preview)
	return append(out, rest...), err
}

// decide carries out one command.
func (r *Reconciler) decide(tx *workflow.Tx, payloads []Payload) ([]Decision, error) {
	if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindObservation}, Roles: r.inv.EditRoles()}); err != nil {
		return nil, err
	}
	s := newSession(r, tx)
	out := make([]Decision, len(payloads))
	var news []Origin
	for i, p := range payloads {
		var heard bool
		var err error
		if out[i], heard, err = s.hear(p); err != nil {
			return nil, err
		}
		if heard && !slices.Contains(news, out[i].Origin) {
			news = append(news, out[i].Origin)
		}
	}
	plans, err := s.settle(news)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if p := plans[out[i].Origin]; p != nil && out[i].Outcome == "" {
			out[i].explain(s, p)
		}
	}
	return out, nil
}

// settle works everything out that follows from news, and queues it.
func (s *session) settle(news []Origin) (map[Origin]*plan, error) {
	looked, err := s.gather(news)
	if err != nil {
		return nil, err
	}
	return s.finish(looked, map[Origin]*plan{})
}

// finish works out the items of what was looked at, and of those whose relations
// change with them.
func (s *session) finish(looked map[Origin]bool, plans map[Origin]*plan) (map[Origin]*plan, error) {
	var order []*plan
	for len(looked) > 0 {
		list, err := s.plans(looked)
		if err != nil {
			return nil, err
		}
		order = append(order, list...)
		for _, p := range list {
			for _, o := range p.members {
				plans[o.Origin()] = p
			}
		}
		if looked, err = s.linked(list, plans); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(*plan) error{s.reclassify, s.weigh, s.loosen, s.write} {
		for _, p := range order {
			if err := step(p); err != nil {
				return nil, err
			}
		}
	}
	return plans, s.save()
}

// linked returns who has a relation to an item that plans have made, taken away or
// changed for another: those may have it only now, or no more.
func (s *session) linked(list []*plan, planned map[Origin]*plan) (map[Origin]bool, error) {
	found := map[Origin]bool{}
	for _, p := range list {
		if !p.moved {
			continue
		}
		for _, o := range p.members {
			linked, err := s.find(indexLink, o.Origin().key())
			if err != nil {
				return nil, err
			}
			for i, l := range linked {
				if len(found) >= mostLinked {
					o.Behind = &Origin{}
					if i > 0 {
						*o.Behind = linked[i-1].Origin()
					}
					s.touch(o)
					break
				}
				if planned[l.Origin()] == nil {
					found[l.Origin()] = true
				}
			}
		}
	}
	return found, nil
}

// rest returns the next of those with a relation to an item that are to be looked at.
func (s *session) rest(o *Observation) (map[Origin]bool, error) {
	linked, err := s.find(indexLink, o.Origin().key())
	if err != nil {
		return nil, err
	}
	part := map[Origin]bool{}
	from := *o.Behind
	o.Behind = nil
	for _, l := range linked {
		if compareOrigins(l.Origin(), from) <= 0 {
			continue
		}
		if len(part) == mostLinked {
			o.Behind = &from
			break
		}
		part[l.Origin()] = true
		from = l.Origin()
	}
	s.touch(o)
	return part, nil
}

// hear takes a payload in, unless it is wrong or says nothing new.
func (s *session) hear(p Payload) (d Decision, heard bool, err error) {
	d = Decision{Origin: Origin{p.Source, p.Key}}
	p, dropped, err := s.r.normal(p)
	if err == nil {
		err = s.meet(d.Origin.meeting()) // who has a relation to it meets it here
		if err != nil {
			return d, false, err
		}
	}
	if err != nil {
		d.Outcome, d.Reasons = Rejected, []string{err.Error()}
		return d, false, nil
	}
	o, err := s.get(d.Origin)
	if err != nil {
		return d, false, err
	}
	if o != nil {
		switch order := compareNews(p, o.Payload); {
		case order == 0:
			d.Outcome, d.CI, d.Reasons = Unchanged, o.CI, []string{"said before"}
			if o.Held != "" {
				d.Outcome, d.Reasons = Held, append(d.Reasons, "held: "+o.Held)
			}
			return d, false, nil
		case order < 0:
			d.Outcome, d.CI = Outdated, o.CI
			if !p.Gone && !o.Lived {
				o.Lived = true
				s.touch(o)
				heard = o.Payload.Gone // an item that is gone has been there after all
			}
			d.Reasons = []string{"the source said something newer at " + o.Payload.At.Format("2006-01-02T15:04:05Z07:00")}
			return d, heard, nil
		}
		o.Payload = p
		s.touch(o)
	} else {
		o = &Observation{Payload: p}
		s.add(o)
	}
	o.Lived = o.Lived || !p.Gone
	for _, l := range p.Relations {
		if err := s.meetEnd(l.target(p.Source)); err != nil {
			return d, false, err
		}
	}
	_, err = s.recognise(o)
	s.why[d.Origin] = append(dropped, s.why[d.Origin]...)
	return d, true, err
}

// compareNews orders what one source says of one item: the later, and of two at one
// instant the one that reads later, so that it does not matter which comes first.
func compareNews(a, b Payload) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Compare(x, y)
}

// normal checks a payload and brings it into the form in which it is kept: values in
// normal form, placeholders dropped.
func (r *Reconciler) normal(p Payload) (Payload, []string, error) {
	var bad workflow.Problems
	for _, f := range []struct{ name, value string }{{"source", p.Source}, {"key", p.Key}} {
		if f.value == "" || len(f.value) > workflow.MaxKey/2-1 || strings.Contains(f.value, "\x00") || !utf8.ValidString(f.value) {
			bad.Addf("the %s has 1 to %d bytes of UTF-8, not %d", f.name, workflow.MaxKey/2-1, len(f.value))
		}
	}
	if !utf8.ValidString(p.Name) {
		bad.Addf("the name is not UTF-8")
	}
	if !slices.ContainsFunc(r.inv.Lifecycle().States, func(s workflow.State) bool { return p.State == "" || s.Name == p.State }) {
		bad.Addf("the lifecycle of items has no state %.64q", p.State)
	}
	if p.Source == cmdb.SourceManual {
		bad.Addf("the source %s is that of people", p.Source)
	}
	if p.At.IsZero() {
		bad.Addf("it does not say when it was seen")
	}
	if len(p.Name) > workflow.MaxTitle {
		bad.Addf("a name has at most %d bytes, not %d", workflow.MaxTitle, len(p.Name))
	}
	if len(p.Relations) > cmdb.MaxRelations {
		bad.Addf("%d relations, at most %d", len(p.Relations), cmdb.MaxRelations)
	}
	for _, l := range p.Relations {
		if _, known := r.rules.model.RelationType(l.Type); !known || l.Key == "" {
			bad.Addf("relation %q to %q: there is no such type, or no key", l.Type, l.Key)
		}
	}
	p = p.clone()
	p.At = p.At.UTC()
	attributes, dropped, err := r.rules.normalAttributes(p)
	bad.Add(err)
	p.Attributes = attributes
	slices.SortFunc(p.Relations, func(a, b Link) int {
		return strings.Compare(a.Type+"\x00"+a.Source+"\x00"+a.Key, b.Type+"\x00"+b.Source+"\x00"+b.Key)
	})
	return p, dropped, bad.Err("cmdb: payload " + Origin{p.Source, p.Key}.String())
}

func (r *rules) normalAttributes(p Payload) (normal map[string]any, dropped []string, err error) {
	c, known := r.classes[p.Class]
	if !known || c.Abstract {
		return nil, nil, fmt.Errorf("class %q is unknown or abstract: %w", p.Class, workflow.ErrInvalid)
	}
	said := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		v := p.Attributes[name]
		a, _ := attribute(c, name)
		if s, isText := v.(string); isText && a.Name != "" {
			if strings.TrimSpace(s) == "" {
				continue
			}
			if why := a.Format.Placeholder(s); a.Type == workflow.FieldString && why != "" {
				dropped = append(dropped, fmt.Sprintf("%s %q is dropped: %s", name, s, why))
				continue
			}
		}
		if v != nil {
			said[name] = v
		}
	}
	fields, err := r.model.CheckPartly(p.Class, said)
	return fields, dropped, err
}

// explain fills in what became of a payload.
func (d *Decision) explain(s *session, p *plan) {
	d.Outcome = p.outcome
	d.Reasons = slices.Concat(s.why[d.Origin], p.why)
	d.Attributes = p.golden.verdicts
	if p.ci != nil {
		d.CI = p.ci.ID
	}
	if len(d.Reasons) == 0 {
		d.Reasons = []string{"known as " + p.ci.Number}
	}
}

// Observations yields what the sources last said of an item.
func (r *Reconciler) Observations(ctx context.Context, id workflow.ID) iter.Seq2[*Observation, error] {
	return r.kind.Find(ctx, r.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(indexCI, workflow.IDKey(id))}})
}

// Held yields what was said and is kept, because there is no item that it is of: see
// [Observation.Held] for why.
func (r *Reconciler) Held(ctx context.Context) iter.Seq2[*Observation, error] {
	return r.kind.Find(ctx, r.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(indexHeld, workflow.BoolKey(true))}})
}
