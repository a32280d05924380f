package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// hand is what a program would write by itself for one kind of ticket: tables of its
// own, and a prepared statement for each row.
type hand struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func openHand(b *testing.B, d sqlstore.Durability) *hand {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "hand.db")+
		fmt.Sprintf("?_pragma=journal_mode(WAL)&_pragma=synchronous(%d)", 2-d))
	require.NoError(b, err)
	b.Cleanup(func() { db.Close() })
	conn, err := db.Conn(ctx)
	require.NoError(b, err)
	_, err = conn.ExecContext(ctx, `CREATE TABLE ticket (id BLOB PRIMARY KEY, version INTEGER, body BLOB);
CREATE TABLE event (position INTEGER PRIMARY KEY, ticket BLOB, version INTEGER, body BLOB, UNIQUE (ticket, version));
CREATE TABLE request (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE entry (field TEXT, key BLOB, ticket BLOB, PRIMARY KEY (field, key, ticket)) WITHOUT ROWID;
CREATE TABLE timer (ticket BLOB, name TEXT, due INTEGER, payload BLOB, PRIMARY KEY (ticket, name)) WITHOUT ROWID;
CREATE INDEX timer_by_due ON timer (due);
CREATE TABLE message (seq INTEGER PRIMARY KEY, ticket BLOB, id BLOB, topic TEXT, at INTEGER, payload BLOB);`)
	require.NoError(b, err)
	return &hand{conn, map[string]*sql.Stmt{}}
}

func (h *hand) exec(b *testing.B, text string, args ...any) {
	ctx := context.Background()
	st := h.prepared[text]
	if st == nil {
		var err error
		if st, err = h.conn.PrepareContext(ctx, text); err != nil {
			b.Fatal(err)
		}
		h.prepared[text] = st
	}
	result, err := st.ExecContext(ctx, args...)
	if err != nil {
		b.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n == 0 && len(args) > 0 {
		b.Fatalf("%s changed nothing", text)
	}
}

func (h *hand) insert(b *testing.B, batch workflow.Batch) {
	d := batch.Writes[0].Document
	body, _ := d.Body.Encoded()
	h.exec(b, "INSERT INTO ticket VALUES (?, ?, ?)", d.ID[:], d.Version, body)
	for _, e := range d.Index {
		h.exec(b, "INSERT INTO entry VALUES (?, ?, ?)", e.Field, []byte(e.Key), d.ID[:])
	}
}

// least writes the record and its event.
func (h *hand) least(b *testing.B, batch workflow.Batch, _ workflow.Document) {
	h.exec(b, "BEGIN IMMEDIATE")
	h.record(b, batch.Writes[0])
	h.exec(b, "COMMIT")
}

// update writes all that a commit of the batch writes.
func (h *hand) update(b *testing.B, batch workflow.Batch, old workflow.Document) {
	d := batch.Writes[0].Document
	h.exec(b, "BEGIN IMMEDIATE")
	h.exec(b, "INSERT INTO request VALUES (?)", batch.ID[:])
	h.record(b, batch.Writes[0])
	for _, e := range d.Index {
		if !old.Index.Has(e.Field, e.Key) {
			h.exec(b, "DELETE FROM entry WHERE field = ? AND key = ? AND ticket = ?", e.Field, []byte(old.Index.First(e.Field)), d.ID[:])
			h.exec(b, "INSERT INTO entry VALUES (?, ?, ?)", e.Field, []byte(e.Key), d.ID[:])
		}
	}
	for _, t := range batch.Timers {
		h.exec(b, "INSERT INTO timer VALUES (?, ?, ?, ?) ON CONFLICT (ticket, name) DO UPDATE SET due = excluded.due, payload = excluded.payload",
			d.ID[:], t.Name, t.Due.UnixMicro(), t.Payload)
	}
	for _, m := range batch.Messages {
		h.exec(b, "INSERT INTO message (ticket, id, topic, at, payload) VALUES (?, ?, ?, ?, ?)", d.ID[:], m.ID[:], m.Topic, m.At.UnixMicro(), m.Payload)
	}
	h.exec(b, "COMMIT")
}

func (h *hand) record(b *testing.B, w workflow.Write) {
	d := w.Document
	body, _ := d.Body.Encoded()
	event, _ := w.Event.Encode()
	h.exec(b, "UPDATE ticket SET version = ?, body = ? WHERE id = ? AND version = ?", d.Version, body, d.ID[:], d.Version-1)
	h.exec(b, "INSERT INTO event (ticket, version, body) VALUES (?, ?, ?)", d.ID[:], d.Version, event)
}
