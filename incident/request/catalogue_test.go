package request_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// twoVersions is a world whose laptops cost more, and take one task, from a week later on.
func twoVersions(t *testing.T) *world {
	return newWorld(t, func(cfg *request.Config) {
		one, two := definition(t), definition(t)
		two.Version, two.From = 2, monday.AddDate(0, 0, 7)
		two.Items[0].Price.Amount = decimal.NewFromInt(1900)
		two.Items[0].Plan.Tasks = two.Items[0].Plan.Tasks[:1]
		two.Items[0].Cancel.Until = catalog.Never
		two.Items = append(two.Items[:2:2], two.Items[3:]...) // no phones any more
		two.Bundles = nil
		var err error
		cfg.Catalog, err = catalog.Compile(nil, one, two)
		require.NoError(t, err)
	})
}

func TestRequestsArePinnedToTheCatalogueByWhichTheyWereOrdered(t *testing.T) {
	w := twoVersions(t)
	r := w.place(laptop())
	w.now = monday.AddDate(0, 0, 8)
	r = w.vote(bob, r, "1", approve)
	require.Equal(t, catalog.Ref{Name: "workplace", Version: 1}, r.Catalog)
	require.Len(t, r.Items[0].Tasks, 4, "the plan of then")
	require.Equal(t, "1200", r.Quote().Total().String())
	require.Equal(t, request.StateCancelled, w.must(w.Cancel(ctx, ann, r.ID, "no")).State, "and its rules")
}

func TestADraftIsPricedWhenItIsSubmitted(t *testing.T) {
	w := twoVersions(t)
	r := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{laptop()}}))
	gone := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{one("phone")}}))
	w.now = monday.AddDate(0, 0, 8)
	require.Equal(t, "1200", r.Quote().Total().String())
	r = w.must(w.Submit(ctx, ann, r.ID))
	require.Equal(t, 2, r.Catalog.Version)
	require.Equal(t, "1900", r.Quote().Total().String())
	err := w.refused(gone, workflow.ErrInvalid, func() (*request.Request, error) { return w.Submit(ctx, ann, gone.ID) })
	require.ErrorContains(t, err, `there is no item "phone"`)
}

func TestABundleIsOrderedAsOne(t *testing.T) {
	w := newWorld(t)
	bundle := catalog.Line{Bundle: "new starter", Answers: map[string]any{"role": "engineer", "data": "public"}, Without: []string{"desk"}}
	r := w.must(w.Place(ctx, carl, request.Order{For: "ann", Lines: []catalog.Line{bundle, one("phone")}}))
	require.Equal(t, "Account, Laptop, Phone", r.Title)
	require.Equal(t, []string{"new starter", "new starter", ""}, []string{r.Items[0].Bundle, r.Items[1].Bundle, r.Items[2].Bundle})
	require.Equal(t, "1780.5", r.Quote().Total().String())
	require.Equal(t, []catalog.RecurringTotal{{Every: catalog.Monthly, Amount: decimal.RequireFromString("29.95")}, {Every: catalog.Yearly, Amount: decimal.RequireFromString("12")}}, r.Quote().Recurring())
	_, err := w.Place(ctx, carl, request.Order{For: "ann", Lines: []catalog.Line{{Bundle: "new starter", Without: []string{"account"}}, one("yacht"), one("parking")}})
	for _, want := range []string{"line 1", "role is mandatory", "data is mandatory", `line 2: catalog: there is no item "yacht"`} {
		require.ErrorContains(t, err, want, "everything at once")
	}
	// The bundle is one line: with other answers the items that stay are the same ones.
	d := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{bundle}}))
	d = w.must(w.Revise(ctx, ann, d.ID, func(o *request.Order) { o.Lines[0].Answers["role"] = "sales" }))
	require.Equal(t, []string{"1 account", "2 laptop", "3 phone"}, []string{d.Items[0].ID + " " + d.Items[0].Name, d.Items[1].ID + " " + d.Items[1].Name, d.Items[2].ID + " " + d.Items[2].Name})
}

func TestRequestsAreFound(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop(), one("account"))
	w.place(one("desk"))
	found := func(field string, key workflow.Key) int {
		n := 0
		for _, err := range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(field, key)}}) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	text := workflow.StringKey
	for field, want := range map[string]map[string]int{
		request.IndexRequester: {"ann": 2, "bob": 0}, request.IndexOpener: {"ann": 2}, request.IndexCustomer: {"acme": 2}, request.IndexService: {"devices": 1, "facilities": 1},
		request.IndexItem: {"laptop": 1, "account": 1, "phone": 0}, request.IndexApprover: {"bob": 1, "fred": 1, "ann": 0},
		request.IndexStage: {string(request.StageApproval): 2, string(request.StageFulfilment): 1}, request.IndexCategory: {"new": 1, "active": 1},
		workflow.IndexState: {request.StateWaiting: 1, request.StateFulfilment: 1},
	} {
		for key, n := range want {
			require.Equal(t, n, found(field, text(key)), "%s %s", field, key)
		}
	}
	w.vote(bob, r, "1", approve)
	require.Equal(t, 1, found(request.IndexTaskGroup, text("procurement")))
	w.must(w.AssignTask(ctx, carl, r.ID, "1.1", "procurement", "mia"))
	require.Equal(t, 1, found(request.IndexTaskOf, text("mia")))
	w.must(w.Report(ctx, robo, r.ID, request.Report{Job: r.Items[1].Tasks[0].Job, Failed: "no"}))
	require.Equal(t, 1, found(request.IndexFailed, workflow.BoolKey(true)))
	require.Equal(t, 1, found(request.IndexBreached, workflow.BoolKey(false))-1)
	got, err := w.ByNumber(ctx, "REQ0000001")
	require.NoError(t, err)
	require.Equal(t, r.ID, got.ID)
}

func TestWhoseTaskItIsMayDoIt(t *testing.T) {
	w := newWorld(t)
	r := w.place(one("phone"))
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.StartTask(ctx, dora, r.ID, "1.1") })
	r = w.must(w.AssignTask(ctx, carl, r.ID, "1.1", "procurement", "dora"))
	r = w.must(w.StartTask(ctx, dora, r.ID, "1.1"))
	r = w.must(w.Note(ctx, dora, r.ID, "ordered at the shop"))
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.StartTask(ctx, dora, r.ID, "1.2") })
	w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) {
		return w.EndTask(ctx, dora, r.ID, "1.1", request.Done{State: request.TaskIncomplete})
	})
	r = w.must(w.EndTask(ctx, dora, r.ID, "1.1", request.Done{State: request.TaskComplete, Results: map[string]string{"sim": "89490"}}))
	require.Equal(t, "89490", r.Items[0].Tasks[0].Results["sim"])
	options, err := w.Options(r, ann)
	require.NoError(t, err)
	allowed := []string{}
	for _, o := range options {
		if o.Allowed {
			allowed = append(allowed, o.Action)
		}
	}
	require.NotContains(t, allowed, request.ActionHold)
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	var many []catalog.Line
	for range 34 {
		many = append(many, one("phone"))
	}
	_, err := w.Place(ctx, ann, request.Order{Lines: many})
	require.ErrorContains(t, err, "have 102 tasks, at most 100")
	_, err = w.Place(ctx, ann, request.Order{Lines: append(many, many...)})
	require.ErrorContains(t, err, "68 lines, at most 40")
	_, err = w.Place(ctx, ann, request.Order{})
	require.ErrorContains(t, err, "nothing is ordered")
	_, err = w.Place(ctx, ann, request.Order{Lines: []catalog.Line{{ID: "9", Item: "phone"}}})
	require.ErrorContains(t, err, `the order has no line "9"`)

	r := w.place(one("anything"))
	for n := range request.MaxTasks {
		r = w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: fmt.Sprint("task ", n), Group: fmt.Sprint("group ", n), Person: fmt.Sprint("person ", n)}))
	}
	w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) {
		return w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "one too many", Group: "g"})
	})
}

func TestConfigurationIsCheckedAsAWhole(t *testing.T) {
	_, err := request.NewService(nil, request.Config{
		Model:     request.Model{Lifecycle: request.Lifecycle(), Gate: "nowhere", Fulfilment: []string{request.StateDraft}},
		Guards:    map[string]workflow.Guard[request.Facts]{request.GuardOver: {}},
		AutoClose: 3, Targets: []sla.Target{{Name: "a/b"}},
		Children: []request.Mapping{{}, {Kind: "incident", State: "closed*", As: request.TaskComplete}, {Kind: "incident", State: "closed_skipped", As: request.TaskSkipped}},
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"no desk", "a catalogue and a directory are needed", `state "nowhere"`, "state draft of fulfilment is of category new", `guard "over"`,
		"closing after 3 business days", "mapping 1: want", `mapping 3 of incident "closed_skipped" is never reached`, "without a slash"} {
		require.ErrorContains(t, err, want)
	}
}

func TestNothingIsVotedOnWhereNothingIsAsked(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop(), one("account"))
	for _, item := range []string{"2", "x"} {
		w.refused(r, request.ErrNoApproval, func() (*request.Request, error) { return w.Vote(ctx, fay, r.ID, item, approval.Vote{Choice: approve}) })
	}
	w.refused(r, approval.ErrNotOpen, func() (*request.Request, error) { return w.Vote(ctx, fay, r.ID, "", approval.Vote{Choice: approve}) })
	draft := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{laptop()}}))
	w.refused(draft, request.ErrNoApproval, func() (*request.Request, error) {
		return w.Vote(ctx, bob, draft.ID, "1", approval.Vote{Choice: approve})
	})
}

func TestTasksThatAreAddedLeaveRoomForThoseOfThePlans(t *testing.T) {
	w := newWorld(t)
	r := w.place(one("anything"), laptop())
	var err error
	added := 0
	for err == nil {
		if _, err = w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Another", Group: "service desk"}); err == nil {
			added++
		}
	}
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Equal(t, request.MaxTasks-4, added, "the laptop's plan has four")
	r = w.vote(bob, r, "2", approve)
	require.Equal(t, request.ItemFulfilment, r.Items[1].State)
}
