package sqlstore

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// level is one of the tables that give names a number.
type level uint8

const (
	tenantLevel level = iota
	kindLevel         // within a tenant
	fieldLevel        // within a kind
	shapeLevel        // within a kind
)

var findName = [...]string{
	tenantLevel: "SELECT tenant FROM itsm_tenants WHERE ?1 = 0 AND name = ?2",
	kindLevel:   "SELECT kind FROM itsm_kinds WHERE tenant = ?1 AND name = ?2",
	fieldLevel:  "SELECT field FROM itsm_fields WHERE kind = ?1 AND name = ?2",
	shapeLevel:  "SELECT shape FROM itsm_shapes WHERE kind = ?1 AND name = ?2",
}

var addName = [...]string{
	tenantLevel: "INSERT INTO itsm_tenants (tenant, name) SELECT coalesce(max(tenant), 9) + 1, ?2 FROM itsm_tenants WHERE ?1 = 0",
	kindLevel:   "INSERT INTO itsm_kinds (kind, tenant, name) SELECT coalesce(max(kind), 9) + 1, ?1, ?2 FROM itsm_kinds",
	fieldLevel:  "INSERT INTO itsm_fields (field, kind, name) SELECT coalesce(max(field), 9) + 1, ?1, ?2 FROM itsm_fields",
	shapeLevel:  "INSERT INTO itsm_shapes (shape, kind, name) SELECT coalesce(max(shape), 9) + 1, ?1, ?2 FROM itsm_shapes",
}

type nameKey struct {
	level  level
	parent int64
	name   string
}

// names remembers the numbers of committed names, which never change.
type names struct {
	mu      sync.RWMutex
	numbers map[nameKey]int64
}

// maxNames bounds the memory; beyond it names are looked up anew.
const maxNames = 1 << 16

func (n *names) get(k nameKey) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.numbers[k]
}

func (n *names) put(found map[nameKey]int64) {
	if len(found) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.numbers == nil || len(n.numbers)+len(found) > maxNames {
		n.numbers = make(map[nameKey]int64, len(found))
	}
	for k, v := range found {
		n.numbers[k] = v
	}
}

// namer finds and makes numbers within one transaction. What it found belongs
// into names once the transaction is committed, and never before: it may be
// the transaction itself that made it.
type namer struct {
	*session
	known *names
	found map[nameKey]int64
	ends  map[int64]int64 // by tenant; nil if others may write
}

func newNamer(s *session, known *names) *namer {
	return &namer{session: s, known: known, found: map[nameKey]int64{}}
}

// number returns a name's number, or 0 if there is no such name.
func (n *namer) number(l level, parent int64, name string) (int64, error) {
	k := nameKey{l, parent, name}
	if v := n.known.get(k); v != 0 {
		return v, nil
	}
	if v := n.found[k]; v != 0 {
		return v, nil
	}
	var v int64
	ok, err := n.one(findName[l], []any{parent, name}, &v)
	if ok {
		n.found[k] = v
	}
	return v, err
}

// ensure returns a name's number and makes one if there is none.
func (n *namer) ensure(l level, parent int64, name string) (int64, error) {
	v, err := n.number(l, parent, name)
	if v != 0 || err != nil {
		return v, err
	}
	if _, err := n.exec(addName[l], parent, name); err != nil {
		return 0, err
	}
	return n.number(l, parent, name)
}

// kind returns the number of a tenant's kind, or 0.
func (n *namer) kind(tenant, kind string) (int64, error) {
	t, err := n.number(tenantLevel, 0, tenant)
	if t == 0 || err != nil {
		return 0, err
	}
	return n.number(kindLevel, t, kind)
}

// shape returns the number of the set of fields by which the record is ordered
// behind those that lack them.
func (n *namer) shape(kind int64, ix workflow.Index) (int64, error) {
	var fields []int64
	for i, e := range ix {
		if e.Key == "" || i > 0 && ix[i-1].Field == e.Field {
			continue
		}
		f, err := n.ensure(fieldLevel, kind, e.Field)
		if err != nil {
			return 0, err
		}
		fields = append(fields, f)
	}
	slices.Sort(fields)
	var name strings.Builder
	for _, f := range fields {
		name.WriteString("," + strconv.FormatInt(f, 10))
	}
	return n.ensure(shapeLevel, kind, name.String()+",")
}
