package sla_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func expression(t testing.TB, text string) sla.Condition {
	var x sla.Expression
	require.NoError(t, workflow.ParseJSON([]byte(text), "expression", &x))
	c, err := x.Condition()
	require.NoError(t, err, text)
	return c
}

func TestWhatAnExpressionMeans(t *testing.T) {
	f := sla.Facts{State: "on_hold", Category: workflow.CategoryOnHold, HoldReason: "vendor", Priority: 2, Assigned: true,
		Group: "mail", Service: "e-mail", Customer: "acme", Fields: workflow.Fields{"floor": 4.0, "vip": true, "site": "Berlin"}}
	for text, want := range map[string]bool{
		`{"category":["on_hold"]}`:                                    true,
		`{"category":["active","on_hold"]}`:                           true,
		`{"category":["active"]}`:                                     false,
		`{"state":["on_hold"],"hold_reason":["vendor","caller"]}`:     true,
		`{"state":["on_hold"],"hold_reason":["caller"]}`:              false,
		`{"priority":[1,2]}`:                                          true,
		`{"priority":[3]}`:                                            false,
		`{"group":["mail"],"service":["e-mail"],"customer":["acme"]}`: true,
		`{"customer":["other"]}`:                                      false,
		`{"assigned":true,"responded":false}`:                         true,
		`{"responded":true}`:                                          false,
		`{"fields":{"floor":[4,5],"vip":[true],"site":["Berlin"]}}`:   true,
		`{"fields":{"floor":["4"]}}`:                                  false,
		`{"fields":{"room":["4"]}}`:                                   false,
		`{"not":{"priority":[1]}}`:                                    true,
		`{"any":[{"priority":[1]},{"group":["mail"]}]}`:               true,
		`{"all":[{"priority":[2]},{"group":["web"]}]}`:                false,
		`{"any":[{"priority":[1]}],"group":["mail"]}`:                 false,
	} {
		require.Equal(t, want, expression(t, text)(f), text)
	}
}

// The conditions that are shipped can be written as data, and mean the same.
func TestShippedConditionsAsData(t *testing.T) {
	pairs := map[string]sla.Condition{
		`{"category":["new","active","on_hold"]}`:                sla.Open,
		`{"assigned":true}`:                                      sla.OnAssigned,
		`{"responded":true}`:                                     sla.OnResponded,
		`{"category":["resolved","closed"]}`:                     sla.OnResolved,
		`{"category":["cancelled"]}`:                             sla.OnCancelled,
		`{"category":["on_hold"]}`:                               sla.OnHold(),
		`{"category":["on_hold"],"hold_reason":["vendor"]}`:      sla.OnHold("vendor"),
		`{"not":{"any":[{"assigned":true},{"responded":true}]}}`: sla.Not(sla.AnyOf(sla.OnAssigned, sla.OnResponded)),
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		f := sla.Facts{Category: workflow.Category(1 + r.IntN(6)), HoldReason: []string{"", "vendor", "caller"}[r.IntN(3)],
			Assigned: r.IntN(2) == 0, Responded: r.IntN(2) == 0}
		for text, c := range pairs {
			require.Equal(t, c(f), expression(t, text)(f), "%s of %+v", text, f)
		}
	}
}

func TestExpressionsAreCheckedAsAWhole(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                         "condition: it says nothing",
		`{"category":[]}`:            "category: want a list",
		`{"priority":[0]}`:           "priority: want a list",
		`{"priority":[1,1]}`:         "priority: want a list",
		`{"group":[]}`:               "group: want a list",
		`{"fields":{"x":[null]}}`:    "fields.x: want a list",
		`{"fields":{"x":[{"y":1}]}}`: "fields.x: want a list",
		`{"fields":{"":["x"]}}`:      "fields.: want a list",
		`{"any":[]}`:                 "any: an empty list",
		`{"any":[{},{"not":{}}]}`:    "any[1].not.condition: it says nothing",
		strings.Repeat(`{"not":`, 20) + `{"assigned":true}` + strings.Repeat(`}`, 20): "deeper than 16",
		`{"priority":[1` + strings.Repeat(`,2`, 1000) + `]}`:                          "terms, at most 1000",
	} {
		var x sla.Expression
		require.NoError(t, json.Unmarshal([]byte(text), &x), text)
		_, err := x.Condition()
		require.ErrorIs(t, err, workflow.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestTargetsAsDataAreCheckedAsAWhole(t *testing.T) {
	_, err := sla.ParseTargets([]byte(`[{"name":"a","stop":{},"pause":{"any":[]},"goals":[{"within":"soon","calendar":"moon","when":{}}]},
		{"name":"b","goals":[{"within":"-4h","calendar":"24x7"}]}]`), nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"a calendar has no name", `"a"`, "stop: sla: condition: invalid: condition: it says nothing", "any: an empty list",
		`there is no calendar "moon"`, `within "soon"`, `"b"`, "no stop condition", `within "-4h"`} {
		require.ErrorContains(t, err, want)
	}
	for _, bad := range []string{`{}`, `[{"nam":"x"}]`, `[{"name":"x","stop":{"state":"open"}}]`, `[{"on_change":"never"}]`, `[]]`} {
		_, err := sla.ParseTargets([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

// Service levels can be kept in a file beside the program.
func ExampleParseTargets() {
	targets, err := sla.ParseTargets([]byte(`[{
		"name": "resolution",
		"stop": {"category": ["resolved", "closed"]},
		"pause": {"category": ["on_hold"], "hold_reason": ["awaiting_caller", "awaiting_vendor"]},
		"goals": [
			{"priorities": [1], "within": "4h", "calendar": "24x7"},
			{"when": {"fields": {"contract": ["gold"]}}, "within": "8h", "calendar": "service desk"},
			{"days": 2, "end_of_day": true, "calendar": "service desk"}
		],
		"thresholds": [{"percent": 75}]
	}]`), desk())
	if err != nil {
		panic(err)
	}
	engine, err := sla.NewEngine(targets...)
	if err != nil {
		panic(err)
	}
	for _, f := range []sla.Facts{
		{Category: workflow.CategoryNew, Priority: 1},
		{Category: workflow.CategoryNew, Priority: 3, Fields: workflow.Fields{"contract": "gold"}},
		{Category: workflow.CategoryNew, Priority: 3},
	} {
		clocks, _, err := engine.Advance(nil, f, at("06 15:00"), "")
		if err != nil {
			panic(err)
		}
		fmt.Println(clocks[0].Goal, "→", clocks[0].Due.In(at("01 00:00").Location()).Format("Mon 15:04"))
	}
	// Output:
	// 4h0m0s by 24x7 → Fri 19:00
	// 8h0m0s by service desk → Mon 15:00
	// 2 business days by service desk, end of day → Tue 17:00
}

func FuzzParseTargets(f *testing.F) {
	f.Add([]byte(`[{"name":"x","stop":{"category":["resolved"]},"goals":[{"within":"4h","calendar":"24x7","priorities":[1]},{"days":1,"calendar":"24x7"}],"thresholds":[{"percent":50}]}]`))
	f.Add([]byte(`[{"name":"x","stop":{"not":{"any":[{"fields":{"a":[1,"b",true]}},{"assigned":false}]}},"goals":[]}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		targets, err := sla.ParseTargets(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		e, err := sla.NewEngine(targets...)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		_, _, err = e.Advance(nil, fresh, monday, "")
		require.NoError(t, err)
	})
}
