package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Book is the rosters of an organisation by name. It answers in plain words, which is
// what an escalation asks for. It is immutable and safe for concurrent use.
type Book struct{ rosters map[string]*Roster }

// NewBook collects rosters. The error lists every name that is there twice and matches
// [workflow.ErrInvalid].
func NewBook(rosters ...*Roster) (*Book, error) {
	b := &Book{rosters: make(map[string]*Roster, len(rosters))}
	var bad problems
	for i, r := range rosters {
		switch {
		case r == nil:
			bad.Addf("roster %d is nil", i+1)
		case b.rosters[r.rota.Name] != nil:
			bad.Addf("rota %q is there twice", r.rota.Name)
		default:
			b.rosters[r.rota.Name] = r
		}
	}
	if err := bad.Err("oncall: book"); err != nil {
		return nil, err
	}
	return b, nil
}

// Roster returns the roster of a rota. The error lists those that there are and
// matches [workflow.ErrNotFound].
func (b *Book) Roster(rota string) (*Roster, error) {
	if r := b.rosters[rota]; r != nil {
		return r, nil
	}
	names := make([]string, 0, len(b.rosters))
	for n := range b.rosters {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("oncall: rota %.64q: %w, there are %s", rota, workflow.ErrNotFound, strings.Join(names, ", "))
}

// OnCall tells who is on call in a rota or, with the name of a layer, by that layer
// alone, and why. Without a person the second result tells why nobody is.
func (b *Book) OnCall(rota, layer string, at time.Time) (person, why string) {
	r, err := b.Roster(rota)
	if err != nil {
		return "", err.Error()
	}
	d, ok := Duty{}, false
	if layer == "" {
		d, ok = r.OnCall(at)
	} else {
		d, ok = r.Layer(layer, at)
	}
	switch {
	case ok:
		return d.Person, fmt.Sprintf("rota %s: %s", rota, d.reason())
	case layer == "":
		return "", fmt.Sprintf("rota %s: %s", rota, strings.Join(r.Explain(at), "; "))
	case !slices.Contains(r.Layers(), layer):
		return "", fmt.Sprintf("rota %s has no layer %.64q", rota, layer)
	}
	says := slices.DeleteFunc(r.Explain(at), func(line string) bool { return !strings.HasPrefix(line, layerLine(layer)) })
	return "", fmt.Sprintf("rota %s: %s", rota, strings.Join(says, "; "))
}

// Order is [Roster.Order] of a rota; nobody if there is no such rota.
func (b *Book) Order(rota string, at time.Time) []string {
	if r := b.rosters[rota]; r != nil {
		return r.Order(at)
	}
	return nil
}

// Layers lists the layers of a rota by precedence; none if there is no such rota.
func (b *Book) Layers(rota string) []string {
	if r := b.rosters[rota]; r != nil {
		return r.Layers()
	}
	return nil
}
