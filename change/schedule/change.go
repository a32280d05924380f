package schedule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Change is a change as its schedule sees it.
type Change struct {
	ID        string    `json:"id"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"` // it is over then
	Items     []Item    `json:"items,omitempty"`
	Assignees []string  `json:"assignees,omitempty"`

	// NotBefore is the earliest start that leaves enough lead time; zero: any.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Exceptions are the names of blackouts from which an exception was granted.
	Exceptions []string `json:"exceptions,omitempty"`
}

// Item is a configuration item that is changed, or affected.
type Item struct {
	ID         string            `json:"id"`
	Class      string            `json:"class,omitempty"`
	Services   []string          `json:"services,omitempty"` // that depend on it
	Related    []string          `json:"related,omitempty"`  // items that it depends on, and that depend on it
	Attributes map[string]string `json:"attributes,omitempty"`
}

func (c Change) validate() error {
	var bad []error
	if c.ID == "" {
		bad = append(bad, fmt.Errorf("a change has no id: %w", ErrInvalid))
	}
	if !c.Start.Before(c.End) {
		bad = append(bad, fmt.Errorf("change %q ends at %v, not after its start at %v: %w", c.ID, c.End, c.Start, ErrInvalid))
	}
	for i, it := range c.Items {
		if it.ID == "" {
			bad = append(bad, fmt.Errorf("change %q: item %d has no id: %w", c.ID, i+1, ErrInvalid))
		}
	}
	return errors.Join(bad...)
}

// utc returns the change with its times in UTC, so that equal instants are equal
// values.
func (c Change) utc() Change {
	c.Start, c.End, c.NotBefore = c.Start.UTC(), c.End.UTC(), c.NotBefore.UTC()
	return c
}

// clone returns a copy that shares nothing with c.
func (c Change) clone() Change {
	c.Items, c.Assignees, c.Exceptions = slices.Clone(c.Items), slices.Clone(c.Assignees), slices.Clone(c.Exceptions)
	for i, it := range c.Items {
		it.Services, it.Related, it.Attributes = slices.Clone(it.Services), slices.Clone(it.Related), maps.Clone(it.Attributes)
		c.Items[i] = it
	}
	return c
}

// key is what two changes can have in common.
type key struct {
	kind rune // 'i' item, 'r' an item around it, 's' service, 'p' person
	name string
}

// keys are what a change is found by.
func (c Change) keys() map[key]bool {
	keys := map[key]bool{}
	for _, it := range c.Items {
		keys[key{'i', it.ID}] = true
		for _, r := range it.Related {
			keys[key{'r', r}] = true
		}
		for _, s := range it.Services {
			keys[key{'s', s}] = true
		}
	}
	for _, p := range c.Assignees {
		keys[key{'p', p}] = true
	}
	return keys
}
