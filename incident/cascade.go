package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// CascadeKind is the kind, in a store, of the records that tell how far a family has
// followed its parent.
const CascadeKind = "incident_cascade"

// TopicCascade is the topic of the messages by which a large family follows its
// parent. Relay it to [Service.Handle].
const TopicCascade = "incident.cascade"

// Cascade is how the children of an incident follow what was done to it. A family of
// at most [Config.Chunk] children follows in the commit of its parent. In a larger one
// the parent's commit puts a message into the outbox; whoever handles it lets as many
// children follow as one commit takes, and sends the message for the next, until all
// have. What comes of it is the same:
//
//   - Each order to a family has a number, and each child knows the last one it has
//     followed. So no child follows twice, whatever is delivered again.
//   - A child that has missed several orders follows them in their order, so that nobody
//     stays resolved behind a parent that was reopened meanwhile. Nobody is told of a
//     resolution that was taken back by then.
//   - A child that is worked on before its turn follows first, in the same commit; one
//     that is reopened by hand stays so.
//   - Who joins the family was not meant by orders given before. So a cascade ends,
//     whoever comes meanwhile.
//   - A child that cannot follow, as its lifecycle does not let it, stays as it is, which
//     its history says, and holds up no other. In a small family the parent's command is
//     refused instead.
//
// The record has the id of the parent. There is none for a family that was never large.
type Cascade struct {
	workflow.Record

	Sequence int64   `json:"sequence"`           // of the last order to this family
	Orders   []Order `json:"orders,omitempty"`   // those that not everybody has followed yet, the last one at the end
	Chunks   int     `json:"chunks,omitempty"`   // since the last order
	Followed int     `json:"followed,omitempty"` // children that have, since then
	Stayed   int     `json:"stayed,omitempty"`   // children that could not follow
}

// MaxOrders is the most orders that a family has yet to follow. The next is refused
// until the cascade has come to its end.
const MaxOrders = 50

// missed are the orders behind the one with the number.
func (c *Cascade) missed(followed int64) []Order {
	if c.Sequence == 0 {
		return c.Orders // of a family that keeps no count
	}
	return c.Orders[max(0, len(c.Orders)-int(c.Sequence-followed)):]
}

// The states of a cascade.
const (
	CascadeFollowing = "following" // some children have yet to follow
	CascadeSettled   = "settled"
)

// Order is what was done to a parent, for its children to follow.
type Order struct {
	Action     string     `json:"action"`
	HoldReason HoldReason `json:"hold_reason,omitempty"`
	Code       string     `json:"code,omitempty"`
	Notes      string     `json:"notes,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	By         string     `json:"by"`
	At         time.Time  `json:"at"`
}

// orderTell is an order that tells the callers of all children something.
const orderTell = "tell"

// turn is the message for the next chunk.
type turn struct {
	Parent   workflow.ID `json:"parent"`
	Sequence int64       `json:"sequence"`
	Chunk    int         `json:"chunk"`
	By       string      `json:"by"`
}

// defaultChunk is small enough for a commit to be quick, maxChunk for it to be possible.
const (
	defaultChunk = 200
	maxChunk     = 500
)

// chunkSize makes sure that a chunk fits into one batch, whatever comes due with it: of
// each child its service levels have a timer for each target, and perhaps tell of every
// threshold, of the breach and of what follows; and its monitors tell that nobody cared.
func chunkSize(p *workflow.Problems, cfg Config) int {
	news := 2 + lateAlerts*len(cfg.Monitors)
	for _, t := range cfg.Targets {
		news += len(t.Thresholds) + 2
	}
	most := max(1, min(maxChunk, (workflow.MaxBatch-100)/news))
	switch {
	case cfg.Chunk < 0 || cfg.Chunk > most:
		p.Addf("a chunk of %d children, want 1 to %d with these targets", cfg.Chunk, most)
	case cfg.Chunk == 0:
		return min(defaultChunk, most)
	}
	return cfg.Chunk
}

func newCascades() (*workflow.Kind[*Cascade], error) {
	return workflow.NewKind(workflow.KindConfig[*Cascade]{
		Name: CascadeKind, New: func() *Cascade { return new(Cascade) },
		Clone: func(c *Cascade) *Cascade {
			d := *c
			d.Record = c.Record.Clone()
			d.Orders = slices.Clone(c.Orders)
			return &d
		},
	})
}

// Cascade tells how far the family of an incident has followed the last order. It is
// an error matching [workflow.ErrNotFound] if the family was never a large one.
func (s *Service) Cascade(ctx context.Context, parent workflow.ID) (*Cascade, error) {
	return s.cascades.Load(ctx, s.desk.Store(), parent)
}

// cascade reads how a family follows; one that was never large has followed no order.
func (s *Service) cascade(tx *workflow.Tx, parent workflow.ID) (*Cascade, error) {
	if parent == (workflow.ID{}) {
		return &Cascade{}, nil
	}
	c, err := s.cascades.Get(tx, parent)
	if errors.Is(err, workflow.ErrNotFound) {
		return &Cascade{}, nil
	}
	return c, err
}

// lead makes the children follow what was done to the incident.
func (st *step) lead(o Order) error {
	if st.inc.Children == 0 {
		return nil
	}
	o.By, o.At = st.who(), st.tx.Now()
	c, err := st.s.cascade(st.tx, st.inc.ID)
	if err != nil {
		return err
	}
	large := st.inc.Children > st.s.cfg.Chunk/(len(c.Orders)+1)
	if c.Sequence == 0 {
		if !large {
			c.Orders = []Order{o}
			return st.followAll(c)
		}
		c.ID, c.Title, c.State = st.inc.ID, "the children of "+st.inc.Name(), CascadeSettled
		if err := st.s.cascades.Create(st.tx, c, workflow.Entry{}); err != nil {
			return err
		}
	}
	if len(c.Orders) >= MaxOrders {
		return fmt.Errorf("incident: the children of %s have yet to follow %d orders, wait until they have, and see that %s is relayed: %w",
			st.inc.Name(), len(c.Orders), TopicCascade, workflow.ErrTransition)
	}
	c.Sequence++
	c.Orders = append(c.Orders, o)
	c.Chunks, c.Followed, c.Stayed = 0, 0, 0
	c.State = CascadeFollowing
	if large {
		err = st.s.passTurn(st.tx, c)
	} else {
		err = st.followAll(c)
	}
	if err != nil {
		return err
	}
	return st.s.cascades.Put(st.tx, c, workflow.Entry{Note: o.Action})
}

// passTurn sends the message for the next chunk. It goes with the cascade, not with the
// parent, whose mail may be held up.
func (s *Service) passTurn(tx *workflow.Tx, c *Cascade) error {
	return tx.Send(s.cascades.Ref(c.ID), TopicCascade, turn{Parent: c.ID, Sequence: c.Sequence, Chunk: c.Chunks, By: c.Orders[len(c.Orders)-1].By})
}

// followAll lets every child follow in this commit, or none.
func (st *step) followAll(c *Cascade) error {
	children, _, err := st.s.lagging(st.tx, st.inc.ID, c.Sequence, 0)
	if err != nil {
		return err
	}
	for _, child := range children {
		missed := c.missed(child.inc.Followed)
		for i := range missed {
			if err := child.obey(missed[i:]); err != nil {
				return fmt.Errorf("incident: %s, following %s: %w", child.inc.Name(), st.inc.Name(), err)
			}
		}
		child.inc.Followed = c.Sequence
		if err := child.finish(workflow.Entry{Note: "follows " + st.inc.Name()}); err != nil {
			return err
		}
		c.Followed++
	}
	c.State, c.Orders = CascadeSettled, nil
	return nil
}

// lagging reads children that are not finished and have not followed the order with the
// number, at most so many, or all. Before the first order there is nobody who has. Some of
// those that are found may be left out, because they have followed or left meanwhile.
func (s *Service) lagging(tx *workflow.Tx, parent workflow.ID, sequence int64, limit int) (children []*step, found int, err error) {
	q := workflow.Query{Kind: KindName, Limit: limit, Where: []workflow.Condition{
		workflow.Is(IndexParent, workflow.IDKey(parent)),
		workflow.In(IndexCategory, unfinished...),
	}}
	if sequence > 0 {
		q.Where = append(q.Where, workflow.Below(IndexFollowed, workflow.IntKey(sequence)))
	}
	var ids []workflow.ID
	for doc, err := range tx.Store().Find(tx.Context(), q) {
		if err != nil {
			return nil, 0, err
		}
		ids = append(ids, doc.ID)
	}
	for _, id := range ids {
		c, err := s.step(tx, id)
		if err != nil {
			return nil, 0, err
		}
		if c.inc.Parent == parent && !s.Category(c.inc).Final() && (sequence == 0 || c.inc.Followed < sequence) {
			children = append(children, c)
		}
	}
	return children, len(ids), nil
}

var unfinished = []workflow.Key{
	workflow.StringKey(workflow.CategoryNew.String()), workflow.StringKey(workflow.CategoryActive.String()),
	workflow.StringKey(workflow.CategoryOnHold.String()), workflow.StringKey(workflow.CategoryResolved.String()),
}
