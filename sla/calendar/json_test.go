package calendar

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const berlinJSON = `{
  "name": "Berlin office",
  "zone": "Europe/Berlin",
  "weekly": [{"days": "monday-friday", "spans": ["09:00-12:00", "13:00-17:30"]}, {"days": "sat", "spans": ["10:00-12:00"]}],
  "holidays": [{"date": "12-25", "name": "Christmas Day"}],
  "overrides": [{"date": "2026-12-24", "name": "Christmas Eve", "spans": ["09:00-12:00"]}, {"date": "2026-12-31"}],
  "breaks": [{"date": "2026-12-18", "name": "Town hall", "spans": ["15:00-16:00"]}]
}`

func TestJSONRoundTrip(t *testing.T) {
	c, err := Parse([]byte(berlinJSON))
	require.NoError(t, err)
	out, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, strings.Replace(berlinJSON, `"sat"`, `"saturday"`, 1), string(out))

	var again Calendar
	require.NoError(t, json.Unmarshal(out, &again))
	assert.Equal(t, c.Definition(), again.Definition())
	from, to := at(t, "2026-12-01T00:00:00Z"), at(t, "2027-02-01T00:00:00Z")
	assert.Equal(t, c.Between(from, to), again.Between(from, to))

	wrapped, err := json.Marshal(map[string]*Calendar{"hours": berlin(t), "always": Always()})
	require.NoError(t, err)
	back := map[string]*Calendar{}
	require.NoError(t, json.Unmarshal(wrapped, &back))
	assert.Equal(t, berlin(t).Definition(), back["hours"].Definition())
}

func TestParseIsStrict(t *testing.T) {
	for _, x := range []struct{ what, text, says string }{
		{"unknown field", `{"zone": "UTC", "colour": "red"}`, "colour"},
		{"unknown field further in", `{"zone": "UTC", "weekly": [{"days": "mon", "spans": [], "shifts": []}]}`, "shifts"},
		{"unknown field of a date", `{"zone": "UTC", "holidays": [{"day": "2026-12-25"}]}`, "day"},
		{"text after the end", `{"zone": "UTC"} {}`, "more text"},
		{"unknown day", `{"zone": "UTC", "weekly": [{"days": "mon-fry", "spans": ["09:00-10:00"]}]}`, "mon-fry"},
		{"wrong type", `{"zone": 1}`, "number"},
		{"nothing", ``, "EOF"},
		{"null", `null`, "IANA name"},
		{"no zone", `{}`, "IANA name"},
		{"too long", `{"zone": "` + strings.Repeat("x", maxJSON) + `"}`, "bytes"},
		{"all problems of the definition", `{"zone": "UTC", "holidays": [{"date": "x"}, {"date": "y"}]}`, "holiday y"},
	} {
		_, err := Parse([]byte(x.text))
		assert.ErrorIs(t, err, ErrInvalid, x.what)
		assert.ErrorContains(t, err, x.says, x.what)
	}
	_, err := json.Marshal(Hours{From: 8})
	assert.ErrorIs(t, err, ErrInvalid)
}

func TestDefinitionIsACopy(t *testing.T) {
	def := Definition{Zone: "UTC", Weekly: []Hours{{Spans: []string{"09:00-10:00"}}}, Holidays: []Day{{Date: "12-25"}}}
	c, err := Compile(def)
	require.NoError(t, err)
	def.Weekly[0].Spans[0], def.Holidays[0].Date = "changed", "changed"
	got := c.Definition()
	got.Weekly[0].Spans[0], got.Holidays[0].Date = "changed", "changed"
	_, err = Compile(c.Definition())
	assert.NoError(t, err)
}

func TestReasonJSON(t *testing.T) {
	for k := KindOutside; k <= KindExcluded; k++ {
		out, err := json.Marshal(Reason{Open: true, Kind: k, Name: "x"})
		require.NoError(t, err)
		assert.JSONEq(t, `{"open": true, "kind": "`+k.String()+`", "name": "x"}`, string(out))
		var r Reason
		require.NoError(t, json.Unmarshal(out, &r))
		assert.Equal(t, k, r.Kind)
	}
	_, err := json.Marshal(Reason{})
	assert.ErrorContains(t, err, "Kind(0)")
	assert.Error(t, json.Unmarshal([]byte(`{"kind": "lunch"}`), new(Reason)))
}

func TestComposedJSON(t *testing.T) {
	office, always := berlin(t), Always()
	night := calendars(t)["nights"]
	from := at(t, "2027-01-01T00:00:00+01:00")
	must := func(c *Calendar, err error) *Calendar {
		t.Helper()
		require.NoError(t, err)
		return c
	}
	a, b := at(t, "2020-01-01T00:00:00Z"), at(t, "2150-01-01T00:00:00Z")
	for _, c := range []*Calendar{
		must(Union("either", office, night)),
		must(Intersection("both", office, night, always)),
		must(Exclusion("rest", always, office)),
		must(Exclusion("nothing to exclude", always)),
		must(Versions("hours", Version{Calendar: office}, Version{From: from, Calendar: must(Union("inner", night))})),
	} {
		out, err := json.Marshal(c)
		require.NoError(t, err)
		again, err := Parse(out)
		require.NoError(t, err, "%s", out)
		assert.Equal(t, c.Name(), again.Name())
		assert.Equal(t, c.Between(a, b), again.Between(a, b))
		assert.Equal(t, c.Reason(from), again.Reason(from))
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		assert.Equal(t, string(out), string(twice))
	}
}

func TestComposedJSONIsStrict(t *testing.T) {
	deep := `{"zone": "UTC"}`
	for range maxDepth + 1 {
		deep = `{"union": [` + deep + `]}`
	}
	for _, x := range []struct{ text, says string }{
		{`{"union": []}`, "at least one"},
		{`{"union": [null]}`, "IANA name"},
		{`{"union": [{"zone": "UTC"}], "versions": []}`, "want one of"},
		{`{"union": [{"zone": "UTC"}], "zone": "UTC"}`, "of its own"},
		{`{"union": [{"zone": "UTC", "color": 1}]}`, "color"},
		{`{"without": [{"zone": "UTC"}]}`, "exclusion, calendar 1"},
		{`{"union": [{"zone": "a"}, {"zone": "UTC"}, {"zone": "b"}]}`, "union, calendar 3"},
		{`{"versions": [{"calendar": {"zone": "UTC"}, "until": "2027-01-01T00:00:00Z"}]}`, "until"},
		{`{"versions": [{"from": "tomorrow", "calendar": {"zone": "UTC"}}]}`, "tomorrow"},
		{`{"versions": [{"from": "2500-01-01T00:00:00Z", "calendar": {"zone": "UTC"}}]}`, "1900..2099"},
		{deep, "deep"},
		{`{"union": [` + strings.Repeat(`{"zone": ""},`, maxCalendars) + `{"zone": "UTC"}]}`, "more than 1000 calendars"},
	} {
		_, err := Parse([]byte(x.text))
		assert.ErrorIs(t, err, ErrInvalid, x.says)
		assert.ErrorContains(t, err, x.says)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(berlinJSON))
	f.Add([]byte(`{"zone":"America/New_York","holidays":[{"date":"4th thursday of november+1 or next weekday from 2000 until 2010"}]}`))
	f.Add([]byte(`{"name":"x","base":{"zone":"UTC"},"without":[{"versions":[{"calendar":{"zone":"Asia/Tokyo"}},{"from":"2027-01-01T00:00:00Z","calendar":{"zone":"UTC"}}]}]}`))
	f.Add([]byte(`{"zone":"UTC","weekly":[{"days":"fri-mon","spans":["22:00-06:00"]}]}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		out, err := json.Marshal(c)
		require.NoError(t, err)
		again, err := Parse(out)
		require.NoError(t, err, "%s", out)
		require.Equal(t, c.count(indexEnd-1), again.count(indexEnd-1))
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
	})
}
