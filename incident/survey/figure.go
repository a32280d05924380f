package survey

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Confidence is how sure an interval is, in percent: that in so many of a hundred such
// samples the interval has the true value in it.
type Confidence int

// The confidences. Zero is the same as 95.
const (
	Confidence90 Confidence = 90
	Confidence95 Confidence = 95
	Confidence99 Confidence = 99
)

// z is the two-sided quantile of the normal distribution.
func (c Confidence) z() (decimal.Decimal, bool) {
	switch c {
	case Confidence90:
		return decimal.New(1644854, -6), true
	case 0, Confidence95:
		return decimal.New(1959964, -6), true
	case Confidence99:
		return decimal.New(2575829, -6), true
	}
	return decimal.Decimal{}, false
}

// Estimate is a figure of a sample, with the interval that the figure of everybody lies
// in. All three are rounded to two places, half away from zero.
type Estimate struct {
	Value decimal.Decimal `json:"value"`
	Low   decimal.Decimal `json:"low"`
	High  decimal.Decimal `json:"high"`
}

// String gives "80% (70.58% to 87.06%)" without the signs of percent.
func (e Estimate) String() string { return fmt.Sprintf("%v (%v to %v)", e.Value, e.Low, e.High) }

const (
	places = 2
	inner  = 20 // decimal places of what is worked with
)

var (
	hundred = decimal.New(100, 0)
	four    = decimal.New(4, 0)
)

// share estimates a share in percent: k of n, with Wilson's score interval, which holds
// for small samples and near 0 and 100 % too.
func share(k, n int, z decimal.Decimal) Estimate {
	if n == 0 {
		return Estimate{}
	}
	dk, dn, zz := whole(k), whole(n), z.Mul(z)
	middle := dk.Add(zz.DivRound(decimal.New(2, 0), inner))
	spread := z.Mul(root(dk.Mul(whole(n-k)).DivRound(dn, inner).Add(zz.DivRound(four, inner))))
	at := func(x decimal.Decimal) decimal.Decimal { return x.Mul(hundred).DivRound(dn.Add(zz), places) }
	return Estimate{dk.Mul(hundred).DivRound(dn, places), bounded(at(middle.Sub(spread)), 0), bounded(at(middle.Add(spread)), 0)}
}

// bounded keeps a percentage between a least value and 100.
func bounded(x decimal.Decimal, least int64) decimal.Decimal {
	return decimal.Max(decimal.New(least, 0), decimal.Min(hundred, x))
}

func whole(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)) }

// root is the square root to twenty decimal places, cut off there.
func root(x decimal.Decimal) decimal.Decimal {
	if x.Sign() <= 0 {
		return decimal.Decimal{}
	}
	square := x.Shift(2 * inner).BigInt()
	return decimal.NewFromBigInt(square.Sqrt(square), -inner)
}

// CSAT is how satisfied people are by a rating.
type CSAT struct {
	Scale     int   `json:"scale"` // 1 to that
	LowIsBest bool  `json:"low_is_best,omitempty"`
	N         int   `json:"n"`
	Counts    []int `json:"counts"` // of the ratings 1, 2 and so on
	Top       int   `json:"top"`    // how many gave one of the two best ratings
	Sum       int   `json:"sum"`    // of all ratings

	Share   Estimate        `json:"share"`   // of Top, in percent, with Wilson's interval
	Average decimal.Decimal `json:"average"` // rounded to two places; the scale says which end is good
}

// Estimate is the share of the two best ratings.
func (c CSAT) Estimate() Estimate { return c.Share }

// String states the scale with the figures.
func (c CSAT) String() string {
	best := fmt.Sprintf("%d and %d", c.Scale-1, c.Scale)
	if c.LowIsBest {
		best = "1 and 2"
	}
	return fmt.Sprintf("%d of %d gave %s of %d: %v %%, average %v", c.Top, c.N, best, c.Scale, c.Share, c.Average)
}

func csat(q Question, values []int, z decimal.Decimal) CSAT {
	c := CSAT{Scale: q.Scale, LowIsBest: q.LowIsBest, N: len(values), Counts: make([]int, q.Scale)}
	for _, v := range values {
		c.Counts[v-1]++
		c.Sum += v
		if q.LowIsBest && v <= 2 || !q.LowIsBest && v >= q.Scale-1 {
			c.Top++
		}
	}
	c.Share = share(c.Top, c.N, z)
	if c.N > 0 {
		c.Average = whole(c.Sum).DivRound(whole(c.N), places)
	}
	return c
}

// NetPromoter is the net promoter score: the share of promoters, who answer 9 or 10,
// less that of detractors, who answer 0 to 6.
type NetPromoter struct {
	N          int      `json:"n"`
	Promoters  int      `json:"promoters"`
	Passives   int      `json:"passives"`
	Detractors int      `json:"detractors"`
	Score      Estimate `json:"score"` // -100 to 100
}

// Estimate is the score.
func (n NetPromoter) Estimate() Estimate { return n.Score }

// netPromoter estimates the score with the variance of the multinomial distribution:
// that of a number which is 1 for promoters, -1 for detractors and 0 otherwise.
func netPromoter(values []int, z decimal.Decimal) NetPromoter {
	s := NetPromoter{N: len(values)}
	for _, v := range values {
		switch {
		case v >= 9:
			s.Promoters++
		case v >= 7:
			s.Passives++
		default:
			s.Detractors++
		}
	}
	if s.N == 0 {
		return s
	}
	n, net := whole(s.N), whole(s.Promoters-s.Detractors)
	spread := z.Mul(root(whole(s.Promoters + s.Detractors).Sub(net.Mul(net).DivRound(n, inner))))
	at := func(x decimal.Decimal) decimal.Decimal { return x.Mul(hundred).DivRound(n, places) }
	s.Score = Estimate{at(net), bounded(at(net.Sub(spread)), -100), bounded(at(net.Add(spread)), -100)}
	return s
}

// Shares is how often each answer was given to a question of yes and no, or of options.
type Shares struct {
	N   int          `json:"n"`
	Of  []AnswerRate `json:"of"` // in the order of the options
	one Estimate
}

// AnswerRate is how often one answer was given.
type AnswerRate struct {
	Answer string   `json:"answer"`
	N      int      `json:"n"`
	Share  Estimate `json:"share"` // in percent
}

// Estimate is the share of the first answer: of "yes", or of the first option.
func (s Shares) Estimate() Estimate { return s.one }

func shares(q Question, values []string, z decimal.Decimal) Shares {
	s := Shares{N: len(values)}
	for _, name := range q.answers() {
		n := 0
		for _, v := range values {
			if v == name {
				n++
			}
		}
		s.Of = append(s.Of, AnswerRate{name, n, share(n, s.N, z)})
	}
	s.one = s.Of[0].Share
	return s
}

// answers lists the answers there are to a question of yes and no, or of options.
func (q Question) answers() []string {
	if q.Kind == YesNo {
		return []string{"yes", "no"}
	}
	var names []string
	for _, o := range q.Options {
		names = append(names, o.Name)
	}
	return names
}

// ResponseRate is how many of those who were sent a survey have answered. Invitations
// that were cancelled do not count, nor do answers that nobody was asked for.
type ResponseRate struct {
	Sent     int      `json:"sent"`
	Answered int      `json:"answered"`
	Declined int      `json:"declined"`
	Expired  int      `json:"expired"`
	Open     int      `json:"open"`
	Rate     Estimate `json:"rate"` // of Answered in Sent, in percent, with Wilson's interval
}

// Estimate is the rate.
func (r ResponseRate) Estimate() Estimate { return r.Rate }

func responseRate(list []Sending, z decimal.Decimal) ResponseRate {
	var r ResponseRate
	for _, s := range list {
		r.Sent++
		switch s.State {
		case StateAnswered:
			r.Answered++
		case StateDeclined:
			r.Declined++
		case StateExpired:
			r.Expired++
		default:
			r.Open++
		}
	}
	r.Rate = share(r.Answered, r.Sent, z)
	return r
}

// of checks what figures are asked of, and returns the question.
func (s *Survey) of(question string, kinds ...QuestionKind) (Question, error) {
	q, ok := s.question(question)
	if !ok {
		return q, fmt.Errorf("survey: %s has no question %.64q: %w", s.def.Name, question, workflow.ErrNotFound)
	}
	if !slices.Contains(kinds, q.Kind) {
		return q, fmt.Errorf("survey: question %s is of kind %s, these figures are of %s: %w", question, q.Kind, kinds, workflow.ErrInvalid)
	}
	return q, nil
}
