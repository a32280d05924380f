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
	Asked  int         `json:"asked"` // how often: every command that relies on the record changes it
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
	same, err := a.Finds(v)
	if err != nil {
		return nil, err
	}
	q := workflow.Query{Where: []workflow.Condition{same, workflow.Is(IndexClass, workflow.StringKey(root))}}
	for other, err := range inv.kind.Find(tx.Context(), tx.Store(), q) {
		if err != nil {
			return nil, err
		}
		if other.ID != id && other.DuplicateOf == (workflow.ID{}) && a.identity(other.Fields[a.Name]) == a.identity(v) {
			return other, nil
		}
	}
	at := uuid.NewSHA1(uniqueSpace, fmt.Appendf(nil, "%s\x00%s\x00%v", root, a.Name, a.identity(v)))
	u, err := inv.unique.GetOrCreate(tx, at, func() *uniqueValue { return &uniqueValue{Holder: id} })
	if err != nil {
		return nil, err
	}
	if u.Holder != id {
		other, err := inv.kind.Get(tx, u.Holder)
		switch {
		case err != nil && !errors.Is(err, workflow.ErrNotFound):
			return nil, err
		case err == nil && other.DuplicateOf == (workflow.ID{}) && a.identity(other.Fields[a.Name]) == a.identity(v):
			return other, nil
		}
	}
	u.Holder = id // who had it has it no more
	u.Asked++
	return nil, inv.unique.Put(tx, u, workflow.Entry{})
}

// touch makes commands that rely on each other's outcome meet at one record, by name:
// of two at the same time the second is decided again.
func (inv *Inventory) touch(tx *workflow.Tx, name string) error {
	u, err := inv.unique.GetOrCreate(tx, uuid.NewSHA1(uniqueSpace, []byte(name)), func() *uniqueValue { return &uniqueValue{} })
	if err != nil {
		return err
	}
	u.Asked++
	return inv.unique.Put(tx, u, workflow.Entry{})
}
