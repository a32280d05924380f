package cmdb

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/workflow"
)

// kindUnique is the kind of the records that two writers of one unique value meet
// at: whoever commits second is decided again, and then finds the first.
const kindUnique = "ci_unique"

// uniqueValue is a value of an attribute that no two items may have.
type uniqueValue struct {
	workflow.Record
	Holder workflow.ID `json:"holder"`
}

// uniqueSpace is the namespace of the ids of unique values.
var uniqueSpace = uuid.MustParse("7c1f0c57-2bd5-5d0e-8c55-0f3f2a7c9b14")

// claimUnique makes sure that no other item has the unique values that an item has
// now.
func (inv *Inventory) claimUnique(tx *workflow.Tx, c *class, before, ci *CI) error {
	var p workflow.Problems
	for _, a := range c.Attributes {
		v := ci.Fields[a.Name]
		if !a.Unique || v == nil || before != nil && before.Class == ci.Class && before.Fields[a.Name] == v {
			continue
		}
		other, err := inv.holder(tx, c, a, v, ci.ID)
		switch {
		case err != nil:
			return err
		case other != nil:
			p.Addf("attribute %s: %v is the %s of %s already", a.Name, v, a.Name, other.called())
		}
	}
	return p.Err("cmdb: " + c.Name + " " + ci.called())
}

// holder returns another item that has the value of a unique attribute, and if there
// is none makes this one its holder.
func (inv *Inventory) holder(tx *workflow.Tx, c *class, a Attribute, v any, id workflow.ID) (*CI, error) {
	root := c.declared[a.Name]
	entries := c.schema.Index(workflow.Fields{a.Name: v})
	q := workflow.Query{Where: []workflow.Condition{workflow.Is(entries[0].Field, entries[0].Key), workflow.Is(IndexClass, workflow.StringKey(root))}}
	for other, err := range inv.kind.Find(tx.Context(), tx.Store(), q) {
		if err != nil {
			return nil, err
		}
		if other.ID != id && other.DuplicateOf == (workflow.ID{}) && other.Fields[a.Name] == v {
			return other, nil
		}
	}
	at := uuid.NewSHA1(uniqueSpace, fmt.Appendf(nil, "%s\x00%s\x00%v", root, a.Name, v))
	u, err := inv.unique.GetOrCreate(tx, at, func() *uniqueValue { return &uniqueValue{Holder: id} })
	if err != nil {
		return nil, err
	}
	if u.Holder == id {
		return nil, nil
	}
	other, err := inv.kind.Get(tx, u.Holder)
	switch {
	case err != nil && !errors.Is(err, workflow.ErrNotFound):
		return nil, err
	case err == nil && other.DuplicateOf == (workflow.ID{}) && other.Fields[a.Name] == v:
		return other, nil
	}
	u.Holder = id // who had it has it no more
	return nil, inv.unique.Put(tx, u, workflow.Entry{})
}
