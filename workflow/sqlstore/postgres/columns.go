package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// validText reports whether PostgreSQL can keep the text.
func validText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// checkTexts refuses names that a text column does not take. Keys, bodies and payloads
// are bytes and may be anything.
func checkTexts(b workflow.Batch) error {
	var p workflow.Problems
	check := func(what, text string) {
		if !validText(text) {
			p.Addf("%s %.80q is not UTF-8 text without zero bytes", what, text)
		}
	}
	for _, w := range b.Writes {
		for _, e := range w.Document.Index {
			check("index field", e.Field)
		}
	}
	for _, t := range b.Timers {
		check("timer", t.Name)
	}
	for _, m := range b.Messages {
		check("topic", m.Topic)
	}
	return p.Err("postgres: batch")
}

// numbered is a record by the number of its kind.
type numbered struct {
	kind int32
	id   [16]byte
}

func compareNumbered(a, b numbered) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), slices.Compare(a.id[:], b.id[:]))
}

// columns are the arrays that the function takes.
type columns struct {
	kinds              []int32
	ids                [][16]byte
	versions           []int64
	layouts, shapes    []int32
	created, updated   []time.Time
	heads              [][]byte
	bodies, events     [][]byte
	from, to           []int32
	fields             []int32
	keys               [][]byte
	firsts             []bool
	otherKinds         []int32
	otherIDs           [][16]byte
	timerKinds         []int32
	timerIDs           [][16]byte
	timerNames         []string
	timerDues          []*time.Time
	timerPayloads      [][]byte
	messageKinds       []int32
	messageIDs         [][16]byte
	messages           [][16]byte
	topics             []string
	at                 []time.Time
	messagePayloads    [][]byte
	tenant             int32
	batch              [16]byte
	workOfOtherRecords map[numbered]bool
}

// arguments encodes a batch as the arguments of the function.
func (s *Store) arguments(ctx context.Context, b workflow.Batch) (*columns, error) {
	n := s.session(ctx).namer()
	c := &columns{batch: b.ID, workOfOtherRecords: map[numbered]bool{}}
	var err error
	if c.tenant, err = n.tenant(s.tenant, true); err != nil {
		return nil, err
	}
	written := make(map[numbered]bool, len(b.Writes))
	for i := range b.Writes {
		ref, err := c.write(s, n, &b.Writes[i])
		if err != nil {
			return nil, err
		}
		written[ref] = true
	}
	if err := c.work(s, n, b); err != nil {
		return nil, err
	}
	for ref := range written {
		delete(c.workOfOtherRecords, ref)
	}
	others := make([]numbered, 0, len(c.workOfOtherRecords))
	for ref := range c.workOfOtherRecords {
		others = append(others, ref)
	}
	slices.SortFunc(others, compareNumbered)
	for _, ref := range others {
		c.otherKinds, c.otherIDs = append(c.otherKinds, ref.kind), append(c.otherIDs, ref.id)
	}
	return c, nil
}

// first is the record by which batches are put in order.
func (c *columns) first() numbered {
	if len(c.kinds) > 0 {
		return numbered{c.kinds[0], c.ids[0]}
	}
	return numbered{c.otherKinds[0], c.otherIDs[0]}
}

func (c *columns) write(s *Store, n *namer, w *workflow.Write) (numbered, error) {
	d := &w.Document
	kind, err := n.kind(s.tenant, d.Kind, true)
	if err != nil {
		return numbered{}, err
	}
	body, err := d.Body.Encoded()
	if err != nil {
		return numbered{}, err
	}
	event, err := w.Event.Encode()
	if err != nil {
		return numbered{}, err
	}
	if len(body) > workflow.MaxBody || len(event) > 2*workflow.MaxBody {
		return numbered{}, fmt.Errorf("%v: the body has %d bytes, at most %d: %w", d.Ref, len(body), workflow.MaxBody, workflow.ErrInvalid)
	}
	from := len(c.fields)
	for i, e := range d.Index {
		f, err := n.field(kind.kind, e.Field, true)
		if err != nil {
			return numbered{}, err
		}
		c.fields, c.keys, c.firsts = append(c.fields, f), append(c.keys, []byte(e.Key)), append(c.firsts, isFirst(d.Index, i))
	}
	shape, err := n.shape(kind.kind, d.Index, c.fields[from:])
	if err != nil {
		return numbered{}, err
	}
	c.kinds, c.ids, c.versions = append(c.kinds, kind.kind), append(c.ids, d.ID), append(c.versions, d.Version)
	c.layouts, c.shapes = append(c.layouts, int32(d.Schema)), append(c.shapes, shape)
	c.created, c.updated, c.heads = append(c.created, d.Created), append(c.updated, d.Updated), append(c.heads, d.Head[:])
	c.bodies, c.events = append(c.bodies, body), append(c.events, event)
	c.from, c.to = append(c.from, int32(from+1)), append(c.to, int32(len(c.fields)))
	return numbered{kind.kind, d.ID}, nil
}

// isFirst reports whether the entry has the smallest key of its field.
func isFirst(ix workflow.Index, i int) bool { return i == 0 || ix[i-1].Field != ix[i].Field }

func (c *columns) work(s *Store, n *namer, b workflow.Batch) error {
	timers := slices.Clone(b.Timers) // record by record
	slices.SortStableFunc(timers, func(x, y workflow.Timer) int {
		return cmp.Or(strings.Compare(x.Ref.Kind, y.Ref.Kind), slices.Compare(x.Ref.ID[:], y.Ref.ID[:]))
	})
	for i := range timers {
		t := &timers[i]
		kind, err := n.kind(s.tenant, t.Ref.Kind, true)
		if err != nil {
			return err
		}
		var due *time.Time
		if !t.Due.IsZero() {
			due = &t.Due
		}
		c.timerKinds, c.timerIDs = append(c.timerKinds, kind.kind), append(c.timerIDs, t.Ref.ID)
		c.timerNames, c.timerDues, c.timerPayloads = append(c.timerNames, t.Name), append(c.timerDues, due), append(c.timerPayloads, t.Payload)
		c.workOfOtherRecords[numbered{kind.kind, t.Ref.ID}] = true
	}
	for i := range b.Messages {
		m := &b.Messages[i]
		kind, err := n.kind(s.tenant, m.Ref.Kind, true)
		if err != nil {
			return err
		}
		c.messageKinds, c.messageIDs = append(c.messageKinds, kind.kind), append(c.messageIDs, m.Ref.ID)
		c.messages, c.topics = append(c.messages, m.ID), append(c.topics, m.Topic)
		c.at, c.messagePayloads = append(c.at, m.At), append(c.messagePayloads, m.Payload)
		c.workOfOtherRecords[numbered{kind.kind, m.Ref.ID}] = true
	}
	return nil
}

func (c *columns) list() []any {
	return []any{c.tenant, c.batch,
		some(c.kinds), some(c.ids), some(c.versions), some(c.layouts), some(c.shapes), some(c.created), some(c.updated),
		some(c.heads), some(c.bodies), some(c.events), some(c.from), some(c.to),
		some(c.fields), some(c.keys), some(c.firsts), some(c.otherKinds), some(c.otherIDs),
		some(c.timerKinds), some(c.timerIDs), some(c.timerNames), some(c.timerDues), some(c.timerPayloads),
		some(c.messageKinds), some(c.messageIDs), some(c.messages), some(c.topics), some(c.at), some(c.messagePayloads)}
}

// some is the list, empty and not NULL if it has nothing.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func itoa(n int) string { return strconv.Itoa(n) }
