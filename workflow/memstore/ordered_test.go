package memstore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/itsm-go/itsm/workflow"
)

// TestOrderedAgreesWithASlice drives the set and a plain sorted slice with the
// same random insertions and removals.
func TestOrderedAgreesWithASlice(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 1))
		var set ordered
		var twin []entry
		place := func(e entry) (int, bool) {
			return slices.BinarySearchFunc(twin, e, func(a, b entry) int { return a.compare(b.key, b.id) })
		}
		for step := range 6000 {
			e := entry{key: workflow.Key("k" + string(rune('a'+r.IntN(5))))}
			e.id[0], e.id[15] = byte(r.IntN(4)), byte(r.IntN(256))
			at, found := place(e)
			switch {
			case !found:
				set.insert(e)
				twin = slices.Insert(twin, at, e)
			case step%3 == 0 || step > 4500:
				set.remove(twin[at])
				twin = slices.Delete(twin, at, at+1)
			}
			if step%500 == 0 {
				compareOrdered(t, &set, twin, e)
			}
		}
	}
}

func compareOrdered(t *testing.T, set *ordered, twin []entry, e entry) {
	t.Helper()
	up := slices.Collect(set.between(spot{}, set.end(), false))
	down := slices.Collect(set.between(spot{}, set.end(), true))
	slices.Reverse(down)
	if !slices.Equal(up, twin) || !slices.Equal(down, twin) || set.size != len(twin) {
		t.Fatalf("%d and %d entries, size %d, want %d", len(up), len(down), set.size, len(twin))
	}
	at := slices.IndexFunc(twin, func(x entry) bool { return x.compare(e.key, e.id) >= 0 })
	if at < 0 {
		at = len(twin)
	}
	from := set.at(e.key, e.id)
	if n := set.count(spot{}, from); n != at {
		t.Errorf("%d entries before %q, want %d", n, e.key, at)
	}
	if rest := slices.Collect(set.between(from, set.end(), false)); !slices.Equal(rest, twin[at:]) || set.count(from, set.end()) != len(rest) {
		t.Errorf("%d entries from %q, want %d", len(rest), e.key, len(twin)-at)
	}
	for i, chunk := range set.chunks {
		if len(chunk) == 0 || len(chunk) > chunkSize || set.tops[i] != chunk[len(chunk)-1] {
			t.Errorf("a chunk of %d entries, or with another top", len(chunk))
		}
	}
}
