// Package privacytest runs what the kernel does for privacy over a store: redaction,
// retention, export, import and the erasure of a tenant.
package privacytest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"github.com/stretchr/testify/require"
)

// Store is what a store must be.
type Store interface {
	workflow.Store
	workflow.Queue
	workflow.Redactor
	workflow.Eraser
	workflow.Backlog
}

// Phone and Text are personal data of every letter; the text is longer than a page.
const Phone = "555-0199-of-bob"

// Text is what the letter at a time says.
func Text(n int) string { return fmt.Sprintf("letter-%d-from-bob ", n) + strings.Repeat("long ", 2000) }

// Letter is a record full of personal data.
type Letter struct {
	workflow.Record
	Caller string `json:"caller"`
	Phone  string `json:"phone"`
	Text   string `json:"text"`
}

// Office is a desk that keeps letters.
type Office struct {
	Store   Store
	Desk    *workflow.Desk
	Letters *workflow.Kind[*Letter]
	Now     time.Time
}

// officer may redact and dispose.
var officer = workflow.User("olga", workflow.RolePrivacy)

// NewOffice opens a desk on the store.
func NewOffice(t testing.TB, s Store, seed uint64) *Office {
	o, err := newOffice(s, seed)
	require.NoError(t, err)
	return o
}

func newOffice(s Store, seed uint64) (*Office, error) {
	o := &Office{Store: s, Now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	o.Desk = workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return o.Now }, IDs: workflow.SeededIDs(seed)})
	var err error
	o.Letters, err = workflow.NewKind(workflow.KindConfig[*Letter]{Name: "letter", New: func() *Letter { return new(Letter) },
		Index: func(l *Letter) []workflow.IndexEntry {
			return []workflow.IndexEntry{{Field: "caller", Key: workflow.StringKey(l.Caller)}}
		}})
	return o, err
}

// Write makes a letter that is closed, by a person, with work that waits.
func (o *Office) Write(t testing.TB, person string, n int) workflow.ID {
	id, err := o.write(context.Background(), person, n)
	require.NoError(t, err)
	return id
}

func (o *Office) write(ctx context.Context, person string, n int) (id workflow.ID, err error) {
	_, err = o.Desk.Do(ctx, workflow.Command{Name: "letter.write", Actor: workflow.User(person)}, func(tx *workflow.Tx) error {
		l := &Letter{Record: workflow.Record{Title: "A letter", State: "closed"}, Caller: person, Phone: Phone, Text: Text(n)}
		if err := o.Letters.Create(tx, l, workflow.Entry{Note: "by telephone"}); err != nil {
			return err
		}
		id = l.ID
		tx.SetTimer(o.Letters.Ref(id), "remind", o.Now.Add(time.Hour))
		return tx.Send(o.Letters.Ref(id), "told", map[string]int{"n": n})
	})
	return id, err
}

// Redact takes what is personal out of the letter and its history.
func (o *Office) Redact(ctx context.Context, id workflow.ID) (workflow.Redacted, error) {
	return workflow.Redact(ctx, o.Desk, o.Letters, id, officer, workflow.Mask{Rule: "asked", Reason: "on paper",
		Fields:  []workflow.FieldMask{{Path: "/phone"}, {Path: "/text"}},
		Persons: map[string]string{"bob": "person-1"}})
}

// Run redacts, disposes, moves a tenant and erases it. The tenants must be empty.
func Run(t *testing.T, open func(tenant string) Store) {
	ctx := context.Background()
	o := NewOffice(t, open("acme"), 1)
	kept := o.Write(t, "bob", 1)
	old := o.Write(t, "carl", 2)

	done, err := o.Redact(ctx, kept)
	require.NoError(t, err)
	require.Positive(t, done.Removed)
	l, err := o.Letters.Load(ctx, o.Store, kept)
	require.NoError(t, err)
	require.Equal(t, []string{"person-1", workflow.RedactedText, workflow.RedactedText}, []string{l.Caller, l.Phone, l.Text})
	o.verify(t, 2, 3)
	trail, err := workflow.Subject{Person: "bob"}.Trace(ctx, o.Store, "", 1000)
	require.NoError(t, err)
	require.Empty(t, trail.Records)
	page, err := workflow.Subject{Person: "bob", Fields: map[string][]string{"letter": {"caller"}}}.Find(ctx, o.Store, "", 10)
	require.NoError(t, err)
	require.Empty(t, page.Records)

	o.dispose(t, kept, old)
	o.move(t, open)
}

func (o *Office) verify(t *testing.T, records, events int) {
	t.Helper()
	v, err := workflow.VerifyStore(context.Background(), o.Store, nil, "letter")
	require.NoError(t, err)
	require.Equal(t, workflow.Verified{Records: records, Events: events}, v)
}

// dispose has retention erase what is three years old, but for what is held.
func (o *Office) dispose(t *testing.T, held, old workflow.ID) {
	ctx := context.Background()
	o.Now = o.Now.AddDate(3, 0, 1)
	rules, err := workflow.NewRetention(workflow.RetentionConfig{
		Rules: []workflow.RetentionRule{{Name: "three-years", Kind: "letter", States: []string{"closed"}, Age: workflow.Age{Years: 3}, Action: workflow.DisposeErase}},
		Holds: []workflow.LegalHold{{Name: "lawsuit", Reason: "in court", Records: []workflow.Ref{o.Letters.Ref(held)}}},
	})
	require.NoError(t, err)
	plan, err := rules.Plan(ctx, o.Store, o.Now, "", 100)
	require.NoError(t, err)
	require.Len(t, plan.Due, 2)
	report, err := rules.Apply(ctx, workflow.RetentionRun{Desk: o.Desk, By: officer}, plan)
	require.NoError(t, err)
	require.Len(t, report.Held, 1)
	require.Len(t, report.Done, 1)
	require.Equal(t, o.Letters.Ref(old), report.Done[0].Of)
	_, err = o.Store.Get(ctx, o.Letters.Ref(old))
	require.ErrorIs(t, err, workflow.ErrNotFound)
	o.verify(t, 1, 2)
	for w, err := range o.Store.Backlog(ctx) {
		require.NoError(t, err)
		if w.Timer != nil {
			require.Equal(t, held, w.Timer.Ref.ID)
		} else {
			require.Equal(t, held, w.Message.Ref.ID)
		}
	}
}

// move exports the tenant, reads it in elsewhere and erases it.
func (o *Office) move(t *testing.T, open func(tenant string) Store) {
	ctx := context.Background()
	for i := range 450 { // more than two pages of work
		o.Write(t, "dora", i)
	}
	var file, again bytes.Buffer
	m, err := workflow.Export(ctx, o.Store, &file, workflow.ID{7}, "acme", o.Now)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"letter": 451, "retention": 1}, m.Records)
	require.Equal(t, []int{451, 451}, []int{m.Timers, m.Messages})
	require.Equal(t, "all", m.Work)
	_, err = workflow.VerifyExport(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	there := open("globex")
	_, err = workflow.Import(ctx, there, bytes.NewReader(file.Bytes()), workflow.ImportConfig{})
	require.NoError(t, err)

	require.NoError(t, workflow.EraseTenant(ctx, o.Store))
	for _, kind := range []string{"letter", "retention"} {
		for doc, err := range o.Store.Find(ctx, workflow.Query{Kind: kind}) {
			t.Error("left of an erased tenant:", doc.Ref, err)
		}
	}
	for e, err := range o.Store.Events(ctx, "", workflow.Filter{}) {
		t.Error("left of an erased tenant:", e.Ref, err)
	}
	moved, err := workflow.Export(ctx, there, &again, workflow.ID{7}, "acme", o.Now)
	require.NoError(t, err)
	moved.SHA256 = m.SHA256 // the order of the work differs
	require.Equal(t, m, moved)

	fresh := NewOffice(t, open("acme"), 9)
	fresh.Write(t, "eve", 0)
	fresh.verify(t, 1, 1)
}
