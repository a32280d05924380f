package exchange

import (
	"maps"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// Payloads returns what a snapshot says as the word of a source, seen at the
// snapshot's instant: the input of the Write functions. The key of an item is its id.
// Items that were merged into another one are left out, and relations to them lead to
// that one.
//
// Taken in by an empty inventory of the same model, the payloads give the same items
// with the same states and relations, under new ids and numbers, as far as the rules
// there tell the items apart. Not in a payload are details, needs, who has
// said what, and the items behind references, which are ids of this inventory.
func Payloads(s cmdb.Snapshot, source string) []reconcile.Payload {
	merged := map[workflow.ID]workflow.ID{}
	for _, ci := range s.Items {
		if ci.DuplicateOf != (workflow.ID{}) {
			merged[ci.ID] = ci.DuplicateOf
		}
	}
	var out []reconcile.Payload
	for _, ci := range s.Items {
		if _, duplicate := merged[ci.ID]; !duplicate {
			out = append(out, payload(ci, s, source, merged))
		}
	}
	return out
}

func payload(ci *cmdb.CI, s cmdb.Snapshot, source string, merged map[workflow.ID]workflow.ID) reconcile.Payload {
	p := reconcile.Payload{Source: source, Key: ci.ID.String(), At: s.At.UTC(), Class: ci.Class, Name: ci.Title, State: ci.State,
		Attributes: maps.Clone(ci.Fields)}
	for _, r := range ci.Relations {
		to := r.To
		for range merged { // an item may have been merged on and on
			next, again := merged[to]
			if !again {
				break
			}
			to = next
		}
		p.Relations = append(p.Relations, reconcile.Link{Type: r.Type, Key: to.String()})
	}
	return p
}
