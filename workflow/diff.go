package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Diff lists what leads from the JSON value old to the JSON value new, field by
// field and, within lists, place by place. An empty old or new means that there
// is no value: the record is being created. Both must be as [json.Marshal]
// writes them. [Replay] undoes nothing but repeats all: applying the changes to
// old gives new.
func Diff(old, new json.RawMessage) ([]Change, error) {
	d := differ{changes: []Change{}}
	if len(old) == 0 && len(new) > 0 && new[0] == '{' {
		old = json.RawMessage("{}")
	}
	d.value("", old, new)
	return d.changes, d.err
}

type differ struct {
	changes []Change
	err     error
}

func (d *differ) value(path string, old, new json.RawMessage) {
	switch {
	case d.err != nil || bytes.Equal(old, new):
	case len(old) > 0 && len(new) > 0 && old[0] == '{' && new[0] == '{':
		d.object(path, d.split(old), d.split(new))
	case len(old) > 0 && len(new) > 0 && old[0] == '[' && new[0] == '[':
		d.array(path, d.split(old), d.split(new))
	default:
		d.changes = append(d.changes, Change{path, bytes.Clone(old), bytes.Clone(new)})
	}
}

func (d *differ) object(path string, old, new []member) {
	for i, n := range new {
		o, ok := findMember(old, n.name, i)
		if !ok {
			d.changes = append(d.changes, Change{Path: childPath(path, n.name), New: bytes.Clone(n.value)})
		} else if !bytes.Equal(o, n.value) {
			d.value(childPath(path, n.name), o, n.value)
		}
	}
	for i, o := range old {
		if _, ok := findMember(new, o.name, i); !ok {
			d.changes = append(d.changes, Change{Path: childPath(path, o.name), Old: bytes.Clone(o.value)})
		}
	}
}

// array compares place by place, so appending, which is what records do with
// comments and the like, is one change. Surplus places go from the end, so that
// every path is right at the moment it is applied.
func (d *differ) array(path string, old, new []member) {
	for i := range new {
		at := path + "/" + strconv.Itoa(i)
		if i < len(old) {
			d.value(at, old[i].value, new[i].value)
		} else {
			d.changes = append(d.changes, Change{Path: at, New: bytes.Clone(new[i].value)})
		}
	}
	for i := len(old) - 1; i >= len(new); i-- {
		d.changes = append(d.changes, Change{Path: path + "/" + strconv.Itoa(i), Old: bytes.Clone(old[i].value)})
	}
}

func (d *differ) split(v json.RawMessage) []member {
	m, err := splitJSON(v)
	if err != nil && d.err == nil {
		d.err = err
	}
	return m
}

// findMember looks at the same place first: two encodings of one type have
// their fields in the same order.
func findMember(ms []member, name string, hint int) (json.RawMessage, bool) {
	if hint < len(ms) && ms[hint].name == name {
		return ms[hint].value, true
	}
	for _, m := range ms {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")
var pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")

func childPath(path, name string) string { return path + "/" + pointerEscape.Replace(name) }

// Replay applies the changes of the events, in order, to nothing, and returns
// the JSON of the record that results, with its fields in alphabetical order.
// An event whose old values are not what the events before it left is an error
// matching [ErrTampered].
func Replay(events []Event) (json.RawMessage, error) {
	var r Replayer
	for _, e := range events {
		if err := r.Apply(e); err != nil {
			return nil, err
		}
	}
	return r.State()
}

// Replayer rebuilds a record's state event by event, for readers who want to
// see it at each step. The zero value stands before the first event. It is not
// safe for concurrent use.
type Replayer struct{ root any }

// Apply makes the event's changes. After an error the state is undefined.
func (r *Replayer) Apply(e Event) error {
	for _, c := range e.Changes {
		if r.root == nil && c.Path != "" {
			r.root = map[string]any{}
		}
		root, err := applyChange(r.root, strings.Split(c.Path, "/")[1:], c)
		if err != nil {
			return &ChainError{e.Ref, e.Version, fmt.Sprintf("change of %q: %v", c.Path, err)}
		}
		r.root = root
	}
	return nil
}

// State returns the JSON of the record as it stands now.
func (r *Replayer) State() (json.RawMessage, error) { return json.Marshal(r.root) }

// applyChange returns node with the change made at the path below it. Lists may
// move when they grow, hence the return value.
func applyChange(node any, path []string, c Change) (any, error) {
	if len(path) == 0 {
		if err := checkOld(node, c.Old); err != nil {
			return nil, err
		}
		if c.New == nil {
			return nil, nil
		}
		return decodeNumber(c.New)
	}
	switch n := node.(type) {
	case map[string]any:
		return applyObject(n, pointerUnescape.Replace(path[0]), path[1:], c)
	case []any:
		return applyArray(n, path[0], path[1:], c)
	}
	return nil, fmt.Errorf("there is no object or list above it")
}

func applyObject(n map[string]any, name string, rest []string, c Change) (any, error) {
	child, ok := n[name]
	if len(rest) == 0 && ok != (c.Old != nil) {
		return nil, fmt.Errorf("the field is there: %t, the event says: %t", ok, c.Old != nil)
	}
	if len(rest) == 0 && c.New == nil {
		err := checkOld(child, c.Old)
		delete(n, name)
		return n, err
	}
	child, err := applyChange(child, rest, c)
	n[name] = child
	return n, err
}

func applyArray(n []any, place string, rest []string, c Change) (any, error) {
	i, err := strconv.Atoi(place)
	if err != nil || i < 0 || i > len(n) || (i == len(n) && (len(rest) > 0 || c.Old != nil)) {
		return nil, fmt.Errorf("the list has %d places", len(n))
	}
	if i == len(n) {
		v, err := decodeNumber(c.New)
		return append(n, v), err
	}
	if len(rest) == 0 && c.New == nil {
		if i != len(n)-1 {
			return nil, fmt.Errorf("only the last place of a list can go")
		}
		return n[:i], checkOld(n[i], c.Old)
	}
	n[i], err = applyChange(n[i], rest, c)
	return n, err
}

func checkOld(have any, want json.RawMessage) error {
	if want == nil {
		return nil
	}
	old, err := decodeNumber(want)
	if err == nil && !reflect.DeepEqual(have, old) {
		err = fmt.Errorf("the value before is not the one recorded")
	}
	return err
}

func sameJSON(a, b []byte) (bool, error) {
	x, err := decodeNumber(a)
	if err != nil {
		return false, err
	}
	y, err := decodeNumber(b)
	return reflect.DeepEqual(x, y), err
}

// decodeNumber keeps numbers as written: a float64 would round large ones.
func decodeNumber(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
