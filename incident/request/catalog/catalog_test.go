package catalog_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func workplace(t testing.TB) catalog.Definition {
	data, err := os.ReadFile("testdata/workplace.json")
	require.NoError(t, err)
	d, err := catalog.Parse(data)
	require.NoError(t, err)
	return d
}

func version(t testing.TB, change ...func(*catalog.Definition)) *catalog.Version {
	d := workplace(t)
	for _, f := range change {
		f(&d)
	}
	c, err := catalog.Compile(nil, d)
	require.NoError(t, err)
	v, err := c.InForce(monday)
	require.NoError(t, err)
	return v
}

func person(id, customer, location string, groups ...string) catalog.Person {
	return catalog.Person{ID: id, Customer: customer, Attributes: map[string][]string{"group": groups, "location": {location}}}
}

var (
	ann   = person("ann", "acme", "berlin", "staff", "golf club")
	cora  = person("cora", "acme", "oslo", "contractors")
	both  = person("both", "acme", "oslo", "staff", "contractors")
	tim   = person("tim", "tiny", "oslo", "staff")
	guest = person("guest", "acme", "oslo", "guests")
)

func TestWhoMayOrder(t *testing.T) {
	v := version(t)
	for _, row := range []struct {
		rule string
		item string
		who  catalog.Person
		at   time.Time
		why  string // empty = he may
	}{
		{"available for everybody with a contract", "phone", ann, monday, ""},
		{"available for somebody else", "parking", guest, monday, "the item is available for staff only"},
		{"not available for", "laptop", cora, monday, "the item is not available for contractors"},
		{"not available wins", "laptop", both, monday, "the item is not available for contractors"},
		{"the service asks too", "account", guest, monday, "service accounts is available for staff, contractors only"},
		{"only through the customer's contract", "laptop", tim, monday, `customer "tiny" has no contract in force that includes service devices`},
		{"a contract that includes it", "account", tim, monday, ""},
		{"a contract before it begins", "phone", ann, monday.AddDate(-1, 0, 0), `customer "acme" has no contract`},
		{"a contract that has ended", "phone", ann, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), `customer "acme" has no contract`},
		{"nobody's customer", "phone", catalog.Person{ID: "x"}, monday, `customer "" has no contract`},
		{"everything that stands against it is told", "parking", catalog.Person{ID: "x"}, monday, "available for staff only; customer"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			err := v.Entitled(row.item, row.who, row.at)
			if row.why == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, catalog.ErrNotEntitled)
			require.ErrorIs(t, err, workflow.ErrForbidden)
			require.ErrorContains(t, err, row.why)
		})
	}
	require.ErrorIs(t, v.Entitled("yacht", ann, monday), workflow.ErrNotFound)
}

func TestWhatSomebodySees(t *testing.T) {
	v := version(t, func(d *catalog.Definition) { d.Items[2].Status = catalog.Retired })
	names := func(who catalog.Person) []string {
		var all []string
		for it := range v.Visible(who, monday) {
			all = append(all, it.Name)
		}
		return all
	}
	require.Equal(t, []string{"laptop", "account", "desk", "parking", "anything"}, names(ann), "the phone is retired")
	require.Equal(t, []string{"account", "desk", "anything"}, names(cora))
	require.Equal(t, []string{"account", "anything"}, names(tim))
	tree := v.Services(ann, monday)
	require.Len(t, tree["it"], 2)
	require.Equal(t, "facilities", tree[""][0].Name)

	v = version(t, func(d *catalog.Definition) {
		d.Services[0].Status = catalog.Planning
		d.Categories[3].Status = catalog.Retired
	})
	require.Equal(t, []string{"account", "anything"}, names(ann), "neither a planned service nor a retired category")
}

func TestQuestionsAreAskedOnConditions(t *testing.T) {
	v := version(t)
	for _, row := range []struct {
		rule    string
		who     catalog.Person
		answers map[string]any
		want    workflow.Fields
		fault   string
	}{
		{"a default is filled in", ann, map[string]any{"data": "public"}, workflow.Fields{"data": "public", "memory": "16"}, ""},
		{"mandatory", ann, map[string]any{}, nil, "data is mandatory"},
		{"not asked", ann, map[string]any{"data": "public", "clearance": "C1"}, nil, "clearance is not asked unless"},
		{"asked, and mandatory in Berlin", ann, map[string]any{"data": "confidential"}, nil, "clearance is mandatory"},
		{"asked, and not mandatory elsewhere", person("x", "acme", "oslo", "staff"), map[string]any{"data": "confidential"}, workflow.Fields{"data": "confidential", "memory": "16"}, ""},
		{"an empty text is no answer", ann, map[string]any{"data": "confidential", "clearance": ""}, nil, "clearance is mandatory"},
		{"a wrong value", ann, map[string]any{"data": "secret", "colour": 1}, nil, `"colour" is not declared`},
	} {
		t.Run(row.rule, func(t *testing.T) {
			o, err := v.Order(catalog.Line{Item: "laptop", Answers: row.answers}, row.who, monday, false)
			if row.fault != "" {
				require.ErrorIs(t, err, workflow.ErrInvalid)
				require.ErrorContains(t, err, row.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, o.Answers)
		})
	}
	_, err := v.Order(catalog.Line{Item: "laptop"}, ann, monday, true)
	require.NoError(t, err, "a draft may leave out what is mandatory")
	_, err = v.Order(catalog.Line{Item: "laptop", Quantity: 4, Answers: map[string]any{"data": "x"}}, cora, monday, false)
	for _, want := range []string{"not available for contractors", "quantity 4, want 1 to 3", "is not one of public, confidential"} {
		require.ErrorContains(t, err, want, "everything at once")
	}
}

func TestPrices(t *testing.T) {
	v := version(t)
	q, err := v.Price(ann, monday,
		catalog.Line{Item: "laptop", Quantity: 2, Answers: map[string]any{"memory": "32"}}, catalog.Line{Item: "phone", Quantity: 2}, catalog.Line{Item: "account"})
	require.NoError(t, err)
	require.Equal(t, "3561", q.Total().String(), "2 × (1200 + 180.50) + 2 × 400")
	require.Equal(t, []catalog.RecurringTotal{{Every: catalog.Monthly, Amount: decimal.RequireFromString("59.9")}, {Every: catalog.Yearly, Amount: decimal.RequireFromString("24")}},
		normal(q.Recurring()), "by frequency, and never added up across")
	_, err = v.Price(ann, monday, catalog.Line{Item: "laptop"}, catalog.Line{Item: "parking"})
	require.ErrorContains(t, err, "prices in EUR and in CHF")
	free, err := v.Price(ann, monday, catalog.Line{Item: "account"})
	require.NoError(t, err)
	require.Equal(t, "free of charge", free.String())
}

func normal(all []catalog.RecurringTotal) []catalog.RecurringTotal {
	for i := range all {
		all[i].Amount = decimal.RequireFromString(all[i].Amount.String())
	}
	return all
}

func TestABundleSelectsItemsAndHandsAnswersOn(t *testing.T) {
	v := version(t)
	expand := func(l catalog.Line) ([]catalog.Line, error) {
		l.Bundle = "new starter"
		return v.Expand(l, ann, monday, false)
	}
	names := func(lines []catalog.Line) []string {
		var all []string
		for _, l := range lines {
			all = append(all, l.Item)
		}
		return all
	}
	engineer := map[string]any{"role": "engineer", "data": "confidential", "badge": "B7"}
	lines, err := expand(catalog.Line{Answers: engineer})
	require.NoError(t, err)
	require.Equal(t, []string{"account", "laptop", "desk"}, names(lines), "in the order of the rules")
	require.Equal(t, map[string]any{"data": "confidential"}, lines[0].Answers, "the answer of the same name")
	require.Equal(t, map[string]any{"data": "confidential", "clearance": "B7", "memory": "32"}, lines[1].Answers, "renamed, and fixed")

	sales := map[string]any{"role": "sales", "data": "public", "badge": "B7"}
	lines, err = expand(catalog.Line{Answers: sales, Without: []string{"desk"}})
	require.NoError(t, err)
	require.Equal(t, []string{"account", "laptop", "phone"}, names(lines), "the desk is left out")
	require.Equal(t, map[string]any{"data": "public"}, lines[1].Answers, "what is not asked is not handed on")

	for _, row := range []struct {
		rule  string
		line  catalog.Line
		fault string
	}{
		{"mandatory items stay", catalog.Line{Answers: sales, Without: []string{"account"}}, "account cannot be left out"},
		{"what is not selected is not left out", catalog.Line{Answers: engineer, Without: []string{"phone"}}, `"phone" is not selected`},
		{"the form of the bundle is checked", catalog.Line{Answers: map[string]any{"role": "boss"}}, "is not one of engineer, sales"},
		{"quantities are those of the rules", catalog.Line{Quantity: 2, Answers: sales}, "quantities in a bundle"},
	} {
		_, err := expand(row.line)
		require.ErrorIs(t, err, workflow.ErrInvalid, row.rule)
		require.ErrorContains(t, err, row.fault, row.rule)
	}
	_, err = v.Expand(catalog.Line{Bundle: "new starter", Answers: sales}, tim, monday, false)
	require.ErrorIs(t, err, catalog.ErrNotEntitled)

	q, err := v.Price(ann, monday, catalog.Line{Bundle: "new starter", Answers: engineer})
	require.NoError(t, err)
	require.Equal(t, "1690.5", q.Total().String(), "a bundle costs what its items do")
}

func TestPlans(t *testing.T) {
	v := version(t)
	tasks, lead, ok := v.Plan("laptop", workflow.Fields{"data": "public"}, ann)
	require.True(t, ok)
	require.Equal(t, 45*time.Hour, lead, "buy, image, hand over")
	require.Equal(t, "not needed: not answer.data is confidential", tasks[2].Skip)
	require.Equal(t, "workplace berlin", tasks[1].Group)
	_, lead, _ = v.Plan("laptop", workflow.Fields{"data": "confidential"}, ann)
	require.Equal(t, 49*time.Hour, lead, "encryption takes longer than the image")
	_, _, ok = v.Plan("yacht", nil, ann)
	require.False(t, ok)
}

func TestVersionsHaveEffectiveDates(t *testing.T) {
	one, two := workplace(t), workplace(t)
	two.Version, two.From = 2, monday
	two.Items[0].Price = &catalog.Money{Amount: decimal.NewFromInt(1300), Currency: "EUR"}
	c, err := catalog.Compile(nil, two, one)
	require.NoError(t, err)
	for at, want := range map[time.Time]int{monday.Add(-1): 1, monday: 2, monday.AddDate(1, 0, 0): 2} {
		v, err := c.InForce(at)
		require.NoError(t, err)
		require.Equal(t, want, v.Ref().Version, at)
	}
	_, err = c.InForce(one.From.Add(-1))
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = c.Version(catalog.Ref{Name: "workplace", Version: 3})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Len(t, c.Versions(), 2)

	two.From = one.From
	other := workplace(t)
	other.Name, other.Version = "other", 3
	_, err = catalog.Compile(nil, one, two, one, other)
	for _, want := range []string{"version 1 is there twice", "version 2 does not come into force after version 1", "two catalogues"} {
		require.ErrorContains(t, err, want)
	}
}

func TestACatalogueIsWhatItWasWrittenAs(t *testing.T) {
	v := version(t)
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	d, err := catalog.Parse(raw)
	require.NoError(t, err)
	c, err := catalog.Compile(nil, d)
	require.NoError(t, err)
	again, err := json.Marshal(c.Versions()[0])
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(again))

	own := workplace(t)
	c, err = catalog.Compile(nil, own)
	require.NoError(t, err)
	own.Items[0].Form[0].Values[0], own.Items[0].Price.Currency = "mine", "XXX"
	it, _ := c.Versions()[0].Item("laptop")
	require.Equal(t, "16", it.Form[0].Values[0], "what is compiled does not change")
	it.Form[0].Values[0], it.Plan.Tasks[0].Title, it.Price.Currency = "mine", "mine", "XXX"
	it, _ = c.Versions()[0].Item("laptop")
	require.Equal(t, "16Buy the laptopEUR", it.Form[0].Values[0]+it.Plan.Tasks[0].Title+it.Price.Currency)
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	d := workplace(t)
	d.ByContract = false
	d.Attributes = append(d.Attributes, "group", "customer")
	d.Criteria = append(d.Criteria, catalog.Criteria{Name: "empty"}, catalog.Criteria{Name: "misspelt", When: []catalog.Test{{Of: "for.gruop", Op: catalog.Set}}})
	d.Services[0].Family = "none"
	d.Categories[0].Service = "none"
	d.Categories[2].Type = "wish"
	d.Contracts[1].Services = []string{"none"}
	d.Approval = "none"
	d.Targets = append(d.Targets, d.Targets[0])
	it := &d.Items[0]
	it.Price.Currency = ""
	it.Recurring[0].Every = "hourly"
	it.Recurring[0].Amount = decimal.New(1, 1<<30)
	it.Policy = ""
	it.MaxQuantity = -1
	it.AvailableFor = []string{"everybody"}
	it.Targets = []string{"none"}
	it.Cancel.Until = "whenever"
	it.Form[0].Default = "64"
	it.Form[1].ShowIf = []catalog.Test{{Of: "answer.clearance", Op: catalog.Set}}
	it.Form[2].MustIf[0].Op = "like"
	it.Plan.Tasks[0].After = []string{"hand over"}
	it.Plan.Tasks[1].When = []catalog.Test{{Of: "answer.memory", Op: catalog.Is, Values: []string{"64"}}}
	it.Plan.Tasks[2].Group = ""
	d.Items[2].Plan.Tasks = nil
	d.Items[1].Category = "broken"
	d.Items = append(d.Items, d.Items[3])
	d.Bundles[0].Rules[3].Item = "yacht"
	d.Bundles[0].Rules[4] = catalog.Rule{Item: "parking"}
	d.Bundles[0].Rules[1].Pass["memory"] = "badge"
	d.Bundles[0].Rules[1].Set = map[string]any{"engine": "V8"}
	_, err := catalog.Compile(nil, d)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{
		"by_contract is not set", `attribute "group" is there twice`, `attribute "customer" is there twice`, "criteria empty: no test", `no "for.gruop" to test`,
		`service devices: there is no family "none"`, `category computers: there is no service "none"`, `type "wish"`, `contract tiny 2026: there is no service "none"`,
		`approval of requests: there is no policy "none"`, `target "delivery" is there twice`, `item laptop: price: currency ""`, `every "hourly"`,
		"an amount has at most 15 digits", "either a policy, or pre_approved", "max_quantity -1", `no criteria "everybody"`, `item laptop: there is no target "none"`, `cancelled until "whenever"`,
		"question memory: default", `question data, show_if: there is no "answer.clearance" to test here`, `op "like"`,
		"in a circle: buy, hand over, image", `answer.memory is never "64"`, "encrypt: neither a group nor an automation",
		"item phone: a plan has tasks", "category broken is for incidents", `item "desk" is there twice`, `rule 4: there is no item "yacht"`, "item parking costs CHF, others cost EUR",
		"badge is a string and memory a enum", `the item has no question "engine"`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = catalog.Compile(nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

// staffed answers for the policies of the workplace.
type staffed map[string][]string

func (s staffed) Members(sel approval.Selector) ([]string, error)            { return s[sel.String()], nil }
func (staffed) Delegations(string, time.Time) ([]approval.Delegation, error) { return nil, nil }
func (staffed) Due(from time.Time, _ approval.Deadline) (time.Time, error)   { return from, nil }

func TestLintFindsWhatCannotWork(t *testing.T) {
	everybody := staffed{"relation manager": {"bob"}, "group finance": {"fay"}, "relation owner": {"olga"}}
	found := func(h approval.Host, people []catalog.Person, change func(*catalog.Definition)) []string {
		all, err := version(t, change).Lint(h, monday, people...)
		require.NoError(t, err)
		var text []string
		for _, f := range all {
			if !strings.Contains(f.Text, "approved_without_asking") { // the policy "cart" means that
				text = append(text, f.String())
			}
		}
		return text
	}
	require.Empty(t, found(everybody, []catalog.Person{ann, tim}, func(*catalog.Definition) {}), "the sample is clean")
	has := func(want string, h approval.Host, people []catalog.Person, change func(*catalog.Definition)) {
		t.Helper()
		all := found(h, people, change)
		require.True(t, slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, want) }), "%q in %q", want, all)
	}
	test := func(of string, op catalog.Op, values ...string) catalog.Test {
		return catalog.Test{Of: of, Op: op, Values: values}
	}
	has("task buy: unreachable: answer.memory is 16 and answer.memory is 32", nil, nil, func(d *catalog.Definition) {
		d.Items[0].Plan.Tasks[0].When = []catalog.Test{test("answer.memory", catalog.Is, "16"), test("answer.memory", catalog.Is, "32")}
	})
	has("route 1: unreachable: for.location is berlin and for.location is not berlin", nil, nil, func(d *catalog.Definition) {
		r := &d.Items[0].Plan.Tasks[1].Routes[0]
		r.When = append(r.When, test("for.location", catalog.Not, "berlin"))
	})
	has("question clearance: unreachable: answer.data is unset and answer.data is set", nil, nil, func(d *catalog.Definition) {
		d.Items[0].Form[2].ShowIf = []catalog.Test{test("answer.data", catalog.Unset), test("answer.data", catalog.Set)}
	})
	has("surcharge 1: unreachable: answer.memory is not 16 or 32, which leaves nothing", nil, nil, func(d *catalog.Definition) {
		d.Items[0].Surcharges[0].When = []catalog.Test{test("answer.memory", catalog.Set), test("answer.memory", catalog.Not, "16", "32")}
	})
	has("rule 1: unreachable", nil, nil, func(d *catalog.Definition) {
		d.Bundles[0].Rules[0].When = []catalog.Test{test("answer.role", catalog.Is, "sales"), test("answer.role", catalog.Not, "sales")}
	})
	has("item parking: nobody: nobody can meet [\"staff\"]", nil, nil, func(d *catalog.Definition) { d.Items[4].NotAvailableFor = []string{"staff"} })
	has("item parking: nobody: no contract includes service facilities", nil, nil, func(d *catalog.Definition) { d.Contracts = d.Contracts[1:] })
	has("item laptop: nobody: none of 2 people", nil, []catalog.Person{cora, tim}, func(*catalog.Definition) {})
	has("policy owner: approval: stage owner: unsatisfiable", staffed{"relation manager": {"bob"}, "group finance": {"fay"}}, nil, func(*catalog.Definition) {})
	has("category access: unused", nil, nil, func(d *catalog.Definition) {
		d.Items = slices.DeleteFunc(d.Items, func(it catalog.Item) bool { return it.Category == "access" })
		d.Bundles = nil
	})
	has("target delivery: unused", nil, nil, func(d *catalog.Definition) { d.Items[0].Targets = nil })
	has("criteria contractors: unused", nil, nil, func(d *catalog.Definition) { d.Items[0].NotAvailableFor, d.Services[1].AvailableFor = nil, nil })
	has("policy hardware: unused", nil, nil, func(d *catalog.Definition) { d.Items[0].Policy = "owner" })
}

func TestAnswersThatAreNotAskedForCountForNothing(t *testing.T) {
	field := func(name string) workflow.Field { return workflow.Field{Name: name, Type: workflow.FieldString} }
	v := version(t, func(d *catalog.Definition) {
		chain := []catalog.Question{{Field: field("data")}, {Field: field("badge"), ShowIf: []catalog.Test{{Of: "answer.data", Op: catalog.Is, Values: []string{"yes"}}}},
			{Field: field("colour"), ShowIf: []catalog.Test{{Of: "answer.badge", Op: catalog.Set}}}}
		d.Items[5].Form = chain
		d.Bundles = []catalog.Bundle{{Name: "b", Title: "B", Category: "access", Form: []catalog.Question{{Field: field("data")}, {Field: field("badge")}, {Field: field("colour")}},
			Rules: []catalog.Rule{{Item: "anything"}}}}
	})
	given := map[string]any{"data": "no", "badge": "B7", "colour": "red"}
	lines, err := v.Expand(catalog.Line{Bundle: "b", Answers: given}, ann, monday, false)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"data": "no"}, lines[0].Answers, "the badge is not asked for, so the colour is not either")
	given["data"] = "yes"
	lines, err = v.Expand(catalog.Line{Bundle: "b", Answers: given}, ann, monday, false)
	require.NoError(t, err)
	require.Equal(t, given, lines[0].Answers)
}

func TestABundlesAnswersReachQuestionsThatADefaultLeadsTo(t *testing.T) {
	v := version(t, func(d *catalog.Definition) {
		for i := range d.Items {
			if d.Items[i].Name == "account" {
				d.Items[i].Form = []catalog.Question{
					{Field: workflow.Field{Name: "mail", Type: workflow.FieldBool}, Default: true},
					{Field: workflow.Field{Name: "badge", Type: workflow.FieldString, Required: true},
						ShowIf: []catalog.Test{{Of: "answer.mail", Op: catalog.Is, Values: []string{"true"}}}},
				}
			}
		}
	})
	lines, err := v.Expand(catalog.Line{Bundle: "new starter", Answers: map[string]any{"role": "engineer", "data": "public", "badge": "4711"}}, ann, monday, false)
	require.NoError(t, err)
	o, err := v.Order(lines[0], ann, monday, false)
	require.NoError(t, err, "the bundle has asked for the badge, and mail is what an account has unless somebody says otherwise")
	require.Equal(t, workflow.Fields{"mail": true, "badge": "4711"}, o.Answers)
}
