package detect

import (
	"slices"
	"time"
)

// A Known is a problem that the host has already: what was proposed and taken up. The
// host keeps it with the problem and hands it to [Detector.Run].
type Known struct {
	Fingerprint string   `json:"fingerprint"`
	Keys        []Key    `json:"keys,omitempty"`      // by which it showed so far
	Incidents   []string `json:"incidents,omitempty"` // that belong to it
	// Closed is zero as long as the problem is open. A closed one keeps its proposals
	// away until the cool-down is over; so does one that was looked at and rejected.
	Closed time.Time `json:"closed,omitzero"`
}

// Update takes in another proposal of the same problem.
func (k *Known) Update(p Proposal) {
	if k.Fingerprint == "" {
		k.Fingerprint = p.Fingerprint
	}
	for _, key := range append([]Key{p.Key}, p.Also...) {
		if !slices.ContainsFunc(k.Keys, key.equal) {
			k.Keys = append(k.Keys, slices.Clone(key))
		}
	}
	have := make(map[string]bool, len(k.Incidents))
	for _, id := range k.Incidents {
		have[id] = true
	}
	for _, id := range p.Incidents {
		if !have[id] {
			k.Incidents = append(k.Incidents, id)
		}
	}
}

// A memory is a known problem made ready to be asked.
type memory struct {
	print     string
	closed    time.Time
	prints    map[string]bool // of its keys
	incidents map[string]bool
}

// learn takes in what is known. The first fingerprint stays.
func (m *memory) learn(k Known) {
	if m.prints == nil {
		*m = memory{print: k.Fingerprint, closed: k.Closed, prints: map[string]bool{}, incidents: map[string]bool{}}
	}
	m.prints[k.Fingerprint] = true
	for _, key := range k.Keys {
		m.prints[key.Fingerprint()] = true
	}
	for _, id := range k.Incidents {
		m.incidents[id] = true
	}
}

// is says whether a proposal is about the known problem: its key is one by which the
// problem showed before, or it has at least half of the incidents of the problem, which
// are at least half of its own.
func (m *memory) is(p *Proposal) bool {
	if m.prints[p.Fingerprint] {
		return true
	}
	n := 0
	for _, id := range p.Incidents {
		if m.incidents[id] {
			n++
		}
	}
	return n > 0 && 2*n >= len(p.Incidents) && 2*n >= len(m.incidents)
}

// mark says of a proposal which known problem it is, and whether it is withheld. The
// fingerprint decides before anything else, an open problem before a closed one, and
// of equals the one that stands first.
func (d *Detector) mark(p *Proposal, known []memory, day int) (withheld bool) {
	best, rank := -1, 0
	for i := range known {
		k := &known[i]
		r := 0
		switch exact, open := k.print == p.Fingerprint, k.closed.IsZero(); {
		case !exact && !k.is(p):
		case open && exact:
			r = 5
		case open:
			r = 4
		case d.day(k.closed)+d.cfg.CoolDown >= day:
			r = 3
		case exact:
			r = 2
		default:
			r = 1
		}
		if r > rank {
			best, rank = i, r
		}
	}
	switch {
	case rank >= 4:
		p.Known = known[best].print
	case rank == 3:
		p.Known = known[best].print
		return true
	case rank > 0:
		p.Again = known[best].print
	}
	return false
}
