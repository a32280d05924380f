package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// Edit is a change of an incident's description; nil leaves a thing as it is.
type Edit struct {
	Title, Details, Category, Subcategory, Service *string
	Channel                                        *Channel
	VIP                                            *bool
	Fields                                         map[string]any // custom fields to set; a nil value clears one
}

// Update changes the description.
func (s *Service) Update(ctx context.Context, actor workflow.Actor, id workflow.ID, e Edit) (*Incident, error) {
	return s.run(ctx, actor, id, "update", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		return st.edit(e)
	})
}

func (st *step) edit(e Edit) error {
	inc := st.inc
	set(&inc.Title, e.Title)
	set(&inc.Details, e.Details)
	set(&inc.Category, e.Category)
	set(&inc.Subcategory, e.Subcategory)
	set(&inc.Service, e.Service)
	set(&inc.Channel, e.Channel)
	set(&inc.VIP, e.VIP)
	var p workflow.Problems
	if inc.Title == "" || len(inc.Title) > workflow.MaxTitle || len(inc.Details) > workflow.MaxText {
		p.Addf("the title has 1 to %d bytes and the details at most %d", workflow.MaxTitle, workflow.MaxText)
	}
	if !inc.Channel.valid() {
		p.Addf("unknown channel %q", inc.Channel)
	}
	checkName(&p, "category", inc.Category)
	checkName(&p, "subcategory", inc.Subcategory)
	checkName(&p, "service", inc.Service)
	if len(e.Fields) > 0 {
		all := map[string]any{}
		for k, v := range inc.Fields {
			all[k] = v
		}
		for k, v := range e.Fields {
			all[k] = v
		}
		fields, err := st.s.cfg.Fields.Check(all)
		p.Add(err)
		inc.Fields = fields
	}
	return p.Err("incident: updating " + inc.Name())
}

func set[T any](v *T, to *T) {
	if to != nil {
		*v = *to
	}
}

// Prioritize sets impact and urgency, and with them the priority, unless that
// was set by hand. Running clocks follow by the policy of their target.
func (s *Service) Prioritize(ctx context.Context, actor workflow.Actor, id workflow.ID, impact, urgency Level) (*Incident, error) {
	return s.run(ctx, actor, id, "prioritize", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		p, err := s.cfg.Matrix.Priority(impact, urgency)
		if err != nil {
			return err
		}
		st.inc.Impact, st.inc.Urgency = impact, urgency
		if st.inc.Override == nil {
			st.inc.Priority = p
		}
		return nil
	})
}

// OverridePriority sets the priority by hand, for a reason that stays visible
// with it.
func (s *Service) OverridePriority(ctx context.Context, actor workflow.Actor, id workflow.ID, p Priority, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, "override_priority", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var faults workflow.Problems
		if p < P1 || p > P5 {
			faults.Addf("%v is not one of P1 to P5", p)
		}
		if reason == "" || len(reason) > workflow.MaxText {
			faults.Addf("setting a priority against the matrix needs a reason of at most %d bytes", workflow.MaxText)
		}
		if err := faults.Err("incident: priority of " + st.inc.Name()); err != nil {
			return err
		}
		st.reason = reason
		st.inc.Priority = p
		st.inc.Override = &Override{Priority: p, Reason: reason, By: actor.ID, At: st.tx.Now()}
		return nil
	})
}

// LiftOverride lets the matrix decide the priority again.
func (s *Service) LiftOverride(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, "lift_override", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		p, err := s.cfg.Matrix.Priority(st.inc.Impact, st.inc.Urgency)
		if err != nil {
			return err
		}
		st.inc.Priority, st.inc.Override = p, nil
		return nil
	})
}

// SetDue sets by hand until when a target is to be met, as agreed with the
// caller, for a reason that stays visible. Neither pauses nor a changed priority
// move that instant any more. The zero time lifts it. The target's clock must be
// under way.
func (s *Service) SetDue(ctx context.Context, actor workflow.Actor, id workflow.ID, target string, due time.Time, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, "set_due", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		o := sla.Override{Target: target, Due: due.UTC().Truncate(time.Microsecond), Reason: reason, By: actor.ID, At: st.tx.Now()}
		var p workflow.Problems
		p.Add(o.Check(st.inc.Clocks))
		if len(reason) > workflow.MaxText {
			p.Addf("the reason has at most %d bytes, not %d", workflow.MaxText, len(reason))
		}
		if len(st.inc.DueTimes) >= MaxDueTimes {
			p.Addf("%d due times set by hand, the most there may be", MaxDueTimes)
		}
		if err := p.Err("incident: due time of " + st.inc.Name()); err != nil {
			return err
		}
		st.reason = reason
		st.inc.DueTimes = append(st.inc.DueTimes, o)
		return nil
	})
}

// MaxDueTimes is how often a due time of one incident can be set by hand.
const MaxDueTimes = 100

// SetCIs lists the affected configuration items of one source, in place of
// those listed before from that source. An item listed by hand or found
// unharmed is not listed again as computed. With [Config.Assess] the services that
// suffer are worked out anew.
func (s *Service) SetCIs(ctx context.Context, actor workflow.Actor, id workflow.ID, source CISource, cis ...string) (*Incident, error) {
	return s.run(ctx, actor, id, "affected_cis", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if source != CIManual && source != CIComputed && source != CINotAffected {
			return fmt.Errorf("incident: unknown source %q of configuration items: %w", source, workflow.ErrInvalid)
		}
		if err := st.setCIs(source, cis); err != nil || source == CIComputed || s.cfg.Assess == nil {
			return err
		}
		return st.assess()
	})
}

func (st *step) setCIs(source CISource, cis []string) error {
	rank := func(s CISource) int { return slices.Index([]CISource{CIComputed, CIManual, CINotAffected}, s) }
	kept := slices.DeleteFunc(st.inc.CIs, func(a AffectedCI) bool { return a.Source == source })
	var p workflow.Problems
	for _, ci := range cis {
		if ci == "" {
			p.Addf("an affected configuration item has no id")
		}
		checkName(&p, "configuration item", ci)
		i := slices.IndexFunc(kept, func(a AffectedCI) bool { return a.ID == ci })
		switch {
		case i < 0:
			kept = append(kept, AffectedCI{ci, source})
		case rank(source) > rank(kept[i].Source):
			kept[i].Source = source
		}
	}
	if len(kept) > MaxCIs {
		p.Addf("%d affected configuration items, at most %d", len(kept), MaxCIs)
	}
	st.inc.CIs = kept
	return p.Err("incident: affected items of " + st.inc.Name())
}

// MaxLinks is the most links one incident has.
const MaxLinks = 200

// Link relates the incident to another record; doing so twice changes nothing.
func (s *Service) Link(ctx context.Context, actor workflow.Actor, id workflow.ID, l Link) (*Incident, error) {
	return s.run(ctx, actor, id, "link", func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		var p workflow.Problems
		if !slices.Contains(linkTypes, l.Type) {
			p.Addf("link type %q, want one of %q", l.Type, linkTypes)
		}
		if l.To.Kind == "" || l.To.ID == (workflow.ID{}) || l.To == s.kind.Ref(id) {
			p.Addf("%v is not another record", l.To)
		}
		if len(st.inc.Links) >= MaxLinks {
			p.Addf("%d links, the most there may be", MaxLinks)
		}
		if !slices.Contains(st.inc.Links, l) {
			st.inc.Links = append(st.inc.Links, l)
		}
		return p.Err("incident: linking " + st.inc.Name())
	})
}

// Unlink takes a link away; one that is not there changes nothing.
func (s *Service) Unlink(ctx context.Context, actor workflow.Actor, id workflow.ID, l Link) (*Incident, error) {
	return s.run(ctx, actor, id, "unlink", func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		st.inc.Links = slices.DeleteFunc(st.inc.Links, func(x Link) bool { return x == l })
		return nil
	})
}

// Watch keeps a person informed. Everybody may watch for himself as far as he
// may see the incident, which the host decides; staff may add anybody.
func (s *Service) Watch(ctx context.Context, actor workflow.Actor, id workflow.ID, person string) (*Incident, error) {
	return s.run(ctx, actor, id, "watch", func(st *step) error {
		if err := st.watcher(person); err != nil {
			return err
		}
		return st.inc.Watch(person)
	})
}

// Unwatch no longer keeps a person informed.
func (s *Service) Unwatch(ctx context.Context, actor workflow.Actor, id workflow.ID, person string) (*Incident, error) {
	return s.run(ctx, actor, id, "unwatch", func(st *step) error {
		if err := st.watcher(person); err != nil {
			return err
		}
		st.inc.Unwatch(person)
		return nil
	})
}

func (st *step) watcher(person string) error {
	if st.tx.Actor().ID == person {
		return st.authorize(workflow.Anyone)
	}
	return st.authorize(RoleAgent, RoleManager, workflow.RoleSystem)
}

// Attach adds a reference to a file.
func (s *Service) Attach(ctx context.Context, actor workflow.Actor, id workflow.ID, f workflow.Attachment) (*Incident, error) {
	return s.run(ctx, actor, id, "attach", func(st *step) error {
		if err := st.authorize(RoleCaller, RoleOpener, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		return st.inc.Attach(actor, st.tx.Now(), f)
	})
}
