package request

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/incident/request/catalog"
)

// Cost is what was delivered of a service to a customer in a month.
type Cost struct {
	Month    string                                `json:"month"` // "2026-03"
	Service  string                                `json:"service"`
	Customer string                                `json:"customer,omitempty"`
	Currency string                                `json:"currency"`
	Items    int                                   `json:"items"`               // requested items, whatever their quantity
	Once     decimal.Decimal                       `json:"once"`                // one-off prices
	New      map[catalog.Frequency]decimal.Decimal `json:"recurring,omitempty"` // recurring prices that began in the month
}

// Costs adds up what requests have cost by month of delivery, service, customer and
// currency, in that order; zone tells where a month begins, nil means UTC. Only items that are complete
// count, and items that are free of charge do not. Recurring prices are listed in the month
// in which they begin and under their frequency: when a subscription ends is not a matter of
// requests. An error of the sequence ends it.
func Costs(requests iter.Seq2[*Request, error], zone *time.Location) ([]Cost, error) {
	if zone == nil {
		zone = time.UTC
	}
	type key struct{ month, service, customer, currency string }
	sums := map[key]*Cost{}
	for r, err := range requests {
		if err != nil {
			return nil, err
		}
		for _, it := range r.Items {
			if it.State != ItemComplete || it.Price.Currency == "" {
				continue
			}
			k := key{it.EndedAt.In(zone).Format("2006-01"), it.Service, r.For.Customer, it.Price.Currency}
			c := sums[k]
			if c == nil {
				c = &Cost{Month: k.month, Service: k.service, Customer: k.customer, Currency: k.currency}
				sums[k] = c
			}
			c.Items++
			c.Once = c.Once.Add(it.Price.Total())
			for _, rec := range it.Price.Recurring() {
				if c.New == nil {
					c.New = map[catalog.Frequency]decimal.Decimal{}
				}
				c.New[rec.Every] = c.New[rec.Every].Add(rec.Amount)
			}
		}
	}
	order := func(a, b key) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.service, b.service), cmp.Compare(a.customer, b.customer), cmp.Compare(a.currency, b.currency))
	}
	var costs []Cost
	for _, k := range slices.SortedFunc(maps.Keys(sums), order) {
		costs = append(costs, *sums[k])
	}
	return costs, nil
}
