package draw

import (
	"errors"
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// ErrInvalid is wrapped by the error about a picture that contradicts itself.
var ErrInvalid = errors.New("draw: invalid picture")

// Picture is what is drawn.
type Picture struct {
	Title, Subtitle string
	Items           []Item
	Links           []Link
}

// Item is a box in a picture. Only its ID has to be there.
type Item struct {
	ID, Name, Class string
	State           graph.State
	Cause           bool // it was named as down, whatever its State says
}

// Link says that one item depends on another, both given by their ids.
type Link struct {
	From, To string // From depends on To
	Soft     bool   // it can degrade From and not take it down
	Label    string
}

// kind is what decides on the looks of an item.
type kind int

const (
	cause kind = iota
	down
	degraded
	up
	kinds
)

func (it Item) kind() kind {
	switch {
	case it.Cause:
		return cause
	case it.State == graph.Down:
		return down
	case it.State == graph.Degraded:
		return degraded
	}
	return up
}

// look is how a kind of item is drawn.
type look struct {
	word         string
	fill, border string
	ink, muted   string // of the name, and of what is said below it
	mark         string // an SVG path around 0,0
	solid        bool   // the mark is filled
}

func (k kind) look() look {
	return [kinds]look{
		cause:    {"cause", "#8f1d14", "#5c110b", "#ffffff", "#f6d9d6", "M1.5-7L-4.5 1H-.5L-1.5 7L4.5-1H.5Z", true},
		down:     {"down", "#c8443a", "#8f1d14", "#ffffff", "#fff0ee", "M-4-4L4 4M-4 4L4-4", false},
		degraded: {"degraded", "#f4c979", "#b07a16", "#17202b", "#4d3b12", "M0-5L5.5 4.5H-5.5Z", false},
		up:       {"up", "#eef1f4", "#9aa7b5", "#17202b", "#4a5867", "M-4.5 0L-1.5 3.5L4.5-4", false},
	}[k]
}

// head is the text an item is known by, and sub what else there is to say of it.
func (it Item) head() string {
	if it.Name == "" {
		return it.ID
	}
	return it.Name
}

func (it Item) sub() string {
	var said []string
	if it.Name != "" && it.Name != it.ID {
		said = append(said, it.ID)
	}
	if it.Class != "" {
		said = append(said, it.Class)
	}
	return strings.Join(said, ", ")
}

// heading is the title and the subtitle, as one line.
func (p Picture) heading() string {
	title, subtitle := oneLine(p.Title), oneLine(p.Subtitle)
	if title != "" && subtitle != "" {
		title += ": "
	}
	return title + subtitle
}

// index finds items by id, and says all that is wrong with the picture.
func (p Picture) index() (map[string]int, error) {
	var bad []error
	at := make(map[string]int, len(p.Items))
	for i, it := range p.Items {
		first, twice := at[it.ID]
		switch {
		case it.ID == "":
			bad = append(bad, fmt.Errorf("item %d has no id", i))
		case twice:
			bad = append(bad, fmt.Errorf("items %d and %d are both %q", first, i, it.ID))
		default:
			at[it.ID] = i
		}
		if it.State > graph.Down {
			bad = append(bad, fmt.Errorf("item %d, %q: there is no %v", i, it.ID, it.State))
		}
	}
	for i, l := range p.Links {
		for _, id := range []string{l.From, l.To} {
			if _, there := at[id]; !there {
				bad = append(bad, fmt.Errorf("link %d, from %q to %q: there is no item %q", i, l.From, l.To, id))
			}
		}
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, errors.Join(bad...))
	}
	return at, nil
}
