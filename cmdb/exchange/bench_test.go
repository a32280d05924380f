package exchange_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/stretchr/testify/require"
)

// 100,000 servers with six attributes and one relation each.
func BenchmarkReadCSV(b *testing.B) {
	const n = 100_000
	var items, relations bytes.Buffer
	items.WriteString("key,class,name,at,serial_number,ip_address,os,cpus,memory_gb,purchased_at\n")
	relations.WriteString("from,to,type\n")
	for i := range n {
		fmt.Fprintf(&items, "srv-%d,server,server %d,2026-03-02T12:00:00Z,SN%08d,10.%d.%d.%d,Linux,%d,64,2025-06-01\n", i, i, i, i>>16, i>>8&255, i&255, 1+i%64)
		fmt.Fprintf(&relations, "srv-%d,srv-%d,connects_to\n", i, (i+1)%n)
	}
	m := starter(b)
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		for _, err := range exchange.ReadCSV(m, exchange.Mapping{Source: "assets"}, strings.NewReader(items.String()), strings.NewReader(relations.String())) {
			require.NoError(b, err)
			rows++
		}
		require.Equal(b, n, rows)
	}
}
