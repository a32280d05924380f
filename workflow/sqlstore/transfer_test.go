package sqlstore_test

import (
	"bytes"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// A tenant moves from the memory into SQLite and back, through the port alone, and is
// the same to the byte.
func TestATenantMovesBetweenStores(t *testing.T) {
	ctx := t.Context()
	from, a := memstore.New(), newAuthor(1)
	refs := []workflow.Ref{a.ref("ticket"), a.ref("ticket"), a.ref("change")}
	for i := range 12 {
		b := a.step(refs[i%3])
		if i%4 == 0 {
			second := a.write(b.ID, refs[(i+1)%3], map[string]any{"n": i})
			b.Writes = append(b.Writes, second)
		}
		b.Timers = []workflow.Timer{{Ref: refs[i%3], Name: "t", Due: monday}}
		b.Messages = []workflow.Message{{ID: a.ids.NewID(monday), Ref: refs[i%3], Topic: "m", At: monday, Payload: []byte(`{"n":1}`)}}
		require.NoError(t, from.Commit(ctx, b))
	}
	var first, second bytes.Buffer
	_, err := workflow.Export(ctx, from, &first, workflow.ID{7}, "acme", monday)
	require.NoError(t, err)
	db, _ := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	_, err = workflow.Import(ctx, db.Tenant("acme"), bytes.NewReader(first.Bytes()), workflow.ImportConfig{})
	require.NoError(t, err)
	v, err := workflow.VerifyStore(ctx, db.Tenant("acme"), nil, "ticket", "change")
	require.NoError(t, err)
	require.Equal(t, workflow.Verified{Records: 3, Events: 15}, v)

	_, err = workflow.Export(ctx, struct{ workflow.Store }{db.Tenant("acme")}, &second, workflow.ID{7}, "acme", monday)
	require.NoError(t, err)
	back := memstore.New()
	_, err = workflow.Import(ctx, back, &second, workflow.ImportConfig{})
	require.NoError(t, err)
	for _, ref := range refs {
		want, err := from.Get(ctx, ref)
		require.NoError(t, err)
		got, err := back.Get(ctx, ref)
		require.NoError(t, err)
		require.Equal(t, want.Head, got.Head)
		require.Equal(t, want.Index, got.Index)
	}
	due, err := db.Tenant("acme").Claim(ctx, monday, 100, 1)
	require.NoError(t, err)
	require.NotEmpty(t, due)
}
