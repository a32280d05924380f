package cmdb

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up an [Inventory]. The zero value works: the starter model and the
// shipped lifecycle.
type Config struct {
	Model     *Model                           // default: [Starter]
	Lifecycle workflow.Definition              // default: [Lifecycle]
	Earlier   []workflow.Definition            // earlier versions, for the items that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own, besides those of [Bindings]
	Number    workflow.NumberFormat            // default: CI0000001

	EditRoles []string // who may create and change items; default: [RoleEditor], [RoleManager] and programs
}

// Inventory is the practice of service configuration management: it knows the
// configuration items, and what they have to do with each other. It carries out
// commands on items through a [workflow.Desk]. It is immutable and safe for
// concurrent use.
//
// Every command names the actor and returns the item as it is afterwards, or an
// error and no change. A step that the lifecycle does not allow is a
// [*workflow.TransitionError]; what the actor may not do matches
// [workflow.ErrForbidden]; wrong input, told all at once, [workflow.ErrInvalid].
type Inventory struct {
	desk      *workflow.Desk
	cfg       Config
	kind      *workflow.Kind[*CI]
	unique    *workflow.Kind[*uniqueValue]
	baselines *workflow.Kind[*Baseline]
	pins      *workflow.Kind[*pins]
	proposals *workflow.Kind[*Proposal]
	current   workflow.LifecycleRef
	machines  map[workflow.LifecycleRef]*workflow.Machine[Facts]

	asksNeeded bool // a guard may ask how many items need another

	key string    // of the next command
	at  time.Time // of the next command
}

// NewInventory checks the configuration, all of it, and returns the inventory.
func NewInventory(desk *workflow.Desk, cfg Config) (*Inventory, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Model == nil {
		m, err := Starter()
		p.Add(err)
		cfg.Model = m
	}
	if cfg.Lifecycle.Name == "" {
		cfg.Lifecycle = Lifecycle()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "CI"
	}
	cfg.EditRoles = slices.Clone(cfg.EditRoles)
	if len(cfg.EditRoles) == 0 {
		cfg.EditRoles = []string{RoleEditor, RoleManager, workflow.RoleSystem}
	}
	inv := &Inventory{desk: desk, cfg: cfg, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	inv.compile(&p)
	inv.kinds(&p)
	if err := p.Err("cmdb: configuration"); err != nil {
		return nil, err
	}
	return inv, nil
}

func (inv *Inventory) compile(p *workflow.Problems) {
	cfg, b := inv.cfg, Bindings()
	for _, name := range slices.Sorted(maps.Keys(cfg.Guards)) {
		if _, ok := b.Guards[name]; ok {
			p.Addf("guard %q is one of the library's own", name)
		}
		b.Guards[name] = cfg.Guards[name]
	}
	for _, c := range cfg.Model.classes {
		for _, a := range c.Attributes {
			b.Fields["field."+a.Name] = func(x Facts) bool { return filled(x.CI.Fields[a.Name]) }
		}
	}
	inv.current = workflow.LifecycleRef{Name: cfg.Lifecycle.Name, Version: cfg.Lifecycle.Version}
	inv.asksNeeded = len(cfg.Guards) > 0
	for _, d := range append(slices.Clone(cfg.Earlier), cfg.Lifecycle) {
		for _, t := range d.Transitions {
			inv.asksNeeded = inv.asksNeeded || slices.Contains(t.Guards, GuardNotNeeded) || slices.Contains(t.Guards, "!"+GuardNotNeeded)
		}
		m, err := workflow.Compile(d, b)
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if inv.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		inv.machines[ref] = m
	}
}

func (inv *Inventory) kinds(p *workflow.Problems) {
	var err error
	inv.kind, err = workflow.NewKind(workflow.KindConfig[*CI]{
		Name: KindName, Number: inv.cfg.Number, Index: inv.index, Clone: (*CI).clone,
		New: func() *CI { return new(CI) },
	})
	p.Add(err)
	inv.unique, err = workflow.NewKind(workflow.KindConfig[*uniqueValue]{
		Name: kindUnique, New: func() *uniqueValue { return new(uniqueValue) },
	})
	p.Add(err)
	inv.baselines, err = workflow.NewKind(workflow.KindConfig[*Baseline]{
		Name: KindBaseline, Number: workflow.NumberFormat{Prefix: "BAS"}, New: func() *Baseline { return new(Baseline) },
	})
	p.Add(err)
	inv.pins, err = workflow.NewKind(workflow.KindConfig[*pins]{Name: kindPins, New: func() *pins { return new(pins) }})
	p.Add(err)
	inv.proposals, err = workflow.NewKind(workflow.KindConfig[*Proposal]{
		Name: KindProposal, Number: workflow.NumberFormat{Prefix: "PRC"}, New: func() *Proposal { return new(Proposal) },
		Index: (*Proposal).index,
	})
	p.Add(err)
}

// Lifecycle returns the lifecycle of new items.
func (inv *Inventory) Lifecycle() workflow.Definition { return inv.cfg.Lifecycle.Clone() }

// Model returns the model that the items follow.
func (inv *Inventory) Model() *Model { return inv.cfg.Model }

// EditRoles are the roles that may create and change items.
func (inv *Inventory) EditRoles() []string { return slices.Clone(inv.cfg.EditRoles) }

// Store returns the store behind the inventory, for reading.
func (inv *Inventory) Store() workflow.Store { return inv.desk.Store() }

// Once returns the inventory for one command with an idempotency key: a command of
// the same name and key that was carried out before is not carried out again, and
// the item is returned as it is now.
func (inv *Inventory) Once(key string) *Inventory {
	c := *inv
	c.key = key
	return &c
}

// At returns the inventory for commands that happened at an instant, for imports
// and replays, instead of now.
func (inv *Inventory) At(t time.Time) *Inventory {
	c := *inv
	c.at = t
	return &c
}

// Kind returns the typed view of items, for hosts that read a store directly.
func (inv *Inventory) Kind() *workflow.Kind[*CI] { return inv.kind }

// Get reads an item. It is an error matching [workflow.ErrNotFound] if there is
// none.
func (inv *Inventory) Get(ctx context.Context, id workflow.ID) (*CI, error) {
	return inv.kind.Load(ctx, inv.desk.Store(), id)
}

// ByNumber reads the item with a number such as CI0000042.
func (inv *Inventory) ByNumber(ctx context.Context, number string) (*CI, error) {
	return inv.kind.ByNumber(ctx, inv.desk.Store(), number)
}

// Find yields the items that a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (inv *Inventory) Find(ctx context.Context, q workflow.Query) iter.Seq2[*CI, error] {
	return inv.kind.Find(ctx, inv.desk.Store(), q)
}

// Category returns the category of the item's state.
func (inv *Inventory) Category(ci *CI) workflow.Category {
	m, err := inv.machine(ci)
	if err != nil {
		return 0
	}
	return m.Category(ci.State)
}

// Options tells what the actor may do with the item now, and of everything else in
// its state why not.
func (inv *Inventory) Options(ctx context.Context, ci *CI, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := inv.machine(ci)
	if err != nil {
		return nil, err
	}
	facts, err := inv.facts(ctx, ci, actor)
	if err != nil {
		return nil, err
	}
	return m.Options(ci.State, m.Roles(actor.Roles...), facts), nil
}

func (inv *Inventory) machine(ci *CI) (*workflow.Machine[Facts], error) {
	m := inv.machines[ci.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("cmdb: %s lives by lifecycle %s version %d, which is not configured: %w",
			ci.Name(), ci.Lifecycle.Name, ci.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

// do carries out a command that works on one item; a new one has no id yet.
func (inv *Inventory) do(ctx context.Context, actor workflow.Actor, name string, id workflow.ID, decide func(*workflow.Tx) (*CI, error)) (*CI, error) {
	var ci *CI
	cmd := workflow.Command{Name: "cmdb." + name, Actor: actor, Key: inv.key, At: inv.at}
	res, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		var err error
		ci, err = decide(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !res.Duplicate {
		return ci, nil
	}
	for _, e := range res.Events {
		if e.Kind == KindName && e.Version == 1 && id == (workflow.ID{}) {
			id = e.ID
		}
	}
	return inv.Get(ctx, id)
}

func filled(v any) bool { return v != nil && v != "" }
