package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

// What can be read of two files, written again, reads the same.
func FuzzReadCSV(f *testing.F) {
	f.Add("key,class,name,at,cpus,owned_by\n1,server,\"a\nb\",2026-03-02,4,ci/01890a5d-ac96-774b-bcce-b302099a8057\n", "from,to,type,to_source\n1,2,runs_on,x\n2,1,contains,\n")
	f.Add("\ufeffKEY,class,at,mac_address,uuid,ip_address,hostname,serial_number\r\nx,server,2026-03-02 12:00:00,001B.4411.3AB7,{00112233445566778899aabbccddeeff},::ffff:10.0.0.1,A.,0000\r\n", "")
	f.Add("key,class,at,gone,purchase_cost,purchased_at,environment\n\"x\ry\",server,9999-12-31T23:59:59-01:00,YES,1e3,2026-03-02,test\n,,\n", "from\n")
	m := starter(f)
	f.Fuzz(func(t *testing.T, items, relations string) {
		mapping := exchange.Mapping{Source: "fuzz"}
		said, _, wrong := read(exchange.ReadCSV(m, mapping, strings.NewReader(items), strings.NewReader(relations)))
		for _, err := range wrong {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
		items, relations = writeCSV(t, said, exchange.Style{})
		again := reads(t, exchange.ReadCSV(m, mapping, strings.NewReader(items), strings.NewReader(relations)))
		require.Equal(t, said, again)
	})
}

func FuzzReadJSONL(f *testing.F) {
	f.Add([]byte(`{"source":"scan","key":"1","at":"2026-03-02T12:00:00+01:00","class":"server","attributes":{"cpus":4,"x":[1,{"a":null}]},"relations":[{"type":"connects_to","key":"2"}]}` + "\n\n{}"))
	f.Add([]byte("null\n[]\n{\"source\":\"\\u0000\\ud800\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		said, _, wrong := read(exchange.ReadJSONL(bytes.NewReader(data)))
		for _, err := range wrong {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
		text := written(t, func(b *bytes.Buffer) error { return exchange.WriteJSONL(b, said) })
		require.Equal(t, said, reads(t, exchange.ReadJSONL(strings.NewReader(text))))
	})
}

func FuzzReadServiceNow(f *testing.F) {
	f.Add("sys_id,sys_class_name,name,install_status,operational_status,sys_updated_on,ram,used_for,fqdn,host_name\n1,Linux Server,a,1,2,2026-03-02 12:00:00,1000,QA,,h\n2,cmdb_ci_service,b,7,,2026-03-02,,,,\n",
		"parent,type,child\n1,Depends on::Used by,2\n2,Contains::Contained by,1\n1,likes,2\n")
	f.Add("Sys ID,Class,Updated,Warranty expiration,busines_criticality\nx,u_thing,2026-03-02T12:00:00.5Z,2027-01-01,1 - most critical\n", "parent.sys_id,child.sys_id,type.name\nx,y,Used by::Uses\n")
	m, c := starter(f), exchange.StarterServiceNow()
	f.Fuzz(func(t *testing.T, items, relations string) {
		said, _, wrong := read(exchange.ReadServiceNow(m, c, strings.NewReader(items), strings.NewReader(relations)))
		for _, err := range wrong {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
		items, relations, notes := writeServiceNow(t, said)
		require.Empty(t, notes, "what was read has a place")
		again, _, wrong := readServiceNow(t, items, relations)
		require.Empty(t, wrong)
		require.Equal(t, said, again)
	})
}
