package knownerror_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
)

func BenchmarkSuggestAmong100000(b *testing.B) {
	e := newEstate(1, 100_000)
	c := e.catalogue(b, knownerror.Ranking{})
	var cases []knownerror.Case
	for i := range 200 {
		cases = append(cases, e.incident(i*150))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		_, err := c.Suggest(ctx, cases[i%len(cases)])
		require.NoError(b, err)
		i++
	}
}

func BenchmarkTakeInto100000(b *testing.B) {
	e := newEstate(1, 100_000)
	c := e.catalogue(b, knownerror.Ranking{})
	i := 0
	for b.Loop() {
		k := *e.known[i%len(e.known)]
		edition := *k.Published
		edition.Revision = 2 + i
		k.Published = &edition
		require.NoError(b, c.Take(ctx, &k))
		i++
	}
}
