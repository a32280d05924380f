package holidays_test

import (
	"slices"
	"strings"
	"testing"
)

// germanDays are the dates of holidays in 2024, 2025 and 2026; of those on a fixed
// date the month and day.
var germanDays = map[string][3]string{
	"Neujahrstag":                {"01-01"},
	"Heilige Drei Könige":        {"01-06"},
	"Frauentag":                  {"03-08"},
	"Karfreitag":                 {"03-29", "04-18", "04-03"},
	"Ostersonntag":               {"03-31", "04-20", "04-05"},
	"Ostermontag":                {"04-01", "04-21", "04-06"},
	"Tag der Arbeit":             {"05-01"},
	"Christi Himmelfahrt":        {"05-09", "05-29", "05-14"},
	"Pfingstsonntag":             {"05-19", "06-08", "05-24"},
	"Pfingstmontag":              {"05-20", "06-09", "05-25"},
	"Fronleichnam":               {"05-30", "06-19", "06-04"},
	"Mariä Himmelfahrt":          {"08-15"},
	"Weltkindertag":              {"09-20"},
	"Tag der Deutschen Einheit":  {"10-03"},
	"Reformationstag":            {"10-31"},
	"Allerheiligen":              {"11-01"},
	"Buß- und Bettag":            {"11-20", "11-19", "11-18"},
	"Weihnachtstag":              {"12-25"},
	"Zweiter Weihnachtsfeiertag": {"12-26"},
}

func TestGermany(t *testing.T) {
	const everywhere = "Neujahrstag|Karfreitag|Ostermontag|Tag der Arbeit|Christi Himmelfahrt|Pfingstmontag|" +
		"Tag der Deutschen Einheit|Weihnachtstag|Zweiter Weihnachtsfeiertag"
	states := map[string]string{
		"DE":    "",
		"DE-BB": "Ostersonntag|Pfingstsonntag|Reformationstag",
		"DE-BE": "Frauentag",
		"DE-BW": "Heilige Drei Könige|Fronleichnam|Allerheiligen",
		"DE-BY": "Heilige Drei Könige|Fronleichnam|Mariä Himmelfahrt|Allerheiligen",
		"DE-HB": "Reformationstag",
		"DE-HE": "Fronleichnam",
		"DE-HH": "Reformationstag",
		"DE-MV": "Frauentag|Reformationstag",
		"DE-NI": "Reformationstag",
		"DE-NW": "Fronleichnam|Allerheiligen",
		"DE-RP": "Fronleichnam|Allerheiligen",
		"DE-SH": "Reformationstag",
		"DE-SL": "Fronleichnam|Mariä Himmelfahrt|Allerheiligen",
		"DE-SN": "Reformationstag|Buß- und Bettag",
		"DE-ST": "Heilige Drei Könige|Reformationstag",
		"DE-TH": "Weltkindertag|Reformationstag",
	}
	for state, special := range states {
		for i, year := range []int{2024, 2025, 2026} {
			var want []string
			for _, n := range strings.Split(strings.Trim(everywhere+"|"+special, "|"), "|") {
				d := germanDays[n][i]
				if germanDays[n][1] == "" {
					d = germanDays[n][0]
				}
				want = append(want, d+" "+n)
			}
			if state == "DE-BE" && year == 2025 {
				want = append(want, "05-08 Tag der Befreiung")
			}
			slices.Sort(want)
			var got []string
			for _, d := range in(t, state, year, year) {
				got = append(got, d.Date[len("2026-"):]+" "+d.Name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s %d:\n got %v\nwant %v", state, year, got, want)
			}
		}
	}
}

func TestGermanChanges(t *testing.T) {
	for _, c := range []struct{ state, date, want string }{
		{"DE", "1989-10-03", ""},
		{"DE", "1990-10-03", "Tag der Deutschen Einheit"},
		{"DE", "2008-05-01", "Tag der Arbeit, Christi Himmelfahrt"},
		{"DE", "2016-10-31", ""},
		{"DE", "2017-10-31", "Reformationstag"}, // everywhere, once
		{"DE-BB", "2016-10-31", "Reformationstag"},
		{"DE-BB", "2017-10-31", "Reformationstag"},
		{"DE-BE", "2018-03-08", ""},
		{"DE-BE", "2019-03-08", "Frauentag"},
		{"DE-BE", "2020-05-08", "Tag der Befreiung"},
		{"DE-BE", "2021-05-08", ""},
		{"DE-BE", "2018-10-31", ""},
		{"DE-BY", "2017-10-31", "Reformationstag"},
		{"DE-HH", "2016-10-31", ""},
		{"DE-HH", "2017-10-31", "Reformationstag"},
		{"DE-HH", "2018-10-31", "Reformationstag"},
		{"DE-MV", "2022-03-08", ""},
		{"DE-MV", "2023-03-08", "Frauentag"},
		{"DE-TH", "2018-09-20", ""},
		{"DE-TH", "2019-09-20", "Weltkindertag"},
	} {
		if got := name(t, c.state, c.date); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.state, c.date, got, c.want)
		}
	}
}
