package workflow

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strconv"
)

// maxLine is the longest line of an export that is read.
const maxLine = 256 << 20

// VerifyExport reads an export and checks all of it without a store: the digest and
// the counts of its manifest, every event's hash, every record against its whole
// history as [VerifyDocument] does, and that all of this is there. A fault is an error
// matching [ErrTampered]; text that is no export at all matches [ErrInvalid]. Memory
// grows with the histories that are open: from a record's first commit to its last.
func VerifyExport(r io.Reader) (Manifest, error) {
	m, err := readExport(r, nothing{})
	if err != nil {
		return m, fmt.Errorf("workflow: export: %w", err)
	}
	return m, nil
}

// ImportConfig is how an export is read in. The zero value works.
type ImportConfig struct {
	// Parked has work tried again that had been given up. Default: it is left out.
	Parked bool
}

// Import commits everything in an export to a store, through the port alone: every
// commit under its own id, with its sealed events, and at the end the work that waits.
// Each record is checked against its history before its last version is committed; the
// digest of the whole stands at the end, so let [VerifyExport] read a file first.
//
// The tenant should be empty: a record that is there already gives an error matching
// [ErrConflict]. An import that was cut off is given the same file again and goes on,
// because commits that happened are passed over.
func Import(ctx context.Context, s Store, r io.Reader, cfg ImportConfig) (Manifest, error) {
	m, err := readExport(r, &importer{ctx: ctx, store: s, cfg: cfg})
	if err != nil {
		return m, fmt.Errorf("workflow: import: %w", err)
	}
	return m, nil
}

// sink takes what is read and found right.
type exportSink interface {
	commit(b Batch) error
	work(export ID, n int, w exportWork) error
}

type nothing struct{}

func (nothing) commit(Batch) error             { return nil }
func (nothing) work(ID, int, exportWork) error { return nil }

type exportReader struct {
	lines   *bufio.Reader
	sum     hash.Hash
	sink    exportSink
	header  exportHeader
	m       Manifest
	open    map[Ref][]Event // histories whose record is yet to come
	states  map[Ref]*Replayer
	settled map[Ref]bool
	seen    map[ID]bool
}

func readExport(from io.Reader, to exportSink) (Manifest, error) {
	r := &exportReader{lines: bufio.NewReaderSize(from, 1<<16), sum: sha256.New(), sink: to, m: Manifest{Records: map[string]int{}},
		open: map[Ref][]Event{}, states: map[Ref]*Replayer{}, settled: map[Ref]bool{}, seen: map[ID]bool{}}
	for n := 1; ; n++ {
		text, err := r.line()
		if err != nil {
			return r.m, fmt.Errorf("line %d: %w", n, err)
		}
		var l exportLine
		err = strictJSON(text, &l)
		switch {
		case err != nil:
		case n == 1 && (l.Export == nil || l.Export.Format != exportFormat):
			err = fmt.Errorf("this is not an export of format %d: %w", exportFormat, ErrInvalid)
		case n == 1:
			r.header = *l.Export
			r.m.Tenant, r.m.At = l.Export.Tenant, l.Export.At
		case l.Batch != nil:
			err = r.batch(*l.Batch)
		case l.Work != nil:
			err = r.work(*l.Work)
		case l.Manifest != nil:
			return r.m, r.end(*l.Manifest)
		default:
			err = fmt.Errorf("a line without content: %w", ErrInvalid)
		}
		if err != nil {
			return r.m, fmt.Errorf("line %d: %w", n, err)
		}
		r.sum.Write(text)
	}
}

func (r *exportReader) line() ([]byte, error) {
	var text []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return text, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: %w", errEnd, ErrTampered)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(text) > maxLine:
			return nil, fmt.Errorf("more than %d bytes: %w", maxLine, ErrInvalid)
		}
	}
}

func tampered(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrTampered)
}

func (r *exportReader) batch(b exportBatch) error {
	if r.seen[b.ID] || len(b.Events) == 0 {
		return tampered("commit %v is there twice, or empty", b.ID)
	}
	r.seen[b.ID] = true
	final := map[Ref]Document{}
	for _, x := range b.Records {
		doc := x.document()
		final[doc.Ref] = doc
	}
	out := Batch{ID: b.ID}
	for _, text := range b.Events {
		e, err := DecodeEvent(text)
		if err != nil {
			return err
		}
		doc, err := r.event(b.ID, e, final)
		if err != nil {
			return err
		}
		out.Writes = append(out.Writes, Write{doc, e})
	}
	if len(final) > 0 {
		return tampered("commit %v has %d records that it did not change", b.ID, len(final))
	}
	if err := out.Validate(); err != nil {
		return err
	}
	r.m.Batches++
	r.m.Events += len(out.Writes)
	return r.sink.commit(out)
}

// event adds the event to its record's history and returns the record as it was
// after it.
func (r *exportReader) event(batch ID, e Event, final map[Ref]Document) (Document, error) {
	history := append(r.open[e.Ref], e)
	if e.Batch != batch || r.settled[e.Ref] || e.Version != int64(len(history)) || len(history) > 1 && history[len(history)-2].Hash != e.Prev {
		return Document{}, &ChainError{e.Ref, e.Version, "does not belong where it stands in the export"}
	}
	if doc, last := final[e.Ref]; last {
		delete(final, e.Ref)
		delete(r.open, e.Ref)
		delete(r.states, e.Ref)
		r.settled[e.Ref] = true
		r.m.Records[e.Kind]++
		return doc, VerifyDocument(doc, history)
	}
	r.open[e.Ref] = history
	state := r.states[e.Ref]
	if state == nil {
		state = &Replayer{}
		r.states[e.Ref] = state
	}
	body, err := state.after(e)
	return Document{Ref: e.Ref, Version: e.Version, Schema: 1, Created: history[0].At, Updated: e.At, Head: e.Hash, Body: RawBody(body)}, err
}

// after applies the event and returns the record's JSON. What was announced to be
// removed and is still there may not fit; the last version is checked with care.
func (r *Replayer) after(e Event) ([]byte, error) {
	if err := r.Apply(e); err != nil {
		return []byte("{}"), nil
	}
	body, err := r.State()
	if err == nil && bytes.Equal(body, []byte("null")) {
		body = []byte("{}")
	}
	return body, err
}

func (r *exportReader) work(w exportWork) error {
	if w.Timer != "" {
		r.m.Timers++
	} else {
		r.m.Messages++
	}
	return r.sink.work(r.header.ID, r.m.Timers+r.m.Messages, w)
}

func (r *exportReader) end(m Manifest) error {
	r.sum.Sum(r.m.SHA256[:0])
	r.m.Work = m.Work
	_, more := r.lines.ReadByte()
	switch {
	case len(r.open) > 0:
		return tampered("%d records are missing whose history is there", len(r.open))
	case m.SHA256 != r.m.SHA256:
		return tampered("the manifest's digest is not that of what stands before it")
	case m.Tenant != r.m.Tenant || !m.At.Equal(r.m.At) || !maps.Equal(m.Records, r.m.Records) || m.Batches != r.m.Batches ||
		m.Events != r.m.Events || m.Timers != r.m.Timers || m.Messages != r.m.Messages:
		return tampered("the manifest says %+v, there is %+v", m, r.m)
	case m.Work != "all" && m.Work != "parked" && m.Work != "none":
		return tampered("the manifest says %.20q of the work", m.Work)
	case !errors.Is(more, io.EOF):
		return tampered("more follows behind the manifest")
	}
	return nil
}

type importer struct {
	ctx   context.Context
	store Store
	cfg   ImportConfig
}

func (m *importer) commit(b Batch) error { return m.store.Commit(m.ctx, b) }

func (m *importer) work(export ID, n int, w exportWork) error {
	if w.Parked && !m.cfg.Parked {
		return nil
	}
	b := Batch{ID: derivedID(export, strconv.Itoa(n))}
	ref := Ref{w.Kind, w.ID}
	if w.Timer != "" {
		b.Timers = []Timer{{Ref: ref, Name: w.Timer, Due: w.Due, Payload: w.Payload}}
	} else {
		b.Messages = []Message{{ID: w.Message, Ref: ref, Topic: w.Topic, At: w.At, Payload: w.Payload}}
	}
	return m.store.Commit(m.ctx, b)
}

// EraseTenant removes everything of the store's tenant, for good. A store that is no
// [Eraser] gives an error matching [errors.ErrUnsupported].
func EraseTenant(ctx context.Context, s Store) error {
	e, err := eraserOf(s)
	if err != nil {
		return err
	}
	return e.EraseTenant(ctx)
}
