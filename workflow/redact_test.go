package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// letter is a record full of personal data.
type letter struct {
	workflow.Record
	Caller string  `json:"caller,omitempty"`
	Phone  string  `json:"phone,omitempty"`
	Age    int     `json:"age,omitempty"`
	Deaf   bool    `json:"deaf"`
	Due    string  `json:"due,omitempty"`
	Price  float64 `json:"price"`
}

func letterKind(t testing.TB) *workflow.Kind[*letter] {
	k, err := workflow.NewKind(workflow.KindConfig[*letter]{Name: "letter", New: func() *letter { return new(letter) },
		Index: func(l *letter) []workflow.IndexEntry {
			ix := []workflow.IndexEntry{{Field: "caller", Key: workflow.StringKey(l.Caller)}}
			for _, w := range l.Watchers {
				ix = append(ix, workflow.IndexEntry{Field: "watcher", Key: workflow.StringKey(w)})
			}
			return ix
		}})
	require.NoError(t, err)
	return k
}

var officer = workflow.User("olga", workflow.RolePrivacy)

// office is a desk with letters in it.
type office struct {
	t     testing.TB
	store *memstore.Store
	desk  *workflow.Desk
	kind  *workflow.Kind[*letter]
	now   time.Time
}

func newOffice(t testing.TB) *office {
	p := &office{t: t, store: memstore.New(), kind: letterKind(t), now: t0}
	p.desk = workflow.NewDesk(p.store, workflow.DeskConfig{Clock: func() time.Time { return p.now }, IDs: workflow.SeededIDs(3)})
	return p
}

func (p *office) do(by workflow.Actor, id workflow.ID, note string, edit func(*letter)) workflow.ID {
	p.t.Helper()
	p.now = p.now.Add(time.Minute)
	_, err := p.desk.Do(p.t.Context(), workflow.Command{Name: "letter.edit", Actor: by}, func(tx *workflow.Tx) error {
		l, err := p.kind.Get(tx, id)
		if errors.Is(err, workflow.ErrNotFound) {
			l = &letter{Record: workflow.Record{ID: id, Title: "A letter"}}
			edit(l)
			err = p.kind.Create(tx, l, workflow.Entry{Note: note})
			id = l.ID
			return err
		}
		edit(l)
		return p.kind.Put(tx, l, workflow.Entry{Note: note})
	})
	require.NoError(p.t, err)
	return id
}

// written makes a letter of bob, who complains, and ann, who answers.
func (p *office) written() workflow.ID {
	id := p.do(ann, workflow.ID{}, "", func(l *letter) {
		l.Caller, l.Phone, l.Age, l.Deaf, l.Due, l.Details = "bob", "555-0199", 47, true, "2026-01-02", "Bob of 7 Elm Street cannot print"
		require.NoError(p.t, l.Watch("bob"))
	})
	p.do(workflow.User("bob"), id, "bob insists", func(l *letter) {
		require.NoError(p.t, l.Say(workflow.User("bob"), p.now, true, "Call me at 555-0199"))
		l.Phone = "555-0200"
	})
	p.do(ann.For("bob"), id, "", func(l *letter) {
		require.NoError(p.t, l.Say(ann.For("bob"), p.now, false, "Called him"))
		l.Details, l.State = "", "closed"
	})
	return id
}

func (p *office) history(id workflow.ID) []workflow.Event {
	events, err := workflow.History(p.t.Context(), p.store, p.kind.Ref(id))
	require.NoError(p.t, err)
	return events
}

func (p *office) verify() workflow.Verified {
	p.t.Helper()
	v, err := workflow.VerifyStore(p.t.Context(), p.store, func(doc workflow.Document, events []workflow.Event) error {
		again, err := p.kind.Replay(events)
		if err != nil {
			return err
		}
		have, err := p.kind.Decode(doc)
		if err == nil && fmt.Sprintf("%+v", have) != fmt.Sprintf("%+v", again) {
			err = fmt.Errorf("replayed %+v, stored %+v", again, have)
		}
		return err
	}, "letter")
	require.NoError(p.t, err)
	return v
}

// everything is all text the store keeps.
func (p *office) everything() string {
	var b strings.Builder
	for e, err := range p.store.Events(p.t.Context(), "", workflow.Filter{}) {
		require.NoError(p.t, err)
		text, err := e.Encode()
		require.NoError(p.t, err)
		again, err := workflow.DecodeEvent(text)
		require.NoError(p.t, err)
		second, err := again.Encode()
		require.NoError(p.t, err)
		require.Equal(p.t, string(text), string(second))
		b.Write(text)
	}
	for doc, err := range p.store.Find(p.t.Context(), workflow.Query{Kind: "letter"}) {
		require.NoError(p.t, err)
		body, err := doc.Body.Encoded()
		require.NoError(p.t, err)
		fmt.Fprintf(&b, "%s %q", body, doc.Index)
	}
	return b.String()
}

func bobsMask(t testing.TB) workflow.Mask {
	as, err := workflow.Pseudonym([]byte("the key of this tenant"), "bob")
	require.NoError(t, err)
	return workflow.Mask{Rule: "gdpr-art-17", Reason: "asked to be forgotten", Notes: true, Persons: map[string]string{"bob": as},
		Fields: []workflow.FieldMask{{Path: "/phone"}, {Path: "/age"}, {Path: "/deaf"}, {Path: "/details"}, {Path: "/comments/*/text"},
			{Path: "/due", As: json.RawMessage(`"1970-01-01"`)}}}
}

func TestRedactionRemovesValuesEverywhereAndTheProofHolds(t *testing.T) {
	p := newOffice(t)
	id, other := p.written(), p.written()
	before := p.history(id)
	got, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
	require.NoError(t, err)
	require.EqualValues(t, 4, got.Version)
	require.Positive(t, got.Removed)
	require.Equal(t, workflow.Verified{Records: 2, Events: 7}, p.verify())

	l, err := p.kind.Load(t.Context(), p.store, id)
	require.NoError(t, err)
	bob := bobsMask(t).Persons["bob"]
	require.Equal(t, []any{bob, workflow.RedactedText, 0, false, "1970-01-01"}, []any{l.Caller, l.Phone, l.Age, l.Deaf, l.Due})
	require.Equal(t, []string{bob}, l.Watchers)
	require.Equal(t, bob, l.Comments[0].By)
	require.Equal(t, []string{"ann", bob}, []string{l.Comments[1].By, l.Comments[1].OnBehalfOf})
	require.Equal(t, "closed", l.State, "what is nobody's data stays")

	after := p.history(id)
	for i, e := range before { // what an auditor still proves
		require.Equal(t, e.Hash, after[i].Hash)
		require.Equal(t, []any{e.Version, e.Type, e.At, e.Batch, e.Prev, len(e.Changes)}, []any{after[i].Version, after[i].Type, after[i].At, after[i].Batch, after[i].Prev, len(after[i].Changes)})
	}
	require.Equal(t, bob, after[1].Actor.ID)
	require.Equal(t, workflow.RedactedText, after[1].Note)
	notice := after[3]
	require.Equal(t, []string{"letter.redact", "olga", "asked to be forgotten", "gdpr-art-17"},
		[]string{notice.Type, notice.Actor.ID, notice.Note, notice.Redacts.Rule})

	require.NoError(t, p.store.Erase(t.Context(), workflow.Erasure{Ref: p.kind.Ref(other), Version: 3}))
	for _, secret := range []string{`"bob"`, "bob insists", "555-", "47,", "Elm Street", "Called", "2026-01-02"} {
		require.NotContains(t, p.everything(), secret)
	}

	again, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
	require.NoError(t, err)
	require.Equal(t, workflow.Redacted{Ref: p.kind.Ref(id)}, again, "once more changes nothing")

	p.do(ann, id, "", func(l *letter) { l.Phone = "555-0300" })
	third, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
	require.NoError(t, err)
	require.EqualValues(t, 6, third.Version, "what came back is removed again")
	require.NotContains(t, p.everything(), "555-")
	p.verify()
}

func TestASecondRedactionMayRemoveTheSubstitutesOfTheFirst(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	ctx := t.Context()
	_, err := workflow.Redact(ctx, p.desk, p.kind, id, officer, workflow.Mask{Rule: "first", Reason: "asked", Persons: map[string]string{"bob": "person-1"}})
	require.NoError(t, err)
	p.verify()
	_, err = workflow.Redact(ctx, p.desk, p.kind, id, officer, workflow.Mask{Rule: "second", Reason: "asked again",
		Fields: []workflow.FieldMask{{Path: "/caller"}, {Path: "/watchers"}}, Persons: map[string]string{"person-1": "nobody"}})
	require.NoError(t, err)
	p.verify()
	require.NotContains(t, p.everything(), "person-1")
	require.NotContains(t, p.everything(), `"bob"`)
	got, err := workflow.Redact(ctx, p.desk, p.kind, id, officer, workflow.Mask{Rule: "second", Reason: "asked again",
		Fields: []workflow.FieldMask{{Path: "/caller"}, {Path: "/watchers"}}, Persons: map[string]string{"person-1": "nobody"}})
	require.NoError(t, err)
	require.Zero(t, got.Version)
}

func TestRedactionIsRefusedBeforeAnythingChanges(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	ctx := t.Context()
	mask := bobsMask(t)
	_, err := workflow.Redact(ctx, p.desk, p.kind, id, ann, mask)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = workflow.Redact(ctx, p.desk, p.kind, workflow.ID{9}, officer, mask)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = workflow.Redact(ctx, workflow.NewDesk(struct{ workflow.Store }{p.store}, workflow.DeskConfig{}), p.kind, id, officer, mask)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = workflow.Redact(ctx, p.desk, p.kind, id, officer, workflow.Mask{Rule: "x", Reason: "y", Fields: []workflow.FieldMask{{Path: "/created_by/type"}}})
	require.ErrorIs(t, err, workflow.ErrInvalid, "the record has no place for the substitute")
	_, err = workflow.Redact(ctx, p.desk, p.kind, id, officer, workflow.Mask{Rule: "a b", Persons: map[string]string{"bob": ""},
		Fields: []workflow.FieldMask{{Path: "phone"}, {Path: "/*"}, {Path: "/age", As: json.RawMessage(`{}`)}}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"rule", "reason", "person", "field 1", "field 2", "scalar"} {
		require.ErrorContains(t, err, part)
	}
	require.Len(t, p.history(id), 3)
}

func TestAnEventWithoutASaltKeepsVerifyingAndCannotBeRedacted(t *testing.T) {
	p := newOffice(t)
	var salts []workflow.Event
	id := p.written()
	salts = p.history(id)
	require.False(t, salts[0].Salt.IsZero())
	prev := workflow.Hash{}
	plain := slices.Clone(salts)
	for i := range plain {
		plain[i].Salt, plain[i].Prev = workflow.Salt{}, prev
		require.NoError(t, plain[i].Seal())
		prev = plain[i].Hash
	}
	require.NoError(t, workflow.VerifyChain(plain))
	_, err := workflow.Redaction{Ref: plain[0].Ref, Values: []workflow.Removal{{Event: 1, At: "/actor/id", As: json.RawMessage(`"x"`)}}}.Apply(plain[0])
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "erase")
}

// The canonical text of an event without a salt, as it was sealed before there were any.
func TestEventsSealedBeforeThereWereSaltsAreRead(t *testing.T) {
	const stored = `{"kind":"ticket","id":"00000000-0000-0000-0000-000000000001","version":1,"batch":"00000000-0000-0000-0000-000000000002","type":"ticket.open","at":"2026-03-02T09:00:00Z","actor":{"type":"user","id":"ann"},"changes":[{"path":"/title","new":"a \u003c b"}],"prev":"0000000000000000000000000000000000000000000000000000000000000000","hash":"%s"}`
	e := workflow.Event{Ref: workflow.Ref{Kind: "ticket", ID: workflow.ID{15: 1}}, Version: 1, Batch: workflow.ID{15: 2}, Type: "ticket.open", At: t0,
		Actor: workflow.User("ann"), Changes: []workflow.Change{{Path: "/title", New: json.RawMessage(`"a \u003c b"`)}}}
	require.NoError(t, e.Seal())
	require.Equal(t, "1cb9ec3f95df1a80373ec87fe9f87b4bbe21cf90efdc2d9f168b2462d0d5fe9a", e.Hash.String())
	text := fmt.Sprintf(stored, e.Hash)
	got, err := workflow.DecodeEvent([]byte(text))
	require.NoError(t, err)
	again, err := got.Encode()
	require.NoError(t, err)
	require.Equal(t, text, string(again))
}

// gone finds the tombstone of a value whose removal a test knows of.
func gone(t *testing.T, e workflow.Event, at string) workflow.Tombstone {
	i := slices.IndexFunc(e.Redacted, func(s workflow.Tombstone) bool { return s.At == at })
	require.GreaterOrEqual(t, i, 0, "%s of %+v", at, e.Redacted)
	return e.Redacted[i]
}

// An age has a hundred values and a house number a thousand. Who has the record, its
// history and the tombstone, and tries them all with every salt that is left, finds
// nothing, although the same attack opens a value that is still there.
func TestAGuessOfAShortValueCannotBeConfirmed(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	at := ""
	for i, c := range p.history(id)[0].Changes {
		if c.Path == "/age" {
			at = fmt.Sprintf("/changes/%d/new", i)
		}
	}
	original := p.history(id)[0]
	_, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, workflow.Mask{Rule: "r", Reason: "asked", Fields: []workflow.FieldMask{{Path: "/age"}}})
	require.NoError(t, err)
	e := p.history(id)[0]
	require.Len(t, e.Redacted, 1)
	require.True(t, e.Salt.IsZero())

	confirm := func(e workflow.Event, guess int, salts ...workflow.Salt) bool {
		for _, salt := range salts {
			forged := e
			forged.Salts = slices.Clone(e.Salts)
			if len(salts) == 1 {
				forged.Salt, forged.Salts, forged.Redacted = salt, nil, nil
			} else {
				forged.Redacted = nil
				for i, s := range forged.Salts {
					if s.IsZero() {
						forged.Salts[i] = salt
					}
				}
			}
			forged.Changes = slices.Clone(e.Changes)
			for i := range forged.Changes {
				if forged.Changes[i].Path == "/age" {
					forged.Changes[i].New = json.RawMessage(fmt.Sprint(guess))
				}
			}
			if forged.Seal() == nil && forged.Hash == e.Hash {
				return true
			}
		}
		return false
	}
	require.True(t, confirm(e, 47, original.Salt), "with the salt anybody could tell")
	left := append(slices.Clone(e.Salts), workflow.Salt{1})
	for guess := range 120 {
		require.False(t, confirm(e, guess, left...))
	}
	require.Equal(t, gone(t, e, at).At, at)
	text, err := e.Encode()
	require.NoError(t, err)
	require.NotContains(t, string(text), original.Salt.String())
}

func TestEveryTamperedRedactionIsFound(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	whole := p.history(id)
	_, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
	require.NoError(t, err)
	doc, err := p.store.Get(t.Context(), p.kind.Ref(id))
	require.NoError(t, err)
	for name, spoil := range map[string]func([]workflow.Event){
		"another substitute": func(es []workflow.Event) { es[1].Actor.ID = "mallory" },
		"another note":       func(es []workflow.Event) { es[1].Note = "bob is content" },
		"another tombstone":  func(es []workflow.Event) { es[0].Redacted[0].Seal[3]++ },
		"a tombstone less":   func(es []workflow.Event) { es[0].Redacted = es[0].Redacted[1:] },
		"a tombstone more":   func(es []workflow.Event) { es[0].Redacted = append(es[0].Redacted, workflow.Tombstone{At: "/x"}) },
		"a salt changed": func(es []workflow.Event) {
			es[0].Salts[slices.IndexFunc(es[0].Salts, func(s workflow.Salt) bool { return !s.IsZero() })][0]++
		},
		"a salt too many":              func(es []workflow.Event) { es[0].Salts = append(es[0].Salts, workflow.Salt{1}) },
		"a value that is left changed": func(es []workflow.Event) { es[2].Type = "letter.burn" },
		"a value back under its stone": func(es []workflow.Event) { es[1].Actor.ID = "bob" },
		"the notice edited":            func(es []workflow.Event) { es[3].Redacts.Rule = "because" },
		"the notice shortened":         func(es []workflow.Event) { es[3].Redacts.Values = es[3].Redacts.Values[1:] },
		"the notice taken away":        func(es []workflow.Event) { es[3].Redacts = nil },
		"a removal nobody announced": func(es []workflow.Event) {
			salted := workflow.Redaction{Ref: es[0].Ref, Values: []workflow.Removal{{Event: 1, At: "/changes/0/new", As: json.RawMessage(`"gone"`)}}}
			e, err := salted.Apply(es[0])
			require.NoError(t, err)
			es[0] = e
		},
	} {
		t.Run(name, func(t *testing.T) {
			events := p.history(id)
			require.NoError(t, workflow.VerifyDocument(doc, events))
			spoil(events)
			require.ErrorIs(t, workflow.VerifyDocument(doc, events), workflow.ErrTampered)
		})
	}
	events := p.history(id)
	events[0] = whole[0]
	require.NoError(t, workflow.VerifyDocument(doc, events), "an event whose values are yet to be removed is as good")
}

// A salted event cannot be made to look like an old one whose values are the
// commitments, nor an old one like a salted one.
func TestTheFormsOfSealAreNotConfused(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	e := p.history(id)[0]
	e.Salt = workflow.Salt{}
	text, err := e.Encode()
	require.NoError(t, err)
	_, err = workflow.DecodeEvent(text)
	require.ErrorIs(t, err, workflow.ErrTampered)
}

// crashing fails the n-th redaction of its store, having carried it out or not.
type crashing struct {
	*memstore.Store
	left int
	late bool
}

var errCrash = errors.New("crashed")

func (c *crashing) Redact(ctx context.Context, r workflow.Redaction) error {
	c.left--
	if c.left != 0 {
		return c.Store.Redact(ctx, r)
	}
	if c.late {
		return errors.Join(c.Store.Redact(ctx, r), errCrash)
	}
	return errCrash
}

func TestARedactionThatWasCutOffVerifiesAndGoesOn(t *testing.T) {
	for _, late := range []bool{false, true} {
		for n := 1; n <= 3; n++ {
			p := newOffice(t)
			id := p.written()
			for i := range 300 { // several parts
				p.do(ann, id, "", func(l *letter) { l.Phone = fmt.Sprint("555-", 1000+i) })
			}
			c := &crashing{p.store, n, late}
			p.desk = workflow.NewDesk(c, workflow.DeskConfig{Clock: func() time.Time { return p.now.Add(time.Hour) }})
			_, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
			if n <= 2 {
				require.ErrorIs(t, err, errCrash)
			}
			_, err = workflow.VerifyStore(t.Context(), p.store, nil, "letter")
			require.NoError(t, err)
			got, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
			require.NoError(t, err)
			require.Zero(t, got.Version, "it is announced once")
			p.verify()
			require.NotContains(t, p.everything(), "555-")
			require.Len(t, p.history(id), 304)
		}
	}
}

func TestRandomRedactionsOfRandomHistoriesVerify(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		p := newOffice(t)
		var ids []workflow.ID
		for range 3 {
			ids = append(ids, p.written())
		}
		word := func() string { return []string{"bob", "ann", "carl", "dora", "secret", ""}[r.IntN(6)] }
		for range 25 {
			id := ids[r.IntN(len(ids))]
			if r.IntN(4) > 0 {
				p.do(workflow.User("ann").For(word()), id, word(), func(l *letter) {
					l.Caller, l.Phone, l.Age, l.Deaf, l.Details = word(), word(), r.IntN(3), r.IntN(2) == 0, word()
					if w := word(); w != "" {
						_ = l.Watch(w)
						l.Unwatch(word())
						_ = l.Say(workflow.User(w), p.now, true, w)
					}
					l.Fields = workflow.Fields{"a/b": word(), "n": 1.5 * float64(r.IntN(3)), "z": nil}
				})
				continue
			}
			p.now = p.now.Add(time.Minute)
			m := workflow.Mask{Rule: "r", Reason: "asked", Notes: r.IntN(2) == 0}
			for range 1 + r.IntN(3) {
				m.Fields = append(m.Fields, workflow.FieldMask{Path: []string{"/phone", "/age", "/deaf", "/details", "/fields", "/comments/*/text", "/comments/*/by", "/watchers/*", "/caller"}[r.IntN(9)]})
			}
			if w := word(); w != "" {
				m.Persons = map[string]string{w: "person-" + fmt.Sprint(r.IntN(3))}
			}
			_, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, m)
			require.NoError(t, err, "seed %d", seed)
			again, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, m)
			require.NoError(t, err)
			require.Zero(t, again.Version, "seed %d: %+v", seed, m)
			p.verify()
		}
		p.verify()
		p.everything()
		for _, id := range ids { // any byte of a value or seal changed is found
			events := p.history(id)
			i := r.IntN(len(events))
			text, err := events[i].Encode()
			require.NoError(t, err)
			text[r.IntN(len(text))] ^= 1 << r.IntN(5)
			e, err := workflow.DecodeEvent(text)
			if err == nil {
				events[i] = e
				err = workflow.VerifyChain(events)
			}
			require.ErrorIs(t, err, workflow.ErrTampered, "seed %d: %s", seed, text)
		}
	}
}

// The hash does not cover what stands in for a removed value; what reads the same, or
// is read by nobody, is found nevertheless.
func TestAReplacementHasOneEncoding(t *testing.T) {
	p := newOffice(t)
	id := p.written()
	_, err := workflow.Redact(t.Context(), p.desk, p.kind, id, officer, bobsMask(t))
	require.NoError(t, err)
	for _, stands := range []string{"[redacted]", "person-"} {
		tried := 0
		events := p.history(id)
		for i, e := range events {
			text, err := e.Encode()
			require.NoError(t, err)
			for _, other := range []string{"\x81", `\u005b`, `\/`, "\u2028"} {
				changed := bytes.Replace(text, []byte(stands), []byte(other+stands), 1)
				if bytes.Equal(changed, text) {
					continue
				}
				tried++
				e, err := workflow.DecodeEvent(changed)
				if err == nil {
					again := slices.Clone(events)
					again[i] = e
					err = workflow.VerifyChain(again)
				}
				require.ErrorIs(t, err, workflow.ErrTampered, "%s", changed)
			}
		}
		require.NotZero(t, tried)
	}
}

func FuzzDecodeRedactedEvent(f *testing.F) {
	p := newOffice(f)
	id := p.written()
	_, err := workflow.Redact(f.Context(), p.desk, p.kind, id, officer, bobsMask(f))
	require.NoError(f, err)
	for _, e := range p.history(id) {
		b, err := e.Encode()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := workflow.DecodeEvent(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrTampered)
			return
		}
		again, err := e.Encode()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}

func FuzzParseMask(f *testing.F) {
	f.Add([]byte(`{"rule":"r","reason":"x","fields":[{"path":"/a/*","as":"x"}],"persons":{"bob":"p"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := workflow.ParseMask(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		text, err := json.Marshal(m)
		require.NoError(t, err)
		again, err := workflow.ParseMask(text)
		require.NoError(t, err)
		require.Equal(t, m.Rule, again.Rule)
	})
}
