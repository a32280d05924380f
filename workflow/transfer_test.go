package workflow_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// busy is an office with a history of all sorts: redacted letters, commits of several
// records, and work that waits.
func busy(t testing.TB) *office {
	p := newOffice(t)
	ctx := context.Background()
	a, b := p.written(), p.written()
	_, err := workflow.Redact(ctx, p.desk, p.kind, a, officer, bobsMask(t))
	require.NoError(t, err)
	for i := range 3 {
		p.now = p.now.Add(time.Minute)
		_, err = p.desk.Do(ctx, workflow.Command{Name: "letter.swap", Actor: ann, Key: fmt.Sprint("swap ", i)}, func(tx *workflow.Tx) error {
			for _, id := range []workflow.ID{a, b} {
				l, err := p.kind.Get(tx, id)
				if err != nil {
					return err
				}
				l.Age++
				l.Caller = strings.Repeat("ä", 300) // its key is cut within a letter
				if err := p.kind.Put(tx, l, workflow.Entry{}); err != nil {
					return err
				}
				tx.SetTimer(p.kind.Ref(id), "remind", p.now.Add(time.Hour))
				if err := tx.Send(p.kind.Ref(id), "told", map[string]int{"n": i}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	due, err := p.store.Claim(ctx, p.now, 1, time.Minute)
	require.NoError(t, err)
	require.NoError(t, p.store.Settle(ctx, workflow.Settlement{Receipt: due[0].Receipt, Outcome: workflow.Park, Error: "no such number"}))
	return p
}

func exported(t testing.TB, s workflow.Store) (string, workflow.Manifest) {
	var b bytes.Buffer
	m, err := workflow.Export(context.Background(), s, &b, workflow.ID{7}, "acme", t0)
	require.NoError(t, err)
	return b.String(), m
}

func TestATenantGoesOutAndComesInWhole(t *testing.T) {
	p := busy(t)
	ctx := t.Context()
	text, m := exported(t, p.store)
	require.Equal(t, map[string]int{"letter": 2}, m.Records)
	require.Equal(t, []int{10, 13, 2, 6}, []int{m.Batches, m.Events, m.Timers, m.Messages})
	require.Equal(t, "all", m.Work)
	checked, err := workflow.VerifyExport(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, m, checked)

	to := memstore.New()
	for range 2 { // the second time changes nothing
		_, err = workflow.Import(ctx, to, strings.NewReader(text), workflow.ImportConfig{Parked: true})
		require.NoError(t, err)
	}
	again, _ := exported(t, to)
	require.Equal(t, strings.Count(text, "\n"), strings.Count(again, "\n"))
	moved := &office{t: t, store: to, kind: p.kind}
	require.Equal(t, p.verify(), moved.verify())
	require.Equal(t, p.everything(), moved.everything())

	_, err = workflow.Import(ctx, p.store.Tenant("globex"), strings.NewReader(text), workflow.ImportConfig{})
	require.NoError(t, err)
	_, m = exported(t, p.store.Tenant("globex"))
	require.Equal(t, 5, m.Messages, "what was given up stays out unless asked for")
	desk := workflow.NewDesk(to, workflow.DeskConfig{Clock: func() time.Time { return p.now }})
	res, err := desk.Do(ctx, workflow.Command{Name: "letter.swap", Actor: ann, Key: "swap 1"}, func(*workflow.Tx) error { return errors.New("twice") })
	require.NoError(t, err)
	require.True(t, res.Duplicate, "a command that happened there happened here")
}

func TestAnImportThatWasCutOffGoesOn(t *testing.T) {
	p := busy(t)
	text, _ := exported(t, p.store)
	whole := memstore.New()
	_, err := workflow.Import(t.Context(), whole, strings.NewReader(text), workflow.ImportConfig{})
	require.NoError(t, err)
	want, _ := exported(t, whole)
	for at := 0; at < len(text); at += 701 {
		to := memstore.New()
		_, err := workflow.Import(t.Context(), to, strings.NewReader(text[:at]), workflow.ImportConfig{})
		require.ErrorIs(t, err, workflow.ErrTampered)
		_, err = workflow.Import(t.Context(), to, strings.NewReader(text), workflow.ImportConfig{})
		require.NoError(t, err)
		got, _ := exported(t, to)
		require.Equal(t, want, got)
	}
}

func TestEveryEditOfAnExportIsFound(t *testing.T) {
	p := busy(t)
	text, _ := exported(t, p.store)
	lines := strings.SplitAfter(text, "\n")
	edits := map[string]string{
		"cut off":           strings.Join(lines[:4], ""),
		"a commit removed":  strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""),
		"work removed":      strings.Join(append(append([]string{}, lines[:len(lines)-3]...), lines[len(lines)-2:]...), ""),
		"a commit twice":    strings.Join(append(append([]string{}, lines[:2]...), lines[1:]...), ""),
		"order changed":     lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""),
		"something behind":  text + "x",
		"a payload changed": strings.Replace(text, `"payload":"ey`, `"payload":"ez`, 1),
		"a name changed":    strings.Replace(text, "Call me", "Call he", 1),
	}
	for i := 0; i < len(text); i += 97 {
		b := []byte(text)
		b[i] ^= 4
		edits[fmt.Sprint("byte ", i)] = string(b)
	}
	for name, edited := range edits {
		_, err := workflow.VerifyExport(strings.NewReader(edited))
		require.Error(t, err, name)
		require.True(t, errors.Is(err, workflow.ErrTampered) || errors.Is(err, workflow.ErrInvalid), "%s: %v", name, err)
	}
}

// The proof needs nothing of this library. This reads an export as any program could:
// the digest over the lines, and the hash of each event, with SHA-256 and JSON alone.
func TestAnExportIsProvenWithSHA256Alone(t *testing.T) {
	text, _ := exported(t, busy(t).store)
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	sum := sha256.Sum256([]byte(strings.Join(lines[:len(lines)-1], "")))
	require.Contains(t, lines[len(lines)-1], hex.EncodeToString(sum[:]))
	heads, events, redacted := map[string]string{}, 0, 0
	for _, line := range lines {
		var l struct {
			Batch struct{ Events []json.RawMessage }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		for _, raw := range l.Batch.Events {
			var e struct {
				ID, Prev, Hash, Salt string
				Salts                []string
				Redacted             []struct{ Seal string }
			}
			require.NoError(t, json.Unmarshal(raw, &e))
			content := string(raw)
			for _, end := range []string{`,"salt":`, `,"salts":`} {
				if i := strings.LastIndex(content, end); i >= 0 {
					content = content[:i] + "}"
				}
			}
			n := 0
			commitment := func(value string) string {
				defer func() { n++ }()
				var salt []byte
				if e.Salt != "" {
					event, _ := hex.DecodeString(e.Salt)
					pair := sha256.Sum256(binary.BigEndian.AppendUint32(event, uint32(n/2)))
					salt = pair[n%2*16:][:16]
				} else if salt, _ = hex.DecodeString(e.Salts[n]); len(salt) == 0 {
					seal := e.Redacted[0].Seal
					e.Redacted = e.Redacted[1:]
					redacted++
					return seal
				}
				sum := sha256.Sum256(append(salt, value...))
				return hex.EncodeToString(sum[:])
			}
			form := sha256.Sum256([]byte("itsm event 2\n" + sealedForm(t, content, commitment)))
			require.Equal(t, e.Hash, hex.EncodeToString(form[:]))
			if heads[e.ID] != "" {
				require.Equal(t, heads[e.ID], e.Prev)
			}
			heads[e.ID] = e.Hash
			events++
		}
	}
	require.Equal(t, 13, events)
	require.Greater(t, redacted, 15)
}

// sealedForm puts commitments in the places of values, by the words of the documentation.
func sealedForm(t *testing.T, content string, commitment func(string) string) string {
	d := json.NewDecoder(strings.NewReader(content))
	d.UseNumber()
	var out strings.Builder
	var walk func(path string)
	value := func(path string) bool {
		return path == "/note" || path == "/actor/id" || path == "/actor/on_behalf_of" ||
			strings.HasPrefix(path, "/changes/*/old") || strings.HasPrefix(path, "/changes/*/new") || path == "/redacts/values/*/as"
	}
	text := func(from int64) string { return strings.TrimLeft(content[from:d.InputOffset()], ",:") }
	walk = func(path string) {
		from := d.InputOffset()
		tok, err := d.Token()
		require.NoError(t, err)
		open, nested := tok.(json.Delim)
		if !nested {
			if value(path) {
				fmt.Fprintf(&out, "%q", commitment(text(from)))
			} else {
				out.WriteString(text(from))
			}
			return
		}
		out.WriteString(open.String())
		for first := true; d.More(); first = false {
			if !first {
				out.WriteByte(',')
			}
			below := path + "/*"
			if open == '{' {
				from := d.InputOffset()
				name, err := d.Token()
				require.NoError(t, err)
				out.WriteString(text(from) + ":")
				below = path + "/" + name.(string)
			}
			walk(below)
		}
		end, err := d.Token()
		require.NoError(t, err)
		out.WriteString(end.(json.Delim).String())
	}
	walk("")
	return out.String()
}

func TestNothingIsLeftOfAnErasedTenant(t *testing.T) {
	p := busy(t)
	ctx := t.Context()
	other := p.store.Tenant("globex")
	text, _ := exported(t, p.store)
	_, err := workflow.Import(ctx, other, strings.NewReader(text), workflow.ImportConfig{})
	require.NoError(t, err)
	before, _ := exported(t, other)
	require.ErrorIs(t, workflow.EraseTenant(ctx, struct{ workflow.Store }{p.store}), errors.ErrUnsupported)
	require.NoError(t, workflow.EraseTenant(ctx, p.store))

	fresh, err := json.Marshal(mustExport(t, memstore.New()))
	require.NoError(t, err)
	now, err := json.Marshal(mustExport(t, p.store))
	require.NoError(t, err)
	require.Equal(t, string(fresh), string(now), "as good as new")
	due, err := p.store.Claim(ctx, t0.AddDate(50, 0, 0), 100, time.Minute)
	require.NoError(t, err)
	require.Empty(t, due)
	_, err = workflow.Import(ctx, p.store, strings.NewReader(text), workflow.ImportConfig{})
	require.NoError(t, err, "not even the ids of commits")
	after, _ := exported(t, other)
	require.Equal(t, before, after, "another tenant is not touched")
}

func mustExport(t *testing.T, s workflow.Store) workflow.Manifest {
	_, m := exported(t, s)
	return m
}

// shy is a store that shows no work but what is parked.
type shy struct {
	workflow.Store
	workflow.Queue
}

func TestAnExportSaysWhichWorkItHas(t *testing.T) {
	p := busy(t)
	_, m := exported(t, shy{p.store, p.store})
	require.Equal(t, "parked", m.Work)
	require.Equal(t, 1, m.Messages)
	_, m = exported(t, struct{ workflow.Store }{p.store})
	require.Equal(t, "none", m.Work)
}

func FuzzImport(f *testing.F) {
	text, _ := exported(f, busy(f).store)
	f.Add([]byte(text))
	f.Add([]byte(strings.Join(strings.SplitAfter(text, "\n")[:3], "")))
	f.Add([]byte(`{"export":{"format":1,"id":"00000000-0000-0000-0000-000000000000","tenant":"","at":"2026-01-01T00:00:00Z"}}` + "\n" + `{"work":{"kind":"a","id":"00000000-0000-0000-0000-000000000001","timer":"t"}}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := workflow.Import(context.Background(), memstore.New(), bytes.NewReader(b), workflow.ImportConfig{Parked: true})
		_, verified := workflow.VerifyExport(bytes.NewReader(b))
		if err == nil {
			require.NoError(t, verified)
			return
		}
		require.True(t, errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrTampered) || errors.Is(err, workflow.ErrConflict), "%v", err)
	})
}
