package sla

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// AgreementType says between whom an agreement is (ITIL).
type AgreementType string

// The types of agreement.
const (
	TypeSLA AgreementType = "sla"                   // service level agreement: with a customer
	TypeOLA AgreementType = "ola"                   // operational level agreement: with a group of one's own house
	TypeUC  AgreementType = "underpinning_contract" // with a supplier
)

var agreementTypes = []AgreementType{TypeSLA, TypeOLA, TypeUC}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown types.
func (t *AgreementType) UnmarshalText(b []byte) error {
	return oneOf(t, b, "agreement type", agreementTypes)
}

// Agreement is what a provider promises to a customer about services, for as long
// as it is valid.
type Agreement struct {
	ID      string // "SLA-ACME"; versions of one agreement share it
	Version int    // default: 1
	Type    AgreementType
	Name    string // for people

	Provider string   // who promises: your organisation, a group (OLA), a supplier
	Customer string   // to whom: a customer (SLA); empty = every customer
	Services []string // which services; empty = all

	// Default makes it apply only to records that no other agreement of its type
	// applies to.
	Default bool

	From, Until time.Time // valid from From on and before Until; a zero Until = until further notice
	ReviewBy    time.Time // when it is to be looked at again; zero = never

	Targets      []Target
	Hours        *calendar.Calendar // service hours, for availability
	Availability decimal.Decimal    // percent promised in a period; zero = none
	Attainment   decimal.Decimal    // percent of the promises of a target that must be kept; zero = all of them
	Credits      CreditTerms

	// Supports name the promises beneath that make a target of this agreement
	// possible: see [Book.BackToBack].
	Supports []Support
}

// Support says that a target is reached by steps one after the other, each of
// them promised by another agreement.
type Support struct {
	Target string
	Steps  []Link
}

// Link is a target of an agreement.
type Link struct {
	Agreement string `json:"agreement"`
	Target    string `json:"target"`
}

// String reads "OLA-NET resolution".
func (l Link) String() string { return l.Agreement + " " + l.Target }

// clone returns a copy that shares nothing that can be changed.
func (a Agreement) clone() Agreement {
	a.Services = slices.Clone(a.Services)
	a.Targets = slices.Clone(a.Targets)
	for i := range a.Targets {
		t := &a.Targets[i]
		t.Goals, t.ResetOn, t.Thresholds = slices.Clone(t.Goals), slices.Clone(t.ResetOn), slices.Clone(t.Thresholds)
	}
	a.Supports = slices.Clone(a.Supports)
	for i := range a.Supports {
		a.Supports[i].Steps = slices.Clone(a.Supports[i].Steps)
	}
	a.Credits.Breaches, a.Credits.Availability = slices.Clone(a.Credits.Breaches), slices.Clone(a.Credits.Availability)
	return a
}

// validAt reports whether the agreement is valid at an instant.
func (a *Agreement) validAt(at time.Time) bool {
	return !at.Before(a.From) && (a.Until.IsZero() || at.Before(a.Until))
}

// matches tells whether the agreement is about such a record, and in words why or
// why not. Whether another one takes precedence is not asked here.
func (a *Agreement) matches(f Facts) (bool, string) {
	var why []string
	switch {
	case a.Type == TypeSLA && a.Customer == "":
		why = append(why, "it is for every customer")
	case a.Type == TypeSLA && a.Customer != f.Customer:
		return false, fmt.Sprintf("it is with customer %q, not %q", a.Customer, f.Customer)
	case a.Type == TypeSLA:
		why = append(why, fmt.Sprintf("it is with customer %q", a.Customer))
	case a.Type == TypeOLA && a.Provider != f.Group:
		return false, fmt.Sprintf("it is with group %q, not %q", a.Provider, f.Group)
	case a.Type == TypeOLA:
		why = append(why, fmt.Sprintf("group %q has the record", a.Provider))
	}
	switch {
	case len(a.Services) == 0:
		why = append(why, "it covers every service")
	case !slices.Contains(a.Services, f.Service):
		return false, fmt.Sprintf("it covers %s, not service %q", quoted(a.Services), f.Service)
	default:
		why = append(why, fmt.Sprintf("it covers service %q", f.Service))
	}
	return true, strings.Join(why, ", ")
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}

// check reports what is wrong with the agreement by itself.
func (a *Agreement) check(p *workflow.Problems) {
	fault := func(format string, args ...any) {
		p.Addf("agreement %q version %d: %s", a.ID, a.Version, fmt.Sprintf(format, args...))
	}
	if a.ID == "" || len(a.ID) > 50 || strings.ContainsAny(a.ID, "/\n:") {
		fault("an id has 1 to 50 bytes, without a slash and a colon")
	}
	if a.Version < 1 {
		fault("versions count from 1")
	}
	if !slices.Contains(agreementTypes, a.Type) {
		fault("unknown type %q", a.Type)
	}
	if a.Provider == "" {
		fault("nobody provides it")
	}
	if !a.Until.IsZero() && !a.From.Before(a.Until) {
		fault("it ends before it begins")
	}
	for what, percent := range map[string]decimal.Decimal{"availability": a.Availability, "attainment": a.Attainment} {
		if percent.IsNegative() || percent.GreaterThan(hundred()) {
			fault("%s of %s %%: want 0 to 100", what, percent)
		}
	}
	if a.Availability.IsPositive() && a.Hours == nil {
		fault("an availability is promised of service hours, and there are none")
	}
	if err := a.Credits.Validate(); err != nil {
		fault("%v", err)
	}
	for _, t := range a.Targets {
		if t.Version != 0 || !t.From.IsZero() || !t.Until.IsZero() {
			fault("target %q: the versions and dates are the agreement's", t.Name)
		}
	}
	for i, s := range a.Supports {
		if !a.has(s.Target) {
			fault("support of %q, which is not one of its targets", s.Target)
		}
		if slices.ContainsFunc(a.Supports[:i], func(o Support) bool { return o.Target == s.Target }) || len(s.Steps) == 0 {
			fault("support of %q: without steps, or there twice", s.Target)
		}
	}
}

func (a *Agreement) has(target string) bool {
	return slices.ContainsFunc(a.Targets, func(t Target) bool { return t.Name == target })
}
