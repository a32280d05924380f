package escalation_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// start is a Monday.
var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func after(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

const minute = escalation.Duration(time.Minute)

// staff is a directory as data.
type staff struct {
	groups   map[string][]string
	leads    map[string]string
	managers map[string]string
}

func (s staff) Members(group string) []string { return s.groups[group] }
func (s staff) Lead(group string) string      { return s.leads[group] }
func (s staff) Manager(person string) string  { return s.managers[person] }

func directory(t testing.TB) escalation.Directory {
	roster, err := oncall.NewRoster(oncall.Rota{Name: "network", Version: 1, Zone: "UTC", Layers: []oncall.Layer{
		{Name: "first", Participants: []string{"ann", "bob"}, Rotation: oncall.Rotation{Every: oncall.Day, At: "09:20", Start: "2026-01-01"}},
		{Name: "second", Participants: []string{"cho"}},
		{Name: "ended", Participants: []string{"dan"}, Until: "2026-01-01"},
	}})
	require.NoError(t, err)
	book, err := oncall.NewBook(roster)
	require.NoError(t, err)
	return escalation.Directory{Rotas: book, People: staff{
		groups:   map[string][]string{"network": {"ann", "bob", "eve"}, "ghosts": {""}},
		leads:    map[string]string{"network": "lea", "mail": "mia"},
		managers: map[string]string{"ann": "lea", "bob": "lea", "cho": "moe", "lea": "max"},
	}}
}

func person(names ...string) []escalation.Target {
	var all []escalation.Target
	for _, n := range names {
		all = append(all, escalation.Target{Kind: escalation.Person, Name: n})
	}
	return all
}

func rung(name string, reminders int, interval escalation.Duration, tell ...escalation.Target) escalation.Rung {
	return escalation.Rung{Name: name, Type: escalation.Functional, Reminders: reminders, Interval: interval, Tell: tell}
}

func policy(rungs ...escalation.Rung) escalation.Policy {
	return escalation.Policy{Name: "desk", Version: 1, Ladders: []escalation.Ladder{{Name: "standard", Rungs: rungs}}, Default: "standard"}
}

func engine(t testing.TB, p escalation.Policy) *escalation.Engine {
	t.Helper()
	x, err := escalation.New(p)
	require.NoError(t, err)
	return x
}

// lines writes steps with minutes since the start.
func lines(steps []escalation.Step) []string {
	var all []string
	for _, s := range steps {
		line := fmt.Sprintf("%v %s %s", s.At.Sub(start).Minutes(), s.Do, s.Name)
		for _, c := range s.Tell {
			line += " " + c.Person
		}
		if s.Problem != "" {
			line += "; " + s.Problem
		}
		all = append(all, line)
	}
	return all
}

func preview(t testing.TB, p escalation.Policy, facts escalation.Facts) []string {
	t.Helper()
	steps, err := engine(t, p).Preview("standard", facts, directory(t), start)
	require.NoError(t, err)
	for i, s := range steps {
		require.Equal(t, i+1, s.Number)
	}
	return lines(steps)
}

func TestTheNextRungComesAfterTheRemindersAndOneInterval(t *testing.T) {
	require.Equal(t, []string{
		"0 tell one ann", "10 remind one ann", "20 remind one ann",
		"30 tell two bob", "35 finish ",
	}, preview(t, policy(rung("one", 2, 10*minute, person("ann")...), rung("two", 0, 5*minute, person("bob")...)), nil))
}

func TestRungsWaitInBusinessTime(t *testing.T) {
	office, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Friday, "08:00-10:00"))
	require.NoError(t, err)
	never, err := calendar.New("UTC")
	require.NoError(t, err)
	one := rung("one", 1, 40*minute, person("ann")...)
	one.Calendar = "office"
	two := rung("two", 0, 10*minute, person("bob")...)
	two.Calendar = "never"
	p := policy(one, two)
	p.Calendars = map[string]*calendar.Calendar{"office": office, "never": never}
	require.Equal(t, []string{
		"0 tell one ann", "40 remind one ann",
		"1400 tell two bob; calendar never does not open that long again: counted in elapsed time", // 20 minutes today, 20 tomorrow from 8
		"1410 finish ",
	}, preview(t, p, nil))
}

func TestALadderIsRepeatedAndEnds(t *testing.T) {
	p := policy(rung("one", 0, 10*minute, person("ann")...), rung("two", 0, 10*minute, person("bob")...))
	p.Ladders[0].Repeat = 1
	p.Ladders[0].End = escalation.End{Tell: person("max"), Every: 30 * minute}
	require.Equal(t, []string{"0 tell one ann", "10 tell two bob", "20 tell one ann", "30 tell two bob", "40 finish  max"}, preview(t, p, nil))

	x := engine(t, p)
	e, _, err := x.Start(nil, directory(t), start)
	require.NoError(t, err)
	e, steps, err := x.Advance(e, directory(t), after(130))
	require.NoError(t, err)
	require.Equal(t, []string{"40 finish  max", "70 finish  max", "100 finish  max", "130 finish  max"}, lines(steps[3:]), "until somebody acknowledges")
	require.Equal(t, after(160), e.Next)

	p.Ladders[0].End = escalation.End{}
	x = engine(t, p)
	e, steps, err = x.Start(nil, directory(t), start)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	e, _, err = x.Advance(e, directory(t), after(40))
	require.NoError(t, err)
	require.Equal(t, escalation.Exhausted, e.State)
	require.Zero(t, e.Next)
	require.Equal(t, after(40), e.Ended)
	_, steps, err = x.Advance(e, directory(t), after(90))
	require.NoError(t, err)
	require.Empty(t, steps, "a timer that comes late does no harm")
}

func TestTargets(t *testing.T) {
	facts := escalation.Facts{"group": "network", "assignee": "bob"}
	for _, c := range []struct {
		target escalation.Target
		rotate escalation.Rotate
		want   []string
	}{
		{escalation.Target{Kind: escalation.Group, Name: "network"}, escalation.Together, []string{"0 tell r ann bob eve"}},
		{escalation.Target{Kind: escalation.Group, Fact: "group"}, escalation.Members, []string{"0 tell r ann", "10 tell r bob", "20 tell r eve"}},
		{escalation.Target{Kind: escalation.OnCall, Name: "network"}, escalation.Together, []string{"0 tell r bob"}},
		{escalation.Target{Kind: escalation.OnCall, Name: "network", Layer: "second"}, escalation.Members, []string{"0 tell r cho"}},
		{escalation.Target{Kind: escalation.OnCall, Fact: "group"}, escalation.Members, []string{"0 tell r bob", "10 tell r ann", "20 tell r cho"}},
		{escalation.Target{Kind: escalation.OnCall, Fact: "group"}, escalation.Layers, []string{"0 tell r bob", "10 tell r cho"}},
		{escalation.Target{Kind: escalation.Lead, Fact: "group"}, escalation.Together, []string{"0 tell r lea"}},
		{escalation.Target{Kind: escalation.Lead, Fact: "group", Levels: 2}, escalation.Together, []string{"0 tell r max"}},
		{escalation.Target{Kind: escalation.Manager, Fact: "assignee"}, escalation.Together, []string{"0 tell r lea"}},
		{escalation.Target{Kind: escalation.Manager, Name: "ann", Levels: 2}, escalation.Together, []string{"0 tell r max"}},
	} {
		r := rung("r", 0, 10*minute, c.target)
		r.Rotate = c.rotate
		got := preview(t, policy(r), facts)
		require.Equal(t, c.want, got[:len(got)-1], "%v %s", c.target, c.rotate)
	}
}

func TestTheManagersOfThoseWhoWereTold(t *testing.T) {
	boss := escalation.Rung{Name: "boss", Type: escalation.Hierarchical, Interval: 10 * minute, Tell: []escalation.Target{{Kind: escalation.Told}}}
	require.Equal(t, []string{"0 tell one ann bob cho", "10 tell boss lea moe", "20 finish "},
		preview(t, policy(rung("one", 0, 10*minute, person("ann", "bob", "cho")...), boss), nil), "each once")
}

// Who was on call when the rung was come to stays with it; who comes on call later is
// told by a later rung.
func TestAHandOverDuringARung(t *testing.T) {
	net := escalation.Target{Kind: escalation.OnCall, Name: "network"}
	require.Equal(t, []string{"0 tell one bob", "15 remind one bob", "30 remind one bob", "45 tell two ann", "50 finish "},
		preview(t, policy(rung("one", 2, 15*minute, net), rung("two", 0, 5*minute, net)), nil))
}

func TestRotatedPeopleGetTheirRemindersFirst(t *testing.T) {
	r := rung("r", 1, 5*minute, person("ann", "bob", "ann")...)
	r.Rotate = escalation.Members
	require.Equal(t, []string{"0 tell r ann", "5 remind r ann", "10 tell r bob", "15 remind r bob", "20 finish "}, preview(t, policy(r), nil))
}

func TestARungThatReachesNobodyIsReportedAndPassed(t *testing.T) {
	bad := []escalation.Target{{Kind: escalation.Group, Name: "ghosts"}, {Kind: escalation.OnCall, Name: "mail"}, {Kind: escalation.Lead, Fact: "group"},
		{Kind: escalation.Manager, Name: "max"}, {Kind: escalation.Lead, Name: "mail", Levels: 3}, {Kind: escalation.OnCall, Name: "network", Layer: "ended"}}
	some := append(bad[:1:1], person("ann")...)
	require.Equal(t, []string{
		"0 skip one; group ghosts: group ghosts has no members; on_call mail: oncall: rota \"mail\": not found, there are network; " +
			"lead by fact group: the fact is not set; manager max: max has no manager; lead mail 3 levels up: mia has no manager; " +
			"on_call network layer ended: rota network: layer ended: not in force",
		"0 tell two ann; group ghosts: group ghosts has no members",
		"10 skip three; group ghosts: group ghosts has no members",
		"10 finish ",
	}, preview(t, policy(rung("one", 2, 10*minute, bad...), rung("two", 0, 10*minute, some...), rung("three", 3, 10*minute, bad[0])), nil))
}

func TestNobodyAtAllIsAnError(t *testing.T) {
	ghosts := escalation.Target{Kind: escalation.Group, Name: "ghosts"}
	p := policy(rung("one", 2, 10*minute, ghosts), rung("two", 0, 10*minute, ghosts))
	p.Ladders[0].Repeat = 5
	p.Ladders[0].End = escalation.End{Tell: []escalation.Target{{Kind: escalation.Lead, Name: "ghosts"}}}
	x := engine(t, p)
	for _, dir := range []escalation.Directory{directory(t), {}} {
		e, steps, err := x.Start(nil, dir, start)
		require.ErrorIs(t, err, escalation.ErrNobody)
		var nobody *escalation.NobodyError
		require.ErrorAs(t, err, &nobody)
		require.Len(t, nobody.Problems, 3)
		require.ErrorContains(t, err, "rung 2 (two): group ghosts: ")
		require.Equal(t, escalation.Exhausted, e.State, "repeating takes no time, so it would help nobody")
		require.Len(t, steps, 3)
	}

	// An end that is repeated waits for somebody to be there.
	p.Ladders[0].End.Every = 5 * minute
	x = engine(t, p)
	e, _, err := x.Start(nil, directory(t), start)
	require.ErrorIs(t, err, escalation.ErrNobody)
	require.Equal(t, escalation.Running, e.State)
	_, steps, err := x.Advance(e, directory(t), after(10))
	require.Len(t, steps, 2)
	var first *escalation.NobodyError
	require.ErrorAs(t, err, &first)
	require.Equal(t, after(5), first.At, "the first is told of")
	e, steps, err = x.Advance(e, directory(t), after(5))
	require.ErrorIs(t, err, escalation.ErrNobody)
	require.Len(t, steps, 1)
	dir := directory(t)
	dir.People.(staff).leads["ghosts"] = "gus"
	_, steps, err = x.Advance(e, dir, after(10))
	require.NoError(t, err)
	require.Equal(t, []string{"10 finish  gus"}, lines(steps))
}

func TestAcknowledgingStopsIt(t *testing.T) {
	x := engine(t, policy(rung("one", 2, 10*minute, person("ann")...), rung("two", 2, 10*minute, person("bob")...)))
	e, _, err := x.Start(nil, directory(t), start)
	require.NoError(t, err)
	_, err = e.Acknowledge("", after(5))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = e.Acknowledge("ann", after(-5))
	require.ErrorIs(t, err, workflow.ErrOutOfOrder)
	done, err := e.Acknowledge("ann", after(5))
	require.NoError(t, err)
	require.Equal(t, escalation.Running, e.State, "a value")
	require.Equal(t, escalation.Acknowledged, done.State)
	require.Equal(t, "ann", done.By)
	require.Equal(t, after(5), done.Ended)
	require.Zero(t, done.Next)
	_, steps, err := x.Advance(done, directory(t), after(500))
	require.NoError(t, err)
	require.Empty(t, steps)
	_, err = done.Acknowledge("bob", after(6))
	require.ErrorIs(t, err, escalation.ErrEnded)
	_, err = done.Cancel("resolved", after(6))
	require.ErrorIs(t, err, escalation.ErrEnded)
	gone, err := e.Cancel("resolved", after(6))
	require.NoError(t, err)
	require.Equal(t, escalation.Cancelled, gone.State)
	require.Equal(t, "resolved", gone.Reason)
}

func TestLaddersAreChosenInOrderByShiftAndFacts(t *testing.T) {
	night, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Sunday, "20:00-06:00"))
	require.NoError(t, err)
	ladder := func(name string) escalation.Ladder {
		return escalation.Ladder{Name: name, Rungs: []escalation.Rung{rung("one", 0, minute, person(name)...)}}
	}
	p := escalation.Policy{Name: "desk", Version: 1, Calendars: map[string]*calendar.Calendar{"night": night},
		Ladders: []escalation.Ladder{ladder("major"), ladder("night"), ladder("rest")},
		Choices: []escalation.Choice{
			{Name: "majors", When: map[string][]string{"priority": {"1", "2"}, "group": {"network"}}, Ladder: "major"},
			{Name: "at night", During: "night", Ladder: "night"},
		}, Default: "rest"}
	x := engine(t, p)
	for _, c := range []struct {
		facts escalation.Facts
		now   time.Time
		want  string
	}{
		{escalation.Facts{"priority": "2", "group": "network"}, start, "major by choice majors"},
		{escalation.Facts{"priority": "2", "group": "network"}, start.Add(12 * time.Hour), "major by choice majors"},
		{escalation.Facts{"priority": "3", "group": "network"}, start.Add(12 * time.Hour), "night by choice at night"},
		{escalation.Facts{"priority": "1", "group": "mail"}, start, "rest by default"},
		{nil, start, "rest by default"},
	} {
		e, steps, err := x.Start(c.facts, directory(t), c.now)
		require.NoError(t, err)
		require.Equal(t, c.want, e.Ladder+" by "+e.Why)
		require.Equal(t, e.Ladder, steps[0].Tell[0].Person)
	}
	p.Default = ""
	_, _, err = engine(t, p).Start(nil, directory(t), start)
	require.ErrorIs(t, err, escalation.ErrNoLadder)
	_, _, err = x.StartLadder("none", nil, directory(t), start)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestAnotherAssignmentGroupCancelsUnlessALadderMatches(t *testing.T) {
	p := policy(rung("one", 2, 10*minute, escalation.Target{Kind: escalation.Lead, Fact: "group"}))
	p.Default = ""
	p.Choices = []escalation.Choice{{Name: "ours", When: map[string][]string{"group": {"network", "mail"}}, Ladder: "standard"}}
	x := engine(t, p)
	e, _, err := x.Start(escalation.Facts{"group": "network"}, directory(t), start)
	require.NoError(t, err)

	same, steps, err := x.Reassign(e, escalation.Facts{"group": "network", "assignee": "bob"}, directory(t), after(5))
	require.NoError(t, err)
	require.Empty(t, steps)
	require.Equal(t, after(10), same.Next, "the assignee alone changes nothing")

	mail, steps, err := x.Reassign(e, escalation.Facts{"group": "mail"}, directory(t), after(5))
	require.NoError(t, err)
	require.Equal(t, []string{"5 tell one mia"}, lines(steps))
	require.Equal(t, 2, steps[0].Number, "numbers go on")
	require.Equal(t, after(15), mail.Next)

	gone, steps, err := x.Reassign(e, escalation.Facts{"group": "printers"}, directory(t), after(5))
	require.NoError(t, err)
	require.Empty(t, steps)
	require.Equal(t, escalation.Cancelled, gone.State)
	require.Equal(t, `the assignment group changed from "network" to "printers", and no ladder matches`, gone.Reason)

	acked, err := e.Acknowledge("ann", after(2))
	require.NoError(t, err)
	again, _, err := x.Reassign(acked, escalation.Facts{"group": "mail"}, directory(t), after(5))
	require.NoError(t, err)
	require.Equal(t, escalation.Running, again.State, "the new group has not acknowledged")
	still, _, err := x.Reassign(acked, escalation.Facts{"group": "printers"}, directory(t), after(5))
	require.NoError(t, err)
	require.Equal(t, escalation.Acknowledged, still.State)
	_, _, err = x.Reassign(e, escalation.Facts{"group": "mail"}, directory(t), after(-5))
	require.ErrorIs(t, err, workflow.ErrOutOfOrder)
}

func TestAnEscalationStaysWithItsVersion(t *testing.T) {
	p := policy(rung("one", 2, 10*minute, person("ann")...))
	e, _, err := engine(t, p).Start(nil, directory(t), start)
	require.NoError(t, err)
	p.Version = 2
	_, _, err = engine(t, p).Advance(e, directory(t), after(10))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, `version 1, this is "desk" version 2`)
}

func TestAnEscalationIsAValue(t *testing.T) {
	x := engine(t, policy(rung("one", 2, 10*minute, escalation.Target{Kind: escalation.Person, Fact: "assignee"})))
	facts := escalation.Facts{"assignee": "ann"}
	e, steps, err := x.Start(facts, directory(t), start)
	require.NoError(t, err)
	facts["assignee"] = "eve"
	steps[0].Tell[0].Person = "eve"
	require.Equal(t, "ann", e.Calls[0][0].Person)
	require.Equal(t, "ann", e.Facts["assignee"])
}

func TestAnEscalationThatNoEngineHasMadeIsRefused(t *testing.T) {
	x := engine(t, policy(rung("one", 2, 10*minute, person("ann")...)))
	for name, spoil := range map[string]func(*escalation.Escalation){
		"due before its start": func(e *escalation.Escalation) { e.Next = after(-1) },
		"no round":             func(e *escalation.Escalation) { e.Round = 0 },
		"no rung":              func(e *escalation.Escalation) { e.Rung = 0 },
		"behind the end":       func(e *escalation.Escalation) { e.Rung = 3 },
		"told less than never": func(e *escalation.Escalation) { e.Told = -1 },
		"nobody to tell":       func(e *escalation.Escalation) { e.Calls = nil },
		"no call":              func(e *escalation.Escalation) { e.Call = 0 },
	} {
		e, _, err := x.Start(nil, directory(t), start)
		require.NoError(t, err)
		spoil(&e)
		_, steps, err := x.Advance(e, directory(t), after(100))
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
		require.Empty(t, steps)
	}
}

func TestARungTellsABoundedNumberOfPeople(t *testing.T) {
	dir := directory(t)
	for i := range escalation.MaxPeople + 1 {
		dir.People.(staff).groups["all"] = append(dir.People.(staff).groups["all"], fmt.Sprint(i))
	}
	_, steps, err := engine(t, policy(rung("one", 0, minute, escalation.Target{Kind: escalation.Group, Name: "all"}))).Start(nil, dir, start)
	require.NoError(t, err)
	require.Len(t, steps[0].Tell, escalation.MaxPeople)
	require.Contains(t, steps[0].Problem, "more than 500 people")
}

func TestOneCallReturnsABoundedNumberOfSteps(t *testing.T) {
	p := policy(rung("one", 0, minute, person("ann")...))
	p.Ladders[0].End = escalation.End{Tell: person("max"), Every: minute}
	x := engine(t, p)
	e, _, err := x.Start(nil, directory(t), start)
	require.NoError(t, err)
	e, steps, err := x.Advance(e, directory(t), after(1500))
	require.NoError(t, err)
	require.Len(t, steps, escalation.MaxSteps)
	require.Equal(t, after(1001), e.Next)
	e, steps, err = x.Advance(e, directory(t), after(1500))
	require.NoError(t, err)
	require.Len(t, steps, 500)
	require.Equal(t, after(1501), e.Next)
}

func TestAPolicyIsToldAllItsFaultsAtOnce(t *testing.T) {
	bad := escalation.Policy{
		Calendars: map[string]*calendar.Calendar{"null": nil},
		Ladders: []escalation.Ladder{
			{Name: "a", Repeat: -1},
			{Name: "a", End: escalation.End{Every: minute}, Rungs: []escalation.Rung{
				{Name: "x", Type: "sideways", Rotate: "round", Reminders: 1000, Calendar: "none"},
				{Name: "x", Type: escalation.Functional, Interval: minute, Tell: []escalation.Target{{Kind: "robot"}, {Kind: escalation.Person},
					{Kind: escalation.Group, Name: "g", Fact: "f", Layer: "l", Levels: 11}, {Kind: escalation.Told, Name: "t"}}}}},
			{Name: "told first", Rungs: []escalation.Rung{rung("r", 0, minute, escalation.Target{Kind: escalation.Told})}, End: escalation.End{Calendar: "none"}},
		},
		Choices: []escalation.Choice{{Name: "c", During: "none", Ladder: "b", When: map[string][]string{"priority": nil}}, {Name: "c", Ladder: "a"}},
		Default: "d",
	}
	_, err := escalation.New(bad)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{`policy: name ""`, "version 0", `calendar "null" is null`, "repeat: -1", `ladder "a": rungs: 0`, `ladder "a" is there twice`,
		"every needs somebody", `type "sideways"`, `rotate "round"`, "reminders: 1000", "interval: 0s", `calendar "none" is not in the policy`, "tell: 0",
		`rung "x" is there twice`, `kind "robot"`, "person: needs a name or a fact", "group g by fact f layer l 11 levels up: needs a name or a fact, and not both",
		"only on_call has a layer", "levels: 11", "told t: has neither", "nobody was told before the first rung", "calendar needs every",
		`ladder "b" is not in the policy`, `fact "priority" has no values`, `choice "c" is there twice`, `default: ladder "d" is not`} {
		require.ErrorContains(t, err, want)
	}
	p := policy(rung("one", 2, 10*minute, person("ann")...))
	p.Default = ""
	_, err = escalation.New(p)
	require.ErrorContains(t, err, "needs choices or a default")
	_, err = escalation.New(escalation.Policy{Ladders: make([]escalation.Ladder, escalation.MaxLadders+1)})
	require.ErrorContains(t, err, "ladders: 501")
}

func TestLint(t *testing.T) {
	office, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Friday, "08:00-10:00"))
	require.NoError(t, err)
	p := policy(rung("one", 0, minute, escalation.Target{Kind: escalation.OnCall, Name: "mail"}, escalation.Target{Kind: escalation.Lead, Fact: "group"}))
	p.Ladders = append(p.Ladders, escalation.Ladder{Name: "spare", Rungs: p.Ladders[0].Rungs, End: escalation.End{Tell: []escalation.Target{{Kind: escalation.Group, Name: "ghosts"}}}})
	p.Calendars = map[string]*calendar.Calendar{"office": office}
	p.Choices = []escalation.Choice{{Name: "all", Ladder: "standard"}, {Name: "late", Ladder: "spare"}}
	x := engine(t, p)
	require.Equal(t, []escalation.Finding{
		{Kind: escalation.FindShadowed, Where: "late", Text: "choice all before it always matches"},
		{Kind: escalation.FindUnused, Where: "spare", Text: "no choice takes the ladder"},
		{Kind: escalation.FindUnused, Where: "office", Text: "nothing is counted by the calendar"},
	}, x.Lint())
	var where []string
	for _, f := range x.Unreached(directory(t), start) {
		where = append(where, f.Where)
	}
	require.Equal(t, []string{"standard/one", "spare/one", "spare/end"}, where)
	p.Default, p.Choices = "", []escalation.Choice{{Name: "p1", When: map[string][]string{"priority": {"1"}}, Ladder: "standard"}}
	require.Equal(t, escalation.FindNoDefault, engine(t, p).Lint()[0].Kind)
	require.Empty(t, engine(t, policy(rung("one", 0, minute, person("ann")...))).Lint())
}

func TestJSONIsStrictAndRoundTrips(t *testing.T) {
	office, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Friday, "08:00-10:00"))
	require.NoError(t, err)
	p := policy(rung("one", 2, 10*minute, person("ann")...))
	p.Calendars = map[string]*calendar.Calendar{"office": office}
	p.Choices = []escalation.Choice{{Name: "p1", When: map[string][]string{"priority": {"1"}}, During: "office", Ladder: "standard"}}
	data, err := json.Marshal(p)
	require.NoError(t, err)
	x, err := escalation.Parse(data)
	require.NoError(t, err)
	again, err := json.Marshal(x.Policy())
	require.NoError(t, err)
	require.JSONEq(t, string(data), string(again))
	for _, wrong := range []string{`{"name": "a", "colour": "red"}`, string(data) + "{}", "", "[]", `{"calendars": {"a": {"zone": "Mars"}}}`, `{"ladders": [{"rungs": [{"interval": "soon"}]}]}`} {
		_, err := escalation.Parse([]byte(wrong))
		require.ErrorIs(t, err, workflow.ErrInvalid, wrong)
	}
	x.Policy().Choices[0].When["priority"][0] = "9"
	x.Policy().Ladders[0].Rungs[0].Tell[0].Name = "eve"
	require.Equal(t, p.Choices[0].When, x.Policy().Choices[0].When)
	require.Equal(t, "ann", x.Policy().Ladders[0].Rungs[0].Tell[0].Name)
}
