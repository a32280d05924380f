package routing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// Traffic counts which groups hand work to which, over many records. The zero Traffic
// is empty and counts elapsed time. It is not safe for concurrent use; counted apart,
// the parts are put together with [Traffic.Merge].
type Traffic struct {
	Hours *calendar.Calendar // the working time in which time is counted

	records, bounced int
	pairs            map[route]*Pair
}

type route struct{ from, to string }

// Pair is what one group sends another.
type Pair struct {
	From    string        `json:"from"`
	To      string        `json:"to"`
	Handed  int           `json:"handed"`  // times From handed work to To
	Bounced int           `json:"bounced"` // times it came straight back
	Lost    time.Duration `json:"lost"`    // how long To had it, when it came back
}

// Add counts the assignments of one record until an instant.
func (t *Traffic) Add(history []Hop, until time.Time) {
	all := joined(stays(history, false, until))
	t.records++
	bounced := false
	for i := 1; i < len(all); i++ {
		p := t.pair(route{all[i-1].who, all[i].who})
		p.Handed++
		if i+1 < len(all) && all[i+1].who == p.From {
			p.Bounced++
			p.Lost += between(t.Hours, all[i].from, all[i+1].from)
			bounced = true
		}
	}
	if bounced {
		t.bounced++
	}
}

func (t *Traffic) pair(r route) *Pair {
	if t.pairs == nil {
		t.pairs = map[route]*Pair{}
	}
	p := t.pairs[r]
	if p == nil {
		p = &Pair{From: r.from, To: r.to}
		t.pairs[r] = p
	}
	return p
}

// Merge adds what another has counted.
func (t *Traffic) Merge(o *Traffic) {
	t.records += o.records
	t.bounced += o.bounced
	for r, q := range o.pairs {
		p := t.pair(r)
		p.Handed += q.Handed
		p.Bounced += q.Bounced
		p.Lost += q.Lost
	}
}

// Pairs returns what was counted, those first that bounced most often.
func (t *Traffic) Pairs() []Pair {
	var all []Pair
	for _, p := range t.pairs {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Bounced, a.Bounced), cmp.Compare(b.Handed, a.Handed), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all
}

// Records returns how many records were counted, and how many of them bounced between
// two groups.
func (t *Traffic) Records() (all, bounced int) { return t.records, t.bounced }

// Matrix is traffic as a table: a row for each group that hands on, a column for each
// that is handed to, in the same order.
type Matrix struct {
	Groups  []string `json:"groups"`
	Handed  [][]int  `json:"handed"`
	Bounced [][]int  `json:"bounced"`
}

// Matrix returns the table of the groups that take part in most bounces, at most so many
// of them. Groups that take part in none are left out.
func (t *Traffic) Matrix(most int) Matrix {
	part := map[string]int{}
	for _, p := range t.pairs {
		if p.Bounced > 0 {
			part[p.From] += p.Bounced
			part[p.To] += p.Bounced
		}
	}
	m := Matrix{Groups: slices.SortedFunc(maps.Keys(part), func(a, b string) int {
		return cmp.Or(cmp.Compare(part[b], part[a]), cmp.Compare(a, b))
	})}
	m.Groups = m.Groups[:min(len(m.Groups), max(0, most))]
	for _, from := range m.Groups {
		handed, bounced := make([]int, len(m.Groups)), make([]int, len(m.Groups))
		for i, to := range m.Groups {
			if p := t.pairs[route{from, to}]; p != nil {
				handed[i], bounced[i] = p.Handed, p.Bounced
			}
		}
		m.Handed, m.Bounced = append(m.Handed, handed), append(m.Bounced, bounced)
	}
	return m
}

// String writes how often work came straight back, of how often it was handed on.
func (m Matrix) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\t%s\t\n", strings.Join(m.Groups, "\t"))
	for i, from := range m.Groups {
		row := from
		for j := range m.Groups {
			cell := "-"
			if m.Handed[i][j] > 0 {
				cell = fmt.Sprintf("%d of %d", m.Bounced[i][j], m.Handed[i][j])
			}
			row += "\t" + cell
		}
		fmt.Fprintf(w, "%s\t\n", row)
	}
	w.Flush()
	return b.String()
}
