package detect

import (
	"cmp"
	"fmt"
	"iter"
	"math/big"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// A Measure is what a Pareto analysis adds up.
type Measure uint8

// The measures. ByCount is the zero value.
const (
	ByCount    Measure = iota // incidents
	ByCost                    // their cost, in its smallest unit
	ByDowntime                // their downtime, in whole seconds
)

var measures = [...]string{ByCount: "incidents", ByCost: "cost", ByDowntime: "downtime"}

// String names the measure.
func (m Measure) String() string {
	if int(m) >= len(measures) {
		return fmt.Sprintf("Measure(%d)", uint8(m))
	}
	return measures[m]
}

// MarshalText writes the name of the measure.
func (m Measure) MarshalText() ([]byte, error) {
	if int(m) >= len(measures) {
		return nil, fmt.Errorf("detect: no such measure: %d", uint8(m))
	}
	return []byte(measures[m]), nil
}

// UnmarshalText reads what MarshalText writes.
func (m *Measure) UnmarshalText(text []byte) error {
	i := slices.Index(measures[:], string(text))
	if i < 0 {
		return fmt.Errorf("detect: no such measure: %q", clip(string(text)))
	}
	*m = Measure(i)
	return nil
}

// VitalShare is the share that the vital few reach together: 80 %, Juran's reading of
// Pareto.
const VitalShare = 0.8

// A Pareto says which few values of a dimension make up most of the incidents, or of
// what they cost.
type Pareto struct {
	Dimension string  `json:"dimension"`
	Measure   Measure `json:"measure"`
	// Total is the sum over the rows. An incident that has several values of the
	// dimension counts with each. None is what the incidents without a value have.
	Total int64 `json:"total"`
	None  int64 `json:"none"`
	// Rows are all values that have any, the most first.
	Rows []ParetoRow `json:"rows"`
	// Vital is how many of the rows, from the first, are the vital few: the fewest that
	// have at least VitalShare together.
	Vital int `json:"vital"`
	// Gini is 0 where all values have as much, and near 1 where one has all.
	Gini float64 `json:"gini"`
}

// A ParetoRow is one value.
type ParetoRow struct {
	Value      string  `json:"value"`
	Amount     int64   `json:"amount"`
	Share      float64 `json:"share"`      // of the total
	Cumulative float64 `json:"cumulative"` // with all rows before
}

// NewPareto analyses incidents by a dimension of theirs. The order of the incidents does
// not matter.
func NewPareto(incidents iter.Seq[Incident], dimension string, measure Measure) (Pareto, error) {
	p := Pareto{Dimension: dimension, Measure: measure}
	if dimension == "" || dimension == Words || int(measure) >= len(measures) {
		return p, fmt.Errorf("detect: pareto by %q of %v: %w: a dimension of the incidents and a measure are needed", clip(dimension), measure, workflow.ErrInvalid)
	}
	list, err := collect(incidents)
	if err != nil {
		return p, err
	}
	sums := map[string]int64{}
	for i := range list {
		amount := list[i].amount(measure)
		values := list[i].values(dimension)
		for _, v := range values {
			sums[v] += amount
			p.Total += amount
		}
		if len(values) == 0 {
			p.None += amount
		}
	}
	for v, n := range sums {
		if n > 0 {
			p.Rows = append(p.Rows, ParetoRow{Value: v, Amount: n})
		}
	}
	slices.SortFunc(p.Rows, func(a, b ParetoRow) int {
		return cmp.Or(cmp.Compare(b.Amount, a.Amount), cmp.Compare(a.Value, b.Value))
	})
	p.addUp()
	return p, nil
}

func (i *Incident) amount(m Measure) int64 {
	switch m {
	case ByCost:
		return i.Cost
	case ByDowntime:
		return int64(i.Downtime.Seconds())
	}
	return 1
}

// values are the different values of a dimension.
func (i *Incident) values(dimension string) (values []string) {
	for _, a := range i.Attributes {
		if a.Dimension == dimension && a.Value != "" && !slices.Contains(values, a.Value) {
			values = append(values, a.Value)
		}
	}
	return values
}

// addUp fills in the shares. The line is drawn in whole numbers: exactly 80 % is enough.
func (p *Pareto) addUp() {
	var sum int64
	weighted := new(big.Int)
	for i := range p.Rows {
		r := &p.Rows[i]
		if !reached(sum, p.Total) {
			p.Vital = i + 1
		}
		sum += r.Amount
		r.Share, r.Cumulative = float64(r.Amount)/float64(p.Total), float64(sum)/float64(p.Total)
		rank := big.NewInt(int64(2*(len(p.Rows)-i) - len(p.Rows) - 1))
		weighted.Add(weighted, rank.Mul(rank, big.NewInt(r.Amount)))
	}
	if len(p.Rows) > 0 {
		of := new(big.Int).Mul(big.NewInt(int64(len(p.Rows))), big.NewInt(p.Total))
		p.Gini, _ = new(big.Rat).SetFrac(weighted, of).Float64()
	}
}

// reached says whether a sum is four fifths of the total.
func reached(sum, total int64) bool {
	five, four := big.NewInt(5), big.NewInt(4)
	return five.Mul(five, big.NewInt(sum)).Cmp(four.Mul(four, big.NewInt(total))) >= 0
}
