package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Kind is how incidents are unusual.
type Kind uint8

// The kinds of proposals.
const (
	Cluster Kind = iota + 1 // many more than before
	Trend                   // more from week to week
)

var kinds = [...]string{Cluster: "cluster", Trend: "trend"}

// String names the kind.
func (k Kind) String() string {
	if k < Cluster || k > Trend {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kinds[k]
}

// MarshalText writes the name of the kind.
func (k Kind) MarshalText() ([]byte, error) {
	if k < Cluster || k > Trend {
		return nil, fmt.Errorf("detect: no such kind: %d", uint8(k))
	}
	return []byte(kinds[k]), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) error {
	i := slices.Index(kinds[:], string(text))
	if i < int(Cluster) {
		return fmt.Errorf("detect: no such kind: %q", clip(string(text)))
	}
	*k = Kind(i)
	return nil
}

// A Proposal says that incidents may have one cause, and why one should think so.
type Proposal struct {
	// Fingerprint is that of the key: the same on each day on which the key is proposed.
	// In a scan it is that of the key by which the happening was found first.
	Fingerprint string `json:"fingerprint"`
	Kind        Kind   `json:"kind"`
	Key         Key    `json:"key"`
	Also        []Key  `json:"also,omitempty"` // unusual too, by the same incidents

	From     time.Time `json:"from"` // the window: [From, To), midnights of the zone
	To       time.Time `json:"to"`
	PastDays int       `json:"past_days"`       // how many days before From it was compared with
	Weeks    int       `json:"weeks,omitempty"` // of a trend: all of them, the window being the last third

	Observed int `json:"observed"` // incidents in the window
	// Expected is what the share of the past, of a trend that of its first third, lets
	// expect among as many incidents as there were in the window.
	Expected float64 `json:"expected"`
	// Ratio is Observed by Expected, 0 where nothing was expected: it has no past.
	Ratio float64 `json:"ratio"`
	Past  int     `json:"past"` // incidents with the key in the past
	Most  int     `json:"most"` // in one of the past windows of the same length; of a trend, in a week

	// P is the chance of so many, or more, if time told nothing; Adjusted is P times the
	// tests of all days of the horizon, at most 1. For a trend both are upper bounds.
	P        float64 `json:"p"`
	Adjusted float64 `json:"adjusted"`

	Incidents []string      `json:"incidents"` // ids, by time; at most MaxListed, the latest
	First     time.Time     `json:"first"`     // opened
	Last      time.Time     `json:"last"`
	Days      int           `json:"days"`    // on which incidents were opened
	Callers   int           `json:"callers"` // each that is not known counts as one
	Cost      int64         `json:"cost,omitempty"`
	Downtime  time.Duration `json:"downtime,omitempty"` // nanoseconds in JSON
	// Shared are other attributes that most of the incidents have, and more of them
	// than of all incidents.
	Shared []Share `json:"shared,omitempty"`

	Evidence string `json:"evidence"` // all of this as a paragraph

	// Found and Latest are the first and the last day, as midnights, on which it was
	// found, and Runs on how many days it was. They are the same day unless a scan tells.
	Found  time.Time `json:"found"`
	Latest time.Time `json:"latest"`
	Runs   int       `json:"runs"`

	// Known is the fingerprint of the open problem that this is, empty where it is new.
	// Again is that of a problem closed longer than the cool-down ago.
	Known string `json:"known,omitempty"`
	Again string `json:"again,omitempty"`
}

// A Share is an attribute and how many incidents have it.
type Share struct {
	Attribute Attribute `json:"attribute"`
	Incidents int       `json:"incidents"`
}

// MaxListed is how many incidents a proposal lists.
const MaxListed = 1000

// proposal tells a group.
func (s *slide) proposal(g *group, fam family) Proposal {
	d := s.d
	p := Proposal{
		Fingerprint: s.keys[g.key].name.Fingerprint(), Kind: Cluster, Key: slices.Clone(s.keys[g.key].name),
		From: d.begins(s.day - 6), To: d.begins(s.day + 1),
		Observed: g.observed, Expected: g.expected, Past: g.whole - g.observed, Most: g.most,
		P: math.Exp(g.lnP), Adjusted: fam.adjusted(g.lnP), Runs: 1,
	}
	begin := s.day
	if g.window == trend {
		p.Kind, p.Weeks = Trend, s.weeks()
		begin -= 7*(p.Weeks/3) - 1
	} else {
		begin = s.begin(g.window)
	}
	p.From, p.PastDays = d.begins(begin), begin-s.start
	p.Found = d.begins(s.day)
	p.Latest = p.Found
	if p.Expected > 0 {
		p.Ratio = float64(p.Observed) / p.Expected
	}
	for _, k := range g.also {
		p.Also = append(p.Also, slices.Clone(s.keys[k].name))
	}
	for _, i := range g.places[max(0, len(g.places)-MaxListed):] {
		p.Incidents = append(p.Incidents, s.list[i].ID)
	}
	for _, i := range g.places {
		p.Cost += s.list[i].Cost
		p.Downtime += min(s.list[i].Downtime, math.MaxInt64-p.Downtime)
	}
	p.First, p.Last = s.list[g.places[0]].Opened, s.list[g.places[len(g.places)-1]].Opened
	p.Days, p.Callers = s.variety(g.places)
	p.Shared = s.sharedBy(g)
	p.Evidence = s.evidence(&p, g)
	return p
}

const mostShared = 4

// sharedBy are the attributes that at least two thirds of the incidents have beside
// the key's, and that are half as common again as they are in the whole reference.
func (s *slide) sharedBy(g *group) []Share {
	counts := map[int32]int{}
	for _, i := range g.places {
		for _, k := range s.has.of(int(i)) {
			counts[k]++
		}
	}
	var list []Share
	for k, n := range counts {
		name := s.keys[k].name
		if s.keys[k].pair() || 3*n < 2*len(g.places) || slices.Contains(s.keys[g.key].name, name[0]) {
			continue
		}
		if usual := float64(s.whole[k]) / float64(s.total()); float64(n) >= 1.5*usual*float64(len(g.places)) {
			list = append(list, Share{name[0], n})
		}
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Incidents, a.Incidents), s.d.order(a.Attribute, b.Attribute))
	})
	return list[:min(mostShared, len(list))]
}
