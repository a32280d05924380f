package knownerror_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

func TestUseIsCountedOncePerCase(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	for range 2 {
		require.NoError(t, w.Suggested(ctx, ann, inc(1), k.ID))
		w.must(w.Link(ctx, ann, k.ID, inc(1)))
		w.must(w.Rate(ctx, ann, k.ID, inc(1), knownerror.Helped, ""))
	}
	require.NoError(t, w.Suggested(ctx, ann, inc(2), k.ID))
	w.must(w.Rate(ctx, ann, k.ID, inc(2), knownerror.Helped, ""))
	w.must(w.Rate(ctx, ann, k.ID, inc(2), knownerror.NotHelped, "it came back"))
	w.must(w.Link(ctx, ann, k.ID, inc(3)))
	w.must(w.Unlink(ctx, ann, k.ID, inc(3), "another error"))
	want := knownerror.Usage{Suggested: 2, Linked: 1, Helped: 1, NotHelped: 1}
	n, err := w.Usage(ctx, k.ID)
	require.NoError(t, err)
	require.Equal(t, want, n)
	require.NoError(t, w.catalogue.Refresh(ctx))
	require.Equal(t, want, w.catalogue.Usage(k.ID), "the events say the same")
	require.Equal(t, 1, w.must(w.Get(ctx, k.ID)).Linked)
	uses := 0
	for u, err := range w.UsesOf(ctx, inc(1)) {
		require.NoError(t, err)
		require.Equal(t, k.ID, u.KnownError)
		require.Equal(t, 1, u.Revision)
		uses++
	}
	require.Equal(t, 1, uses)
}

func TestWrongUses(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	draft := w.must(w.Draft(ctx, ann, outlook()))
	w.refused(draft.ID, knownerror.ErrNotPublished, func() (*knownerror.KnownError, error) { return w.Link(ctx, ann, draft.ID, inc(1)) })
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Link(ctx, ann, k.ID, workflow.Ref{Kind: "incident"}) })
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Rate(ctx, ann, k.ID, inc(1), "perhaps", "") })
	w.refused(k.ID, workflow.ErrNotFound, func() (*knownerror.KnownError, error) { return w.Unlink(ctx, ann, k.ID, inc(1), "x") })
	w.refused(k.ID, workflow.ErrInvalid, func() (*knownerror.KnownError, error) { return w.Unlink(ctx, ann, k.ID, inc(1), "") })
	w.refused(draft.ID, knownerror.ErrNotPublished, func() (*knownerror.KnownError, error) {
		return w.Rate(ctx, ann, draft.ID, inc(1), knownerror.Helped, "")
	})
	require.ErrorIs(t, w.Suggested(ctx, ann, inc(1), k.ID, draft.ID), knownerror.ErrNotPublished)
	require.Zero(t, w.catalogueNow().Usage(k.ID), "none of them is noted")
	require.NoError(t, w.Suggested(ctx, ann, inc(1), k.ID))
	w.must(w.Retire(ctx, mia, k.ID, "fixed everywhere", workflow.ID{}))
	w.must(w.Rate(ctx, ann, k.ID, inc(1), knownerror.NotHelped, "it was retired while I tried"))
	require.ErrorIs(t, w.Suggested(ctx, ann, inc(1), make([]workflow.ID, 51)...), workflow.ErrInvalid)
	require.ErrorIs(t, w.Suggested(ctx, ann, inc(1), inc(1).ID), workflow.ErrNotFound)
}

func TestWhoHasLinkedItIsToldWhatChanges(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	for n := range 250 {
		by := ann
		if n%2 == 1 {
			by = ben
		}
		w.must(w.Link(ctx, by, k.ID, inc(n)))
	}
	w.must(w.Unlink(ctx, ann, k.ID, inc(7), "another"))
	revise := func(change func(*knownerror.Content)) {
		w.must(w.Revise(ctx, ann, k.ID, change))
		w.must(w.Submit(ctx, ann, k.ID))
		w.deliver()
		require.Empty(t, w.changed, "nobody is told of a draft")
		w.must(w.Publish(ctx, mia, k.ID, ""))
		w.deliver()
	}
	told := func(what ...string) knownerror.Changed {
		require.Len(t, w.changed, 3, "some with each message")
		keys := map[string]bool{}
		for _, c := range w.changed {
			require.Equal(t, what, c.What)
			require.LessOrEqual(t, len(c.Cases), knownerror.ChunkSize)
			require.ElementsMatch(t, []string{"ann", "ben"}, c.To)
			for _, l := range c.Cases {
				require.NotEqual(t, inc(7), l.Case)
				keys[c.Key(l.Case)] = true
			}
		}
		require.Len(t, keys, 249, "each case once")
		first := w.changed[0]
		w.changed = nil
		return first
	}
	revise(func(c *knownerror.Content) { c.Symptom = "It also happens on phones" })
	require.Empty(t, w.changed, "it changes nothing of what they do")
	revise(func(c *knownerror.Content) { c.Workaround = "Restart the client" })
	require.Equal(t, "Restart the client", told(knownerror.WhatWorkaround).Workaround)
	revise(func(c *knownerror.Content) { c.Solution = "Install 16.9" })
	told(knownerror.WhatSolution)
	other := w.publish(knownerror.Content{Title: "Other", Symptom: "x", CauseUnknown: true, NoWorkaround: true})
	w.must(w.Retire(ctx, mia, k.ID, "there is a better one", other.ID))
	w.deliver()
	c := told(knownerror.WhatRetired)
	require.Equal(t, other.ID, c.Superseded)
	require.Equal(t, "there is a better one", c.Reason)
	revise(func(*knownerror.Content) {})
	told(knownerror.WhatReinstated)
}

// Whoever links a case while a new workaround is published has read the new one, or is
// told of it.
func TestNobodyWhoLinksMeanwhileIsOverlooked(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	w.must(w.Revise(ctx, ann, k.ID, func(c *knownerror.Content) { c.Workaround = "another" }))
	w.must(w.Submit(ctx, ann, k.ID))
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 5 {
				_, err := w.Link(ctx, ann, k.ID, inc(n*5+i))
				for err != nil {
					_, err = w.Link(ctx, ann, k.ID, inc(n*5+i))
				}
			}
		})
	}
	wg.Go(func() {
		_, err := w.Publish(ctx, mia, k.ID, "")
		for err != nil {
			_, err = w.Publish(ctx, mia, k.ID, "")
		}
	})
	wg.Wait()
	w.deliver()
	told := map[workflow.Ref]bool{}
	for _, c := range w.changed {
		for _, l := range c.Cases {
			told[l.Case] = true
		}
	}
	n := 0
	for u, err := range w.Uses(ctx, k.ID) {
		require.NoError(t, err)
		require.Equal(t, u.Revision == 1, told[u.Case], "linked at revision %d", u.Revision)
		n++
	}
	require.Equal(t, 20, n)
	require.Equal(t, 20, w.must(w.Get(ctx, k.ID)).Linked)
}

func TestUsefulness(t *testing.T) {
	for _, c := range []struct {
		helped, not int
		want        float64
	}{{0, 0, 0}, {1, 0, 0.2065}, {0, 5, 0}, {10, 0, 0.7225}, {95, 5, 0.8882}, {9, 1, 0.5958}} {
		got := knownerror.Usage{Helped: c.helped, NotHelped: c.not}.Usefulness()
		require.InDelta(t, c.want, got, 0.0001, fmt.Sprint(c))
	}
	for n := range 60 {
		for k := range n {
			u := knownerror.Usage{Helped: k, NotHelped: n - k}
			more := knownerror.Usage{Helped: k + 1, NotHelped: n - k - 1}
			require.Less(t, u.Usefulness(), more.Usefulness(), "one more that helped counts")
			require.LessOrEqual(t, u.Usefulness(), float64(k)/math.Max(1, float64(n)), "never above the share")
		}
	}
}
