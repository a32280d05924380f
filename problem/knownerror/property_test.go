package knownerror_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

// dice makes contents and cases out of a few words, so that they often agree.
type dice struct{ *rand.Rand }

func (d dice) pick(n int, from ...string) []string {
	var all []string
	for _, i := range d.Perm(len(from))[:d.IntN(n+1)] {
		all = append(all, from[i])
	}
	return all
}

func (d dice) text(n int) string {
	words := strings.Fields("outlook mail server printer queue paper disconnect slow DiskFull 프린터 打印机 error login password vpn tunnel")
	var all []string
	for range 1 + d.IntN(n) {
		all = append(all, words[d.IntN(len(words))])
	}
	return strings.Join(all, " ")
}

func (d dice) content() knownerror.Content {
	c := knownerror.Content{Title: d.text(4), Symptom: d.text(12), Cause: d.text(5), Workaround: d.text(5),
		Codes: d.pick(2, "ABC-1", "0x80070035", "HTTP 503"), Items: d.pick(2, "a1", "a2", "a3", "a4"), Services: d.pick(1, "mail", "print"),
		Categories: d.pick(1, "email", "paper"), Classes: d.pick(1, "server", "pc")}
	if d.IntN(2) == 0 {
		c.Model, c.Versions = "m", knownerror.Versions{Fixed: fmt.Sprint(1 + d.IntN(3))}
	}
	return c
}

func (d dice) query() knownerror.Case {
	return knownerror.Case{Title: d.text(4), Details: d.text(8) + " " + strings.Join(d.pick(1, "abc 1", "80070035", "http 503"), " "),
		Items: d.pick(2, "a1", "a2", "a3", "a4"), Services: d.pick(2, "mail", "print"), Categories: d.pick(1, "email", "paper"), At: monday.AddDate(0, 0, d.IntN(400)),
		Near: []knownerror.Near{{Item: "a" + fmt.Sprint(1+d.IntN(4)), Distance: 1 + d.IntN(2)}}, Products: []knownerror.Product{{Model: "M", Version: fmt.Sprint(d.IntN(4))}}}
}

// Whatever happens, a catalogue that followed all of it agrees with one that reads the
// whole history at once.
func TestACatalogueThatFollowsAgreesWithANewOne(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t, knownerror.Config{})
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		var ids []workflow.ID
		for step := range 120 {
			w.now = w.now.AddDate(0, 0, 1)
			if len(ids) < 4 || d.IntN(4) == 0 {
				ids = append(ids, w.publish(d.content()).ID)
			}
			w.anything(d, ids[d.IntN(len(ids))], ids[d.IntN(len(ids))])
			if d.IntN(3) == 0 {
				require.NoError(t, w.catalogue.Refresh(ctx))
			}
			if step%20 == 19 {
				fresh, err := knownerror.NewCatalogue(w.store, knownerror.CatalogueConfig{})
				require.NoError(t, err)
				require.NoError(t, fresh.Refresh(ctx))
				require.Equal(t, fresh.Len(), w.catalogueNow().Len())
				for range 10 {
					q := d.query()
					want, err := fresh.Suggest(ctx, q)
					require.NoError(t, err)
					require.Equal(t, want, w.suggest(q), "%+v", q)
				}
				for _, id := range ids {
					counted, err := w.Usage(ctx, id)
					require.NoError(t, err)
					require.Equal(t, counted, w.catalogue.Usage(id))
				}
			}
		}
	}
}

func (w *world) catalogueNow() *knownerror.Catalogue {
	require.NoError(w.t, w.catalogue.Refresh(ctx))
	return w.catalogue
}

// anything does something to a known error, which may be refused.
func (w *world) anything(d dice, id, other workflow.ID) {
	of, again := inc(d.IntN(30)), d.content()
	switch d.IntN(9) {
	case 0:
		_, _ = w.Revise(ctx, ann, id, func(c *knownerror.Content) { *c = again })
	case 1:
		_, _ = w.Submit(ctx, ann, id)
		_, _ = w.Publish(ctx, mia, id, "")
	case 2:
		_, _ = w.Discard(ctx, ann, id, "no")
	case 3:
		_, _ = w.Retire(ctx, mia, id, "gone", other)
	case 4:
		_, _ = w.Link(ctx, ann, id, of)
	case 5:
		_, _ = w.Unlink(ctx, ann, id, of, "no")
	case 6:
		_, _ = w.Rate(ctx, ann, id, of, []knownerror.Verdict{knownerror.Helped, knownerror.NotHelped}[d.IntN(2)], "")
	case 7:
		_ = w.Suggested(ctx, ann, of, id, other)
	case 8:
		_, _ = w.Reviewed(ctx, mia, id, w.now.AddDate(0, 0, 1+d.IntN(50)), "")
	}
}

// A search depends on what is in the index, and not on how it came in.
func TestWordsDoNotDependOnTheOrderOfInsertion(t *testing.T) {
	for seed := range uint64(20) {
		d := dice{rand.New(rand.NewPCG(seed, 11))}
		texts := make([]knownerror.Text, 60)
		for i := range texts {
			texts[i] = knownerror.Text{Title: d.text(4), Symptom: d.text(20), Rest: d.text(20)}
		}
		fill := func() *knownerror.Words {
			w := knownerror.NewWords("slow")
			for _, i := range d.Perm(600) { // some go, some change, and there is more than fits
				switch {
				case i >= 60:
					require.NoError(t, w.Put(ctx, inc(i).ID, knownerror.Text{Title: d.text(3)}))
				default:
					require.NoError(t, w.Put(ctx, inc(i).ID, knownerror.Text{Symptom: d.text(30)}))
				}
			}
			for _, i := range d.Perm(600) {
				if i >= 60 {
					require.NoError(t, w.Remove(ctx, inc(i).ID))
					require.NoError(t, w.Remove(ctx, inc(i).ID), "twice is no error")
				} else {
					require.NoError(t, w.Put(ctx, inc(i).ID, texts[i]))
				}
			}
			return w
		}
		a, b := fill(), fill()
		plain := knownerror.NewWords("slow")
		for i, text := range texts {
			require.NoError(t, plain.Put(ctx, inc(i).ID, text))
		}
		for range 20 {
			query, n := d.text(10), []int{-5, 0, 1, d.IntN(30), math.MaxInt}[d.IntN(5)]
			also := []workflow.ID{inc(d.IntN(70)).ID, inc(d.IntN(70)).ID}
			want, err := plain.Search(ctx, query, n, also)
			require.NoError(t, err)
			for _, w := range []*knownerror.Words{a, b} {
				got, err := w.Search(ctx, query, n, also)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			all, err := plain.Search(ctx, query, 1000, nil)
			require.NoError(t, err)
			require.Equal(t, all[:max(0, min(n, len(all)))], without(want, all, n, also), "the best n are the first of all")
			for i, h := range all {
				require.True(t, h.Strength > 0 && h.Strength < 1 && len(h.Words) > 0)
				require.True(t, i == 0 || all[i-1].Strength >= h.Strength)
				require.NotContains(t, h.Words, "slow", "a stop word is not looked up")
			}
		}
	}
}

// without takes out of hits those that are there only because they were asked for.
func without(hits, all []knownerror.Hit, n int, also []workflow.ID) []knownerror.Hit {
	best := map[workflow.ID]bool{}
	for _, h := range all[:max(0, min(n, len(all)))] {
		best[h.ID] = true
	}
	kept := []knownerror.Hit{}
	for _, h := range hits {
		if best[h.ID] {
			kept = append(kept, h)
		}
	}
	return kept
}

// What is found for a case is found the more, the more of it the case has.
func TestMoreInCommonNeverCountsForLess(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(3, 5))}
	r := knownerror.StarterRanking()
	r.Least, r.Most = 0.01, knownerror.MaxSuggested
	w := newWorld(t, knownerror.Config{})
	c, err := knownerror.NewCatalogue(w.store, knownerror.CatalogueConfig{Ranking: r})
	require.NoError(t, err)
	var known []*knownerror.KnownError
	for range 30 {
		known = append(known, w.publish(d.content()))
	}
	require.NoError(t, c.Refresh(ctx))
	score := func(q knownerror.Case, id workflow.ID) float64 {
		found, err := c.Suggest(ctx, q)
		require.NoError(t, err)
		for _, s := range found {
			require.InDelta(t, s.Score, sum(s.Reasons), 1e-9)
			if s.ID == id {
				return s.Score
			}
		}
		return 0
	}
	for _, k := range known {
		content := k.Published.Content
		for range 10 {
			q := d.query()
			before := score(q, k.ID)
			q.Items = append(q.Items, content.Items...)
			q.Codes = append(q.Codes, content.Codes...)
			q.Services = append(q.Services, content.Services...)
			q.Categories = append(q.Categories, content.Categories...)
			require.GreaterOrEqual(t, score(q, k.ID), before-1e-9)
		}
	}
}

func TestACatalogueIsReadWhileItIsRefreshed(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	require.NoError(t, w.catalogue.Refresh(ctx))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 50 {
				found, err := w.catalogue.Suggest(ctx, knownerror.Case{Title: "outlook disconnects", Items: []string{"mail01"}})
				if err != nil || len(found) != 1 || found[0].Revision < 1 {
					t.Errorf("%v %v", found, err)
				}
			}
		})
	}
	for n := range 10 {
		w.must(w.Revise(ctx, ann, k.ID, func(c *knownerror.Content) { c.Workaround = fmt.Sprint("try ", n) }))
		w.must(w.Submit(ctx, ann, k.ID))
		w.must(w.Publish(ctx, mia, k.ID, ""))
		require.NoError(t, w.catalogue.Refresh(ctx))
	}
	wg.Wait()
}
