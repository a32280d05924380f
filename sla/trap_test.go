package sla_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func TestConditionsThatCancelEachOtherOut(t *testing.T) {
	const stop, goals = `"stop":{"category":["resolved","closed"]}`, `"goals":[{"within":"4h","calendar":"24x7"}]`
	for _, test := range []struct{ text, want string }{
		{`"stop":{"category":["new","active","on_hold"]},` + goals, "no clock ever starts"},
		{`"start":{"priority":[1]},"stop":{"not":{"priority":[2]}},` + goals, "no clock ever starts"},
		{`"start":{"group":["mail"]},"cancel":{"any":[{"group":["mail","web"]},{"category":["cancelled"]}]},` + stop + `,` + goals, "no clock ever starts"},
		{`"stop":{"category":["cancelled"]},` + goals, "no clock is ever met"},
		{`"pause":{"category":["closed"]},` + stop + `,` + goals, "no clock is ever paused"},
		{`"pause":{"category":["new","active","on_hold"]},` + stop + `,` + goals, "never runs again"},
		{`"pause":{"category":["on_hold"]},"resume":{"category":["on_hold","active"]},` + stop + `,` + goals, "no clock is ever paused"},
		{`"pause":{"category":["on_hold"]},"resume":{"category":["resolved"]},` + stop + `,` + goals, "never runs again"},
		{`"reset":{"category":["closed"]},` + stop + `,` + goals, "no clock is ever reset"},
		{`"pause":{"category":["active"],"hold_reason":["vendor"]},` + stop + `,` + goals, "no clock is ever paused"}, // only on hold is there a reason
		{stop + `,"goals":[{"priorities":[1,2],"within":"4h","calendar":"24x7"},{"priorities":[2],"when":{"assigned":true},"within":"1h","calendar":"24x7"}]`, "goal 2 is never reached"},
		{stop + `,"goals":[{"when":{"fields":{"vip":[true]}},"within":"1h","calendar":"24x7"},{"when":{"waiting":true,"fields":{"vip":[true]}},"within":"2h","calendar":"24x7"}]`, "goal 2 is never reached"},

		{`"pause":{"category":["on_hold"],"hold_reason":["vendor"]},` + stop + `,` + goals, ""},
		{`"start":{"assigned":true},"stop":{"responded":true},"pause":{"waiting":false},` + goals, ""},
		{`"start":{"state":["in progress"]},"pause":{"state":["waiting"]},` + stop + `,` + goals, ""}, // a trap elsewhere
		{`"start":{"fields":{"floor":[4]}},"pause":{"fields":{"floor":[5]}},` + stop + `,` + goals, ""},
	} {
		_, err := sla.ParseTargets([]byte(`[{"name":"x",` + test.text + `}]`))
		if test.want == "" {
			require.NoError(t, err, test.text)
			continue
		}
		require.ErrorIs(t, err, workflow.ErrInvalid, test.text)
		require.ErrorContains(t, err, test.want, test.text)
	}
}

func TestWhyThereIsNoClock(t *testing.T) {
	targets, err := sla.ParseTargets([]byte(`[
		{"name":"vip","stop":{"responded":true},"goals":[{"priorities":[1],"within":"1h","calendar":"24x7"}]},
		{"name":"answered","stop":{"category":["active"]},"goals":[{"within":"1h","calendar":"24x7"}]},
		{"name":"later","start":{"all":[{"assigned":true}],"any":[{"priority":[1,2]},{"group":["mail"]}],"not":{"service":["e-mail"]},"fields":{"site":["Berlin"]}},
			"stop":{"category":["resolved"]},"goals":[{"within":"1h","calendar":"24x7"}]},
		{"name":"vendor","start":{"category":["on_hold"]},"stop":{"not":{"category":["on_hold"]}},"goals":[{"within":"1h","calendar":"24x7"}]},
		{"name":"gone","until":"2026-01-01T00:00:00Z","stop":{"responded":true},"goals":[{"within":"1h","calendar":"24x7"}]},
		{"name":"paused","pause":{"category":["active"]},"stop":{"category":["resolved"]},"goals":[{"within":"1h","calendar":"24x7"}]}]`))
	require.NoError(t, err)
	e := engine(t, targets...)
	f := with(active, func(f *sla.Facts) { f.Service = "e-mail" })
	clocks, _, err := e.Advance(nil, f, monday, "being looked at")
	require.NoError(t, err)
	all, err := e.Status(clocks, f, monday)
	require.NoError(t, err)
	var got []string
	for _, s := range all {
		got = append(got, s.Target+" "+string(s.State)+": "+s.Why)
	}
	require.Equal(t, []string{
		"vip : no goal fits the record",
		"answered : its stop condition holds already",
		"later pending: its start condition does not hold yet: site is <nil>, want Berlin; assigned is false, want true; priority is 3, want 1, 2, or group is , want mail; what must not hold does",
		"vendor pending: its start condition does not hold yet: category is active, want on_hold",
		"gone : it is not in force",
		"paused paused: being looked at",
	}, got)
	require.True(t, all[5].Applies)
}
