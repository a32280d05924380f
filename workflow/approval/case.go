package approval

import (
	"maps"
	"slices"
	"strings"
)

func compare(a, b string) int { return strings.Compare(a, b) }

func (c Case) clone() Case {
	return Case{Facts: maps.Clone(c.Facts), Excluded: slices.Clone(c.Excluded)}
}

func (c Case) validate() error {
	var faults problems
	faults.facts(c.Facts)
	for i, e := range c.Excluded {
		if !validText(e.Person) || !validText(e.Why) {
			faults.addf("exclusion %d: person and reason %s", i+1, textRule)
		}
	}
	return faults.err("case")
}
