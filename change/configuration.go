package change

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Configuration is what changes ask of the configuration: what depends on the items
// that they change. It is safe for concurrent use; the host refreshes the map.
type Configuration struct{ live *cmdb.Map }

// FromConfiguration lets changes look items up in a map of the configuration, by number
// or id.
func FromConfiguration(live *cmdb.Map) (*Configuration, error) {
	if live == nil {
		return nil, fmt.Errorf("change: there is no map of the configuration: %w", workflow.ErrInvalid)
	}
	return &Configuration{live}, nil
}

// Items returns configuration items as a schedule wants them: under their numbers, with
// their class, what they depend on and what depends on them directly, and the services
// that would be down or degraded without them. One that the configuration does not know
// is an error matching [workflow.ErrNotFound]; all such are told.
func (cfg *Configuration) Items(names ...string) ([]schedule.Item, error) {
	top := cfg.live.Topology()
	known, err := resolve(top, names)
	if err != nil {
		return nil, err
	}
	items := make([]schedule.Item, len(known))
	for i, k := range known {
		im, err := top.Impact(cmdb.Query{Down: []workflow.ID{k.ID}})
		if err != nil {
			return nil, fmt.Errorf("change: what depends on %s: %w", k.Number, err)
		}
		it := schedule.Item{ID: k.Number, Class: k.Class}
		for _, near := range slices.Concat(top.Dependencies(k.ID), top.Dependents(k.ID)) {
			if !slices.Contains(it.Related, near.Number) {
				it.Related = append(it.Related, near.Number)
			}
		}
		for _, s := range im.Services() {
			if s.ID != k.ID {
				it.Services = append(it.Services, s.Name)
			}
		}
		items[i] = it
	}
	return items, nil
}

func resolve(top *cmdb.Topology, names []string) ([]cmdb.Item, error) {
	var p workflow.Problems
	var known []cmdb.Item
	for _, name := range names {
		k, ok := top.Resolve(name)
		if !ok {
			p.Addf("the configuration does not know %.64q", name)
		}
		known = append(known, k)
	}
	if err := p.Err("change: configuration items"); err != nil {
		return nil, fmt.Errorf("%w: %w", err, workflow.ErrNotFound)
	}
	return known, nil
}

// Effects tells what would happen if all of a change's items failed with it, for the
// assessment of its risk. A change without items affects nothing that is known.
func (cfg *Configuration) Effects(items []schedule.Item) (*risk.Effects, error) {
	top := cfg.live.Topology()
	names := make([]string, len(items))
	for i, it := range items {
		names[i] = it.ID
	}
	known, err := resolve(top, names)
	if err != nil {
		return nil, err
	}
	e := &risk.Effects{}
	var q cmdb.Query
	for _, k := range known {
		q.Down = append(q.Down, k.ID)
		alone, err := top.Impact(cmdb.Query{Down: []workflow.ID{k.ID}})
		if err != nil {
			return nil, fmt.Errorf("change: what depends on %s: %w", k.Number, err)
		}
		e.SinglePoint = e.SinglePoint || slices.ContainsFunc(alone.Services(), func(s cmdb.Affected) bool { return s.State == graph.Down && s.ID != k.ID })
	}
	im, err := top.Impact(q)
	if err != nil {
		return nil, fmt.Errorf("change: what depends on its items: %w", err)
	}
	for _, s := range im.Services() {
		if s.State == graph.Down {
			e.ServicesDown++
		} else {
			e.ServicesDegraded++
		}
		if s.Criticality == cmdb.MostCritical {
			e.CriticalServices = append(e.CriticalServices, s.Name)
		}
		e.Users = min(e.Users+s.Users, risk.MaxAffected)
	}
	slices.Sort(e.CriticalServices)
	e.CriticalServices = slices.Compact(e.CriticalServices)
	return e, nil
}

// RiskInput is [Config.RiskInput] by the configuration alone, without any history.
func (cfg *Configuration) RiskInput(_ context.Context, c *Change) (risk.Input, error) {
	e, err := cfg.Effects(c.Items)
	return risk.Input{Effects: e}, err
}

// Configure returns a handler of the messages of [TopicState]: when a change is closed,
// what was proposed for the configuration with it is applied, and when it was backed out
// or cancelled, withdrawn. It bears repetition. What somebody has changed otherwise
// meanwhile is a [*cmdb.ClashError]; the message is then parked, since that takes a
// decision.
func (s *Service) Configure(inv *cmdb.Inventory) workflow.Handler {
	return workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		if d.Message == nil || d.Message.Topic != TopicState || d.Message.Ref.Kind != KindName {
			return workflow.Permanent(fmt.Errorf("change: %s does not tell the state of a change: %w", d.Key(), workflow.ErrInvalid))
		}
		c, err := s.Get(ctx, d.Message.Ref.ID)
		if err != nil {
			return err
		}
		ref, actor := s.kind.Ref(c.ID), workflow.System("changes")
		switch category := s.Category(c); {
		case category == workflow.CategoryCancelled || category == workflow.CategoryClosed && c.Review != nil && c.Review.BackedOut:
			_, err = inv.Withdraw(ctx, actor, ref)
		case category == workflow.CategoryClosed:
			_, err = inv.Apply(ctx, actor, ref)
		}
		var clash *cmdb.ClashError
		if errors.As(err, &clash) {
			return workflow.Permanent(err)
		}
		return err
	})
}
