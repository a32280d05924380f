package knownerror

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// The topics of the messages that tell people about known errors. The payload of each is
// a [Notice] as JSON, and that of TopicChanged a [Changed].
const (
	TopicState   = "known_error.state"
	TopicOwner   = "known_error.owner"
	TopicReview  = "known_error.review"
	TopicChanged = "known_error.changed"
)

// Notice is what people are told about a known error.
type Notice struct {
	ID     workflow.ID `json:"id"`
	Number string      `json:"number"`
	Title  string      `json:"title"`
	State  string      `json:"state"`
	To     []string    `json:"to"` // persons and groups, without repetition
	Text   string      `json:"text,omitempty"`
}

// tell tells people, except the actor, who knows.
func (st *step) tell(topic, text string, to ...string) error {
	n := Notice{ID: st.k.ID, Number: st.k.Number, Title: st.k.Title, State: st.k.State, To: []string{}, Text: text}
	for _, person := range to {
		if person != "" && person != st.tx.Actor().ID && !slices.Contains(n.To, person) {
			n.To = append(n.To, person)
		}
	}
	return st.tx.Send(st.s.kind.Ref(st.k.ID), topic, n)
}

// tellChanges compares the known error with how it was.
func (st *step) tellChanges() error {
	k, was := st.k, st.before
	if k.Owner != was.Owner {
		if err := st.tell(TopicOwner, "", k.Owner, was.Owner); err != nil {
			return err
		}
	}
	if k.State != was.State {
		to := slices.Concat([]string{k.Owner}, k.Authors, was.Authors, k.Watchers)
		if st.s.category(k) == workflow.CategoryActive {
			to = append(to, st.s.cfg.Reviewers...)
		}
		if err := st.tell(TopicState, st.note, to...); err != nil {
			return err
		}
	}
	if what := changes(was, k); len(what) > 0 && k.Linked > 0 {
		return st.inform(what)
	}
	return nil
}

// What has changed for those who have linked a known error.
const (
	WhatWorkaround = "workaround"
	WhatSolution   = "solution"
	WhatRetired    = "retired"
	WhatReinstated = "reinstated" // it is in force again
)

func changes(was, k *KnownError) []string {
	var what []string
	switch {
	case was.Published == nil && k.Published == nil:
	case k.Published == nil:
		what = append(what, WhatRetired)
	case was.Published == nil:
		what = append(what, WhatReinstated)
	default:
		if was.Published.Workaround != k.Published.Workaround {
			what = append(what, WhatWorkaround)
		}
		if was.Published.Solution != k.Published.Solution {
			what = append(what, WhatSolution)
		}
	}
	return what
}

// ChunkSize is the most cases that one message is for.
const ChunkSize = 100

// MaxTold is the most bytes of a text in such a message; the rest can be read.
const MaxTold = 16 << 10

// Changed tells those who have linked a known error that something changed which they
// may be relying on. Many are told by several messages. A message may come more than
// once: with [Changed.Key] its effect on a case happens once.
type Changed struct {
	KnownError workflow.ID `json:"known_error"`
	Number     string      `json:"number"`
	Title      string      `json:"title"`
	Revision   int         `json:"revision"`
	What       []string    `json:"what"` // see [WhatWorkaround] and those beside it
	Workaround string      `json:"workaround,omitempty"`
	Solution   string      `json:"solution,omitempty"`
	Reason     string      `json:"reason,omitempty"`       // why it is retired
	Superseded workflow.ID `json:"superseded_by,omitzero"` // what is to be read instead
	Version    int64       `json:"version"`                // of the record, with the change
	Cases      []Linked    `json:"cases"`
	To         []string    `json:"to"` // who has linked them, without repetition
}

// Linked is a case that is linked to a known error.
type Linked struct {
	Case     workflow.Ref `json:"case"`
	By       string       `json:"by"`
	Revision int          `json:"revision"` // which was in force then
}

// Key is the idempotency key of what the change does to a case.
func (c Changed) Key(linked workflow.Ref) string {
	return fmt.Sprintf("%s/%d/%s", c.KnownError, c.Version, linked)
}

// ParseChanged decodes the payload of a message of [TopicChanged].
func ParseChanged(payload []byte) (Changed, error) {
	var c Changed
	err := workflow.ParseJSON(payload, "knownerror: changed", &c)
	return c, err
}

// inform sends word to all who have linked the known error, some with each message.
// Whoever links a case changes the count in the known error, so none is overlooked.
func (st *step) inform(what []string) error {
	k := st.k
	c := Changed{KnownError: k.ID, Number: k.Number, Title: k.Title, Revision: k.Revision, What: what, Version: st.before.Version + 1}
	if k.Published != nil {
		c.Workaround, c.Solution = cut(k.Published.Workaround), cut(k.Published.Solution)
	} else if k.Retirement != nil {
		c.Reason, c.Superseded = cut(k.Retirement.Reason), k.Retirement.By
	}
	send := func() error {
		err := st.tx.Send(st.s.kind.Ref(k.ID), TopicChanged, c)
		c.Cases, c.To = nil, nil
		return err
	}
	for u, err := range st.s.uses.FindIn(st.tx, workflow.Is(indexKnownError, workflow.IDKey(k.ID)), workflow.Is(workflow.IndexState, stateLinked)) {
		if err != nil {
			return err
		}
		c.Cases = append(c.Cases, Linked{Case: u.Case, By: u.By, Revision: u.Revision})
		if !slices.Contains(c.To, u.By) {
			c.To = append(c.To, u.By)
		}
		if len(c.Cases) == ChunkSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(c.Cases) == 0 {
		return nil
	}
	return send()
}

func cut(text string) string {
	if len(text) > MaxTold {
		text = strings.ToValidUTF8(text[:MaxTold], "")
	}
	return text
}
