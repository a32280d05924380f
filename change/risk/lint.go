package risk

import (
	"math/big"
	"slices"
)

// unreachable tells of questions and rules that no change gets to: their tests
// exclude each other, or an earlier rule takes every change that they would take.
// It looks at rules in pairs, so what it tells is certain, and what several rules
// take together it does not see.
func (c Config) unreachable(p *problems) {
	numeric := c.numeric()
	if c.Questionnaire != nil {
		for _, q := range c.Questionnaire.Questions {
			if fact, ok := excluded(q.When, numeric); ok {
				p.addf("question %.64q is never asked: no value of %q passes its tests", q.ID, fact)
			}
		}
	}
	for i, r := range c.Rules {
		if fact, ok := excluded(r.When, numeric); ok {
			p.addf("rule %.64q never matches: no value of %q passes its tests", r.Name, fact)
			continue
		}
		earlier := slices.IndexFunc(c.Rules[:i], func(e Rule) bool { return covers(e.When, r.When, numeric) })
		if earlier >= 0 {
			p.addf("rule %.64q never matches: rule %.64q comes first and takes every change that it would take", r.Name, c.Rules[earlier].Name)
		}
	}
}

// excluded finds a fact that no value of could pass the tests.
func excluded(when []Test, numeric []string) (fact string, found bool) {
	for _, t := range when {
		own := on(when, t.Fact)
		if !slices.ContainsFunc(samples(own, slices.Contains(numeric, t.Fact)), func(v string) bool { return passes(own, v) }) {
			return t.Fact, true
		}
	}
	return "", false
}

// covers tells whether the general tests hold whenever the special ones do: fact
// by fact, each value that passes the special ones passes the general ones.
func covers(general, special []Test, numeric []string) bool {
	for _, t := range general {
		wide, narrow := on(general, t.Fact), on(special, t.Fact)
		all := samples(slices.Concat(wide, narrow), slices.Contains(numeric, t.Fact))
		if slices.ContainsFunc(all, func(v string) bool { return passes(narrow, v) && !passes(wide, v) }) {
			return false
		}
	}
	return true
}

// on is the tests of one fact.
func on(when []Test, fact string) []Test {
	var own []Test
	for _, t := range when {
		if t.Fact == fact {
			own = append(own, t)
		}
	}
	return own
}

func passes(when []Test, value string) bool {
	return !slices.ContainsFunc(when, func(t Test) bool { return !t.holds(value) })
}

// samples is one value of each kind that the tests can tell apart: none, each that
// they name, and one that they do not; of numbers also those between and beyond.
func samples(when []Test, numeric bool) []string {
	all := []string{""}
	for _, t := range when {
		for _, v := range t.Values {
			if _, ok := short(v); ok || !numeric {
				all = append(all, v)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if !numeric {
		return append(all, all[len(all)-1]+"+") // sorts behind all of them
	}
	return append(all, between(all)...)
}

// between is a number between each two neighbours, and one beyond each end.
func between(texts []string) []string {
	var numbers []*big.Rat
	for _, t := range texts {
		if n, ok := number(t); ok {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return []string{"0"}
	}
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	one, half := big.NewRat(1, 1), big.NewRat(1, 2)
	made := []*big.Rat{new(big.Rat).Sub(numbers[0], one), new(big.Rat).Add(numbers[len(numbers)-1], one)}
	for i := 1; i < len(numbers); i++ {
		sum := new(big.Rat).Add(numbers[i-1], numbers[i])
		made = append(made, sum.Mul(sum, half))
	}
	all := make([]string, len(made))
	for i, n := range made {
		all[i] = decimal(n)
	}
	return all
}

// decimal writes a number that is half of the sum of two decimals, exactly: it has
// a place more than they have.
func decimal(n *big.Rat) string {
	places, _ := n.FloatPrec()
	return n.FloatString(places)
}
