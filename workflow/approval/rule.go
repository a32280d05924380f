package approval

import "fmt"

// RuleKind is a way to count votes.
type RuleKind string

// The ways to count. People who recused themselves are not counted at all; who
// abstains is counted among those asked, but on neither side.
const (
	Any      RuleKind = "any"      // one person
	All      RuleKind = "all"      // the votes of everybody who is asked
	Majority RuleKind = "majority" // more than half of the people asked
	Count    RuleKind = "count"    // n people
	Percent  RuleKind = "percent"  // n percent of the people asked, at least one
	Weight   RuleKind = "weight"   // people whose weights add up to n
)

// Rounding says what becomes of half a person.
type Rounding string

// The ways to round a percentage: 50 percent of 5 people are 3, 3 and 2.
const (
	Up      Rounding = "up" // the default: a share is never less than was asked for
	Nearest Rounding = "nearest"
	Down    Rounding = "down"
)

// Rule says how many votes decide. ServiceNow rounds percentages to the nearest
// number, and takes 0 as the first vote; here they are rounded up unless the rule
// says otherwise, and 0 is not a rule.
type Rule struct {
	Kind  RuleKind `json:"rule"`
	N     int      `json:"n,omitempty"`
	Round Rounding `json:"round,omitempty"`
}

// String writes the rule in words.
func (r Rule) String() string {
	switch r.Kind {
	case Count:
		return fmt.Sprintf("%d people", r.N)
	case Percent:
		round := r.Round
		if round == "" {
			round = Up
		}
		return fmt.Sprintf("%d percent, rounded %s", r.N, round)
	case Weight:
		return fmt.Sprintf("weight %d", r.N)
	}
	return string(r.Kind)
}

// votes are what stands on one side, or could: the people who vote, the seats they
// vote for, and what the people weigh.
type votes struct{ heads, seats, weight int }

// need is how much the rule asks of an electorate, in its own measure.
func (r Rule) need(electorate votes) int {
	switch r.Kind {
	case Any:
		return 1
	case All:
		return max(1, electorate.seats)
	case Majority:
		return electorate.heads/2 + 1
	case Percent:
		share := r.N * electorate.heads
		switch r.Round {
		case Nearest:
			share += 50
		case Down:
		default:
			share += 99
		}
		return max(1, share/100)
	}
	return r.N
}

// measure is what of the votes the rule counts. A person is one vote, whoever else
// he votes for; but of all it is asked whether each of them has been voted for.
func (r Rule) measure(v votes) int {
	switch r.Kind {
	case All:
		return v.seats
	case Weight:
		return v.weight
	}
	return v.heads
}

func (r Rule) met(v, electorate votes) bool { return r.measure(v) >= r.need(electorate) }

func (r Rule) tells(v, electorate votes, what string) string {
	if r.Kind == Weight {
		return fmt.Sprintf("%s of weight %d, needed %d", what, v.weight, r.N)
	}
	return fmt.Sprintf("%d %s of %d people, needed %d (%v)", r.measure(v), what, electorate.heads, r.need(electorate), r)
}
