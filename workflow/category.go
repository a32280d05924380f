package workflow

import "fmt"

// Category says what a state means, whatever a lifecycle calls it, so that
// reports, SLA clocks and integrations work with every lifecycle alike.
type Category uint8

// The categories of states. Zero is none of them.
const (
	CategoryNew       Category = iota + 1 // reported, nobody works on it yet
	CategoryActive                        // being worked on
	CategoryOnHold                        // waiting for somebody else
	CategoryResolved                      // work is done, confirmation is open
	CategoryClosed                        // finished
	CategoryCancelled                     // ended without being carried out
)

// String gives the text used in JSON: "new", "active", "on_hold", "resolved",
// "closed" or "cancelled".
func (c Category) String() string {
	switch c {
	case CategoryNew:
		return "new"
	case CategoryActive:
		return "active"
	case CategoryOnHold:
		return "on_hold"
	case CategoryResolved:
		return "resolved"
	case CategoryClosed:
		return "closed"
	case CategoryCancelled:
		return "cancelled"
	}
	return fmt.Sprintf("category(%d)", uint8(c))
}

// Valid reports whether c is one of the categories.
func (c Category) Valid() bool { return c >= CategoryNew && c <= CategoryCancelled }

// Final reports whether a record in such a state has come to its end.
func (c Category) Final() bool { return c == CategoryClosed || c == CategoryCancelled }

// MarshalText implements [encoding.TextMarshaler].
func (c Category) MarshalText() ([]byte, error) {
	if !c.Valid() {
		return nil, fmt.Errorf("workflow: state category %d: %w", uint8(c), ErrInvalid)
	}
	return []byte(c.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown
// categories.
func (c *Category) UnmarshalText(b []byte) error {
	for k := CategoryNew; k.Valid(); k++ {
		if k.String() == string(b) {
			*c = k
			return nil
		}
	}
	return fmt.Errorf("workflow: state category %.32q, want new, active, on_hold, resolved, closed or cancelled: %w", b, ErrInvalid)
}
