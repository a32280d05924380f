package announce

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/workflow"
)

// PartyKind says what a [Party] is.
type PartyKind string

// The kinds of parties.
const (
	Everybody PartyKind = "everybody"
	Person    PartyKind = "person"
	Group     PartyKind = "group"
	Site      PartyKind = "site"      // of a customer, or an office
	Users     PartyKind = "consumers" // all that consume an item, by the configuration
)

// Party is one or many people whom something is for.
type Party struct {
	Kind PartyKind   `json:"kind"`
	Name string      `json:"name,omitempty"` // of a person, group or site
	Item workflow.ID `json:"item,omitzero"`  // of consumers
}

// String gives "group mail".
func (p Party) String() string {
	switch p.Kind {
	case Everybody:
		return "everybody"
	case Users:
		return "consumers of " + p.Item.String()
	}
	return string(p.Kind) + " " + p.Name
}

func (p Party) validate() error {
	named := p.Kind == Person || p.Kind == Group || p.Kind == Site
	switch {
	case !named && p.Kind != Everybody && p.Kind != Users:
		return fmt.Errorf("party of kind %.32q, want everybody, person, group, site or consumers", p.Kind)
	case named != (p.Name != "") || named && !validID(p.Name):
		return fmt.Errorf("%.64v: a person, group or site has a name of at most %d bytes, and nothing else has", p, workflow.MaxKey)
	case (p.Kind == Users) != (p.Item != workflow.ID{}):
		return fmt.Errorf("%.64v: consumers, and nobody else, are those of an item", p)
	}
	return nil
}

func validateAudience(p *workflow.Problems, audience []Party, least int) {
	if len(audience) < least || len(audience) > MaxAudience {
		p.Addf("an audience of %d parties, must be %d to %d", len(audience), least, MaxAudience)
		return
	}
	for i, a := range audience {
		p.Add(a.validate())
		if slices.Contains(audience[:i], a) {
			p.Addf("%v is in the audience twice", a)
		}
	}
}

// Directory knows the people. The host makes it; it must be safe for concurrent use.
type Directory interface {
	// Members lists the persons of everybody, of a group or of a site, in any order. One
	// that does not exist has none.
	Members(ctx context.Context, p Party) ([]string, error)
	// Parties lists the groups and sites of a person.
	Parties(ctx context.Context, person string) ([]Party, error)
}

// Consumers knows who consumes an item: persons, groups and sites. [Consumption] is one
// that is made from the configuration. It must be safe for concurrent use.
type Consumers interface {
	Consumers(ctx context.Context, item workflow.ID) ([]Party, error)
}

// members lists the persons of a party that is not consumers.
func (s *Service) members(ctx context.Context, p Party) ([]string, error) {
	if p.Kind == Person {
		return []string{p.Name}, nil
	}
	list, err := s.cfg.Directory.Members(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("announce: members of %v: %w", p, err)
	}
	return list, nil
}

func (s *Service) consumers(ctx context.Context, item workflow.ID) ([]Party, error) {
	if s.cfg.Consumers == nil {
		return nil, nil
	}
	list, err := s.cfg.Consumers.Consumers(ctx, item)
	if err != nil {
		return nil, fmt.Errorf("announce: consumers of %v: %w", item, err)
	}
	return list, nil
}

// circle is what a person belongs to.
type circle struct {
	person  string
	parties []Party
}

// within reports whether the person belongs to one of the parties.
func (s *Service) within(ctx context.Context, c circle, audience []Party) (bool, error) {
	for _, a := range audience {
		if a.Kind != Users {
			if c.in(a) {
				return true, nil
			}
			continue
		}
		list, err := s.consumers(ctx, a.Item)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(list, c.in) {
			return true, nil
		}
	}
	return false, nil
}

func (c circle) in(p Party) bool {
	return p.Kind == Everybody || p.Kind == Person && p.Name == c.person || slices.Contains(c.parties, p)
}

// idSpace is the namespace of ids that are made from names.
var idSpace = uuid.MustParse("b7a7a7a0-6a3c-5d3e-8c39-4d1f0e3b9c55")

// derived makes the id that the parts always have; JSON keeps the parts apart.
func derived(parts ...string) workflow.ID {
	b, _ := json.Marshal(parts)
	return uuid.NewSHA1(idSpace, b)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
