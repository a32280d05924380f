package knownerror

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Case is what is known of something that went wrong, such as an incident, for a search
// of known errors. Everything may be left out.
type Case struct {
	Title   string `json:"title,omitempty"`
	Details string `json:"details,omitempty"` // also logs and messages: error codes in it are found

	Codes      []string  `json:"codes,omitempty"`
	Items      []string  `json:"items,omitempty"`   // configuration items, named as in the known errors
	Classes    []string  `json:"classes,omitempty"` // of the items
	Services   []string  `json:"services,omitempty"`
	Categories []string  `json:"categories,omitempty"`
	Products   []Product `json:"products,omitempty"`
	Near       []Near    `json:"near,omitempty"` // what the items have to do with, see [CatalogueConfig.Relate]

	At     time.Time     `json:"at,omitzero"`      // now; zero: nothing is stale
	Except []workflow.ID `json:"except,omitempty"` // known errors not to suggest
}

// Product is what runs somewhere.
type Product struct {
	Vendor  string `json:"vendor,omitempty"` // empty: any
	Model   string `json:"model"`
	Version string `json:"version,omitempty"` // empty: not known
}

// Near is a configuration item that has to do with one of the case's.
type Near struct {
	Item     string `json:"item"`
	How      string `json:"how,omitempty"`      // for people: "mail01 runs on it"
	Distance int    `json:"distance,omitempty"` // relations away; 1 counts most; 0 counts as 1
}

// Surroundings is what a configuration knows of the items of a case.
type Surroundings struct {
	Near     []Near
	Classes  []string
	Products []Product
}

// MaxFacts is the most facts of one sort in a case.
const MaxFacts = 1000

// ParseCase decodes a case from JSON. Unknown fields are refused.
func ParseCase(data []byte) (Case, error) {
	var c Case
	if err := workflow.ParseJSON(data, "knownerror: case", &c); err != nil {
		return Case{}, err
	}
	return c, c.check()
}

func (c Case) check() error {
	var p workflow.Problems
	if len(c.Title) > workflow.MaxText || len(c.Details) > workflow.MaxText {
		p.Addf("the title and the details have at most %d bytes each", workflow.MaxText)
	}
	for _, f := range []struct {
		what string
		n    int
	}{{"codes", len(c.Codes)}, {"items", len(c.Items)}, {"classes", len(c.Classes)}, {"services", len(c.Services)},
		{"categories", len(c.Categories)}, {"products", len(c.Products)}, {"items near", len(c.Near)}, {"exceptions", len(c.Except)}} {
		if f.n > MaxFacts {
			p.Addf("%d %s, at most %d", f.n, f.what, MaxFacts)
		}
	}
	for _, n := range c.Near {
		if n.Distance < 0 {
			p.Addf("%.64q is %d relations away", n.Item, n.Distance)
		}
	}
	return p.Err("knownerror: case")
}

// Suggestion is a known error that fits a case, and why.
type Suggestion struct {
	ID         workflow.ID `json:"id"`
	Number     string      `json:"number"`
	Title      string      `json:"title"`
	Revision   int         `json:"revision"`
	Workaround string      `json:"workaround,omitempty"` // empty: there is none
	Solution   string      `json:"solution,omitempty"`
	Problem    workflow.ID `json:"problem,omitzero"`
	Usage      Usage       `json:"usage"`
	Stale      bool        `json:"stale,omitempty"` // it should have been looked at again

	Score   float64  `json:"score"` // the sum of the points of the reasons
	Reasons []Reason `json:"reasons"`
}

// Why tells the reasons in one line.
func (s Suggestion) Why() string {
	var all []string
	for _, r := range s.Reasons {
		all = append(all, r.String())
	}
	return strings.Join(all, "; ")
}

// Sort is a sort of reason.
type Sort string

// The sorts of reasons, in the order in which they are given.
const (
	ByItem       Sort = "item"
	ByCode       Sort = "code"
	ByNear       Sort = "near"
	ByModel      Sort = "model"
	ByVersion    Sort = "version"
	Unaffected   Sort = "unaffected" // speaks against it
	ByService    Sort = "service"
	ByClass      Sort = "class"
	ByCategory   Sort = "category"
	ByWords      Sort = "words"
	ByUsefulness Sort = "usefulness" // for it or against it
	ByAge        Sort = "stale"      // speaks against it
)

// Reason is why a known error is suggested.
type Reason struct {
	Sort   Sort     `json:"sort"`
	What   []string `json:"what,omitempty"`
	Points float64  `json:"points"`
}

// String tells the reason: "shares mail01", "error code 0x80070035".
func (r Reason) String() string {
	what := strings.Join(r.What, ", ")
	switch r.Sort {
	case ByItem:
		return "shares " + what
	case ByCode:
		return "error code " + what
	case ByNear:
		return "near: " + what
	case ByVersion:
		return "affects version " + what
	case Unaffected:
		return "does not affect version " + what
	case ByModel, ByService, ByClass, ByCategory, ByWords:
		return string(r.Sort) + ": " + what
	case ByUsefulness:
		return "helped in " + what
	case ByAge:
		return "not reviewed since " + what
	}
	return what
}

// Ranking says what the reasons count. The zero Ranking is [StarterRanking].
type Ranking struct {
	Item       float64 `json:"item"`       // a configuration item in common; less if many known errors have it
	Code       float64 `json:"code"`       // an error code in common; the same
	Near       float64 `json:"near"`       // an item one relation away; half of it at two; the same
	Model      float64 `json:"model"`      // the product in common; the same
	Service    float64 `json:"service"`    // the same
	Version    float64 `json:"version"`    // the product's version is affected
	Unaffected float64 `json:"unaffected"` // the product's version is not; not above 0
	Class      float64 `json:"class"`
	Category   float64 `json:"category"`
	Words      float64 `json:"words"` // of text of full strength

	// Usefulness is the share of the points that are added if a known error has always
	// helped, and taken away if it never has; Stale the share taken away when it is to be
	// looked at again. Both are from 0 to 1.
	Usefulness float64 `json:"usefulness"`
	Stale      float64 `json:"stale"`

	Least     float64 `json:"least"`     // points of a suggestion
	Duplicate float64 `json:"duplicate"` // points of something that looks the same
	Most      int     `json:"most"`      // suggestions; at most [MaxSuggested]
}

// StarterRanking suggests what has an item or a code in common that few others have, or
// two rare words in its title, or several weaker reasons.
func StarterRanking() Ranking {
	return Ranking{Item: 4, Code: 5, Near: 2, Model: 1.5, Service: 1.5, Version: 1, Unaffected: -5, Class: 0.5, Category: 0.5, Words: 6,
		Usefulness: 0.3, Stale: 0.2, Least: 3, Duplicate: 5, Most: 5}
}

// ParseRanking decodes a ranking from JSON; what is left out is as in [StarterRanking].
// Unknown fields are refused.
func ParseRanking(data []byte) (Ranking, error) {
	r := StarterRanking()
	if err := workflow.ParseJSON(data, "knownerror: ranking", &r); err != nil {
		return Ranking{}, err
	}
	return r, r.Validate()
}

// Validate reports every fault of the ranking.
func (r Ranking) Validate() error {
	var p workflow.Problems
	for _, w := range []struct {
		what   string
		v      float64
		lo, hi float64
	}{
		{"item", r.Item, 0, 1000}, {"code", r.Code, 0, 1000}, {"near", r.Near, 0, 1000}, {"model", r.Model, 0, 1000}, {"service", r.Service, 0, 1000},
		{"version", r.Version, 0, 1000}, {"unaffected", r.Unaffected, -1000, 0}, {"class", r.Class, 0, 1000}, {"category", r.Category, 0, 1000},
		{"words", r.Words, 0, 1000}, {"usefulness", r.Usefulness, 0, 1}, {"stale", r.Stale, 0, 1}, {"duplicate", r.Duplicate, 0.1, 10000},
	} {
		if !(w.lo <= w.v && w.v <= w.hi) {
			p.Addf("%s counts %v, from %v to %v is possible", w.what, w.v, w.lo, w.hi)
		}
	}
	if !(r.Least > 0 && r.Least <= 10000) {
		p.Addf("a suggestion has at least %v points, more than 0 is needed", r.Least)
	}
	if r.Most < 1 || r.Most > MaxSuggested {
		p.Addf("%d suggestions, from 1 to %d are possible", r.Most, MaxSuggested)
	}
	return p.Err("knownerror: ranking")
}

// caseOf makes a case of what a known error says, to find those that look the same.
func caseOf(c Content) Case {
	q := Case{Title: c.Title, Details: c.Symptom + "\n" + c.Cause, Codes: c.Codes, Items: c.Items, Classes: c.Classes, Services: c.Services, Categories: c.Categories}
	if len(q.Details) > workflow.MaxText {
		q.Details = strings.ToValidUTF8(q.Details[:workflow.MaxText], "")
	}
	if c.Model == "" {
		return q
	}
	versions := slices.Clone(c.Versions.List)
	if c.Versions.From != "" {
		versions = append(versions, c.Versions.From)
	}
	for _, v := range append(versions, "") {
		q.Products = append(q.Products, Product{Vendor: c.Vendor, Model: c.Model, Version: v})
	}
	return q
}

func times(n, of int) string { return fmt.Sprintf("%d of %d", n, of) }
