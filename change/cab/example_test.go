package cab_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// register is a docket of one change, for the example. A host lays a docket over its
// changes, and is the host of their approvals.
type register struct {
	approval.People
	meetings *cab.Service
	one      cab.Case
	request  approval.Request
	clock    func() time.Time
}

func (r *register) Delegations(policy string, at time.Time) ([]approval.Delegation, error) {
	return r.meetings.Delegations(context.Background(), policy, at)
}

func (r *register) Waiting(context.Context, string) ([]cab.Case, error) {
	return []cab.Case{r.one}, nil
}

func (r *register) Standing(context.Context, workflow.ID) (cab.Standing, error) {
	return cab.StandingOf(r.request, "cab"), nil
}

func (r *register) Vote(ctx context.Context, _ workflow.Actor, id workflow.ID, v approval.Vote) (cab.Standing, error) {
	next, err := r.request.Vote(v, r, nil, r.clock())
	if err != nil {
		return cab.Standing{}, err
	}
	r.request = next
	return r.Standing(ctx, id)
}

func (r *register) CloseVote(ctx context.Context, by workflow.Actor, id workflow.ID) (cab.Standing, error) {
	next, err := r.request.Close(by.ID, r, r.clock())
	if err != nil {
		return cab.Standing{}, err
	}
	r.request = next
	return r.Standing(ctx, id)
}

// A board of three meets every other Tuesday and decides on one change; bob is away and
// alf votes for him.
func Example() {
	board, err := cab.Parse([]byte(`{
		"name": "cab", "title": "Change Advisory Board", "zone": "Europe/Berlin",
		"members": [{"person": "ann"}, {"person": "bob", "alternates": ["alf"]}, {"person": "cho"}],
		"chair": "ann", "quorum": 2,
		"meets": {"on": ["tuesday"], "every_weeks": 2, "from": "2026-01-06", "at": "14:00"},
		"length": "30m", "cutoff": "48h", "agenda": {"show": ["risk"]}}`))
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 2, 27, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	docket := &register{clock: clock, People: approval.People{Behind: map[string][]string{"board cab": board.People()}}}
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: clock})
	docket.meetings, err = cab.New(desk, cab.Config{Boards: []cab.Board{board}, Docket: docket})
	if err != nil {
		log.Fatal(err)
	}
	docket.one = cab.Case{ID: workflow.RandomIDs(zeros{}).NewID(now), Number: "CHG0000042", Title: "Upgrade the database", Facts: approval.Facts{"risk": "high"}}
	policy := approval.Policy{Name: "change-authorize", Version: 1, Delegations: 1, Stages: []approval.Stage{board.Stage("cab")}}
	docket.request, err = approval.Open(policy, approval.Case{Facts: docket.one.Facts}, docket, now)
	if err != nil {
		log.Fatal(err)
	}

	ctx, meetings, change := context.Background(), docket.meetings, docket.one.ID
	mia, ann, alf := workflow.User("mia", cab.RoleManager), workflow.User("ann"), workflow.User("alf")
	m, err := meetings.Schedule(ctx, mia, "cab", board.Next(now, 1)[0])
	do := func(next *cab.Meeting, failed error) {
		if err = failed; err != nil {
			log.Fatal(err)
		}
		m, now = next, now.Add(time.Minute)
	}
	do(m, err)
	do(meetings.BuildAgenda(ctx, mia, m.ID, ""))
	now = m.Start
	do(meetings.Start(ctx, ann, m.ID))
	do(meetings.Vote(ctx, ann, m.ID, change, approval.Vote{Choice: approval.Approve}))
	_, err = meetings.Decide(ctx, ann, m.ID, change, "")
	fmt.Println(err)
	do(meetings.Attend(ctx, alf, m.ID, "alf", "bob"))
	do(meetings.Vote(ctx, alf, m.ID, change, approval.Vote{Choice: approval.Approve, Comment: "with the rollback plan"}))
	do(meetings.Adjourn(ctx, ann, m.ID))
	fmt.Print(cab.Minutes(m))
	// Output:
	// cab: CAB0000001, CHG0000042: no quorum: 1 of 3 seats taken, 2 needed: ann
	// CAB0000001 Change Advisory Board
	// Planned: Tuesday 3 March 2026, 14:00 to 14:30 (Europe/Berlin)
	// Held: Tuesday 3 March 2026, 14:00 to 14:04
	// Chair: ann
	//
	// Present:
	//   ann (14:00 to 14:04)
	//   alf for bob (14:02 to 14:04)
	// Seats not taken: cho
	// Quorum: 2 of 3 seats
	//
	// 1. CHG0000042 Upgrade the database
	//    risk: high
	//    Approved, 3 March 14:03
	//    Reason: 2 approvals of 3 people, needed 2 (majority)
	//    Present: ann, alf for bob
	//    Votes: 2 approve, 0 reject, 0 abstain
	//      alf for bob: approve, with the rollback plan
	//      ann: approve
}

// zeros is randomness for an example.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// The wall clock of the board's zone stays the same when summer begins, and a meeting on
// a holiday is moved.
func ExampleBoard_Next() {
	cal, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"),
		calendar.Closed("easter-2", "Good Friday"), calendar.Closed("easter+1", "Easter Monday"))
	if err != nil {
		log.Fatal(err)
	}
	board := cab.Board{Zone: "Europe/Berlin", Calendar: cal, Length: approval.Duration(time.Hour),
		Meets: &cab.Recurrence{On: []string{"friday"}, EveryWeeks: 1, At: "14:00", ClosedDays: cab.Previous}}
	for _, o := range board.Next(time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC), 3) {
		fmt.Println(o.Date, o.Start.Format("Mon 2 Jan 15:04 MST"), o.Moved)
	}
	// Output:
	// 2026-03-27 Fri 27 Mar 13:00 UTC false
	// 2026-04-03 Thu 2 Apr 12:00 UTC true
	// 2026-04-10 Fri 10 Apr 12:00 UTC false
}
