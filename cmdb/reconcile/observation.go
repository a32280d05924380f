package reconcile

import (
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// KindObservation is the kind of observations in a store.
const KindObservation = "ci_observation"

// Observation is what a source last said of an item, and what was made of it.
type Observation struct {
	workflow.Record
	Payload Payload     `json:"payload"`
	CI      workflow.ID `json:"ci,omitzero"`      // the item that it is of; zero while it is held
	Before  workflow.ID `json:"before,omitzero"`  // the item that it was of before a merge
	Held    string      `json:"held,omitempty"`   // why there is no item
	Cluster Origin      `json:"cluster,omitzero"` // the first of those that are one item

	Identities []identity      `json:"identities,omitempty"`
	Resolved   []cmdb.Relation `json:"resolved,omitempty"` // the relations that it has brought to the item
	Lived      bool            `json:"lived,omitempty"`    // it was once reported as there
	Retired    workflow.ID     `json:"retired,omitzero"`   // the item that was retired since every source said it is gone
	Behind     *Origin         `json:"behind,omitempty"`   // those with a relation to it are to be looked at, from behind this one on

	// What people have said: these are one item, whatever the rules say, or are not.
	Same  []Origin `json:"same,omitempty"`
	Apart []Origin `json:"apart,omitempty"`
}

// Origin is whose observation it is.
func (o *Observation) Origin() Origin { return Origin{o.Payload.Source, o.Payload.Key} }

// originSpace is the namespace of the ids of observations.
var originSpace = uuid.MustParse("0d9f2a51-6a6c-5a2f-9d0b-3a1b8f1d6c37")

func (o Origin) id() workflow.ID {
	return uuid.NewSHA1(originSpace, []byte(o.Source+"\x00"+o.Key))
}

func (o *Observation) clone() *Observation {
	c := *o
	c.Record = o.Record.Clone()
	c.Payload = o.Payload.clone()
	c.Identities = slices.Clone(o.Identities)
	c.Resolved = slices.Clone(o.Resolved)
	c.Same, c.Apart = slices.Clone(o.Same), slices.Clone(o.Apart)
	if o.Behind != nil {
		at := *o.Behind
		c.Behind = &at
	}
	return &c
}

func (p Payload) clone() Payload {
	p.Attributes = maps.Clone(p.Attributes)
	p.Relations = slices.Clone(p.Relations)
	return p
}

// The fields an observation can be found by.
const (
	indexIdentity = "identity" // a key by which it is recognised
	indexCluster  = "cluster"  // those that are one item
	indexLink     = "link"     // the end of a relation
	indexCI       = "ci"       // an IDKey
	indexHeld     = "held"     // a BoolKey
	indexSame     = "same"     // another one that people said is the same
	indexBehind   = "behind"   // a BoolKey: those with a relation to it are to be looked at
)

// keys are what an observation is found by.
func (o *Observation) keys() []workflow.IndexEntry {
	entries := []workflow.IndexEntry{{Field: indexHeld, Key: workflow.BoolKey(o.Held != "")}}
	for _, id := range o.Identities {
		entries = append(entries, workflow.IndexEntry{Field: indexIdentity, Key: workflow.StringKey(id.Key)})
	}
	for _, l := range o.Payload.Relations {
		entries = append(entries, workflow.IndexEntry{Field: indexLink, Key: l.target(o.Payload.Source).key()})
	}
	for _, s := range o.Same {
		entries = append(entries, workflow.IndexEntry{Field: indexSame, Key: s.key()})
	}
	if o.Behind != nil {
		entries = append(entries, workflow.IndexEntry{Field: indexBehind, Key: workflow.BoolKey(true)})
	}
	if o.Cluster != (Origin{}) {
		entries = append(entries, workflow.IndexEntry{Field: indexCluster, Key: o.Cluster.key()})
	}
	if o.CI != (workflow.ID{}) {
		entries = append(entries, workflow.IndexEntry{Field: indexCI, Key: workflow.IDKey(o.CI)})
	}
	return entries
}

func (o Origin) key() workflow.Key { return cmdb.SourceKey(o.Source, o.Key) }

func newKind() (*workflow.Kind[*Observation], error) {
	return workflow.NewKind(workflow.KindConfig[*Observation]{
		Name: KindObservation, New: func() *Observation { return new(Observation) },
		Clone: (*Observation).clone, Index: (*Observation).keys,
	})
}

// kindMeeting is the kind of the records at which commands meet that could miss each
// other: two sources that name one identifier at the same time. Whoever commits second
// is decided again, and then finds the first.
const kindMeeting = "ci_meeting"

type meeting struct {
	workflow.Record
	Count int `json:"count"`
}

func newMeetings() (*workflow.Kind[*meeting], error) {
	return workflow.NewKind(workflow.KindConfig[*meeting]{Name: kindMeeting, New: func() *meeting { return new(meeting) }})
}
