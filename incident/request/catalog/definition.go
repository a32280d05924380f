package catalog

import (
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Definition is one version of a catalogue as data. It says nothing until [Compile] has
// checked it.
type Definition struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`       // from 1
	From    time.Time `json:"from,omitzero"` // in force from then on, until the next version is

	Attributes []string   `json:"attributes,omitempty"` // what is known of people: "group", "location"; the customer always is
	Criteria   []Criteria `json:"criteria,omitempty"`

	Families   []Family   `json:"families,omitempty"`
	Services   []Service  `json:"services"`
	Categories []Category `json:"categories"`
	Items      []Item     `json:"items"`
	Bundles    []Bundle   `json:"bundles,omitempty"`

	// ByContract: a service can be ordered from by people whose customer has a contract
	// that includes it, and by nobody else (iTop).
	ByContract bool       `json:"by_contract,omitempty"`
	Contracts  []Contract `json:"contracts,omitempty"`

	Policies []approval.Policy `json:"policies,omitempty"` // who approves
	Approval string            `json:"approval,omitempty"` // the policy for a request as a whole; none = its items alone
	Targets  []sla.Definition  `json:"targets,omitempty"`  // of the delivery of items
}

// Criteria tell people apart (ServiceNow: user criteria).
type Criteria struct {
	Name string `json:"name"`
	When []Test `json:"when"`
}

// Access says for whom something is there. Available for nobody in particular is for
// everybody; not available wins.
type Access struct {
	AvailableFor    []string `json:"available_for,omitempty"`     // criteria, any of which is enough
	NotAvailableFor []string `json:"not_available_for,omitempty"` // criteria, any of which is enough
}

// Status is whether something can be ordered. iTop: implementation, production, obsolete.
type Status string

// The statuses.
const (
	Live     Status = "" // can be ordered
	Planning Status = "planning"
	Retired  Status = "retired"
)

// Family is a group of services.
type Family struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// Service is what a customer has a contract for.
type Service struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Family      string `json:"family,omitempty"`
	Owner       string `json:"owner,omitempty"` // a person
	Status      Status `json:"status,omitempty"`
	Access
}

// Type is what somebody comes for.
type Type string

// The types. Only categories of service requests have items; the others are there for a
// portal, which reports an incident in them.
const (
	ServiceRequest Type = "service_request"
	Incident       Type = "incident"
)

// Category is a part of a service (iTop: service subcategory).
type Category struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Service     string `json:"service"`
	Type        Type   `json:"type"`
	Status      Status `json:"status,omitempty"`
	Access
}

// Item is something that can be ordered.
type Item struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Category    string `json:"category"`
	Owner       string `json:"owner,omitempty"` // a person; default: the service's
	Status      Status `json:"status,omitempty"`
	Access
	Pricing

	Form        []Question `json:"form,omitempty"`
	MaxQuantity int        `json:"max_quantity,omitempty"` // in one line of an order; default: 1

	// Either there is a policy, or it is said that nobody has to approve: that is never
	// so by omission.
	Policy      string `json:"policy,omitempty"`
	PreApproved bool   `json:"pre_approved,omitempty"`

	Plan    Plan         `json:"plan"`
	Targets []string     `json:"targets,omitempty"` // for its delivery
	Cancel  Cancellation `json:"cancel,omitzero"`
	Review  bool         `json:"review,omitempty"` // somebody looks at what was delivered before the request is fulfilled
}

// Until is how long an item can be cancelled.
type Until string

// The points.
const (
	UntilFulfilment Until = ""         // before work on it begins
	UntilApproval   Until = "approval" // before it is approved
	UntilDelivery   Until = "delivery" // also while it is being worked on
	Never           Until = "never"
)

// Cancellation says until when an item can be cancelled and by whom. Managers of requests
// always may, until it is delivered.
type Cancellation struct {
	Until Until    `json:"until,omitempty"`
	By    []string `json:"by,omitempty"` // roles; default: requester, opener, agent
}

// Contract is what a customer may order from.
type Contract struct {
	Name      string    `json:"name"`
	Customers []string  `json:"customers"`
	Services  []string  `json:"services"`
	From      time.Time `json:"from,omitzero"`
	Until     time.Time `json:"until,omitzero"` // not from then on; zero = no end
}

func (c *Contract) inForce(at time.Time) bool {
	return !at.Before(c.From) && (c.Until.IsZero() || at.Before(c.Until))
}

// Parse decodes a version of a catalogue from JSON. Unknown fields are refused. What it
// says is checked by [Compile].
func Parse(data []byte) (Definition, error) {
	var d Definition
	if err := workflow.ParseJSON(data, "catalog: definition", &d); err != nil {
		return Definition{}, err
	}
	return d, nil
}
