package knownerror_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

var (
	dpo    = workflow.User("dpo", workflow.RolePrivacy)
	broken = knownerror.Case{Title: "Outlook disconnects, asks for the password of Schmidt", Items: []string{"mail01"}, Codes: []string{"0x80070035"}}
)

func schmidt() knownerror.Content {
	c := outlook()
	c.Symptom += " of Mrs Schmidt"
	c.Workaround = "Call Mrs Schmidt"
	return c
}

func (w *world) desk() *workflow.Desk {
	return workflow.NewDesk(w.store, workflow.DeskConfig{Clock: func() time.Time { return w.now }})
}

func (w *world) erase(k *knownerror.KnownError) {
	w.t.Helper()
	k = w.must(w.Get(ctx, k.ID))
	require.NoError(w.t, w.store.Erase(ctx, workflow.Erasure{Ref: w.Kind().Ref(k.ID), Version: k.Version}))
}

// Whatever retires a known error from the store, the catalogue does not show it any more.
func TestWhatIsErasedIsNotSuggested(t *testing.T) {
	for _, c := range []struct {
		name  string
		erase func(*testing.T, *world, *knownerror.KnownError)
	}{
		{"by a retention, which says so in its journal", func(t *testing.T, w *world, k *knownerror.KnownError) {
			r, err := workflow.NewRetention(workflow.RetentionConfig{Rules: []workflow.RetentionRule{{Name: "old", Kind: knownerror.KindName,
				States: []string{knownerror.StatePublished}, Age: workflow.Age{Years: 1}, Action: workflow.DisposeErase}}})
			require.NoError(t, err)
			w.now = w.now.AddDate(2, 0, 0)
			plan, err := r.Plan(ctx, w.store, w.now, "", 10)
			require.NoError(t, err)
			report, err := r.Apply(ctx, workflow.RetentionRun{Desk: w.desk(), By: dpo}, plan)
			require.NoError(t, err)
			require.Len(t, report.Done, 1)
			require.NoError(t, w.catalogue.Refresh(ctx))
		}},
		{"by the host, which says so", func(t *testing.T, w *world, k *knownerror.KnownError) {
			w.erase(k)
			require.NoError(t, w.catalogue.Forget(ctx, k.ID, inc(1).ID))
		}},
		{"with its tenant", func(t *testing.T, w *world, k *knownerror.KnownError) {
			require.NoError(t, workflow.EraseTenant(ctx, w.store))
			require.NoError(t, w.catalogue.Reset(ctx))
		}},
		{"before a refresh has heard of it", func(t *testing.T, w *world, k *knownerror.KnownError) {
			k = w.must(w.Reviewed(ctx, mia, k.ID, time.Time{}, ""))
			w.erase(k)
			require.NoError(t, w.catalogue.Forget(ctx, k.ID))
			require.NoError(t, w.catalogue.Refresh(ctx))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, knownerror.Config{})
			k := w.publish(schmidt())
			require.NoError(t, w.Suggested(ctx, ann, inc(1), k.ID))
			require.Len(t, w.suggest(broken), 1)
			require.Equal(t, 1, w.catalogue.Usage(k.ID).Suggested)
			c.erase(t, w, k)
			found, err := w.catalogue.Suggest(ctx, broken)
			require.NoError(t, err)
			require.Empty(t, found)
			require.Zero(t, w.catalogue.Len())
			other := w.publish(knownerror.Content{Title: "Password refused", Symptom: "the mail server asks again", CauseUnknown: true, NoWorkaround: true, Items: []string{"mail01"}})
			require.Equal(t, other.ID, w.suggest(broken)[0].ID, "it goes on")
			require.Len(t, w.suggest(broken), 1)
		})
	}
}

// A redaction changes what a revision says without making another: the catalogue neither
// shows the words that were removed nor finds by them.
func TestWhatIsRedactedIsNotFoundByIt(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(schmidt())
	require.Contains(t, w.suggest(broken)[0].Why(), "schmidt")
	_, err := workflow.Redact(ctx, w.desk(), w.Kind(), k.ID, dpo, workflow.Mask{Rule: "gdpr-art-17", Reason: "she asked",
		Fields: []workflow.FieldMask{{Path: "/published/symptom"}, {Path: "/published/workaround"}, {Path: "/published/codes"}, {Path: "/published/items"}}})
	require.NoError(t, err)
	found := w.suggest(broken)
	require.Len(t, found, 1, "the title stays")
	require.Equal(t, workflow.RedactedText, found[0].Workaround)
	require.NotContains(t, found[0].Why(), "schmidt")
	require.NotContains(t, found[0].Why(), "mail01")
	require.NotContains(t, found[0].Why(), "0x80070035")
	require.Empty(t, w.suggest(knownerror.Case{Items: []string{"mail01"}, Codes: []string{"0x80070035"}, Title: "Schmidt"}))
	fresh, err := knownerror.NewCatalogue(w.store, knownerror.CatalogueConfig{})
	require.NoError(t, err)
	require.NoError(t, fresh.Refresh(ctx))
	want, err := fresh.Suggest(ctx, broken)
	require.NoError(t, err)
	require.Equal(t, want, found, "as if it had never been there")
}

// A word that nobody says any more is not kept, not even in the list of known words.
func TestWordsThatAreRemovedAreNotKept(t *testing.T) {
	words := knownerror.NewWords()
	require.NoError(t, words.Put(ctx, inc(1).ID, knownerror.Text{Title: "outlook", Symptom: "schmidt"}))
	require.NoError(t, words.Put(ctx, inc(2).ID, knownerror.Text{Title: "outlook"}))
	require.Contains(t, fmt.Sprintf("%+v", words), "schmidt", "this looks in the right place")
	require.NoError(t, words.Put(ctx, inc(1).ID, knownerror.Text{Title: "outlook", Symptom: workflow.RedactedText}))
	require.NotContains(t, fmt.Sprintf("%+v", words), "schmidt")
	require.NoError(t, words.Remove(ctx, inc(1).ID))
	require.NotContains(t, fmt.Sprintf("%+v", words), "redacted")
	hits, err := words.Search(ctx, "outlook", 5, nil)
	require.NoError(t, err)
	require.Len(t, hits, 1)
}
