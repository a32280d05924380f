package cmdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// KindProposal is the kind of proposals in a store.
const KindProposal = "ci_proposal"

// Proposal is what a change is going to do to configuration items. Nothing happens
// to them until the change is complete: then [Inventory.Apply] does all of it, or
// nothing.
type Proposal struct {
	workflow.Record
	Change workflow.Ref `json:"change"` // the change it belongs to
	Steps  []Proposed   `json:"steps"`
}

// Proposed is one step of a proposal: a new item, or an edit or a move of one that
// is there, or both.
type Proposed struct {
	Create *Draft      `json:"create,omitempty"`
	CI     workflow.ID `json:"ci,omitzero"`
	Edit   *Edit       `json:"edit,omitempty"`
	Action string      `json:"action,omitempty"` // of the lifecycle

	// Was is how the fields that the edit sets stood when it was proposed. The
	// inventory fills it in.
	Was map[string]any `json:"was,omitempty"`
}

// The states of a proposal.
const (
	ProposalOpen      = "open"
	ProposalApplied   = "applied"
	ProposalWithdrawn = "withdrawn"
)

// The fields a proposal can be found by, besides those of every record.
const (
	IndexChange = "change" // the text form of the change's Ref
	IndexCI     = "ci"     // an IDKey: every item that it changes
)

func (p *Proposal) index() []workflow.IndexEntry {
	entries := []workflow.IndexEntry{{Field: IndexChange, Key: workflow.StringKey(p.Change.String())}}
	for _, s := range p.Steps {
		if s.CI != (workflow.ID{}) {
			entries = append(entries, workflow.IndexEntry{Field: IndexCI, Key: workflow.IDKey(s.CI)})
		}
	}
	return entries
}

// errTried takes back what was only tried.
var errTried = errors.New("tried")

// Propose attaches what is going to happen to items to a change. It is tried out at
// once: what could not be done as things are is refused now.
func (inv *Inventory) Propose(ctx context.Context, actor workflow.Actor, change workflow.Ref, title string, steps ...Proposed) (*Proposal, error) {
	var p workflow.Problems
	if change.IsZero() {
		p.Addf("no change to attach it to")
	}
	if title == "" || len(title) > workflow.MaxTitle {
		p.Addf("a title has 1 to %d bytes, not %d", workflow.MaxTitle, len(title))
	}
	if len(steps) == 0 || len(steps) > workflow.MaxBatch/4 {
		p.Addf("%d steps, want 1 to %d", len(steps), workflow.MaxBatch/4)
	}
	for i, s := range steps {
		edits := s.CI != (workflow.ID{}) && (s.Edit != nil || s.Action != "")
		if (s.Create != nil) == edits || (s.Create != nil) == (s.CI != (workflow.ID{})) {
			p.Addf("step %d: want either a new item, or an item with an edit or an action", i+1)
		}
	}
	if err := p.Err("cmdb: proposal"); err != nil {
		return nil, err
	}
	prop := &Proposal{Record: workflow.Record{Title: title, State: ProposalOpen}, Change: change, Steps: slices.Clone(steps)}
	cmd := workflow.Command{Name: "cmdb.propose", Actor: actor, Key: inv.key, At: inv.at}
	res, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindProposal}, Roles: inv.cfg.EditRoles}); err != nil {
			return err
		}
		if err := inv.try(ctx, actor, prop); err != nil {
			return err
		}
		for i := range prop.Steps {
			if err := inv.remember(tx, &prop.Steps[i]); err != nil {
				return err
			}
		}
		return inv.proposals.Create(tx, prop, workflow.Entry{})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return inv.proposals.Load(ctx, inv.desk.Store(), res.Events[0].ID)
	}
	return prop, nil
}

// try carries a proposal out, behind those of its change that were made before, and
// takes everything back.
func (inv *Inventory) try(ctx context.Context, actor workflow.Actor, prop *Proposal) error {
	cmd := workflow.Command{Name: "cmdb.try", Actor: actor, At: inv.at}
	_, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		for earlier, err := range inv.Proposals(ctx, prop.Change) {
			if err == nil && earlier.State == ProposalOpen {
				err = inv.enact(tx, earlier)
			}
			if err != nil {
				return err
			}
		}
		if err := inv.enact(tx, prop); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// remember brings what a step sets into normal form, and notes how those fields stand
// now. An item that does not exist yet is made by an earlier step.
func (inv *Inventory) remember(tx *workflow.Tx, s *Proposed) error {
	if s.Create != nil {
		return nil
	}
	ci, err := inv.kind.Get(tx, s.CI)
	if errors.Is(err, workflow.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Edit != nil && len(s.Edit.Set) > 0 {
		e := *s.Edit
		if e.Set, err = inv.normal(cmp.Or(e.Class, ci.Class), e.Set); err != nil {
			return err
		}
		s.Edit = &e
	}
	values := ci.values()
	s.Was = map[string]any{}
	for _, f := range s.fields() {
		s.Was[f] = values[f]
	}
	return nil
}

// normal returns attributes in normal form, with nil for those that are taken away.
func (inv *Inventory) normal(class string, set map[string]any) (map[string]any, error) {
	fields, err := inv.cfg.Model.CheckPartly(class, set)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for name := range set {
		out[name] = fields[name]
	}
	return out, nil
}

// fields lists what a step sets, by the names that [FieldDifference] has.
func (s *Proposed) fields() []string {
	var names []string
	if s.Action != "" {
		names = append(names, "state")
	}
	if e := s.Edit; e != nil {
		for name, set := range map[string]bool{"name": e.Name != "", "details": e.Details != nil, "class": e.Class != ""} {
			if set {
				names = append(names, name)
			}
		}
		for name := range e.Set {
			names = append(names, "field."+name)
		}
		for name := range e.Needs {
			names = append(names, "need."+name)
		}
	}
	slices.Sort(names)
	return names
}

// enact carries out the steps of a proposal.
func (inv *Inventory) enact(tx *workflow.Tx, prop *Proposal) error {
	for i, s := range prop.Steps {
		if err := inv.enactStep(tx, s); err != nil {
			return fmt.Errorf("cmdb: proposal %q, step %d: %w", prop.Title, i+1, err)
		}
	}
	return nil
}

func (inv *Inventory) enactStep(tx *workflow.Tx, s Proposed) error {
	if s.Create != nil {
		_, err := inv.CreateIn(tx, *s.Create)
		return err
	}
	if s.Edit != nil {
		e := *s.Edit
		ci, err := inv.kind.Get(tx, s.CI)
		if err != nil {
			return err
		}
		// What somebody has taken away already need not be taken away again.
		e.Unrelate = slices.DeleteFunc(slices.Clone(e.Unrelate), func(r Relation) bool { return !slices.Contains(ci.Relations, r) })
		if _, err := inv.UpdateIn(tx, s.CI, e); err != nil {
			return err
		}
	}
	if s.Action != "" {
		if _, err := inv.MoveIn(tx, s.CI, s.Action, "proposed"); err != nil {
			return err
		}
	}
	return nil
}

// Clash is a field that somebody else changed after an edit of it was proposed.
type Clash struct {
	CI      string // its number and name
	Field   string
	Was, Is any
}

// ClashError tells why a proposal cannot be applied: it would undo, unseen, what
// happened since. It matches [workflow.ErrConflict].
type ClashError struct {
	Proposal string
	Clashes  []Clash
}

// Error names every field.
func (e *ClashError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cmdb: proposal %s: changed since it was proposed:", e.Proposal)
	for i, c := range e.Clashes {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, " %s of %s was %v and is %v", c.Field, c.CI, c.Was, c.Is)
	}
	return b.String()
}

// Unwrap gives [workflow.ErrConflict].
func (e *ClashError) Unwrap() error { return workflow.ErrConflict }

// Apply carries out every open proposal of a change, in the order in which they were
// made: all of them, or none. It is for when the change is complete. Fields that
// somebody changed since they were proposed are a [*ClashError]. A change without
// open proposals is no error, so it is safe to apply twice.
func (inv *Inventory) Apply(ctx context.Context, actor workflow.Actor, change workflow.Ref) ([]*Proposal, error) {
	return inv.settle(ctx, actor, "apply", change, ProposalApplied, func(tx *workflow.Tx, all []*Proposal) error {
		for _, prop := range all { // as things were before any of them
			if err := inv.clashes(tx, prop); err != nil {
				return err
			}
		}
		for _, prop := range all {
			if err := inv.enact(tx, prop); err != nil {
				return err
			}
		}
		return nil
	})
}

// Withdraw drops every open proposal of a change, as when it is cancelled.
func (inv *Inventory) Withdraw(ctx context.Context, actor workflow.Actor, change workflow.Ref) ([]*Proposal, error) {
	return inv.settle(ctx, actor, "withdraw", change, ProposalWithdrawn, func(*workflow.Tx, []*Proposal) error { return nil })
}

func (inv *Inventory) settle(ctx context.Context, actor workflow.Actor, name string, change workflow.Ref, state string, do func(*workflow.Tx, []*Proposal) error) ([]*Proposal, error) {
	var done []*Proposal
	cmd := workflow.Command{Name: "cmdb." + name, Actor: actor, Key: inv.key, At: inv.at}
	_, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		done = nil
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindProposal}, Roles: inv.cfg.EditRoles}); err != nil {
			return err
		}
		for found, err := range inv.Proposals(ctx, change) {
			if err != nil {
				return err
			}
			prop, err := inv.proposals.Get(tx, found.ID)
			if err != nil {
				return err
			}
			if prop.State == ProposalOpen {
				done = append(done, prop)
			}
		}
		if err := do(tx, done); err != nil {
			return err
		}
		for _, prop := range done {
			prop.State = state
			if err := inv.proposals.Put(tx, prop, workflow.Entry{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (inv *Inventory) clashes(tx *workflow.Tx, prop *Proposal) error {
	clash := &ClashError{Proposal: prop.Name()}
	for _, s := range prop.Steps {
		if s.Create != nil {
			continue
		}
		ci, err := inv.kind.Get(tx, s.CI)
		if errors.Is(err, workflow.ErrNotFound) && s.Was == nil {
			continue // an earlier step makes it
		}
		if err != nil {
			return err
		}
		values := ci.values()
		for _, f := range s.fields() {
			if values[f] != s.Was[f] && !s.wants(f, values[f]) {
				clash.Clashes = append(clash.Clashes, Clash{ci.called(), f, s.Was[f], values[f]})
			}
		}
	}
	if len(clash.Clashes) > 0 {
		return clash
	}
	return nil
}

// wants reports whether a field has the very value that the step would give it, so
// that there is nothing to lose.
func (s *Proposed) wants(field string, value any) bool {
	if s.Edit == nil {
		return false
	}
	switch name, isField := strings.CutPrefix(field, "field."); {
	case isField:
		return s.Edit.Set[name] == value
	case field == "name":
		return s.Edit.Name == value
	case field == "details":
		details, _ := value.(string)
		return s.Edit.Details != nil && *s.Edit.Details == details
	case field == "class":
		return s.Edit.Class == value
	}
	return false
}

// Proposals yields the proposals of a change, in the order in which they were made.
func (inv *Inventory) Proposals(ctx context.Context, change workflow.Ref) iter.Seq2[*Proposal, error] {
	return inv.proposals.Find(ctx, inv.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(IndexChange, workflow.StringKey(change.String()))}})
}

// ProposedFor yields the proposals, settled ones too, that change an item.
func (inv *Inventory) ProposedFor(ctx context.Context, id workflow.ID) iter.Seq2[*Proposal, error] {
	return inv.proposals.Find(ctx, inv.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(IndexCI, workflow.IDKey(id))}})
}
