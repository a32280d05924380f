package bleve_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/problem/knownerror/bleve"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var ctx = context.Background()

func id(n int) workflow.ID { return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, n)) }

// shelf is an index with a few known errors in it.
func shelf(t *testing.T) *bleve.Texts {
	texts, err := bleve.New()
	require.NoError(t, err)
	for n, x := range []knownerror.Text{
		{Title: "Outlook disconnects", Symptom: "Outlook asks for the password", Rest: "Delete the cached credentials"},
		{Title: "Paper jam", Symptom: "The printer beeps", Rest: "Open the tray"},
		{Title: "Slow login", Symptom: "The password takes a minute", Rest: "Wait"},
		{Title: "打印机无法打印"},
	} {
		require.NoError(t, texts.Put(ctx, id(n), x))
	}
	return texts
}

func found(t *testing.T, texts *bleve.Texts, query string, n int, also ...workflow.ID) (ids []workflow.ID) {
	hits, err := texts.Search(ctx, query, n, also)
	require.NoError(t, err)
	for i, h := range hits {
		require.True(t, h.Strength > 0 && h.Strength < 1, "%v", h)
		require.NotEmpty(t, h.Words)
		require.True(t, i == 0 || hits[i-1].Strength >= h.Strength)
		ids = append(ids, h.ID)
	}
	return ids
}

func TestTextsAreFoundByTheirWords(t *testing.T) {
	texts := shelf(t)
	require.Equal(t, []workflow.ID{id(0), id(2)}, found(t, texts, "OUTLOOK password", 5))
	require.Equal(t, []workflow.ID{id(0)}, found(t, texts, "outlook password", 1), "the best only")
	require.Equal(t, []workflow.ID{id(0), id(2)}, found(t, texts, "outlook password", 1, id(2), id(1)), "and those asked for, if they agree")
	require.Equal(t, []workflow.ID{id(3)}, found(t, texts, "办公室的打印机", 5))
	require.Empty(t, found(t, texts, "unheard-of", 5))
	require.Empty(t, found(t, texts, "", 5))
	require.Empty(t, found(t, texts, "outlook", 0))
}

func TestThoseAskedForHaveTheStrengthTheyWouldHaveAnyway(t *testing.T) {
	texts := shelf(t)
	all, err := texts.Search(ctx, "outlook password", 5, nil)
	require.NoError(t, err)
	some, err := texts.Search(ctx, "outlook password", 1, []workflow.ID{id(0), id(2)})
	require.NoError(t, err)
	require.Len(t, some, len(all))
	for i := range all {
		require.InDelta(t, all[i].Strength, some[i].Strength, 1e-9)
	}
}

func TestTextsChangeAndGo(t *testing.T) {
	texts := shelf(t)
	require.NoError(t, texts.Put(ctx, id(0), knownerror.Text{Title: "Teams freezes"}))
	require.Empty(t, found(t, texts, "outlook", 5))
	require.Equal(t, []workflow.ID{id(0)}, found(t, texts, "freezes", 5))
	require.NoError(t, texts.Remove(ctx, id(0)))
	require.NoError(t, texts.Remove(ctx, id(0)), "twice is no error")
	require.Empty(t, found(t, texts, "freezes", 5))
}

func TestASearchThatIsNotWantedAnyMoreEnds(t *testing.T) {
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err := shelf(t).Search(stopped, "outlook", 5, nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestACatalogueSearchesWithIt(t *testing.T) {
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{IDs: workflow.SeededIDs(1)})
	texts, err := bleve.New()
	require.NoError(t, err)
	catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{Texts: texts})
	require.NoError(t, err)
	s, err := knownerror.NewService(desk, knownerror.Config{Duplicates: catalogue.Duplicates})
	require.NoError(t, err)
	mia := workflow.User("mia", knownerror.RoleManager)
	var last *knownerror.KnownError
	for _, title := range []string{"Paper jam in the tray", "Outlook disconnects from its server", "Slow login on Mondays"} {
		k, err := s.Draft(ctx, mia, knownerror.Content{Title: title, Symptom: "see above", CauseUnknown: true, NoWorkaround: true, Items: []string{title[:5]}})
		require.NoError(t, err)
		_, err = s.Submit(ctx, mia, k.ID)
		require.NoError(t, err)
		last, err = s.Publish(ctx, mia, k.ID, "")
		require.NoError(t, err)
	}
	require.NoError(t, catalogue.Refresh(ctx))
	got, err := catalogue.Suggest(ctx, knownerror.Case{Title: "outlook disconnects all the time", Items: []string{"Outlo"}})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, "shares Outlo; words: disconnects, outlook", got[0].Why())
	_, err = s.Retire(ctx, mia, last.ID, "gone", workflow.ID{})
	require.NoError(t, err)
	require.NoError(t, catalogue.Refresh(ctx))
	got, err = catalogue.Suggest(ctx, knownerror.Case{Title: "slow login on mondays", Items: []string{"Slow "}})
	require.NoError(t, err)
	require.Empty(t, got)
}

// What is redacted or erased is not found by the words that it had.
func TestACatalogueForgetsWithIt(t *testing.T) {
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{IDs: workflow.SeededIDs(1)})
	texts, err := bleve.New()
	require.NoError(t, err)
	catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{Texts: texts})
	require.NoError(t, err)
	s, err := knownerror.NewService(desk, knownerror.Config{})
	require.NoError(t, err)
	mia, dpo := workflow.User("mia", knownerror.RoleManager), workflow.User("dpo", workflow.RolePrivacy)
	k, err := s.Draft(ctx, mia, knownerror.Content{Title: "Paper jam", Symptom: "Schmidt called", CauseUnknown: true, NoWorkaround: true, Items: []string{"tray"}})
	require.NoError(t, err)
	_, err = s.Submit(ctx, mia, k.ID)
	require.NoError(t, err)
	_, err = s.Publish(ctx, mia, k.ID, "")
	require.NoError(t, err)
	require.NoError(t, catalogue.Refresh(ctx))
	require.Equal(t, []workflow.ID{k.ID}, found(t, texts, "schmidt", 5))

	_, err = workflow.Redact(ctx, desk, s.Kind(), k.ID, dpo, workflow.Mask{Rule: "gdpr-art-17", Reason: "he asked", Fields: []workflow.FieldMask{{Path: "/published/symptom"}}})
	require.NoError(t, err)
	require.NoError(t, catalogue.Refresh(ctx))
	require.Empty(t, found(t, texts, "schmidt", 5))
	require.Equal(t, []workflow.ID{k.ID}, found(t, texts, "jam", 5))

	k, err = s.Get(ctx, k.ID)
	require.NoError(t, err)
	require.NoError(t, store.Erase(ctx, workflow.Erasure{Ref: s.Kind().Ref(k.ID), Version: k.Version}))
	require.NoError(t, catalogue.Forget(ctx, k.ID))
	require.Empty(t, found(t, texts, "paper jam", 5))
	got, err := catalogue.Suggest(ctx, knownerror.Case{Title: "paper jam", Items: []string{"tray"}})
	require.NoError(t, err)
	require.Empty(t, got)
}
