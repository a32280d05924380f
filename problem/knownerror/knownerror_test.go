package knownerror_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func TestTheLifeOfAKnownError(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.must(w.Draft(ctx, ann, outlook()))
	require.Equal(t, "KE0000001", k.Number)
	require.Equal(t, "ann", k.Owner)
	require.Nil(t, k.Published, "a draft is not for readers")
	k = w.must(w.Submit(ctx, ann, k.ID))
	require.Equal(t, knownerror.StateReview, k.State)
	k = w.must(w.SendBack(ctx, mia, k.ID, "which version?"))
	require.Equal(t, knownerror.StateDraft, k.State)
	k = w.must(w.Edit(ctx, ben, k.ID, func(c *knownerror.Content) { c.Domain = "office" }))
	require.Equal(t, []string{"ann", "ben"}, k.Authors)
	w.must(w.Submit(ctx, ben, k.ID))
	k = w.must(w.Publish(ctx, mia, k.ID, "tried it"))
	require.Equal(t, 1, k.Published.Revision)
	require.Equal(t, "mia", k.Published.By)
	require.Nil(t, k.Draft)
	require.Equal(t, monday.Add(180*24*time.Hour), k.ReviewAt)
	k = w.must(w.Retire(ctx, ann, k.ID, "everybody has 16.9", workflow.ID{}))
	require.Nil(t, k.Published)
	require.Equal(t, "everybody has 16.9", k.Retirement.Reason)
	require.Equal(t, "office", k.Content().Domain, "what it said is kept")
}

func TestWhatReadersNeedIsSaidBeforeItIsPublished(t *testing.T) {
	for what, spoil := range map[string]func(*knownerror.Content){
		"the symptom":    func(c *knownerror.Content) { c.Symptom = "" },
		"the cause":      func(c *knownerror.Content) { c.Cause = "" },
		"the workaround": func(c *knownerror.Content) { c.Workaround = "" },
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, knownerror.Config{})
			c := outlook()
			spoil(&c)
			k := w.must(w.Draft(ctx, ann, c))
			w.refused(k.ID, workflow.ErrRequired, func() (*knownerror.KnownError, error) { return w.Submit(ctx, ann, k.ID) })
		})
	}
	w := newWorld(t, knownerror.Config{})
	c := outlook()
	c.Cause, c.CauseUnknown, c.Workaround, c.NoWorkaround = "", true, "", true
	require.NotNil(t, w.publish(c).Published, "that nobody knows is something to say")
}

func TestAHostsLifecycleCannotPublishWhatIsIncomplete(t *testing.T) {
	short := workflow.Definition{Name: "short", Version: 1, Initial: "open",
		States:  []workflow.State{{Name: "open", Category: workflow.CategoryNew}, {Name: "live", Category: workflow.CategoryResolved}, {Name: "gone", Category: workflow.CategoryCancelled}},
		Actions: []workflow.Action{{Name: "go"}, {Name: "end"}, {Name: "again"}},
		Transitions: []workflow.Transition{
			{From: []string{"open"}, Action: "go", To: "live", Roles: []string{workflow.Anyone}},
			{From: []string{"live", "open"}, Action: "end", To: "gone", Roles: []string{workflow.Anyone}},
			{From: []string{"gone", "live"}, Action: "again", To: "open", Roles: []string{workflow.Anyone}},
		}}
	w := newWorld(t, knownerror.Config{Lifecycle: short})
	k := w.must(w.Draft(ctx, ann, knownerror.Content{Title: "x"}))
	w.refused(k.ID, knownerror.ErrIncomplete, func() (*knownerror.KnownError, error) { return w.Take(ctx, eve, k.ID, "go", "") })
	w.must(w.Edit(ctx, ann, k.ID, func(c *knownerror.Content) { *c = outlook() }))
	k = w.must(w.Take(ctx, eve, k.ID, "go", ""))
	require.Equal(t, 1, k.Published.Revision)
	k = w.must(w.Take(ctx, eve, k.ID, "again", ""))
	require.Equal(t, outlook(), *k.Draft, "what is in force is where a revision begins")
	require.NotNil(t, k.Published)
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Take(ctx, eve, k.ID, "end", " ") })
	k = w.must(w.Take(ctx, eve, k.ID, "end", "wrong"))
	require.Nil(t, k.Published)
	k = w.must(w.Take(ctx, eve, k.ID, "again", ""))
	require.Nil(t, k.Retirement)
	require.Nil(t, k.Published, "only publishing brings it back")
}

func TestFourEyes(t *testing.T) {
	w := newWorld(t, knownerror.Config{Lifecycle: knownerror.Lifecycle(knownerror.Options{FourEyes: true})})
	k := w.must(w.Draft(ctx, mia, outlook()))
	w.must(w.Submit(ctx, mia, k.ID))
	w.refused(k.ID, workflow.ErrGuard, func() (*knownerror.KnownError, error) { return w.Publish(ctx, mia, k.ID, "") })
	assistant := workflow.User("tom", knownerror.RoleManager).For("mia")
	w.refused(k.ID, workflow.ErrGuard, func() (*knownerror.KnownError, error) { return w.Publish(ctx, assistant, k.ID, "") })
	w.must(w.Publish(ctx, bob, k.ID, ""))

	// Retired and taken up again, its authors are still its authors.
	w.must(w.Retire(ctx, mia, k.ID, "gone", workflow.ID{}))
	w.must(w.Revise(ctx, ann, k.ID, func(c *knownerror.Content) { c.Domain = "x" }))
	w.must(w.Submit(ctx, ann, k.ID))
	w.refused(k.ID, workflow.ErrGuard, func() (*knownerror.KnownError, error) { return w.Publish(ctx, mia, k.ID, "") })
	// Of what is in force, only who changed it since.
	w.must(w.Publish(ctx, bob, k.ID, ""))
	w.must(w.Revise(ctx, bob, k.ID, func(c *knownerror.Content) { c.Domain = "y" }))
	w.must(w.Submit(ctx, bob, k.ID))
	w.refused(k.ID, workflow.ErrGuard, func() (*knownerror.KnownError, error) { return w.Publish(ctx, bob, k.ID, "") })
	w.must(w.Publish(ctx, mia, k.ID, ""))
}

func TestWhatIsInForceStaysWhileItIsRevised(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	k = w.must(w.Revise(ctx, ben, k.ID, func(c *knownerror.Content) { c.Title, c.Workaround = "Outlook loses its server", "Restart" }))
	require.Equal(t, outlook().Title, k.Published.Title)
	require.Equal(t, "Outlook loses its server", k.Title, "the record goes by its newest title")
	require.Equal(t, outlook().Title, w.suggest(knownerror.Case{Items: []string{"mail01"}})[0].Title)
	w.refused(k.ID, workflow.ErrTransition, func() (*knownerror.KnownError, error) { return w.Revise(ctx, ann, k.ID, func(*knownerror.Content) {}) })
	w.must(w.Submit(ctx, ben, k.ID))
	require.Equal(t, "Delete the cached credentials", w.suggest(knownerror.Case{Items: []string{"mail01"}})[0].Workaround)
	k = w.must(w.Publish(ctx, mia, k.ID, ""))
	require.Equal(t, 2, k.Published.Revision)
	require.Equal(t, "Restart", w.suggest(knownerror.Case{Items: []string{"mail01"}})[0].Workaround)

	w.must(w.Revise(ctx, ben, k.ID, func(c *knownerror.Content) { c.Workaround = "Buy another" }))
	w.refused(k.ID, workflow.ErrRequired, func() (*knownerror.KnownError, error) { return w.Discard(ctx, ben, k.ID, "") })
	k = w.must(w.Discard(ctx, ben, k.ID, "a joke"))
	require.Equal(t, knownerror.StatePublished, k.State)
	require.Equal(t, 2, k.Published.Revision)
	require.Equal(t, "Outlook loses its server", k.Title)
	draft := w.must(w.Draft(ctx, ben, outlook()))
	w.refused(draft.ID, workflow.ErrGuard, func() (*knownerror.KnownError, error) { return w.Discard(ctx, ben, draft.ID, "nothing is in force") })
	w.refused(k.ID, workflow.ErrTransition, func() (*knownerror.KnownError, error) { return w.Edit(ctx, ben, k.ID, func(*knownerror.Content) {}) })
}

func TestWhoMayDoWhat(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	_, err := w.Draft(ctx, eve, outlook())
	require.ErrorIs(t, err, workflow.ErrForbidden)
	k := w.must(w.Draft(ctx, ann, outlook()))
	type act = func() (*knownerror.KnownError, error)
	forbidden := func(a act) { w.refused(k.ID, workflow.ErrForbidden, a) }
	forbidden(func() (*knownerror.KnownError, error) { return w.Edit(ctx, eve, k.ID, func(*knownerror.Content) {}) })
	forbidden(func() (*knownerror.KnownError, error) { return w.Submit(ctx, eve, k.ID) })
	forbidden(func() (*knownerror.KnownError, error) { return w.Assign(ctx, ben, k.ID, "ben") })
	forbidden(func() (*knownerror.KnownError, error) { return w.Link(ctx, eve, k.ID, inc(1)) })
	forbidden(func() (*knownerror.KnownError, error) {
		return w.Rate(ctx, eve, k.ID, inc(1), knownerror.Helped, "")
	})
	forbidden(func() (*knownerror.KnownError, error) { return w.Comment(ctx, eve, k.ID, "hi") })
	forbidden(func() (*knownerror.KnownError, error) { return w.Watch(ctx, eve, k.ID, "eve", true) })
	require.ErrorIs(t, w.Suggested(ctx, eve, inc(1), k.ID), workflow.ErrForbidden)
	w.must(w.Submit(ctx, ann, k.ID))
	forbidden(func() (*knownerror.KnownError, error) { return w.Publish(ctx, ann, k.ID, "") })
	forbidden(func() (*knownerror.KnownError, error) { return w.Retire(ctx, ben, k.ID, "x", workflow.ID{}) })
	w.must(w.Publish(ctx, bob, k.ID, ""))
	forbidden(func() (*knownerror.KnownError, error) { return w.Reviewed(ctx, ben, k.ID, time.Time{}, "") })
	w.must(w.Assign(ctx, mia, k.ID, "eve"))
	w.must(w.Reviewed(ctx, eve, k.ID, time.Time{}, "the owner may"))
	options, err := w.Actions(w.must(w.Get(ctx, k.ID)), eve)
	require.NoError(t, err)
	var may []string
	for _, o := range options {
		may = append(may, fmt.Sprint(o.Action, o.Allowed))
	}
	require.Equal(t, []string{"revisetrue", "retiretrue"}, may)
}

func TestContentThatIsWrongIsToldAllAtOnce(t *testing.T) {
	schema, err := workflow.NewSchema(workflow.Field{Name: "region", Type: workflow.FieldEnum, Values: []string{"eu", "us"}})
	require.NoError(t, err)
	w := newWorld(t, knownerror.Config{Fields: schema})
	bad := knownerror.Content{Cause: "x", CauseUnknown: true, Workaround: "x", NoWorkaround: true, Codes: []string{"--", "a b c d e f g"},
		Items: []string{"a", "a"}, Documents: []knownerror.Document{{Title: "x"}}, Fields: workflow.Fields{"region": "mars"},
		Versions: knownerror.Versions{List: []string{"2"}, Fixed: "1"}, Vendor: strings.Repeat("x", 600)}
	_, err = w.Draft(ctx, ann, bad)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"title", "said to be unknown", "said not to exist", `"--"`, "a b c d e f g", "configuration item 2", "document 1", "mars", `"1" to be fixed`, "vendor"} {
		require.ErrorContains(t, err, part)
	}
	k := w.must(w.Draft(ctx, ann, knownerror.Content{Title: "x", Fields: workflow.Fields{"region": "eu"}}))
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) {
		return w.Edit(ctx, ann, k.ID, func(c *knownerror.Content) { c.Title = "" })
	})
}

func TestTheMostThatCanBeSaidCanBeKept(t *testing.T) {
	list := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprint("name ", i))
		}
		return all
	}
	var custom []workflow.Field
	fields := workflow.Fields{}
	for _, name := range list(workflow.MaxFields) {
		name = strings.ReplaceAll(name, " ", "")
		custom = append(custom, workflow.Field{Name: name, Type: workflow.FieldString, Indexed: true})
		fields[name] = "x"
	}
	schema, err := workflow.NewSchema(custom...)
	require.NoError(t, err)
	w := newWorld(t, knownerror.Config{Fields: schema})
	long := strings.Repeat("word ", workflow.MaxText/5)
	c := knownerror.Content{Title: long[:workflow.MaxTitle], Symptom: long, Cause: long, Workaround: long, Solution: long, Codes: list(knownerror.MaxCodes),
		Items: list(knownerror.MaxItems), Classes: list(knownerror.MaxNames), Services: list(knownerror.MaxNames), Categories: list(knownerror.MaxNames),
		Model: "m", Versions: knownerror.Versions{List: list(knownerror.MaxVersions)}, Problem: inc(1).ID, Fields: fields}
	k := w.publish(c)
	w.must(w.Link(ctx, ann, k.ID, inc(1)))
	w.must(w.Revise(ctx, ann, k.ID, func(c *knownerror.Content) { c.Workaround = long[:100] }))
	w.must(w.Submit(ctx, ann, k.ID))
	w.must(w.Publish(ctx, mia, k.ID, ""))
	w.deliver()
	require.Len(t, w.changed, 1)
	require.Len(t, w.suggest(knownerror.Case{Items: []string{"name 7"}}), 1)
	c.Items, c.Codes, c.Services, c.Symptom = list(knownerror.MaxItems+1), list(knownerror.MaxCodes+1), list(knownerror.MaxNames+1), long+long
	_, err = w.Draft(ctx, ann, c)
	for _, part := range []string{"configuration item: 201", "error code: 51", "service: 41", "the symptom"} {
		require.ErrorContains(t, err, part)
	}
}

func TestAReadOnlyFieldDoesNotChange(t *testing.T) {
	d := knownerror.Lifecycle(knownerror.Options{})
	d.States[1].ReadOnly = []string{"workaround", "owner", "field.region"}
	schema, err := workflow.NewSchema(workflow.Field{Name: "region", Type: workflow.FieldString})
	require.NoError(t, err)
	w := newWorld(t, knownerror.Config{Lifecycle: d, Fields: schema})
	k := w.must(w.Draft(ctx, ann, outlook()))
	w.must(w.Submit(ctx, ann, k.ID))
	for _, change := range []func(*knownerror.Content){
		func(c *knownerror.Content) { c.Workaround = "" },
		func(c *knownerror.Content) { c.Workaround, c.NoWorkaround = "", true },
		func(c *knownerror.Content) { c.Fields = workflow.Fields{"region": "eu"} },
	} {
		w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Edit(ctx, ann, k.ID, change) })
	}
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Assign(ctx, mia, k.ID, "bob") })
	w.must(w.Edit(ctx, ann, k.ID, func(c *knownerror.Content) { c.Cause = "another" }))
}

func TestSuperseding(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	old, young := w.publish(outlook()), w.publish(outlook())
	draft := w.must(w.Draft(ctx, ann, outlook()))
	for _, by := range []workflow.ID{old.ID, draft.ID, inc(1).ID} {
		before := w.must(w.Get(ctx, old.ID))
		_, err := w.Retire(ctx, mia, old.ID, "twice", by)
		require.Error(t, err)
		require.Equal(t, before, w.must(w.Get(ctx, old.ID)))
	}
	old = w.must(w.Retire(ctx, mia, old.ID, "twice", young.ID))
	require.Equal(t, young.ID, old.Retirement.By)
	require.Equal(t, []workflow.ID{old.ID}, w.must(w.Get(ctx, young.ID)).Supersedes)
	w.refused(young.ID, knownerror.ErrNotPublished, func() (*knownerror.KnownError, error) { return w.Retire(ctx, mia, young.ID, "back", old.ID) })
	w.must(w.Revise(ctx, ann, old.ID, func(*knownerror.Content) {}))
	require.Empty(t, w.must(w.Get(ctx, young.ID)).Supersedes)
}

func TestDuplicatesAreAnsweredBeforePublishing(t *testing.T) {
	var catalogue *knownerror.Catalogue
	w := newWorld(t, knownerror.Config{Duplicates: func(ctx context.Context, self workflow.ID, c knownerror.Content) ([]knownerror.Suggestion, error) {
		return catalogue.Duplicates(ctx, self, c)
	}})
	catalogue = w.catalogue
	first := w.publish(outlook())
	c := outlook()
	c.Title = "Mail client keeps losing its connection"
	k := w.must(w.Draft(ctx, ann, c))
	w.must(w.Submit(ctx, ann, k.ID))
	w.refused(k.ID, knownerror.ErrDuplicate, func() (*knownerror.KnownError, error) { return w.Publish(ctx, mia, k.ID, "") })
	_, err := w.Publish(ctx, mia, k.ID, "")
	var dup *knownerror.DuplicateError
	require.True(t, errors.As(err, &dup))
	require.Equal(t, first.ID, dup.Found[0].ID)
	require.ErrorContains(t, err, "KE0000001")
	require.ErrorContains(t, err, "error code 0x80070035")
	require.ErrorIs(t, err, workflow.ErrTransition)

	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Distinguish(ctx, mia, k.ID, first.ID, "") })
	w.refused(k.ID, workflow.ErrNotFound, func() (*knownerror.KnownError, error) { return w.Distinguish(ctx, mia, k.ID, inc(1).ID, "x") })
	w.must(w.Distinguish(ctx, mia, first.ID, k.ID, "that one is about phones"))
	w.must(w.Publish(ctx, mia, k.ID, ""))
	w.must(w.Revise(ctx, ann, first.ID, func(c *knownerror.Content) { c.Domain = "office" }))
	w.must(w.Submit(ctx, ann, first.ID))
	w.must(w.Publish(ctx, mia, first.ID, "")) // it is not its own duplicate, and the other was told from it

	third := w.must(w.Draft(ctx, ann, outlook()))
	w.must(w.Submit(ctx, ann, third.ID))
	w.must(w.Retire(ctx, mia, first.ID, "x", workflow.ID{}))
	w.must(w.Distinguish(ctx, mia, third.ID, k.ID, "phones"))
	w.must(w.Publish(ctx, mia, third.ID, "what is retired is no duplicate"))
}

func TestNoneOfManyDuplicatesIsOverlooked(t *testing.T) {
	var catalogue *knownerror.Catalogue
	look := false
	w := newWorld(t, knownerror.Config{Duplicates: func(ctx context.Context, self workflow.ID, c knownerror.Content) ([]knownerror.Suggestion, error) {
		if !look {
			return nil, nil
		}
		return catalogue.Duplicates(ctx, self, c)
	}})
	catalogue = w.catalogue
	k := w.must(w.Draft(ctx, ann, outlook()))
	w.must(w.Submit(ctx, ann, k.ID))
	for range 8 {
		w.must(w.Distinguish(ctx, mia, w.publish(outlook()).ID, k.ID, "phones"))
	}
	last := w.publish(outlook())
	look = true
	_, err := w.Publish(ctx, mia, k.ID, "")
	var dup *knownerror.DuplicateError
	require.True(t, errors.As(err, &dup))
	require.Len(t, dup.Found, 1, "more than are suggested at a time")
	require.Equal(t, last.ID, dup.Found[0].ID)
}

func TestAnActionThatDoesNotExist(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.must(w.Draft(ctx, ann, outlook()))
	w.refused(k.ID, workflow.ErrNoTransition, func() (*knownerror.KnownError, error) { return w.Take(ctx, ann, k.ID, "explode", "") })
	_, err := w.Take(ctx, mia, k.ID, knownerror.ActionPublish, "")
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
	require.Equal(t, []string{"submit", "retire"}, te.Allowed, "nothing is in force to which discarding would go back")
	_, err = w.Take(ctx, ben, k.ID, "explode", "")
	require.True(t, errors.As(err, &te))
	require.Equal(t, []string{"submit"}, te.Allowed, "an agent retires nothing that is not his own")
}

// Two who publish what looks alike at the same moment: one is refused.
func TestOfTwoThatArePublishedAtOnceOneIsADuplicate(t *testing.T) {
	for range 20 {
		store := memstore.New()
		catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{})
		require.NoError(t, err)
		desk := workflow.NewDesk(store, workflow.DeskConfig{})
		var searching sync.WaitGroup
		searching.Add(2)
		first := sync.Map{} // each one's first search waits for the other's
		s, err := knownerror.NewService(desk, knownerror.Config{Duplicates: func(ctx context.Context, self workflow.ID, c knownerror.Content) ([]knownerror.Suggestion, error) {
			found, err := catalogue.Duplicates(ctx, self, c)
			if _, again := first.LoadOrStore(self, true); !again {
				searching.Done()
				searching.Wait()
			}
			return found, err
		}})
		require.NoError(t, err)
		errs := make([]error, 2)
		var all sync.WaitGroup
		for i := range errs {
			k, err := s.Draft(ctx, ann, outlook())
			require.NoError(t, err)
			_, err = s.Submit(ctx, ann, k.ID)
			require.NoError(t, err)
			all.Go(func() { _, errs[i] = s.Publish(ctx, mia, k.ID, "") })
		}
		all.Wait()
		require.NoError(t, catalogue.Refresh(ctx))
		require.Equal(t, 1, catalogue.Len())
		require.ErrorIs(t, errors.Join(errs...), knownerror.ErrDuplicate)
		_, err = workflow.VerifyStore(ctx, store, nil, knownerror.KindName, knownerror.RegisterKind)
		require.NoError(t, err)
	}
}

// However a revision is given up, nothing of it comes into force without a review.
func TestDiscardingPublishesNothing(t *testing.T) {
	w := newWorld(t, knownerror.Config{Lifecycle: knownerror.Lifecycle(knownerror.Options{FourEyes: true})})
	k := w.publish(outlook())
	w.must(w.Revise(ctx, ben, k.ID, func(c *knownerror.Content) { c.Workaround = "Mail me your password" }))
	k = w.must(w.Take(ctx, ben, k.ID, knownerror.ActionDiscard, "never mind"))
	require.Equal(t, knownerror.StatePublished, k.State)
	require.Equal(t, outlook().Workaround, k.Published.Workaround)
	require.Equal(t, 1, k.Published.Revision)
	require.Nil(t, k.Draft)
}

func TestASearchForDuplicatesThatFailsPublishesNothing(t *testing.T) {
	broken := errors.New("no connection")
	w := newWorld(t, knownerror.Config{Duplicates: func(context.Context, workflow.ID, knownerror.Content) ([]knownerror.Suggestion, error) {
		return nil, broken
	}})
	k := w.must(w.Draft(ctx, ann, outlook()))
	w.must(w.Submit(ctx, ann, k.ID))
	w.refused(k.ID, broken, func() (*knownerror.KnownError, error) { return w.Publish(ctx, mia, k.ID, "") })
}

func TestOwnersAreRemindedUntilItIsReviewed(t *testing.T) {
	w := newWorld(t, knownerror.Config{ReviewAfter: 30 * 24 * time.Hour, RemindEvery: 7 * 24 * time.Hour})
	k := w.publish(outlook())
	w.news()
	w.pass(29)
	require.Empty(t, w.news())
	require.False(t, k.Stale(w.now))
	w.pass(1)
	require.Equal(t, []string{"known_error.review ann"}, w.news())
	require.True(t, k.Stale(w.now))
	w.pass(14)
	require.Len(t, w.news(), 2)
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Reviewed(ctx, ann, k.ID, w.now, "") })
	k = w.must(w.Reviewed(ctx, ann, k.ID, w.now.AddDate(0, 0, 10), "still so"))
	require.Zero(t, k.Reminders)
	w.pass(9)
	require.Empty(t, w.news())
	w.pass(1)
	require.Len(t, w.news(), 1)
	w.must(w.Retire(ctx, mia, k.ID, "gone", workflow.ID{}))
	w.news()
	w.pass(100)
	require.Empty(t, w.news(), "nobody looks at what is retired")

	w = newWorld(t, knownerror.Config{ReviewAfter: -1})
	require.Zero(t, w.publish(outlook()).ReviewAt)
	err := w.Handle(ctx, workflow.Due{Message: &workflow.Message{Topic: "x"}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestNoticesReachThoseConcerned(t *testing.T) {
	w := newWorld(t, knownerror.Config{Reviewers: []string{"problem managers"}})
	k := w.must(w.Draft(ctx, ann, outlook()))
	w.must(w.Watch(ctx, mia, k.ID, "zoe", true))
	w.must(w.Edit(ctx, ben, k.ID, func(c *knownerror.Content) { c.Domain = "x" }))
	w.must(w.Submit(ctx, ben, k.ID))
	require.Equal(t, []string{"known_error.state ann zoe problem managers"}, w.news())
	w.must(w.Publish(ctx, mia, k.ID, ""))
	require.Equal(t, []string{"known_error.state ann ben zoe"}, w.news())
	w.must(w.Watch(ctx, mia, k.ID, "zoe", false))
	w.must(w.Assign(ctx, mia, k.ID, "bob"))
	require.Equal(t, []string{"known_error.owner bob ann"}, w.news())
	w.must(w.Comment(ctx, ann, k.ID, "does this hold for phones?"))
	w.must(w.Rate(ctx, ben, k.ID, inc(1), knownerror.NotHelped, "no such menu"))
	w.must(w.Rate(ctx, ben, k.ID, inc(1), knownerror.NotHelped, "no such menu"))
	w.must(w.Rate(ctx, ben, k.ID, inc(2), knownerror.Helped, ""))
	require.Equal(t, []string{"known_error.rated bob"}, w.news())
}

func TestFindingByWhatIsInForce(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	c := outlook()
	c.Problem = inc(7).ID
	k := w.publish(c)
	w.must(w.Draft(ctx, ann, c))
	for field, key := range map[string]workflow.Key{
		knownerror.IndexCode:    workflow.StringKey(knownerror.CanonicalCode("80070035")),
		knownerror.IndexItem:    "mail01",
		knownerror.IndexService: "mail",
		knownerror.IndexModel:   "Outlook",
		knownerror.IndexProblem: workflow.IDKey(c.Problem),
	} {
		n := 0
		for got, err := range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(field, key)}}) {
			require.NoError(t, err)
			require.Equal(t, k.ID, got.ID)
			n++
		}
		require.Equal(t, 1, n, field)
	}
	got := w.must(w.ByNumber(ctx, "KE0000001"))
	require.Equal(t, k.ID, got.ID)
}

func TestACommandWithAKeyHappensOnce(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	a := w.must(w.Once("1").Draft(ctx, ann, outlook()))
	b := w.must(w.Once("1").Draft(ctx, ann, outlook()))
	require.Equal(t, a.ID, b.ID)
	w.must(w.Once("2").Submit(ctx, ann, a.ID))
	require.Equal(t, knownerror.StateReview, w.must(w.Once("2").Submit(ctx, ann, a.ID)).State)
	early := w.At(monday.AddDate(-1, 0, 0))
	_, err := early.Edit(ctx, ann, a.ID, func(c *knownerror.Content) { c.Domain = "x" })
	require.ErrorIs(t, err, workflow.ErrOutOfOrder)
}

func TestWrongConfiguration(t *testing.T) {
	d := knownerror.Lifecycle(knownerror.Options{})
	d.Transitions[0].Required = []string{"nonsense"}
	_, err := knownerror.NewService(nil, knownerror.Config{Lifecycle: d, RemindEvery: time.Second,
		Guards: map[string]workflow.Guard[knownerror.Facts]{knownerror.GuardFourEyes: {Check: func(knownerror.Facts) bool { return true }}}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"no desk", "nonsense", "1s", "four_eyes"} {
		require.ErrorContains(t, err, part)
	}
	_, err = knownerror.NewCatalogue(nil, knownerror.CatalogueConfig{Ranking: knownerror.Ranking{Item: -1, Unaffected: 1, Stale: 2}})
	for _, part := range []string{"no store", "item", "unaffected", "stale", "at least 0", "0 suggestions"} {
		require.ErrorContains(t, err, part)
	}
}

// What took its place may be erased when its time is over.
func TestWhatIsRetiredIsTakenUpAgainThoughItsSuccessorIsErased(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	old, next := w.publish(outlook()), w.publish(knownerror.Content{Title: "All of mail", Symptom: "no mail", CauseUnknown: true, NoWorkaround: true})
	w.must(w.Retire(ctx, mia, old.ID, "told there", next.ID))
	w.deliver()
	next = w.must(w.Get(ctx, next.ID))
	require.NoError(t, w.store.Erase(ctx, workflow.Erasure{Ref: w.Kind().Ref(next.ID), Version: next.Version}))
	old = w.must(w.Revise(ctx, ann, old.ID, func(c *knownerror.Content) { c.Domain = "x" }))
	require.Nil(t, old.Retirement)
}
