package approval

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// Digest is a fingerprint of the material facts, in hex: what was approved. It
// does not depend on any order, nor on facts that are not material. An empty list
// makes all facts material.
func Digest(facts Facts, material []string) string {
	fields := slices.Sorted(slices.Values(material))
	if len(fields) == 0 {
		fields = slices.Sorted(maps.Keys(facts.normal()))
	}
	h := sha256.New()
	write := func(s string) {
		// The length in front keeps "a"+"bc" apart from "ab"+"c".
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	for _, name := range slices.Compact(fields) {
		write(name)
		write(facts[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// material lists the facts on which an approval rests: those that the policy names,
// and those that decide which of its stages apply. None = all facts.
func (p Policy) material() []string {
	if len(p.Material) == 0 {
		return nil
	}
	names := slices.Clone(p.Material)
	for _, s := range p.Stages {
		for _, t := range s.When {
			names = append(names, t.Fact)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Drift is what no longer agrees with what was put to the approvers.
type Drift struct {
	Facts  []string `json:"facts,omitempty"`  // the material facts that have changed, sorted
	People []string `json:"people,omitempty"` // people whose votes count and who must not decide now, sorted
}

// Any tells whether there is anything: then the request is to be [Request.Reset].
func (d Drift) Any() bool { return len(d.Facts) > 0 || len(d.People) > 0 }

// Check compares the request with how the record is now. Neither changing the
// plan after it was approved nor making an approver the implementer, nor delegating
// to an approver afterwards, goes unnoticed.
func (r *Request) Check(c Case, h Host, at time.Time) (Drift, error) {
	var d Drift
	fields := r.Policy.material()
	if len(fields) == 0 {
		fields = append(slices.Collect(maps.Keys(r.Case.Facts)), slices.Collect(maps.Keys(c.Facts))...)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(fields))) {
		if r.Case.Facts[name] != c.Facts[name] {
			d.Facts = append(d.Facts, name)
		}
	}
	ds, err := r.inForce(h, at)
	if err != nil {
		return Drift{}, err
	}
	out := exclusions(c.Excluded, ds)
	for _, p := range r.Panels {
		for _, b := range p.Ballots {
			for _, person := range append([]string{b.By}, b.Via...) {
				if out[person] != "" {
					d.People = append(d.People, person)
				}
			}
		}
	}
	slices.Sort(d.People)
	d.People = slices.Compact(d.People)
	return d, nil
}
