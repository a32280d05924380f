package change

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Caused is an incident that a change has caused.
type Caused struct {
	Incident string    `json:"incident"` // its id
	Priority int       `json:"priority"` // 1 is the highest; 0: none
	At       time.Time `json:"at"`       // when it began
	Restored time.Time `json:"restored,omitzero"`
}

// MaxCaused is the most incidents that one change is noted to have caused.
const MaxCaused = 1_000

// NoteCaused writes down that the change has caused an incident, or what is now known
// of one that is noted. It can be noted long after the change is closed.
func (s *Service) NoteCaused(ctx context.Context, actor workflow.Actor, id workflow.ID, i Caused) (*Change, error) {
	return s.run(ctx, actor, id, "note_caused", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent, workflow.RoleSystem); err != nil {
			return err
		}
		var p workflow.Problems
		if i.Incident == "" || len(i.Incident) > workflow.MaxKey {
			p.Addf("the id of the incident has 1 to %d bytes", workflow.MaxKey)
		}
		if i.Priority < 0 || i.Priority > 99 {
			p.Addf("priority %d, must be 0 to 99", i.Priority)
		}
		if i.At.IsZero() || !i.Restored.IsZero() && i.Restored.Before(i.At) {
			p.Addf("the incident began at an instant, and ended later")
		}
		if st.c.Started.IsZero() {
			p.Addf("the change has not begun, and has caused nothing")
		}
		at := slices.IndexFunc(st.c.Caused, func(o Caused) bool { return o.Incident == i.Incident })
		if at < 0 && len(st.c.Caused) >= MaxCaused {
			p.Addf("%d incidents, the most that are noted", MaxCaused)
		}
		if err := p.Err("change: an incident caused by " + st.c.Name()); err != nil {
			return err
		}
		i.At, i.Restored = i.At.UTC(), i.Restored.UTC()
		if at >= 0 {
			st.c.Caused[at] = i
			return nil
		}
		st.c.Caused = append(st.c.Caused, i)
		return nil
	})
}

// RetractCaused takes an incident away that the change has not caused, for a reason.
func (s *Service) RetractCaused(ctx context.Context, actor workflow.Actor, id workflow.ID, incident, reason string) (*Change, error) {
	return s.run(ctx, actor, id, "retract_caused", func(st *step) error {
		if err := st.authorize(RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		at := slices.IndexFunc(st.c.Caused, func(o Caused) bool { return o.Incident == incident })
		if at < 0 {
			return fmt.Errorf("change: %s is not noted to have caused incident %q: %w", st.c.Name(), incident, workflow.ErrNotFound)
		}
		if reason == "" || len(reason) > workflow.MaxText {
			return fmt.Errorf("change: %s: what was noted is retracted for a reason of at most %d bytes: %w", st.c.Name(), workflow.MaxText, workflow.ErrInvalid)
		}
		st.reason = reason
		st.c.Caused = slices.Delete(st.c.Caused, at, at+1)
		return nil
	})
}

// Symptoms are what is known of an incident for which a change is looked for.
type Symptoms struct {
	At       time.Time // when it began
	Items    []string  // the configuration items that suffer, and those they depend on
	Services []string
}

// Suspect is a change that may have caused an incident.
type Suspect struct {
	Change  *Change
	Reasons []string // why, for people
	Common  int      // how many of the items and services it has in common
}

// MaxSuspects is the most suspects that are listed.
const MaxSuspects = 50

// Suspects lists the changes of the items and services that suffer which were being
// implemented when an incident began, or had ended at most so much earlier (elapsed).
// First come those with most in common, then those that ended last, or have not.
func (s *Service) Suspects(ctx context.Context, y Symptoms, within time.Duration) ([]Suspect, error) {
	if y.At.IsZero() || within < 0 || len(y.Items)+len(y.Services) > MaxItems {
		return nil, fmt.Errorf("change: suspects are looked for from an instant, a time not below zero, and at most %d items and services: %w", MaxItems, workflow.ErrInvalid)
	}
	found := map[workflow.ID]*Suspect{}
	look := func(field, value, reason string) error {
		for c, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(field, workflow.StringKey(value))}}) {
			if err != nil {
				return err
			}
			if c.Started.IsZero() || c.Started.After(y.At) || !c.Ended.IsZero() && c.Ended.Before(y.At.Add(-within)) {
				continue
			}
			sus := found[c.ID]
			if sus == nil {
				sus = &Suspect{Change: c, Reasons: []string{s.when(c, y.At)}}
				if c.Unauthorized {
					sus.Reasons = append(sus.Reasons, "nobody had approved it")
				}
				if c.Review != nil && c.Review.Outcome != Successful {
					sus.Reasons = append(sus.Reasons, "it was "+string(c.Review.Outcome))
				}
				found[c.ID] = sus
			}
			sus.Common++
			sus.Reasons = append(sus.Reasons, reason)
		}
		return nil
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(y.Items))) {
		if err := look(IndexItem, id, "it changed "+id); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(y.Services))) {
		if err := look(IndexService, name, "it was made for service "+name); err != nil {
			return nil, err
		}
	}
	var all []Suspect
	for _, sus := range found {
		all = append(all, *sus)
	}
	slices.SortFunc(all, func(a, b Suspect) int {
		return cmp.Or(b.Common-a.Common, b.Change.over(y.At).Compare(a.Change.over(y.At)), cmp.Compare(a.Change.Number, b.Change.Number))
	})
	return all[:min(len(all), MaxSuspects)], nil
}

// over is when the work had ended, as far as could be known at an instant.
func (c *Change) over(at time.Time) time.Time {
	if c.Ended.IsZero() || c.Ended.After(at) {
		return at
	}
	return c.Ended
}

func (s *Service) when(c *Change, at time.Time) string {
	if c.over(at).Equal(at) {
		return fmt.Sprintf("it was being implemented, since %v", at.Sub(c.Started))
	}
	return fmt.Sprintf("it had ended %v before", at.Sub(c.Ended))
}
