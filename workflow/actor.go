package workflow

import (
	"fmt"
	"slices"
)

// ActorType tells people from programs.
type ActorType uint8

// The types of actor.
const (
	ActorUser   ActorType = iota + 1 // a person
	ActorSystem                      // the library, a job, an integration
)

var actorTypes = map[ActorType]string{ActorUser: "user", ActorSystem: "system"}

// String gives "user" or "system".
func (t ActorType) String() string { return actorTypes[t] }

// MarshalText implements [encoding.TextMarshaler].
func (t ActorType) MarshalText() ([]byte, error) {
	if s, ok := actorTypes[t]; ok {
		return []byte(s), nil
	}
	return nil, fmt.Errorf("workflow: actor type %d: %w", t, ErrInvalid)
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown types.
func (t *ActorType) UnmarshalText(b []byte) error {
	for k, s := range actorTypes {
		if s == string(b) {
			*t = k
			return nil
		}
	}
	return fmt.Errorf("workflow: actor type %.32q, want user or system: %w", b, ErrInvalid)
}

// Actor is who issues a command. History keeps the type, the id and on whose
// behalf; roles decide what is allowed now and are not history.
type Actor struct {
	Type       ActorType `json:"type"`
	ID         string    `json:"id"`
	OnBehalfOf string    `json:"on_behalf_of,omitempty"` // the id of the person served, when another acts for them
	Roles      []string  `json:"-"`
}

// User returns a person holding the given roles.
func User(id string, roles ...string) Actor {
	return Actor{Type: ActorUser, ID: id, Roles: roles}
}

// System returns a program acting by itself: a timer, a job, an integration.
// It holds the role "system", by which lifecycles admit automatic steps, and
// the roles given.
func System(id string, roles ...string) Actor {
	return Actor{Type: ActorSystem, ID: id, Roles: append([]string{RoleSystem}, roles...)}
}

// RoleSystem is the role every [System] actor holds.
const RoleSystem = "system"

// For returns the actor acting on behalf of another person. The roles stay the
// actor's own: acting for somebody gives nobody new rights.
func (a Actor) For(person string) Actor {
	a.OnBehalfOf = person
	return a
}

// Is reports whether the actor is the person, or acts on their behalf.
func (a Actor) Is(person string) bool {
	return person != "" && (a.ID == person || a.OnBehalfOf == person)
}

// HasRole reports whether the actor holds one of the roles.
func (a Actor) HasRole(roles ...string) bool {
	for _, r := range roles {
		if slices.Contains(a.Roles, r) {
			return true
		}
	}
	return false
}

// String gives "user ann" or "system autoclose for bob".
func (a Actor) String() string {
	s := a.Type.String() + " " + a.ID
	if a.OnBehalfOf != "" {
		s += " for " + a.OnBehalfOf
	}
	return s
}

func (a Actor) validate() error {
	switch {
	case a.ID == "" || len(a.ID) > MaxKey:
		return fmt.Errorf("workflow: the actor needs an id of 1 to %d bytes: %w", MaxKey, ErrInvalid)
	case actorTypes[a.Type] == "":
		return fmt.Errorf("workflow: actor %.64q needs a type, use User or System: %w", a.ID, ErrInvalid)
	case len(a.OnBehalfOf) > MaxKey:
		return fmt.Errorf("workflow: actor %.64q: on-behalf-of id longer than %d bytes: %w", a.ID, MaxKey, ErrInvalid)
	}
	return nil
}
