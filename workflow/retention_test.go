package workflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

const rules = `{
  "rules": [
    {"name": "phones-a-year", "kind": "letter", "states": ["closed"], "age": {"years": 1}, "action": "redact",
     "mask": {"reason": "a year has passed", "rule": "", "fields": [{"path": "/phone"}, {"path": "/comments/*/text"}]}},
    {"name": "all-three-years", "kind": "letter", "states": ["closed"], "age": {"years": 3}, "action": "erase"}
  ],
  "holds": [{"name": "case-7", "reason": "Smith against Us", "field": "caller", "keys": ["carl"]}]
}`

func retention(t testing.TB, text string) *workflow.Retention {
	r, err := workflow.ParseRetention([]byte(text), nil)
	require.NoError(t, err)
	return r
}

func (p *office) run() workflow.RetentionRun {
	return workflow.RetentionRun{Desk: p.desk, By: officer, Kinds: map[string]workflow.Redactable{"letter": p.kind}}
}

func TestWhatIsDueWhen(t *testing.T) {
	r := retention(t, rules)
	doc := func(state string, updated time.Time, caller string) workflow.Document {
		return workflow.Document{Ref: workflow.Ref{Kind: "letter", ID: workflow.ID{1}}, Version: 3, Index: workflow.NewIndex(
			workflow.IndexEntry{Field: "state", Key: workflow.StringKey(state)}, workflow.IndexEntry{Field: "updated", Key: workflow.TimeKey(updated)},
			workflow.IndexEntry{Field: "caller", Key: workflow.StringKey(caller)})}
	}
	leap := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		doc  workflow.Document
		now  time.Time
		want string // empty: not due
	}{
		{"a day before its year is over it is kept", doc("closed", t0, "bob"), t0.AddDate(1, 0, -1), ""},
		{"at the instant its year is over it is due", doc("closed", t0, "bob"), t0.AddDate(1, 0, 0), "redact"},
		{"a microsecond before it is not", doc("closed", t0, "bob"), t0.AddDate(1, 0, 0).Add(-time.Microsecond), ""},
		{"a record under way is kept for ever", doc("new", t0, "bob"), t0.AddDate(90, 0, 0), ""},
		{"of two that are due the weightier wins", doc("closed", t0, "bob"), t0.AddDate(3, 0, 0), "erase"},
		{"a leap day's year ends on the first of March", doc("closed", leap, "bob"), time.Date(2025, 2, 28, 23, 0, 0, 0, time.UTC), ""},
		{"and then it is due", doc("closed", leap, "bob"), time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), "redact"},
		{"a legal hold is named", doc("closed", t0, "carl"), t0.AddDate(3, 0, 0), "erase; case-7"},
		{"without a date nothing is due", doc("closed", time.Time{}, "bob"), t0.AddDate(3, 0, 0), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, is := r.Decide(c.doc, c.now)
			got := ""
			if is {
				got = due.Action.String()
			}
			if due.Hold != "" {
				got += "; " + due.Hold
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestRetentionRulesAreCheckedTogether(t *testing.T) {
	_, err := workflow.NewRetention(workflow.RetentionConfig{
		Rules: []workflow.RetentionRule{
			{Name: "a", Kind: "letter", States: []string{"closed"}, Action: workflow.DisposeErase},
			{Name: "a", Kind: "", Age: workflow.Age{Days: -1}, Categories: []workflow.Category{workflow.CategoryClosed}, Action: 9},
			{Name: "b", Kind: "letter", States: []string{"closed"}, Age: workflow.Age{Days: 1}, Action: workflow.DisposeRedact},
			{Name: "c", Kind: "letter", States: []string{"closed"}, Age: workflow.Age{Days: 1}, Action: workflow.DisposeRedact, Mask: &workflow.Mask{}},
			{Name: "d", Kind: "retention", States: []string{"done"}, Age: workflow.Age{Days: 1}, Action: workflow.DisposeErase},
		},
		Holds: []workflow.LegalHold{{Name: "x"}},
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"an age above zero", "twice", "kind", "no lifecycle", "unknown action", "redacting needs one", "a reason of 1", "hold 1", `"retention"`} {
		require.ErrorContains(t, err, part)
	}
	_, err = workflow.ParseRetention([]byte(`{"rulez":[]}`), nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	r, err := workflow.NewRetention(workflow.RetentionConfig{
		Rules: []workflow.RetentionRule{{Name: "a", Kind: "letter", Categories: []workflow.Category{workflow.CategoryClosed}, Age: workflow.Age{Days: 1}, Action: workflow.DisposeErase}},
		Lifecycles: map[string][]workflow.Definition{"letter": {
			{States: []workflow.State{{Name: "open", Category: workflow.CategoryActive}, {Name: "shut", Category: workflow.CategoryClosed}}}}},
	})
	require.NoError(t, err)
	due, is := r.Decide(workflow.Document{Ref: workflow.Ref{Kind: "letter"}, Index: workflow.NewIndex(
		workflow.IndexEntry{Field: "state", Key: "shut"}, workflow.IndexEntry{Field: "updated", Key: workflow.TimeKey(t0)})}, t0.AddDate(0, 0, 1))
	require.True(t, is)
	require.Equal(t, "shut", due.State)
}

func TestRetentionIsPlannedAndCarriedOutInParts(t *testing.T) {
	p := newOffice(t)
	ctx := t.Context()
	var ids []workflow.ID
	for range 5 {
		ids = append(ids, p.written())
	}
	p.do(ann, ids[1], "", func(l *letter) { l.Caller = "carl" })
	p.do(ann, ids[2], "", func(l *letter) { l.State = "new" })
	r := retention(t, rules)
	walk := func(now time.Time, apply bool) (due []string, report workflow.RetentionReport) {
		p.now = now
		next := ""
		for {
			plan, err := r.Plan(ctx, p.store, now, next, 2)
			require.NoError(t, err)
			require.LessOrEqual(t, len(plan.Due), 2)
			for _, d := range plan.Due {
				due = append(due, d.String())
			}
			if apply {
				part, err := r.Apply(ctx, p.run(), plan)
				require.NoError(t, err)
				report.Done, report.Held = append(report.Done, part.Done...), append(report.Held, part.Held...)
			}
			if next = plan.Next; next == "" {
				return due, report
			}
		}
	}
	due, _ := walk(p.now, false)
	require.Empty(t, due)
	year := t0.AddDate(1, 0, 1)
	due, _ = walk(year, false)
	require.Len(t, due, 4)
	require.Contains(t, due[1], "closed since 2026-03-02, due since 2027-03-02 by phones-a-year; kept by legal hold case-7 (Smith against Us)")

	_, report := walk(year, true)
	require.Len(t, report.Done, 3)
	require.Len(t, report.Held, 1)
	require.Positive(t, report.Done[0].Removed)
	for i, id := range ids {
		l, err := p.kind.Load(ctx, p.store, id)
		require.NoError(t, err)
		require.Equal(t, i != 1 && i != 2, l.Phone == workflow.RedactedText, "letter %d", i)
	}
	again, report := walk(year, true)
	require.Len(t, again, 1, "only the one on hold")
	require.Empty(t, report.Done)
	p.verify()

	_, report = walk(year.AddDate(3, 0, 1), true)
	require.Len(t, report.Done, 3)
	require.Equal(t, workflow.Verified{Records: 2, Events: 8}, p.verify(), "the one on hold and the one under way")
	_, err := p.kind.Load(ctx, p.store, ids[0])
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.Empty(t, p.history(ids[0]))
	kind, err := workflow.Disposals()
	require.NoError(t, err)
	proof := 0
	for d, err := range kind.Find(ctx, p.store, workflow.Query{Where: []workflow.Condition{workflow.Is("of", workflow.StringKey(p.kind.Ref(ids[0]).String()))}}) {
		require.NoError(t, err)
		require.Equal(t, workflow.DisposalDone, d.State)
		require.False(t, d.Head.IsZero())
		proof++
	}
	require.Equal(t, 2, proof, "redacted, then erased")
	_, err = workflow.VerifyStore(ctx, p.store, nil, "retention")
	require.NoError(t, err)
}

func TestAHoldOrAChangeAfterThePlanWins(t *testing.T) {
	p := newOffice(t)
	ctx := t.Context()
	held, changed, gone := p.written(), p.written(), p.written()
	r := retention(t, rules)
	now := t0.AddDate(4, 0, 0)
	p.now = now
	plan, err := r.Plan(ctx, p.store, now, "", 10)
	require.NoError(t, err)
	require.Len(t, plan.Due, 3)
	p.do(ann, changed, "reopened", func(l *letter) { l.State = "new" })
	require.NoError(t, p.store.Erase(ctx, workflow.Erasure{Ref: p.kind.Ref(gone), Version: 3}))
	var cfg workflow.RetentionConfig
	require.NoError(t, json.Unmarshal([]byte(rules), &cfg))
	cfg.Holds = append(cfg.Holds, workflow.LegalHold{Name: "new", Reason: "just in", Records: []workflow.Ref{p.kind.Ref(held)}})
	r, err = workflow.NewRetention(cfg)
	require.NoError(t, err)
	report, err := r.Apply(ctx, p.run(), plan)
	require.NoError(t, err)
	require.Empty(t, report.Done)
	require.Len(t, report.Held, 1)
	require.Len(t, report.Skipped, 2)
	_, err = r.Apply(ctx, workflow.RetentionRun{Desk: p.desk, By: ann}, plan)
	require.ErrorIs(t, err, workflow.ErrInvalid, "the kinds are missing")
	run := p.run()
	run.By = ann
	free, err := workflow.NewRetention(workflow.RetentionConfig{Rules: cfg.Rules})
	require.NoError(t, err)
	_, err = free.Apply(ctx, run, plan)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	require.Len(t, p.history(held), 3)
}

// shelf is an archive that knows what it was given.
type shelf struct {
	docs map[workflow.Ref]int
	fail bool
}

func (s *shelf) Archive(_ context.Context, doc workflow.Document, events []workflow.Event) error {
	if err := workflow.VerifyDocument(doc, events); err != nil {
		return err
	}
	s.docs[doc.Ref]++
	if s.fail {
		return errors.New("the tape is full")
	}
	return nil
}

const archiving = `{"rules": [{"name": "archive", "kind": "letter", "states": ["closed"], "since": "created", "age": {"months": 6}, "action": "archive"}]}`

func TestARecordIsArchivedBeforeItIsErased(t *testing.T) {
	p := newOffice(t)
	ctx := t.Context()
	id := p.written()
	r := retention(t, archiving)
	p.now = t0.AddDate(0, 7, 0)
	plan, err := r.Plan(ctx, p.store, p.now, "", 10)
	require.NoError(t, err)
	run, tape := p.run(), &shelf{map[workflow.Ref]int{}, true}
	run.Archive = tape
	report, err := r.Apply(ctx, run, plan)
	require.ErrorContains(t, err, "tape")
	require.Empty(t, report.Done)
	require.Len(t, p.history(id), 3, "what is not archived is not erased")
	tape.fail = false
	report, err = r.Apply(ctx, run, plan)
	require.NoError(t, err)
	require.Len(t, report.Done, 1)
	require.Empty(t, p.history(id))
	require.Equal(t, 2, tape.docs[p.kind.Ref(id)])
}

func TestRetentionEndsAsIfNothingHadFailed(t *testing.T) {
	r := retention(t, rules)
	kind := letterKind(t)
	var plain *memstore.Store
	var ids []workflow.ID
	now := t0.AddDate(5, 0, 0)
	open := func() workflow.Store {
		p := newOffice(t)
		ids = []workflow.ID{p.written(), p.written()}
		plain = p.store
		return p.store
	}
	carry := func(s workflow.Store) error {
		desk := workflow.NewDesk(eraser{s, plain}, workflow.DeskConfig{Clock: func() time.Time { return now }})
		plan, err := r.Plan(context.Background(), desk.Store(), now, "", 10)
		if err != nil {
			return err
		}
		_, err = r.Apply(context.Background(), workflow.RetentionRun{Desk: desk, By: officer, Kinds: map[string]workflow.Redactable{"letter": kind}}, plan)
		return err
	}
	check := func(run faultstore.Run) error {
		if err := carry(run.Plain); err != nil {
			return err
		}
		journal, err := workflow.Disposals()
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := kind.Load(context.Background(), run.Plain, id); !errors.Is(err, workflow.ErrNotFound) {
				return fmt.Errorf("it is still there: %w", err)
			}
		}
		n := 0
		for d, err := range journal.Find(context.Background(), run.Plain, workflow.Query{}) {
			if err != nil || d.State != workflow.DisposalDone {
				return fmt.Errorf("journal entry %+v: %w", d, err)
			}
			n++
		}
		if n != 2 {
			return fmt.Errorf("%d entries", n)
		}
		_, err = workflow.VerifyStore(context.Background(), run.Plain, nil, "retention", "letter")
		return err
	}
	calls, err := faultstore.Drive(open, func(s *faultstore.Store) error { return carry(s) }, check)
	require.NoError(t, err)
	require.Greater(t, calls, 8)
}

// eraser is a store in front of one that can forget.
type eraser struct {
	workflow.Store
	plain *memstore.Store
}

func (f eraser) Erase(ctx context.Context, records ...workflow.Erasure) error {
	return f.plain.Erase(ctx, records...)
}
func (f eraser) EraseTenant(ctx context.Context) error { return f.plain.EraseTenant(ctx) }
func (f eraser) Redact(ctx context.Context, r workflow.Redaction) error {
	return f.plain.Redact(ctx, r)
}

func TestAPersonIsFoundInPartsOfAnySize(t *testing.T) {
	p := newOffice(t)
	ctx := t.Context()
	var want []workflow.Ref
	for i := range 30 {
		id := p.do(ann, workflow.ID{}, "", func(l *letter) {
			l.Caller = []string{"bob", "carl", "bo"}[i%3]
			if i%2 == 0 {
				require.NoError(t, l.Watch("bob"))
			}
		})
		if i%3 == 0 || i%2 == 0 {
			want = append(want, p.kind.Ref(id))
		}
	}
	comment := p.do(ann, workflow.ID{}, "", func(l *letter) { require.NoError(t, l.Say(workflow.User("bob"), p.now, true, "hm")) })
	acted := p.do(workflow.User("bob"), workflow.ID{}, "", func(*letter) {})
	once := p.do(ann, workflow.ID{}, "", func(l *letter) { l.Caller = "bob" })
	p.do(ann, once, "", func(l *letter) { l.Caller = "carl" })
	s := workflow.Subject{Person: "bob", Fields: map[string][]string{"letter": {"caller", "watcher"}, "other": {"caller"}}}
	for _, limit := range []int{1, 2, 7, 1000} {
		var got []workflow.Ref
		for next := ""; ; {
			page, err := s.Find(ctx, p.store, next, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Records), limit)
			got = append(got, page.Records...)
			if next = page.Next; next == "" {
				break
			}
		}
		require.ElementsMatch(t, want, got)

		traced := map[workflow.Ref]bool{}
		for after := workflow.Position(""); ; {
			trail, err := s.Trace(ctx, p.store, after, limit)
			require.NoError(t, err)
			for _, ref := range trail.Records {
				traced[ref] = true
			}
			if after = trail.Next; trail.End {
				break
			}
		}
		require.Len(t, traced, len(want)+3, "the author of a comment, the one who acted, and a caller of long ago too")
		for _, id := range []workflow.ID{comment, acted, once} {
			require.True(t, traced[p.kind.Ref(id)])
		}
	}
	_, err := s.Find(ctx, p.store, "9/x", 5)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = workflow.Subject{}.Trace(ctx, p.store, "", 0)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestErasedRecordsLeaveNothingAndTheRestStays(t *testing.T) {
	p := newOffice(t)
	ctx := t.Context()
	a, b := p.written(), p.written()
	ref := p.kind.Ref(a)
	work := func(ref workflow.Ref, n int) {
		batch := workflow.Batch{ID: workflow.ID{byte(n), 1}, Timers: []workflow.Timer{{Ref: ref, Name: "t", Due: t0}, {Ref: ref, Name: "u", Due: t0}}}
		for i := range 3 {
			batch.Messages = append(batch.Messages, workflow.Message{ID: workflow.ID{byte(n), 2, byte(i)}, Ref: ref, Topic: "m", At: t0})
		}
		require.NoError(t, p.store.Commit(ctx, batch))
	}
	work(ref, 1)
	due, err := p.store.Claim(ctx, t0, 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.NoError(t, p.store.Settle(ctx, workflow.Settlement{Receipt: due[0].Receipt, Outcome: workflow.Park}))
	work(p.kind.Ref(b), 2)
	require.ErrorIs(t, p.store.Erase(ctx, workflow.Erasure{Ref: p.kind.Ref(b), Version: 3}, workflow.Erasure{Ref: ref, Version: 2}), workflow.ErrConflict)
	require.Len(t, p.history(b), 3, "all or nothing")
	require.NoError(t, p.store.Erase(ctx, workflow.Erasure{Ref: ref, Version: 3}))
	require.NoError(t, p.store.Erase(ctx, workflow.Erasure{Ref: ref, Version: 3}), "once more")
	_, err = p.store.Get(ctx, ref)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	for _, q := range []workflow.Query{{}, {OrderBy: "state"}, {Where: []workflow.Condition{workflow.Is("watcher", "bob")}}} {
		q.Kind = "letter"
		n := 0
		for _, err := range p.store.Find(ctx, q) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 1, n)
	}
	require.ErrorIs(t, p.store.Settle(ctx, workflow.Settlement{Receipt: due[1].Receipt, Outcome: workflow.Done}), workflow.ErrLeaseLost)
	for range p.store.Parked(ctx) {
		t.Fatal("parked work of an erased record")
	}
	left, err := p.store.Claim(ctx, t0.Add(time.Hour), 10, time.Minute)
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(left, func(d workflow.Due) bool { return d.Ref() == ref }))
	require.Len(t, left, 2)
	require.Equal(t, workflow.Verified{Records: 1, Events: 3}, p.verify())
	for e, err := range p.store.Events(ctx, "2", workflow.Filter{}) { // a position from before
		require.NoError(t, err)
		require.Equal(t, b, e.ID)
	}
	require.NotContains(t, p.everything(), ref.ID.String())
}

func FuzzParseRetention(f *testing.F) {
	f.Add([]byte(rules))
	f.Add([]byte(archiving))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := workflow.ParseRetention(b, nil)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		_, err = r.Plan(t.Context(), memstore.New(), t0, strings.Repeat("x", len(b)%3), 5)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
	})
}
