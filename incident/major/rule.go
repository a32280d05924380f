package major

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Rule makes a candidate of an incident that shows the signs of a major one. Rules are
// looked at in their order whenever an incident is opened or changes, while it is open,
// no child of another and neither proposed nor accepted; the first that holds counts
// (ServiceNow).
type Rule struct {
	Name   string `json:"name"`
	Active bool   `json:"active,omitempty"`
	When   Signs  `json:"when"`
	Action string `json:"action"`          // [ActionPropose] or [ActionPromote]
	Impact string `json:"business_impact"` // what to say of the business
}

// Signs are conditions; all that are set must hold, and at least one is.
type Signs struct {
	Priority     int      `json:"priority,omitempty"`      // this one or a higher: 2 means 1 and 2
	ChildrenOver int      `json:"children_over,omitempty"` // more children than so many
	VIP          bool     `json:"vip,omitempty"`
	Services     []string `json:"services,omitempty"`      // the incident's service, or one that suffers, is among them
	Criticality  []string `json:"criticality,omitempty"`   // a service that suffers is as critical as one of these
	ServicesOver int      `json:"services_over,omitempty"` // more services suffer than so many
	UsersOver    int      `json:"users_over,omitempty"`    // a service that suffers has more users than so many
	Categories   []string `json:"categories,omitempty"`
	Customers    []string `json:"customers,omitempty"`
}

// Situation is what rules look at.
type Situation struct {
	Priority  int // 1 comes first
	Children  int
	VIP       bool
	Service   string
	Category  string
	Customer  string
	Suffering []Suffering // services, from the configuration
	More      int         // services that suffer beyond those listed
}

// Suffering is a service that an incident takes down or degrades.
type Suffering struct {
	ID, Number, Name string
	State            string // "down" or "degraded"
	Criticality      string
	Users            int
	Path             string // why: "disk 7 → database → shop"
}

// sign is one condition that is set.
type sign struct {
	text  string
	holds bool
}

func (s Signs) look(x Situation) []sign {
	var signs []sign
	add := func(set, holds bool, format string, args ...any) {
		if set {
			signs = append(signs, sign{fmt.Sprintf(format, args...), holds})
		}
	}
	names := []string{x.Service}
	critical, users := "", 0
	for _, f := range x.Suffering {
		names = append(names, f.ID, f.Number, f.Name)
		if critical == "" && slices.Contains(s.Criticality, f.Criticality) {
			critical = f.Name
		}
		users = max(users, f.Users)
	}
	hit := slices.IndexFunc(s.Services, func(n string) bool { return slices.Contains(names, n) })
	service := ""
	if hit >= 0 {
		service = s.Services[hit]
	}
	add(s.Priority > 0, x.Priority > 0 && x.Priority <= s.Priority, "priority %d", x.Priority)
	add(s.ChildrenOver > 0, x.Children > s.ChildrenOver, "%d children", x.Children)
	add(s.VIP, x.VIP, "a VIP suffers")
	add(len(s.Services) > 0, hit >= 0, "service %s", service)
	add(len(s.Criticality) > 0, critical != "", "critical service %s", critical)
	add(s.ServicesOver > 0, len(x.Suffering)+x.More > s.ServicesOver, "%d services suffer", len(x.Suffering)+x.More)
	add(s.UsersOver > 0, users > s.UsersOver, "%d users of a service", users)
	add(len(s.Categories) > 0, slices.Contains(s.Categories, x.Category), "category %s", x.Category)
	add(len(s.Customers) > 0, slices.Contains(s.Customers, x.Customer), "customer %s", x.Customer)
	return signs
}

// Holds reports whether all signs that are set are there, and names them.
func (s Signs) Holds(x Situation) (because string, ok bool) {
	var texts []string
	for _, sign := range s.look(x) {
		if !sign.holds {
			return "", false
		}
		texts = append(texts, sign.text)
	}
	return strings.Join(texts, ", "), len(texts) > 0
}

// StarterRules are rules to begin with: a critical service suffers, more than twenty
// children, priority 1. They are not active (ServiceNow ships them so): which of them
// fit is for each organisation to say.
func StarterRules() []Rule {
	return []Rule{
		{Name: "critical service", Action: ActionPropose, Impact: "A critical service suffers.", When: Signs{Criticality: []string{"most_critical"}}},
		{Name: "many children", Action: ActionPropose, Impact: "Many people report the same.", When: Signs{ChildrenOver: 20}},
		{Name: "priority 1", Action: ActionPropose, Impact: "The priority says that the business suffers.", When: Signs{Priority: 1}},
	}
}

// MaxRules is the most rules of a policy.
const MaxRules = 200

func checkRules(p *workflow.Problems, rules []Rule) {
	if len(rules) > MaxRules {
		p.Addf("%d rules, at most %d", len(rules), MaxRules)
		return
	}
	names := map[string]bool{}
	for i, r := range rules {
		what := fmt.Sprintf("rule %d, %.64q", i+1, r.Name)
		if r.Name == "" || len(r.Name) > workflow.MaxKey || names[r.Name] {
			p.Addf("%s: want a name of its own", what)
		}
		names[r.Name] = true
		if r.Action != ActionPropose && r.Action != ActionPromote {
			p.Addf("%s: action %.64q, want %s or %s", what, r.Action, ActionPropose, ActionPromote)
		}
		if r.Impact == "" || len(r.Impact) > MaxShort {
			p.Addf("%s: what to say of the business has 1 to %d bytes", what, MaxShort)
		}
		if len(r.When.look(Situation{})) == 0 {
			p.Addf("%s: no sign is asked for", what)
		}
		if r.When.Priority < 0 || r.When.ChildrenOver < 0 || r.When.ServicesOver < 0 || r.When.UsersOver < 0 {
			p.Addf("%s: a number is negative", what)
		}
	}
}
