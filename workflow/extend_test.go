package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

func TestExtendALifecycle(t *testing.T) {
	base := requestDefinition(t)
	x, err := workflow.ParseExtension([]byte(`{
		"version": 2,
		"states": [{"name": "review", "label": "In review", "category": "active"}],
		"actions": [{"name": "submit"}, {"name": "accept"}],
		"transitions": [
			{"from": ["in_progress"], "action": "submit", "to": "review", "roles": ["agent"]},
			{"from": ["review"], "action": "accept", "to": "resolved", "roles": ["manager"]}
		],
		"remove": [
			{"from": "in_progress", "action": "resolve", "to": "resolved"},
			{"from": "new", "action": "cancel", "to": "cancelled"},
			{"from": "resolved", "to": "closed"}
		],
		"mandatory": {"review": ["assignee"], "resolved": ["assignee", "resolution"]}
	}`))
	require.NoError(t, err)
	d, err := workflow.Extend(base, x)
	require.NoError(t, err)
	require.Equal(t, requestDefinition(t), base, "the base stays as it is")

	m, err := workflow.Compile(d, factBindings())
	require.NoError(t, err)
	require.Equal(t, workflow.LifecycleRef{Name: "request", Version: 2}, m.Ref())
	_, ok := m.Action("resolve")
	require.False(t, ok, "an action that nothing uses any longer is gone")
	require.Empty(t, m.RolesFor("new", "cancel"))
	require.Equal(t, []string{"manager"}, m.RolesFor("in_progress", "cancel"), "other states keep theirs")
	require.Equal(t, []string{"manager"}, m.RolesFor("review", "accept"))
	require.Equal(t, []string{"resolution", "assignee"}, m.Missing("resolved", facts{}))
	require.Equal(t, "resolved", m.SettleName("resolved", facts{"confirmed": true}))
}

func TestExtendDropsAStateThatNothingTouches(t *testing.T) {
	d, err := workflow.Extend(requestDefinition(t), workflow.Extension{
		Name: "simple", Version: 1,
		Remove: []workflow.TransitionRef{
			{From: "in_progress", Action: "hold", To: "on_hold"},
			{From: "on_hold", Action: "resume", To: "in_progress"},
			{From: "on_hold", Action: "cancel", To: "cancelled"},
		},
	})
	require.NoError(t, err)
	m, err := workflow.Compile(d, factBindings())
	require.NoError(t, err)
	_, ok := m.State("on_hold")
	require.False(t, ok)
}

func TestExtendTellsEveryFault(t *testing.T) {
	_, err := workflow.Extend(requestDefinition(t), workflow.Extension{
		Version:   1,
		Remove:    []workflow.TransitionRef{{From: "new", Action: "close", To: "closed"}, {From: "new", To: "closed"}},
		Mandatory: map[string][]string{"limbo": {"assignee"}, "attic": nil},
	})
	var de *workflow.DefinitionError
	require.ErrorAs(t, err, &de)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Equal(t, []workflow.Fault{
		{Where: "extension", Problem: "has name and version of the base, request version 1: give it another name or a later version"},
		{Where: "remove (new to closed by close)", Problem: "there is no such transition"},
		{Where: "remove (new to closed automatic)", Problem: "there is no such transition"},
		{Where: "mandatory", Problem: `unknown state "attic"`},
		{Where: "mandatory", Problem: `unknown state "limbo"`},
	}, de.Faults)
}

func TestParseExtensionIsStrict(t *testing.T) {
	for _, text := range []string{``, `{"stats":[]}`, `{"version":1} 2`} {
		_, err := workflow.ParseExtension([]byte(text))
		require.ErrorIs(t, err, workflow.ErrInvalid, text)
	}
}
