package incident

import (
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// KindName is the kind of incidents in a store.
const KindName = "incident"

// Incident is an unplanned interruption to a service, or a drop in its quality.
// It is changed through a [Service] alone; what a Service returns is a copy that
// the caller may do with as he likes.
type Incident struct {
	workflow.Record

	Caller   string  `json:"caller"`             // the person who suffers
	Customer string  `json:"customer,omitempty"` // the organisation with which service levels are agreed
	Zone     string  `json:"zone,omitempty"`     // the IANA zone of the caller, for hours that float
	Channel  Channel `json:"channel,omitzero"`
	VIP      bool    `json:"vip,omitempty"`

	Impact   Level     `json:"impact"`
	Urgency  Level     `json:"urgency"`
	Priority Priority  `json:"priority"`
	Override *Override `json:"priority_override,omitempty"`

	Category    string       `json:"category,omitempty"`
	Subcategory string       `json:"subcategory,omitempty"`
	Service     string       `json:"service,omitempty"` // the affected service
	CIs         []AffectedCI `json:"affected_cis,omitempty"`
	Suggested   *Suggestion  `json:"suggested,omitempty"` // what the configuration says of the impact, and why

	Group         string    `json:"group,omitempty"`         // the group responsible
	Assignee      string    `json:"assignee,omitempty"`      // the person responsible
	AssignedAt    time.Time `json:"assigned_at,omitzero"`    // when anybody was responsible for the first time
	GivenAt       time.Time `json:"given_at,omitzero"`       // when the present assignee got it
	Reassignments int       `json:"reassignments,omitempty"` // changes from one group to another

	HoldReason  HoldReason  `json:"hold_reason,omitzero"` // while on hold
	RespondedAt time.Time   `json:"responded_at,omitzero"`
	Replies     int         `json:"replies,omitempty"`      // how often the caller has heard from us
	AwaitsReply bool        `json:"awaits_reply,omitempty"` // the caller has said something and was not answered yet
	Resolution  *Resolution `json:"resolution,omitempty"`   // kept, as history, until the next
	ClosedAt    time.Time   `json:"closed_at,omitzero"`
	Reopened    int         `json:"reopened,omitempty"` // times
	ReopenedAt  time.Time   `json:"reopened_at,omitzero"`
	ReopenedBy  string      `json:"reopened_by,omitempty"`

	Parent      workflow.ID `json:"parent,omitzero"`
	Children    int         `json:"children,omitempty"` // how many have this one as their parent
	Followed    int64       `json:"followed,omitempty"` // the last order of the parent that it has followed, see [Cascade]
	DuplicateOf workflow.ID `json:"duplicate_of,omitzero"`
	Links       []Link      `json:"links,omitempty"`
	Tasks       []Task      `json:"tasks,omitempty"`
	Work        []Work      `json:"work,omitempty"`
	Clocks      []sla.Clock `json:"clocks,omitempty"`

	DueTimes []sla.Override           `json:"due_times,omitempty"` // agreed on by hand
	Watches  map[string]routing.Watch `json:"watches,omitempty"`   // how the monitors of inactivity stand, by name

	Major *major.Case `json:"major,omitempty"` // once it was proposed as a major incident
}

// Channel is how the incident was reported.
type Channel string

// The channels.
const (
	ByPhone      Channel = "phone"
	ByMail       Channel = "mail"
	ByPortal     Channel = "portal"
	ByChat       Channel = "chat"
	InPerson     Channel = "in_person"
	ByMonitoring Channel = "monitoring"
)

func (c Channel) valid() bool {
	return c == "" || slices.Contains([]Channel{ByPhone, ByMail, ByPortal, ByChat, InPerson, ByMonitoring}, c)
}

// HoldReason is what an incident on hold is waiting for.
type HoldReason string

// The reasons. Awaiting Caller, Change, Problem and Vendor are ServiceNow's.
const (
	AwaitingCaller   HoldReason = "awaiting_caller"
	AwaitingChange   HoldReason = "awaiting_change"
	AwaitingProblem  HoldReason = "awaiting_problem"
	AwaitingVendor   HoldReason = "awaiting_vendor"
	AwaitingEvidence HoldReason = "awaiting_evidence"
)

var holdReasons = []HoldReason{AwaitingCaller, AwaitingChange, AwaitingProblem, AwaitingVendor, AwaitingEvidence}

func (h HoldReason) valid() bool { return slices.Contains(holdReasons, h) }

// CISource says how a configuration item came to be listed.
type CISource string

// The sources. Recomputing the impact replaces the computed ones alone.
const (
	CIManual      CISource = "manual"
	CIComputed    CISource = "computed"
	CINotAffected CISource = "not_affected" // looked at, and found unharmed
)

// AffectedCI is a configuration item the incident is about.
type AffectedCI struct {
	ID     string   `json:"id"`
	Source CISource `json:"source"`
}

// Items lists the configuration items that came to be listed in one of the ways given,
// as the incident has them: with [CIManual] those that failed, with [CIComputed] the
// services that suffer from it.
func (inc *Incident) Items(sources ...CISource) []string {
	var ids []string
	for _, ci := range inc.CIs {
		if slices.Contains(sources, ci.Source) {
			ids = append(ids, ci.ID)
		}
	}
	return ids
}

// Resolution is how service was restored.
type Resolution struct {
	Code  string    `json:"code"`
	Notes string    `json:"notes"`
	At    time.Time `json:"at"`
	By    string    `json:"by"`
}

// LinkType says how another record is related.
type LinkType string

// The types of link.
const (
	LinkProblem    LinkType = "problem"     // the problem behind the incident
	LinkChange     LinkType = "change"      // the change that will fix it
	LinkCausedBy   LinkType = "caused_by"   // the change that caused it
	LinkKnownError LinkType = "known_error" // the known error it is a case of
	LinkRelated    LinkType = "related"
)

var linkTypes = []LinkType{LinkProblem, LinkChange, LinkCausedBy, LinkKnownError, LinkRelated}

// Link is a relation to another record.
type Link struct {
	Type LinkType     `json:"type"`
	To   workflow.Ref `json:"to"`
}

// Clock returns the incident's clock of the target, or nil.
func (inc *Incident) Clock(target string) *sla.Clock {
	for i := len(inc.Clocks) - 1; i >= 0; i-- {
		if inc.Clocks[i].Target == target {
			return &inc.Clocks[i]
		}
	}
	return nil
}

// Breached reports whether a clock of the incident has gone beyond its goal.
func (inc *Incident) Breached() bool {
	return slices.ContainsFunc(inc.Clocks, func(c sla.Clock) bool { return c.Breached })
}

// clone returns a copy that shares nothing with inc.
func (inc *Incident) clone() *Incident {
	c := *inc
	c.Record = inc.Record.Clone()
	if inc.Override != nil {
		o := *inc.Override
		c.Override = &o
	}
	if inc.Resolution != nil {
		r := *inc.Resolution
		c.Resolution = &r
	}
	c.CIs = slices.Clone(inc.CIs)
	c.Suggested = inc.Suggested.clone()
	c.Watches = maps.Clone(inc.Watches)
	c.Links = slices.Clone(inc.Links)
	c.Tasks = slices.Clone(inc.Tasks)
	c.Work = slices.Clone(inc.Work)
	c.Major = inc.Major.Clone()
	c.DueTimes = slices.Clone(inc.DueTimes)
	c.Clocks = slices.Clone(inc.Clocks)
	for i := range c.Clocks {
		c.Clocks[i] = c.Clocks[i].Clone()
	}
	return &c
}
