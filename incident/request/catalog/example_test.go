package catalog_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
)

const shop = `{
  "name": "shop", "version": 1,
  "attributes": ["group"],
  "criteria": [{"name": "staff", "when": [{"of": "for.group", "op": "is", "values": ["staff"]}]}],
  "services": [{"name": "devices", "title": "Devices", "available_for": ["staff"]}],
  "categories": [{"name": "computers", "title": "Computers", "service": "devices", "type": "service_request"}],
  "items": [
    {"name": "laptop", "title": "Laptop", "category": "computers", "pre_approved": true,
     "price": {"amount": "1200", "currency": "EUR"}, "recurring": [{"amount": "9.90", "currency": "EUR", "every": "monthly"}],
     "form": [{"name": "memory", "type": "enum", "values": ["16", "32"]}],
     "surcharges": [{"text": "32 GB of memory", "when": [{"of": "answer.memory", "op": "is", "values": ["32"]}], "price": {"amount": "180.50", "currency": "EUR"}}],
     "max_quantity": 5,
     "plan": {"tasks": [
       {"name": "buy", "title": "Buy it", "group": "procurement", "lead": "40h"},
       {"name": "image", "title": "Install the system", "group": "workplace", "after": ["buy"], "lead": "4h"}]}},
    {"name": "bag", "title": "Bag", "category": "computers", "pre_approved": true, "price": {"amount": "35", "currency": "EUR"},
     "plan": {"tasks": [{"name": "hand over", "title": "Hand it over", "group": "workplace"}]}}
  ],
  "bundles": [
    {"name": "starter", "title": "For new starters", "category": "computers",
     "form": [{"name": "memory", "type": "enum", "values": ["16", "32"], "required": true}],
     "rules": [{"item": "laptop", "mandatory": true}, {"item": "bag"}]}
  ]
}`

// A catalogue is data. It says what a bundle costs, and why.
func Example() {
	d, err := catalog.Parse([]byte(shop))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := catalog.Compile(nil, d)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	v, _ := c.InForce(now)
	ann := catalog.Person{ID: "ann", Attributes: map[string][]string{"group": {"staff"}}}

	q, _ := v.Price(ann, now, catalog.Line{Bundle: "starter", Answers: map[string]any{"memory": "32"}})
	fmt.Println(q)

	_, lead, _ := v.Plan("laptop", nil, ann)
	fmt.Println("takes", lead)
	fmt.Println(v.Entitled("laptop", catalog.Person{ID: "guy"}, now))
	// Output:
	// 1 × Laptop, price: 1200.00 EUR
	// 1 × Laptop, price: 9.90 EUR monthly
	// 1 × Laptop, 32 GB of memory: 180.50 EUR
	// 1 × Bag, price: 35.00 EUR
	// total: 1415.50 EUR, 9.90 EUR monthly
	// takes 44h0m0s
	// catalog: laptop is not there for guy: service devices is available for staff only: not entitled
}

// What is valid and cannot work is found before anybody orders.
func ExampleVersion_Lint() {
	d, _ := catalog.Parse([]byte(shop))
	d.Items[0].Plan.Tasks[1].When = []catalog.Test{{Of: "answer.memory", Op: catalog.Is, Values: []string{"16"}}, {Of: "answer.memory", Op: catalog.Not, Values: []string{"16"}}}
	d.Services[0].NotAvailableFor = []string{"staff"}
	c, err := catalog.Compile(nil, d)
	if err != nil {
		fmt.Println(err)
		return
	}
	findings, _ := c.Versions()[0].Lint(nil, time.Time{})
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// item laptop: task image: unreachable: answer.memory is 16 and answer.memory is not 16
	// item laptop: nobody: nobody can meet ["staff"] without being among those it is not available for
	// item bag: nobody: nobody can meet ["staff"] without being among those it is not available for
}
