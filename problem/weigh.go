package problem

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// IncidentFigures are what one incident has cost.
type IncidentFigures struct {
	Problem  string          `json:"problem"` // the problem behind it, by number or id
	Cost     decimal.Decimal `json:"cost"`    // in one currency for all
	Downtime time.Duration   `json:"downtime"`
}

// Weights say how much each figure counts. They are not negative, and not all zero.
type Weights struct {
	Cost     int `json:"cost"`
	Downtime int `json:"downtime"`
	Count    int `json:"count"`
}

// EqualWeights let cost, downtime and the number of incidents count the same.
func EqualWeights() Weights { return Weights{1, 1, 1} }

// Rank is the place of a problem among others, and why it is there.
type Rank struct {
	Problem   string          `json:"problem"`
	Score     decimal.Decimal `json:"score"` // 0 to 100; all of them add up to 100, but that each is rounded to two decimal places
	Incidents int             `json:"incidents"`
	Cost      decimal.Decimal `json:"cost"`
	Downtime  time.Duration   `json:"downtime"`
	Reasons   []string        `json:"reasons"` // a line for each figure, for people
}

// Ranking lists problems, the one that costs most first. Those that cost the same are
// in the order of their names.
type Ranking []Rank

// Limits of figures.
const (
	MaxFigures  = 1_000_000                 // of one ranking
	MaxDowntime = 10 * 365 * 24 * time.Hour // of one incident
	MaxWeight   = 1_000

	maxFaults = 100 // that are told of
)

// Weigh ranks problems by what their incidents have cost. Each figure of a problem is
// taken as its share of that figure over all problems, so that money, time and number
// can be added; the shares count by their weights. A figure that is zero for all
// counts nothing. Arithmetic is exact.
func Weigh(figures []IncidentFigures, w Weights) (Ranking, error) {
	if err := checkFigures(figures, w); err != nil {
		return nil, err
	}
	byName := map[string]*sums{}
	total := newSums()
	for _, f := range figures {
		s := byName[f.Problem]
		if s == nil {
			s = newSums()
			byName[f.Problem] = s
		}
		s.add(f)
		total.add(f)
	}
	weights := w.effective(total)
	ranking, exact := Ranking{}, map[string]*big.Rat{}
	for _, name := range sortedKeys(byName) {
		r, score, err := byName[name].rank(name, total, weights)
		if err != nil {
			return nil, err
		}
		ranking, exact[name] = append(ranking, r), score
	}
	slices.SortStableFunc(ranking, func(a, b Rank) int {
		return cmp.Or(exact[b.Problem].Cmp(exact[a.Problem]), cmp.Compare(a.Problem, b.Problem))
	})
	return ranking, nil
}

func checkFigures(figures []IncidentFigures, w Weights) error {
	var p workflow.Problems
	if len(figures) > MaxFigures {
		p.Addf("figures of %d incidents, at most %d", len(figures), MaxFigures)
		return p.Err("problem: weighing")
	}
	if min(w.Cost, w.Downtime, w.Count) < 0 || max(w.Cost, w.Downtime, w.Count) > MaxWeight || w == (Weights{}) {
		p.Addf("weights %+v, want 0 to %d and not all zero", w, MaxWeight)
	}
	faults := 0
	for i, f := range figures {
		if faults == maxFaults {
			p.Addf("and perhaps more, from incident %d on", i+1)
			break
		}
		if f.check(&p, i+1) {
			faults++
		}
	}
	return p.Err("problem: weighing")
}

// check notes what is wrong with the figures of the n-th incident.
func (f IncidentFigures) check(p *workflow.Problems, n int) (bad bool) {
	fault := func(format string, args ...any) {
		bad = true
		p.Addf(fmt.Sprintf("incident %d: ", n)+format, args...)
	}
	if f.Problem == "" || len(f.Problem) > workflow.MaxKey {
		fault("its problem has a name of 1 to %d bytes", workflow.MaxKey)
	}
	if f.Cost.IsNegative() || f.Cost.Exponent() < -9 || f.Cost.Exponent() > 12 || f.Cost.GreaterThan(decimal.New(1, 12)) {
		fault("a cost is 0 to 10^12 with at most nine decimal places")
	}
	if f.Downtime < 0 || f.Downtime > MaxDowntime {
		fault("downtime %v, want 0 to %v", f.Downtime, MaxDowntime)
	}
	return bad
}

// sums are the figures of several incidents. Time is kept beyond what a duration holds.
type sums struct {
	cost     decimal.Decimal
	downtime *big.Int // nanoseconds
	count    int64
}

func newSums() *sums { return &sums{downtime: new(big.Int)} }

func (s *sums) add(f IncidentFigures) {
	s.cost = s.cost.Add(f.Cost)
	s.downtime.Add(s.downtime, big.NewInt(int64(f.Downtime)))
	s.count++
}

// effective leaves out the figures that are zero for all.
func (w Weights) effective(total *sums) Weights {
	if total.cost.IsZero() {
		w.Cost = 0
	}
	if total.downtime.Sign() == 0 {
		w.Downtime = 0
	}
	if w.Cost+w.Downtime+w.Count == 0 {
		w.Count = 1 // nothing else tells the problems apart
	}
	return w
}

// rank returns the place of a problem, and its score as it is before rounding.
func (s *sums) rank(name string, total *sums, w Weights) (Rank, *big.Rat, error) {
	r, exact := Rank{Problem: name, Incidents: int(s.count), Cost: s.cost}, new(big.Rat)
	if !s.downtime.IsInt64() {
		return r, nil, fmt.Errorf("problem: the downtime of %.64q is longer than can be counted: %w", name, workflow.ErrInvalid)
	}
	r.Downtime = time.Duration(s.downtime.Int64())
	sum := int64(w.Cost + w.Downtime + w.Count)
	count := func(text string, part, all *big.Rat, weight int) {
		share := new(big.Rat)
		if all.Sign() > 0 {
			share.Quo(part, all)
		}
		points := new(big.Rat).Mul(share, big.NewRat(100*int64(weight), sum))
		exact.Add(exact, points)
		r.Reasons = append(r.Reasons, fmt.Sprintf("%s, %s %% of all, weighs %d of %d: %s points", text,
			new(big.Rat).Mul(share, big.NewRat(100, 1)).FloatString(1), weight, sum, points.FloatString(2)))
	}
	count("cost "+s.cost.String(), s.cost.Rat(), total.cost.Rat(), w.Cost)
	count("downtime "+r.Downtime.String(), new(big.Rat).SetInt(s.downtime), new(big.Rat).SetInt(total.downtime), w.Downtime)
	count(fmt.Sprintf("%d incidents", s.count), big.NewRat(s.count, 1), big.NewRat(total.count, 1), w.Count)
	score, err := decimal.NewFromString(exact.FloatString(2))
	r.Score = score
	return r, exact, err
}
