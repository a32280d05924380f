package knownerror_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

func TestEverySuggestionSaysWhy(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	c := outlook()
	c.Classes = []string{"server"}
	w.publish(c)
	w.publish(knownerror.Content{Title: "Paper jam", Symptom: "The printer beeps", CauseUnknown: true, Workaround: "Open the tray", Items: []string{"prn7"}})
	for _, q := range []struct {
		what string
		knownerror.Case
		why string
	}{
		{"an item in common", knownerror.Case{Items: []string{"mail01"}}, "shares mail01"},
		{"a code in the text", knownerror.Case{Details: "it says (0X80070035)!"}, "error code 0x80070035"},
		{"a code that was given", knownerror.Case{Codes: []string{"80070035"}}, "error code 0x80070035"},
		{"words", knownerror.Case{Title: "outlook disconnects all the time", Details: "from the server"}, "words: outlook, disconnect, server"},
		{"all there is", knownerror.Case{Title: "Outlook: 0x80070035", Items: []string{"mail01", "pc4"}, Classes: []string{"server"}, Services: []string{"mail"},
			Categories: []string{"email"}, Products: []knownerror.Product{{Vendor: "microsoft", Model: "OUTLOOK", Version: "16.3"}}},
			"shares mail01; error code 0x80070035; model: Outlook; affects version 16.3; service: mail; class: server; category: email; words: outlook"},
		{"something near", knownerror.Case{Title: "outlook", Near: []knownerror.Near{{Item: "mail01", How: "pc4 uses it"}}}, "near: mail01 (pc4 uses it); words: outlook"},
		{"too little", knownerror.Case{Categories: []string{"email"}, Services: []string{"mail"}}, ""},
		{"nothing", knownerror.Case{}, ""},
		{"a version that is not affected", knownerror.Case{Items: []string{"mail01"}, Products: []knownerror.Product{{Model: "Outlook", Version: "16.9"}}}, ""},
		{"one product of two is affected", knownerror.Case{Items: []string{"mail01"}, Products: []knownerror.Product{{Model: "Outlook", Version: "16.9"}, {Model: "Outlook", Version: "16.1"}}},
			"shares mail01; model: Outlook; affects version 16.1"},
		{"a product of another vendor", knownerror.Case{Items: []string{"mail01"}, Products: []knownerror.Product{{Vendor: "Acme", Model: "Outlook", Version: "16.9"}}}, "shares mail01"},
	} {
		t.Run(q.what, func(t *testing.T) {
			found := w.suggest(q.Case)
			if q.why == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Equal(t, q.why, found[0].Why())
			require.InDelta(t, found[0].Score, sum(found[0].Reasons), 1e-9, "the points are those of the reasons")
			require.Equal(t, "Delete the cached credentials", found[0].Workaround)
		})
	}
}

func sum(reasons []knownerror.Reason) (points float64) {
	for _, r := range reasons {
		points += r.Points
	}
	return points
}

func TestAnUnaffectedVersionIsSaidIfItIsSuggestedAllTheSame(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	w.publish(outlook())
	found := w.suggest(knownerror.Case{Items: []string{"mail01"}, Codes: []string{"0x80070035"}, Products: []knownerror.Product{{Model: "Outlook", Version: "17"}}})
	require.Equal(t, "shares mail01; error code 0x80070035; model: Outlook; does not affect version 17 (from 16.0, fixed in 16.9)", found[0].Why())
}

func TestPastUseCounts(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	bad, unknown, good := w.publish(outlook()), w.publish(outlook()), w.publish(outlook())
	for n := range 12 {
		w.must(w.Rate(ctx, ann, good.ID, inc(n), knownerror.Helped, ""))
		w.must(w.Rate(ctx, ann, bad.ID, inc(n), knownerror.NotHelped, ""))
	}
	found := w.suggest(knownerror.Case{Items: []string{"mail01"}, Codes: []string{"0x80070035"}})
	require.Equal(t, []string{good.Number, unknown.Number, bad.Number}, numbers(found))
	require.Contains(t, found[0].Why(), "helped in 12 of 12")
	require.Contains(t, found[2].Why(), "helped in 0 of 12")
	require.Equal(t, knownerror.Usage{Helped: 12}, found[0].Usage)
}

func TestWhatIsStaleCountsForLess(t *testing.T) {
	w := newWorld(t, knownerror.Config{ReviewAfter: 24 * time.Hour})
	stale := w.publish(outlook())
	w.now = w.now.AddDate(0, 0, 5)
	fresh := w.publish(outlook())
	q := knownerror.Case{Items: []string{"mail01"}, Codes: []string{"0x80070035"}}
	require.Equal(t, []string{stale.Number, fresh.Number}, numbers(w.suggest(q)), "without a time nothing is")
	q.At = w.now
	found := w.suggest(q)
	require.Equal(t, []string{fresh.Number, stale.Number}, numbers(found))
	require.True(t, found[1].Stale)
	require.Contains(t, found[1].Why(), "not reviewed since 2026-03-03")
	w.must(w.Reviewed(ctx, ann, stale.ID, time.Time{}, ""))
	require.Equal(t, []string{stale.Number, fresh.Number}, numbers(w.suggest(q)), "the catalogue hears of a review")
}

func numbers(found []knownerror.Suggestion) (all []string) {
	for _, s := range found {
		all = append(all, s.Number)
	}
	return all
}

func TestWhatManyHaveInCommonSaysLess(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	for range 20 {
		w.publish(knownerror.Content{Title: "x", Symptom: "y", CauseUnknown: true, NoWorkaround: true, Items: []string{"erp"}})
	}
	rare := w.publish(knownerror.Content{Title: "x", Symptom: "y", CauseUnknown: true, NoWorkaround: true, Items: []string{"fax3"}})
	found := w.suggest(knownerror.Case{Items: []string{"erp", "fax3"}})
	require.Equal(t, []string{rare.Number}, numbers(found))
}

func TestOnlyWhatIsInForceIsSuggested(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	q := knownerror.Case{Items: []string{"mail01"}}
	w.must(w.Draft(ctx, ann, outlook()))
	require.Empty(t, w.suggest(q))
	k := w.publish(outlook())
	require.Len(t, w.suggest(q), 1)
	require.Empty(t, w.suggest(knownerror.Case{Items: q.Items, Except: []workflow.ID{k.ID}}), "one that is linked already need not be")
	w.must(w.Revise(ctx, ann, k.ID, func(c *knownerror.Content) { c.Items = []string{"mail02"} }))
	require.Len(t, w.suggest(q), 1)
	w.must(w.Submit(ctx, ann, k.ID))
	w.must(w.Publish(ctx, mia, k.ID, ""))
	require.Empty(t, w.suggest(q))
	require.Len(t, w.suggest(knownerror.Case{Items: []string{"mail02"}}), 1)
	w.must(w.Retire(ctx, mia, k.ID, "gone", workflow.ID{}))
	require.Empty(t, w.suggest(knownerror.Case{Items: []string{"mail02"}}))
	require.Zero(t, w.catalogue.Len())
}

func TestEastAsianTextIsFound(t *testing.T) {
	for _, c := range []struct{ title, symptom, query, why string }{
		{"프린터가 인쇄하지 않음", "대기열에 작업이 쌓이고 프린터가 멈춘다", "프린터 인쇄 안됨", "words: 프린터, 인쇄"},
		{"プリンタが印刷しない", "キューにジョブが溜まりプリンタが止まる", "二階のプリンタで印刷できません", "words: プリンタ, 印刷"},
		{"打印机无法打印", "打印队列卡住", "办公室的打印机不能打印文件", "words: 打印机, 打印"},
	} {
		w := newWorld(t, knownerror.Config{})
		w.publish(knownerror.Content{Title: c.title, Symptom: c.symptom, CauseUnknown: true, NoWorkaround: true})
		w.publish(outlook())
		found := w.suggest(knownerror.Case{Title: c.query})
		require.Len(t, found, 1, c.query)
		require.Equal(t, c.why, found[0].Why())
	}
}

func TestWhatTheConfigurationKnowsIsAsked(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	w.publish(outlook())
	broken := errors.New("no connection")
	var fail error
	c, err := knownerror.NewCatalogue(w.store, knownerror.CatalogueConfig{Relate: func(_ context.Context, items []string) (knownerror.Surroundings, error) {
		return knownerror.Surroundings{Near: []knownerror.Near{{Item: "mail01", How: items[0] + " uses it", Distance: 1}},
			Products: []knownerror.Product{{Model: "outlook", Version: "16.2"}}}, fail
	}})
	require.NoError(t, err)
	require.NoError(t, c.Refresh(ctx))
	found, err := c.Suggest(ctx, knownerror.Case{Items: []string{"pc4"}})
	require.NoError(t, err)
	require.Equal(t, "near: mail01 (pc4 uses it); model: Outlook; affects version 16.2", found[0].Why())
	fail = broken
	_, err = c.Suggest(ctx, knownerror.Case{Items: []string{"pc4"}})
	require.ErrorIs(t, err, broken)
	_, err = c.Suggest(ctx, knownerror.Case{Details: strings.Repeat("x", workflow.MaxText+1), Items: make([]string, 1001)})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "1001 items")
}

func TestEachMoreDistantItemCountsForLess(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	var want []string
	for n := range 3 {
		k := w.publish(knownerror.Content{Title: "x", Symptom: "y", CauseUnknown: true, NoWorkaround: true, Codes: []string{"ABC-1"}, Items: []string{fmt.Sprint("far", n)}})
		want = append(want, k.Number)
	}
	q := knownerror.Case{Title: "ABC 1"}
	for n := range 3 {
		q.Near = append(q.Near, knownerror.Near{Item: fmt.Sprint("far", 2-n), Distance: 3 - n})
	}
	require.Equal(t, want, numbers(w.suggest(q)))
}
