package survey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Sheet is one answered survey, as figures see it.
type Sheet struct {
	At      time.Time         `json:"at"` // of an anonymous survey the day, in UTC
	Version int               `json:"version"`
	As      string            `json:"as,omitempty"`
	Facts   map[string]string `json:"facts,omitempty"`
	Answers Answers           `json:"answers"`
}

// Sending is one invitation that was sent and not cancelled.
type Sending struct {
	At      time.Time         `json:"at"`
	Version int               `json:"version"`
	As      string            `json:"as,omitempty"`
	Facts   map[string]string `json:"facts,omitempty"`
	State   string            `json:"state"`
}

// Dimensions to break figures down by, besides the facts that a survey keeps.
const (
	ByDay   = "@day"
	ByMonth = "@month"
	ByAs    = "@as"
)

// Cut says how figures are broken down. The zero Cut is one group of everything.
type Cut struct {
	By   string         // a fact or one of the dimensions; empty = no breaking down
	Zone *time.Location // in which days and months are; default: UTC
	// Least is how many answers a group needs to be shown: with fewer, single people
	// could be told from it. If what is hidden adds up to fewer as well, the smallest
	// of the other groups is hidden too, as the difference to the whole would tell.
	Least      int
	Confidence Confidence
}

// Figure is a figure with an interval.
type Figure interface{ Estimate() Estimate }

// Group is the figure of a part.
type Group[F Figure] struct {
	Key    string `json:"key"` // the day, month or value; empty if the fact is not there
	N      int    `json:"n"`   // zero if hidden
	Hidden bool   `json:"hidden,omitempty"`
	Figure F      `json:"figure"`
}

// Satisfaction is the CSAT of a rating.
func (s *Survey) Satisfaction(question string, sheets []Sheet, c Cut) ([]Group[CSAT], error) {
	q, err := s.of(question, Rating)
	if err != nil {
		return nil, err
	}
	return numbers(q, sheets, c, func(values []int, z decimal.Decimal) CSAT { return csat(q, values, z) })
}

// Promoters is the net promoter score of a question of that kind.
func (s *Survey) Promoters(question string, sheets []Sheet, c Cut) ([]Group[NetPromoter], error) {
	q, err := s.of(question, NPS)
	if err != nil {
		return nil, err
	}
	return numbers(q, sheets, c, netPromoter)
}

// Distribution is how often each answer was given to a question of yes and no, or of
// options.
func (s *Survey) Distribution(question string, sheets []Sheet, c Cut) ([]Group[Shares], error) {
	q, err := s.of(question, YesNo, Choice)
	if err != nil {
		return nil, err
	}
	return broken(answering(q, sheets), c, sheetKey, func(list []Sheet, z decimal.Decimal) Shares {
		values := make([]string, len(list))
		for i, sh := range list {
			values[i] = sh.Answers[q.Name]
		}
		return shares(q, values, z)
	})
}

// ResponseRates is the response rate of what was sent.
func ResponseRates(sent []Sending, c Cut) ([]Group[ResponseRate], error) {
	return broken(sent, c, func(s Sending) (time.Time, string, map[string]string) { return s.At, s.As, s.Facts }, responseRate)
}

func numbers[F Figure](q Question, sheets []Sheet, c Cut, figure func([]int, decimal.Decimal) F) ([]Group[F], error) {
	return broken(answering(q, sheets), c, sheetKey, func(list []Sheet, z decimal.Decimal) F {
		values := make([]int, len(list))
		for i, sh := range list {
			values[i], _ = number(sh.Answers[q.Name])
		}
		return figure(values, z)
	})
}

// answering leaves out who did not answer the question, or answered an earlier version
// of it in a way that this one does not have.
func answering(q Question, sheets []Sheet) []Sheet {
	var list []Sheet
	for _, sh := range sheets {
		if v, ok := sh.Answers[q.Name]; ok && q.check(v) == nil {
			list = append(list, sh)
		}
	}
	return list
}

func sheetKey(s Sheet) (time.Time, string, map[string]string) { return s.At, s.As, s.Facts }

// broken groups items, in the order of the keys, and hides what is too small to show.
func broken[T any, F Figure](items []T, c Cut, describe func(T) (time.Time, string, map[string]string), figure func([]T, decimal.Decimal) F) ([]Group[F], error) {
	z, ok := c.Confidence.z()
	if !ok || c.Least < 0 || c.By != "" && !validName(strings.TrimPrefix(c.By, "@")) || strings.HasPrefix(c.By, "@") && !slices.Contains([]string{ByDay, ByMonth, ByAs}, c.By) {
		return nil, fmt.Errorf("survey: a confidence of %d, by %.64q, at least %d: want 90, 95 or 99, a fact, %s, %s or %s, and no negative number: %w",
			c.Confidence, c.By, c.Least, ByDay, ByMonth, ByAs, workflow.ErrInvalid)
	}
	parts := map[string][]T{}
	var keys []string
	for _, it := range items {
		at, as, facts := describe(it)
		key := c.key(at, as, facts)
		if _, seen := parts[key]; !seen {
			keys = append(keys, key)
		}
		parts[key] = append(parts[key], it)
	}
	slices.Sort(keys)
	groups := make([]Group[F], len(keys))
	for i, key := range keys {
		groups[i] = Group[F]{Key: key, N: len(parts[key]), Figure: figure(parts[key], z)}
	}
	hide(groups, c.Least)
	return groups, nil
}

func (c Cut) key(at time.Time, as string, facts map[string]string) string {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch c.By {
	case "":
		return ""
	case ByDay:
		return at.In(zone).Format(Day.layout())
	case ByMonth:
		return at.In(zone).Format(Month.layout())
	case ByAs:
		return as
	}
	return facts[c.By]
}

// hide blanks groups with fewer than least, and then the next smallest while all that is
// hidden is fewer than that.
func hide[F Figure](groups []Group[F], least int) {
	bySize := make([]*Group[F], len(groups))
	for i := range groups {
		bySize[i] = &groups[i]
	}
	slices.SortStableFunc(bySize, func(a, b *Group[F]) int { return cmp.Compare(a.N, b.N) })
	hidden := 0
	for _, g := range bySize {
		if g.N >= least && (hidden == 0 || hidden >= least) {
			return
		}
		hidden += g.N
		*g = Group[F]{Key: g.Key, Hidden: true}
	}
}

// Change is how a figure has moved from one period to the next.
type Change struct {
	From  string          `json:"from"`
	To    string          `json:"to"`
	By    decimal.Decimal `json:"by"`    // what it has gained
	Clear bool            `json:"clear"` // the intervals do not touch: this is hardly chance
}

// Trend compares each group that is shown with the one shown before it. It is for
// groups by day or month.
func Trend[F Figure](groups []Group[F]) []Change {
	var out []Change
	shown := slices.DeleteFunc(slices.Clone(groups), func(g Group[F]) bool { return g.Hidden })
	for i := 1; i < len(shown); i++ {
		a, b := shown[i-1].Figure.Estimate(), shown[i].Figure.Estimate()
		out = append(out, Change{shown[i-1].Key, shown[i].Key, b.Value.Sub(a.Value), a.High.LessThan(b.Low) || b.High.LessThan(a.Low)})
	}
	return out
}

// Sheets reads what was answered to a survey, all its versions, in the half-open time
// [from, until), in no particular order.
func (s *Service) Sheets(ctx context.Context, survey string, from, until time.Time) ([]Sheet, error) {
	where := []workflow.Condition{workflow.Is(IndexSurvey, workflow.StringKey(survey)),
		workflow.Between(IndexAnswered, workflow.TimeKey(from), workflow.TimeKey(until))}
	var sheets []Sheet
	for inv, err := range s.Find(ctx, workflow.Query{Where: where}) {
		if err != nil {
			return nil, err
		}
		sheets = append(sheets, Sheet{inv.AnsweredAt, inv.SurveyVersion, inv.As, inv.Facts, inv.Answers})
	}
	for r, err := range s.responses.Find(ctx, s.desk.Store(), workflow.Query{Where: where}) {
		if err != nil {
			return nil, err
		}
		sheets = append(sheets, Sheet{r.CreatedAt, r.SurveyVersion, "", r.Facts, r.Answers})
	}
	return sheets, nil
}

// Sent reads what was sent of a survey, all its versions, in the half-open time
// [from, until), without what was cancelled.
func (s *Service) Sent(ctx context.Context, survey string, from, until time.Time) ([]Sending, error) {
	where := []workflow.Condition{workflow.Is(IndexSurvey, workflow.StringKey(survey)),
		workflow.Between(IndexSent, workflow.TimeKey(from), workflow.TimeKey(until))}
	var list []Sending
	for inv, err := range s.Find(ctx, workflow.Query{Where: where}) {
		if err != nil {
			return nil, err
		}
		if inv.State != StateCancelled {
			list = append(list, Sending{inv.SentAt, inv.SurveyVersion, inv.As, inv.Facts, inv.State})
		}
	}
	return list, nil
}
