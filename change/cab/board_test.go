package cab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func TestABoardIsToldEverythingThatIsWrong(t *testing.T) {
	b := cab.Board{Name: " ", Title: strings.Repeat("x", 2000), Zone: "Berlin",
		Members: []cab.Member{{Person: "ann", Alternates: []string{"ann", "", "zed", "zed"}}, {Person: "ann"}, {Person: ""}},
		Chair:   "", ViceChairs: []string{"eve", "eve"}, Quorum: 4,
		Meets:  &cab.Recurrence{On: []string{"funday", "monday", "monday"}, EveryWeeks: 2, Nth: []int{0, 6}, From: "", Until: "soon", At: "2pm", ClosedDays: "maybe"},
		Length: approval.Duration(90 * time.Second), Cutoff: -1,
		Agenda:   cab.Agenda{Minutes: -1, Longer: []cab.Slot{{Minutes: 0}}, Order: []cab.Sort{{By: ""}, {By: "number", Ranks: []string{"1"}}}, Show: []string{""}, When: []approval.Test{{Fact: "x", Op: "like"}}},
		Policies: []string{"a", "a"}}
	err := b.Validate()
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, text := range []string{"name \" \"", "title", `"Berlin"`, "alternate ann has a seat", `alternate ""`, "alternate zed is there twice", "is there twice",
		"chair \"\"", `vice chair "eve"`, "quorum 4", `"funday"`, `on "monday"`, "either every_weeks or nth", "nth 0", "nth 6", `until "soon"`, `at "2pm"`, `closed_days "maybe"`,
		"length 1m30s", "cutoff -1ns", "-1 minutes", "longer 1: 0 minutes", "has no tests", "order 1", "number has no ranks", `show ""`, `op "like"`, `policy "a"`} {
		require.ErrorContains(t, err, text)
	}
	for name, c := range map[string]struct {
		change func(*cab.Board)
		want   string
	}{
		"regular meetings of an emergency board": {func(b *cab.Board) { b.Emergency = true }, "no regular meetings"},
		"no meetings":                            {func(b *cab.Board) { b.Meets = nil }, "never meets"},
		"no anchor":                              {func(b *cab.Board) { b.Meets.EveryWeeks = 2 }, "needs from"},
		"backwards":                              {func(b *cab.Board) { b.Meets.From, b.Meets.Until = "2026-02-01", "2026-01-01" }, "is before"},
		"an item longer than the meeting":        {func(b *cab.Board) { b.Agenda.Longer[0].Minutes = 61 }, "61 minutes"},
		"the local zone":                         {func(b *cab.Board) { b.Zone = "Local" }, "time zone"},
		"nobody":                                 {func(b *cab.Board) { b.Members = nil }, "0 members"},
		"too many":                               {func(b *cab.Board) { b.Members = make([]cab.Member, 101) }, "101 members"},
	} {
		b := board()
		require.NoError(t, b.Validate())
		c.change(&b)
		require.ErrorContains(t, b.Validate(), c.want, name)
	}
}

func TestABoardAsJSON(t *testing.T) {
	b := board()
	var err error
	b.Calendar, err = calendar.New(berlin, calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"), calendar.Closed("12-25", "Christmas Day"))
	require.NoError(t, err)
	text, err := json.Marshal(b)
	require.NoError(t, err)
	back, err := cab.Parse(text)
	require.NoError(t, err)
	require.Equal(t, b.Next(friday, 50), back.Next(friday, 50))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))

	for name, bad := range map[string]string{
		"an unknown field":  strings.Replace(string(text), `"quorum"`, `"quorom"`, 1),
		"more behind":       string(text) + "]",
		"not a board":       `{}`,
		"not JSON":          `board`,
		"a broken calendar": strings.Replace(string(text), `"12-25"`, `"25.12."`, 1),
	} {
		_, err := cab.Parse([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
	}
}

func FuzzParse(f *testing.F) {
	text, err := json.Marshal(board())
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"name":"ecab","zone":"UTC","members":[{"person":"ann"}],"chair":"ann","quorum":1,"emergency":true,"length":"30m"}`))
	f.Add([]byte(`{"name":"b","zone":"America/New_York","members":[{"person":"a"}],"chair":"c","quorum":1,"length":"1h","meets":{"on":["monday"],"nth":[5,-1],"at":"02:30","closed_days":"next"},"calendar":{"zone":"UTC","weekly":[{"days":"mon-fri","spans":["09:00-17:00"]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := cab.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		last := friday
		for _, o := range b.Next(friday, 5) {
			require.True(t, o.Start.After(last), "in order")
			last = o.Start
		}
		again, err := json.Marshal(b)
		require.NoError(t, err)
		_, err = cab.Parse(again)
		require.NoError(t, err)
		require.NoError(t, approval.Policy{Name: "p", Version: 1, Stages: []approval.Stage{b.Stage("board")}}.Validate())
	})
}

func TestWhatABoardGivesToApprovals(t *testing.T) {
	b := board()
	require.Equal(t, []string{"ann", "bob", "cho", "dee"}, b.People())
	require.Equal(t, "board cab", b.Selector().String())
	p := approval.Policy{Name: "normal", Version: 1, Delegations: 1, Stages: []approval.Stage{b.Stage("cab")}}
	findings, err := approval.Lint(p, approval.People{Behind: map[string][]string{"board cab": b.People()}})
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestAClonedBoardSharesNothing(t *testing.T) {
	b := board()
	c := b.Clone()
	c.Members[1].Alternates[0] = "zed"
	c.Meets.On[0] = "friday"
	c.Agenda.When[0].Values[0] = "x"
	c.Agenda.Longer[0].When[0].Values[0] = "x"
	c.ViceChairs[0], c.Policies[0] = "x", "x"
	require.Equal(t, board(), b)
}

// The standing of the board is that of its stage, whatever other stages say.
func TestStandingOf(t *testing.T) {
	host := approval.People{Behind: map[string][]string{"board cab": board().People(), "group dba": {"dan"}}}
	p := approval.Policy{Name: "normal", Version: 1, Stages: []approval.Stage{
		{Name: "technical", Ask: []approval.Selector{{Kind: approval.Group, Name: "dba"}}, Approve: approval.Rule{Kind: approval.Any}},
		board().Stage("cab"),
		{Name: "last", Ask: []approval.Selector{{Kind: approval.Group, Name: "dba"}}, Approve: approval.Rule{Kind: approval.Any}}}}
	open := func() approval.Request {
		r, err := approval.Open(p, approval.Case{Excluded: []approval.Exclusion{{Person: "dee", Why: "the requester"}}}, host, friday)
		require.NoError(t, err)
		return r
	}
	vote := func(r approval.Request, who string, c approval.Choice) approval.Request {
		r, err := r.Vote(approval.Vote{By: who, Choice: c, Comment: "because"}, host, nil, friday)
		require.NoError(t, err)
		return r
	}
	r := open()
	require.Equal(t, approval.Waiting, cab.StandingOf(r, "cab").Status)
	rejected := vote(r, "dan", approval.Reject)
	s := cab.StandingOf(rejected, "cab")
	require.Equal(t, approval.NoLongerNeeded, s.Status)
	require.Contains(t, s.Reason, "technical")
	r = vote(r, "dan", approval.Approve)
	require.Equal(t, approval.Requested, cab.StandingOf(r, "cab").Status)
	r, err := r.Recuse("ann", "my own", host, friday)
	require.NoError(t, err)
	s = cab.StandingOf(r, "cab")
	require.Equal(t, approval.Blocked, s.Status, "two are left, and the quorum is three")
	require.Equal(t, []approval.Exclusion{{Person: "dee", Why: "the requester"}, {Person: "ann", Why: "my own"}}, s.Out)

	r = vote(open(), "dan", approval.Approve)
	for _, who := range []string{"ann", "bob", "cho"} {
		r = vote(r, who, approval.Approve)
	}
	s = cab.StandingOf(r, "cab")
	require.Equal(t, approval.Approved, s.Status, "although the whole is not decided yet")
	require.Len(t, s.Ballots, 3)
	require.Equal(t, approval.Requested, r.Status)
	r, err = r.Cancel("not needed", friday)
	require.NoError(t, err)
	require.Equal(t, approval.Cancelled, cab.StandingOf(r, "cab").Status)
	require.Equal(t, approval.Cancelled, cab.StandingOf(r, "other").Status)
}
