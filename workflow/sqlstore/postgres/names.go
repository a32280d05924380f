package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
)

// kindKey names a tenant's kind.
type kindKey struct {
	tenant int32
	name   string
}

// kindNumbers are the numbers of a kind and of its tenant.
type kindNumbers struct{ tenant, kind int32 }

type fieldKey struct {
	kind int32
	name string
}

type shapeKey struct {
	kind   int32
	fields string // the numbers, as bytes
}

// names remembers the numbers of committed names, which never change.
type names struct {
	mu      sync.RWMutex
	tenants map[string]int32
	kinds   map[kindKey]int32
	fields  map[fieldKey]int32
	texts   map[int32]string // of fields
	shapes  map[shapeKey]int32
}

// maxNames bounds the memory; beyond it names are looked up anew.
const maxNames = 1 << 17

func remember[K comparable, V any](n *names, m *map[K]V, k K, v V) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if *m == nil || len(*m) >= maxNames {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

func recall[K comparable, V any](n *names, m *map[K]V, k K) (V, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	v, ok := (*m)[k]
	return v, ok
}

// namer finds and makes numbers.
type namer struct {
	*session
	known *names
}

func (s *session) namer() *namer { return &namer{s, &s.db.names} }

// make makes a number, in a transaction of its own. A name that is made in a host's
// transaction would hold up everybody who needs it until the host commits, and be
// gone if it does not; and the host may hold the last connection of the pool.
func (n *namer) make(text string, args []any, v *int32) (found bool, err error) {
	if n.bound == nil {
		return n.one(text, args, v)
	}
	conn, err := pgx.ConnectConfig(n.ctx, n.db.pool.Config().ConnConfig)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(n.ctx))) }()
	return (&session{ctx: n.ctx, db: n.db, store: n.store, on: n.db.on(conn, n.store.tenant)}).one(text, args, v)
}

func number[K comparable](n *namer, m *map[K]int32, k K, make bool, text string, args ...any) (v int32, err error) {
	if v, ok := recall(n.known, m, k); ok {
		return v, nil
	}
	found := false
	if make {
		found, err = n.make(text, args, &v)
	} else {
		found, err = n.one(text, args, &v)
	}
	if err != nil || !found || v == 0 {
		return 0, err
	}
	remember(n.known, m, k, v)
	return v, nil
}

// tenant returns the tenant's number, or 0. With make it makes one.
func (n *namer) tenant(name string, make bool) (int32, error) {
	text := n.db.sql.findTenant
	if make {
		text = n.db.sql.makeTenant
	}
	return number(n, &n.known.tenants, name, make, text, name)
}

func (n *namer) kind(tenant, kind string, make bool) (kindNumbers, error) {
	t, err := n.tenant(tenant, make)
	if err != nil || t == 0 {
		return kindNumbers{}, err
	}
	k := kindKey{t, kind}
	text := n.db.sql.findKind
	if make {
		text = n.db.sql.makeKind
	}
	v, err := number(n, &n.known.kinds, k, make, text, t, kind)
	if v == 0 {
		return kindNumbers{}, err
	}
	return kindNumbers{t, v}, err
}

func (n *namer) field(kind int32, name string, make bool) (int32, error) {
	text := n.db.sql.findField
	if make {
		text = n.db.sql.makeField
	}
	v, err := number(n, &n.known.fields, fieldKey{kind, name}, make, text, kind, name)
	if v != 0 {
		if _, ok := recall(n.known, &n.known.texts, v); !ok {
			remember(n.known, &n.known.texts, v, name)
		}
	}
	return v, err
}

// fieldName is the name behind a number that a record holds.
func (n *namer) fieldName(field int32) (string, error) {
	if v, ok := recall(n.known, &n.known.texts, field); ok {
		return v, nil
	}
	var name string
	if _, err := n.one(n.db.sql.nameField, []any{field}, &name); err != nil {
		return "", err
	}
	remember(n.known, &n.known.texts, field, name)
	return name, nil
}

// shape returns the number of the set of fields by which the record is ordered behind
// those that lack them.
func (n *namer) shape(kind int32, ix workflow.Index, fields []int32) (int32, error) {
	set := []int32{}
	for i, e := range ix {
		if e.Key != "" && isFirst(ix, i) {
			set = append(set, fields[i])
		}
	}
	slices.Sort(set)
	text := make([]byte, 0, 4*len(set))
	for _, f := range set {
		text = append(text, byte(f>>24), byte(f>>16), byte(f>>8), byte(f))
	}
	return number(n, &n.known.shapes, shapeKey{kind, string(text)}, true, n.db.sql.makeShape, kind, set)
}
