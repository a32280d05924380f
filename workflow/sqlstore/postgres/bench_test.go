package postgres_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

const benchRecords = 2000

// BenchmarkCommit prints the throughput of one command a commit as a share of that of
// hand-written SQL on the same driver. Both take short turns in the same run, and the
// median turn is reported. "bare" is a record and its event beside BEGIN, UPDATE,
// INSERT, COMMIT; "same rows" is a service desk's command beside statements for the
// very rows that it writes, in one transaction.
func BenchmarkCommit(b *testing.B) {
	b.Run("bare", func(b *testing.B) { benchmarkCommit(b, true) })
	b.Run("same rows", func(b *testing.B) { benchmarkCommit(b, false) })
}

func benchmarkCommit(b *testing.B, bare bool) {
	ctx := context.Background()
	db := openFresh(b, postgres.Config{})
	s := db.Tenant("acme")
	hand := openHand(b)
	a, r := newAuthor(1), rand.New(rand.NewPCG(1, 1))
	refs := make([]workflow.Ref, benchRecords)
	next := func(ref workflow.Ref) (workflow.Batch, workflow.Document) {
		old := a.last[ref]
		batch := a.deskBatch(r, ref)
		if bare {
			batch.Timers, batch.Messages = nil, nil
		}
		return batch, old
	}
	for i := range refs {
		refs[i] = a.ref("incident")
		batch, _ := next(refs[i])
		require.NoError(b, s.Commit(ctx, batch))
		hand.insert(b, batch)
	}
	_, err := db.Pool().Exec(ctx, "ANALYZE")
	require.NoError(b, err)
	var ours, theirs []time.Duration
	const turn = 10
	for done := 0; done < b.N; done += turn {
		batches, old := make([]workflow.Batch, turn), make([]workflow.Document, turn)
		for i := range batches {
			batches[i], old[i] = next(refs[r.IntN(len(refs))])
		}
		start := time.Now()
		for i, batch := range batches {
			hand.update(b, batch, old[i])
		}
		theirs = append(theirs, time.Since(start)/turn)
		start = time.Now()
		for _, batch := range batches {
			if err := s.Commit(ctx, batch); err != nil {
				b.Fatal(err)
			}
		}
		ours = append(ours, time.Since(start)/turn)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(float64(ours[len(ours)/2])/1e3, "us")
	b.ReportMetric(float64(theirs[len(theirs)/2])/1e3, "hand-us")
	b.ReportMetric(float64(theirs[len(theirs)/2])/float64(ours[len(ours)/2]), "vs-hand")
	b.ReportMetric(0, "ns/op")
}

// hand is what a program would write by itself: tables of its own and a statement for
// each row.
type hand struct{ conn handConn }

// handConn is a connection or a pool.
type handConn interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

func openHand(b *testing.B) *hand {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, handDatabase(b))
	require.NoError(b, err)
	b.Cleanup(func() { conn.Close(ctx) })
	return &hand{conn}
}

func handDatabase(b *testing.B) (where string) {
	ctx := context.Background()
	where = freshDatabase(b)
	conn, err := pgx.Connect(ctx, where)
	require.NoError(b, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `CREATE TABLE ticket (id uuid PRIMARY KEY, version bigint, body bytea);
CREATE TABLE event (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket uuid, version bigint, body bytea, UNIQUE (ticket, version));
CREATE TABLE entry (field text, key bytea, ticket uuid, PRIMARY KEY (field, key, ticket));
CREATE TABLE timer (ticket uuid, name text, due timestamptz, payload bytea, PRIMARY KEY (ticket, name));
CREATE INDEX ON timer (due);
CREATE TABLE message (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket uuid, id uuid, topic text, payload bytea);`)
	require.NoError(b, err)
	return where
}

func (h *hand) exec(b *testing.B, text string, args ...any) {
	if _, err := h.conn.Exec(context.Background(), text, args...); err != nil {
		b.Fatal(err)
	}
}

func (h *hand) insert(b *testing.B, batch workflow.Batch) {
	d := batch.Writes[0].Document
	body, _ := d.Body.Encoded()
	h.exec(b, "INSERT INTO ticket VALUES ($1, $2, $3)", [16]byte(d.ID), d.Version, body)
	for _, e := range d.Index {
		h.exec(b, "INSERT INTO entry VALUES ($1, $2, $3)", e.Field, []byte(e.Key), [16]byte(d.ID))
	}
}

func (h *hand) update(b *testing.B, batch workflow.Batch, old workflow.Document) {
	d := batch.Writes[0].Document
	id := [16]byte(d.ID)
	body, _ := d.Body.Encoded()
	event, _ := batch.Writes[0].Event.Encode()
	h.exec(b, "BEGIN")
	h.exec(b, "UPDATE ticket SET version = $1, body = $2 WHERE id = $3 AND version = $4", d.Version, body, id, d.Version-1)
	h.exec(b, "INSERT INTO event (ticket, version, body) VALUES ($1, $2, $3)", id, d.Version, event)
	for _, e := range d.Index {
		if old.Index != nil && !old.Index.Has(e.Field, e.Key) {
			h.exec(b, "UPDATE entry SET key = $1 WHERE field = $2 AND key = $3 AND ticket = $4", []byte(e.Key), e.Field, []byte(old.Index.First(e.Field)), id)
		}
	}
	for _, t := range batch.Timers {
		h.exec(b, "INSERT INTO timer VALUES ($1, $2, $3, $4) ON CONFLICT (ticket, name) DO UPDATE SET due = excluded.due, payload = excluded.payload", id, t.Name, t.Due, t.Payload)
	}
	for _, m := range batch.Messages {
		h.exec(b, "INSERT INTO message (ticket, id, topic, payload) VALUES ($1, $2, $3, $4)", id, [16]byte(m.ID), m.Topic, m.Payload)
	}
	h.exec(b, "COMMIT")
}
