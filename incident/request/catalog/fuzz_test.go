package catalog_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request/catalog"
)

// Whatever is read as a catalogue is refused with an error, or compiles, can be written
// again as it is, and answers questions.
func FuzzParse(f *testing.F) {
	sample, err := os.ReadFile("testdata/workplace.json")
	require.NoError(f, err)
	f.Add(sample)
	f.Add([]byte(`{"name":"a","version":1,"services":[{"name":"s","title":"S"}],"categories":[{"name":"c","title":"C","service":"s","type":"service_request"}],` +
		`"items":[{"name":"i","title":"I","category":"c","pre_approved":true,"price":{"amount":1e999999999,"currency":"EUR"},"plan":{"by_hand":true}}]}`))
	f.Add([]byte(`{"items":[{"plan":{"tasks":[{"name":"a","after":["a"]},{"name":"b","after":["c"]},{"name":"c","after":["b"]}]}}]}`))
	f.Add([]byte(`{"bundles":[{"rules":[{"item":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := catalog.Parse(data)
		if err != nil {
			return
		}
		c, err := catalog.Compile(nil, d)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		v := c.Versions()[0]
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		again, err := catalog.Parse(raw)
		require.NoError(t, err)
		_, err = catalog.Compile(nil, again)
		require.NoError(t, err)
		for _, it := range d.Items {
			o, err := v.Order(catalog.Line{Item: it.Name}, ann, monday, true)
			if err == nil {
				_ = o.Quote.String()
				_, _, ok := v.Plan(it.Name, o.Answers, ann)
				require.True(t, ok)
			}
		}
		if len(d.Items) < 20 && len(d.Policies) == 0 {
			_, err = v.Lint(nil, monday, ann)
			require.NoError(t, err)
		}
	})
}
