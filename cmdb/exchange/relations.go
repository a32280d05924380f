package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// join brings items and their relations together.
type join struct {
	links map[string][]link   // by the key of the item that they begin at
	notes map[string][]string // likewise
	met   map[string]int      // the items, by key: their lines
}

// link is a relation with its line.
type link struct {
	reconcile.Link
	line int
	from string
}

func newJoin() *join {
	return &join{links: map[string][]link{}, notes: map[string][]string{}, met: map[string]int{}}
}

// meet notes an item. It is an error if it was met before.
func (j *join) meet(key string, line int) error {
	if before, twice := j.met[key]; twice {
		return fmt.Errorf("item %.64q is on line %d already", key, before)
	}
	j.met[key] = line
	return nil
}

// of returns the relations that begin at an item.
func (j *join) of(key string) []reconcile.Link {
	var list []reconcile.Link
	for _, l := range j.links[key] {
		list = append(list, l.Link)
	}
	return list
}

// rest yields the relations that begin at no item of the file.
func (j *join) rest(yield yielder) {
	var list []link
	for key, links := range j.links {
		if _, met := j.met[key]; !met {
			list = append(list, links...)
		}
	}
	slices.SortFunc(list, func(a, b link) int { return cmp.Compare(a.line, b.line) })
	for _, l := range list {
		var p workflow.Problems
		p.Addf("it begins at item %.64q, which is not in the file of items", l.from)
		if !yield(Row{Line: l.line}, lineError(FileRelations, l.line, &p)) {
			return
		}
	}
}

// relationColumns are the places of the columns of a table, and what types mean.
type relationColumns struct {
	from, to, relation, source int
	meaning                    func(text string) (relation string, turned bool, err error)
}

// errLeftOut is the meaning of a type that is left out, with a note.
var errLeftOut = errors.New("left out")

// read reads a table of relations to its end. It reports whether to go on.
func (j *join) read(t *table, c relationColumns, yield yielder) bool {
	for {
		err := t.next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err == nil {
			err = j.add(t, c)
		}
		var wrong *LineError
		if err != nil && (!yield(Row{Line: t.line}, err) || !errors.As(err, &wrong)) {
			return false
		}
	}
}

func (j *join) add(t *table, c relationColumns) error {
	var p workflow.Problems
	from, to, source := t.cell(c.from), t.cell(c.to), t.cell(c.source)
	for _, end := range []int{c.from, c.to} {
		if t.cell(end) == "" {
			p.Addf("column %s is empty", t.columns[end])
		}
	}
	relation, turned, err := c.meaning(t.cell(c.relation))
	switch {
	case errors.Is(err, errLeftOut):
		j.notes[from] = append(j.notes[from], fmt.Sprintf("relation type %.64q is not known: left out", t.cell(c.relation)))
		return lineError(t.file, t.line, &p)
	case err != nil:
		p.Addf("column %s: %w", t.columns[c.relation], err)
	case turned && source != "":
		p.Addf("column %s: a relation that is read backwards begins at the other item, which is of this file", t.columns[c.source])
	case turned:
		from, to = to, from
	}
	if err := lineError(t.file, t.line, &p); err != nil {
		return err
	}
	j.links[from] = append(j.links[from], link{reconcile.Link{Type: relation, Source: source, Key: to}, t.line, from})
	return nil
}

// meanings returns what the names of a model's types mean: as they are, or turned
// round if it is the name from the other end.
func meanings(m *cmdb.Model) func(string) (string, bool, error) {
	backwards := map[string][]string{}
	names := map[string]bool{}
	for _, t := range m.RelationTypes() {
		names[t.Name] = true
		backwards[t.Inverse] = append(backwards[t.Inverse], t.Name)
	}
	return func(text string) (string, bool, error) {
		back := backwards[text]
		switch {
		case names[text]:
			return text, false, nil
		case len(back) == 1:
			return back[0], true, nil
		case len(back) > 1:
			return "", false, fmt.Errorf("%.64q is the other end of %s: name the one that is meant", text, strings.Join(back, " and of "))
		}
		return "", false, fmt.Errorf("there is no type %.64q; there are %s", text, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
	}
}
