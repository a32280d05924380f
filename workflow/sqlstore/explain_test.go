package sqlstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// TestEveryReadUsesAnIndex reads SQLite's plan of every statement: it searches,
// and never scans a table or sorts.
func TestEveryReadUsesAnIndex(t *testing.T) {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a := db.Tenant("acme"), newAuthor(1)
	b := workflow.Batch{ID: a.ids.NewID(monday)}
	for i := range 40 {
		index := []workflow.IndexEntry{{Field: "state", Key: "open"}, {Field: "number", Key: "INC1"},
			{Field: "ci", Key: "a"}, {Field: "ci", Key: "b"}, {Field: "late", Key: "yes"}, {Field: "parent", Key: "INC0"}}
		b.Writes = append(b.Writes, a.write(b.ID, a.ref("ticket"), ticket{}, index[:4+i%3]...))
	}
	require.NoError(t, s.Commit(ctx, b))

	cursor := func(q workflow.Query) workflow.Query {
		q.After = q.CursorAt(b.Writes[3].Document)
		return q
	}
	open := workflow.Is("state", "open")
	queries := map[string]workflow.Query{
		"all":                     {},
		"equality":                {Where: []workflow.Condition{open}},
		"equality, two":           {Where: []workflow.Condition{open, workflow.Is("ci", "a")}},
		"in a list":               {Where: []workflow.Condition{workflow.In("state", "open", "new")}},
		"range":                   {Where: []workflow.Condition{workflow.Between("number", "I", "J")}},
		"prefix":                  {Where: []workflow.Condition{workflow.HasPrefix("number", "INC")}},
		"order":                   {OrderBy: "number"},
		"order, none has it":      {OrderBy: "none"},
		"order, some without":     {OrderBy: "late"},
		"order, most without":     {OrderBy: "parent", Where: []workflow.Condition{open}},
		"order, several keys":     {OrderBy: "ci"},
		"order of a range":        {OrderBy: "number", Where: []workflow.Condition{workflow.AtLeast("number", "I")}},
		"order and equality":      {OrderBy: "number", Where: []workflow.Condition{open}},
		"order of the same field": {OrderBy: "state", Where: []workflow.Condition{open}},
	}
	for _, few := range []int{2, 2000} {
		sqlstore.CollectFew(db, few)
		for name, q := range queries {
			for _, desc := range []bool{false, true} {
				q.Kind, q.Desc = "ticket", desc
				for _, q := range []workflow.Query{q, cursor(q)} {
					for _, text := range sqlstore.Statements(t, s, q) {
						requireSearch(t, db, name, text)
					}
				}
			}
		}
	}
	for name, text := range sqlstore.FixedStatements() {
		requireSearch(t, db, name, text)
	}
}

func requireSearch(t *testing.T, db *sqlstore.DB, name, text string) {
	t.Helper()
	tx, err := db.Begin(context.Background())
	require.NoError(t, err)
	defer tx.Rollback()
	args := make([]any, 1100)
	for i := range args {
		args[i] = 7
	}
	rows, err := tx.Query("EXPLAIN QUERY PLAN "+text, args[:sqlstore.Parameters(text)]...)
	require.NoError(t, err, text)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		plan = append(plan, detail)
	}
	require.NoError(t, rows.Err())
	whole := strings.Join(plan, "\n")
	require.Contains(t, whole, "SEARCH", "%s: %s", name, text)
	require.NotContains(t, whole, "TEMP B-TREE", "%s: %s\n%s", name, text, whole)
	for _, line := range plan {
		if scanned, ok := strings.CutPrefix(line, "SCAN "); ok && scanned != "CONSTANT ROW" && !strings.Contains(whole, "CO-ROUTINE "+scanned) {
			t.Errorf("%s scans: %s\n%s", name, text, whole)
		}
	}
}
