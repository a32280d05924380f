package cab_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// listed writes an agenda as "1@0+20 2@20+10": change, offset, minutes.
func listed(m *cab.Meeting) string {
	var all []string
	for _, it := range m.Agenda {
		all = append(all, fmt.Sprintf("%s@%d+%d", strings.TrimLeft(it.Number, "CHG0"), it.Offset, it.Minutes))
	}
	return strings.Join(all, " ")
}

func TestAnAgendaByRule(t *testing.T) {
	r := newRoom(t)
	plan := func(id workflow.ID, days int) { r.all[id].PlannedStart = tuesday.AddDate(0, 0, days) }
	r.put(t, 1, board(), approval.Facts{"risk": "low"})
	plan(r.put(t, 2, board(), approval.Facts{"risk": "moderate"}), 3)
	plan(r.put(t, 3, board(), approval.Facts{"risk": "moderate"}), 2)
	r.put(t, 4, board(), approval.Facts{"risk": "moderate"})
	r.put(t, 5, board(), high())
	r.put(t, 6, board(), approval.Facts{"risk": "none"}) // passes no test
	r.put(t, 7, board(), nil)                            // nor does this
	r.put(t, 8, ecab(), high())                          // waits for the other board
	r.inform(9, board())
	m := r.schedule()
	for range 2 {
		m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
		require.Equal(t, "5@0+20 3@20+10 2@30+10 4@40+10 1@50+10 9@60+0", listed(m))
	}
	require.Equal(t, cab.ForInformation, m.Agenda[5].Outcome)
	require.Equal(t, approval.Facts{"risk": "high"}, m.Agenda[0].Facts)
	require.Equal(t, m.Agenda, r.must(r.SendPreRead(ctx, mia, m.ID)).Agenda)
	require.Equal(t, []string{"cab.scheduled", "cab.pre_read"}, topics(r.relay()))
	require.Equal(t, []string{"cab.pre_read"}, r.at(tuesday.Add(-48*time.Hour)), "it is sent again when the agenda closes")
	require.Empty(t, r.at(tuesday.Add(-47*time.Hour)))
}

func (r *room) at(t time.Time) []string {
	r.now = t
	return topics(r.relay())
}

func TestWhatDoesNotFitComesFirstNextTime(t *testing.T) {
	r := newRoom(t)
	for n := range 3 {
		r.put(t, n+1, board(), high())
	}
	small := r.put(t, 4, board(), approval.Facts{"risk": "low"})
	m := r.schedule()
	r.relay()
	m = r.must(r.AddItem(ctx, mia, m.ID, small, 0, ""))
	m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Equal(t, "1@0+20 2@20+20 4@40+10", listed(m), "what was added by hand has its time first")
	require.Equal(t, []cab.LeftOver{{Change: workflow.Ref{Kind: "change", ID: id(3)}, Number: "CHG0000003", Title: "Change 3", Minutes: 20}}, m.LeftOver)
	told := r.relay()
	require.Equal(t, []string{"cab.left_over"}, topics(told))
	require.Equal(t, "cab.left_over: it next meets at 2026-03-10T13:00:00Z", told[0].Text)
	require.Equal(t, "CHG0000003", told[0].Items[0].Number)
	r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Empty(t, r.relay(), "it is told once")
	_, err := r.AddItem(ctx, mia, m.ID, id(3), 0, "")
	require.ErrorIs(t, err, cab.ErrNoTime)
	require.ErrorContains(t, err, "CHG0000003 takes 20 minutes, of 60 there are 10 left")

	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	r.must(r.Defer(ctx, ann, m.ID, id(2), "not yet"))
	r.must(r.Adjourn(ctx, ann, m.ID))
	r.put(t, 5, board(), high())
	next := r.schedule()
	next = r.must(r.BuildAgenda(ctx, mia, next.ID, ""))
	require.Equal(t, "1@0+20 2@20+20 3@40+20", listed(next), "deferred, not reached, or without time: before what is new")
	require.Equal(t, m.Number, next.Agenda[0].From)
	require.Len(t, next.LeftOver, 2)
	r.now = next.Start
	r.must(r.Start(ctx, ann, next.ID))
	r.must(r.Attend(ctx, bob, next.ID, "bob", ""))
	r.must(r.Attend(ctx, cho, next.ID, "cho", ""))
	for n := 1; n <= 2; n++ {
		r.vote(next, id(n), approval.Approve, ann, bob, cho)
	}
	r.must(r.Adjourn(ctx, ann, next.ID))
	third := r.schedule()
	third = r.must(r.BuildAgenda(ctx, mia, third.ID, ""))
	require.Equal(t, "3@0+20 5@20+20 4@40+10", listed(third))
}

func TestAnAgendaIsArrangedByHand(t *testing.T) {
	r := newRoom(t)
	for n := range 3 {
		r.put(t, n+1, board(), approval.Facts{"risk": "low"})
	}
	odd := r.put(t, 4, board(), approval.Facts{"risk": "none"})
	m := r.schedule()
	r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	m = r.must(r.AddItem(ctx, bob, m.ID, odd, 5, ""))
	require.Equal(t, "1@0+10 2@10+10 3@20+10 4@30+5", listed(m))
	require.Equal(t, listed(m), listed(r.must(r.AddItem(ctx, bob, m.ID, odd, 9, ""))))
	_, err := r.AddItem(ctx, mia, m.ID, id(77), 0, "")
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = r.AddItem(ctx, mia, m.ID, odd, 61, "")
	require.ErrorIs(t, err, workflow.ErrInvalid)

	_, err = r.Reorder(ctx, mia, m.ID, []workflow.ID{id(4), id(4), id(9)}, "")
	for _, text := range []string{"CHG0000004 is named twice", id(9).String() + " is not on the agenda", "CHG0000001 is missing", "CHG0000003 is missing"} {
		require.ErrorContains(t, err, text)
	}
	m = r.must(r.Reorder(ctx, mia, m.ID, []workflow.ID{id(4), id(3), id(2), id(1)}, ""))
	require.Equal(t, "4@0+5 3@5+10 2@15+10 1@25+10", listed(m))
	r.put(t, 5, board(), high())
	m = r.must(r.RemoveItem(ctx, mia, m.ID, id(2), "the requester asked for it"))
	m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Equal(t, "4@0+5 3@5+10 1@15+10 5@25+20", listed(m), "the order stays, what was removed stays off, what is new comes last")
	m = r.must(r.AddItem(ctx, mia, m.ID, id(2), 0, ""))
	require.Equal(t, "4@0+5 3@5+10 1@15+10 5@25+20 2@45+10", listed(m))
	require.Empty(t, m.Removed)
	_, err = r.RemoveItem(ctx, mia, m.ID, id(77), "")
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestTheAgendaCloses(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), approval.Facts{"risk": "low"})
	m := r.schedule()
	r.now = m.Cutoff
	late := r.put(t, 2, board(), approval.Facts{"risk": "low"})
	for name, f := range map[string]func(who workflow.Actor, reason string) (*cab.Meeting, error){
		"build": func(who workflow.Actor, reason string) (*cab.Meeting, error) {
			return r.BuildAgenda(ctx, who, m.ID, reason)
		},
		"add": func(who workflow.Actor, reason string) (*cab.Meeting, error) {
			return r.AddItem(ctx, who, m.ID, late, 0, reason)
		},
		"remove": func(who workflow.Actor, reason string) (*cab.Meeting, error) {
			return r.RemoveItem(ctx, who, m.ID, change, reason)
		},
	} {
		_, err := f(mia, "")
		require.ErrorIs(t, err, cab.ErrCutoff, name)
		require.ErrorContains(t, err, "1 March 2026, 14:00 CET", name)
		_, err = f(mia, "urgent")
		require.ErrorIs(t, err, cab.ErrCutoff, name)
		require.ErrorIs(t, err, workflow.ErrForbidden, name)
		_, err = f(ann, "")
		require.ErrorIs(t, err, cab.ErrCutoff, name)
	}
	r.must(r.BuildAgenda(ctx, bob, m.ID, "the system was down"))
	r.must(r.RemoveItem(ctx, ann, m.ID, change, "withdrawn by telephone"))
	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	m = r.must(r.AddItem(ctx, ann, m.ID, change, 0, "it is urgent after all"))
	require.Equal(t, "2@0+10 1@10+10", listed(m))
	_, err := r.BuildAgenda(ctx, ann, m.ID, "again")
	require.ErrorIs(t, err, workflow.ErrTransition, "in session it is changed by hand alone")
	r.vote(m, late, approval.Abstain, ann)
	r.must(r.Defer(ctx, ann, m.ID, late, "no"))
	_, err = r.RemoveItem(ctx, ann, m.ID, late, "no")
	require.ErrorIs(t, err, cab.ErrDecided)
}

// A fact that the rule cannot read does not let a change slip past the board.
func TestAChangeInDoubtIsListed(t *testing.T) {
	b := board()
	b.Agenda.When = []approval.Test{{Fact: "cost", Op: approval.AtLeast, Values: []string{"1000"}}}
	b.Agenda.Longer = nil
	b.Agenda.Order = []cab.Sort{{By: "cost", Desc: true}}
	r := newRoom(t, b)
	for n, cost := range []string{"900", "10000", "2000", "a fortune", "1000.50"} {
		r.put(t, n+1, b, approval.Facts{"cost": cost, "plan": strings.Repeat("x", 9000)})
	}
	m := r.schedule()
	m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Equal(t, "4@0+10 2@10+10 3@20+10 5@30+10", listed(m))
	require.Contains(t, m.Agenda[0].Doubt, "a fortune")
	require.NotContains(t, m.Agenda[0].Facts, "plan", "facts that no rule names are not kept")
}
