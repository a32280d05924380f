package holidays_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/sla/holidays"
)

var official = flag.String("official", "", "folder with the official days of Korea, kr-YEAR.json: dates to names")

// koreanDays are the public holidays of Korea, month and day.
var koreanDays = map[int]string{
	2018: "01-01 02-15 02-16 02-17 03-01 05-05 05-07 05-22 06-06 06-13 08-15 09-23 09-24 09-25 09-26 10-03 10-09 12-25",
	2019: "01-01 02-04 02-05 02-06 03-01 05-05 05-06 05-12 06-06 08-15 09-12 09-13 09-14 10-03 10-09 12-25",
	2020: "01-01 01-24 01-25 01-26 01-27 03-01 04-15 04-30 05-05 06-06 08-15 08-17 09-30 10-01 10-02 10-03 10-09 12-25",
	2021: "01-01 02-11 02-12 02-13 03-01 05-05 05-19 06-06 08-15 08-16 09-20 09-21 09-22 10-03 10-04 10-09 10-11 12-25",
	2022: "01-01 01-31 02-01 02-02 03-01 03-09 05-05 05-08 06-01 06-06 08-15 09-09 09-10 09-11 09-12 10-03 10-09 10-10 12-25",
	2023: "01-01 01-21 01-22 01-23 01-24 03-01 05-05 05-27 05-29 06-06 08-15 09-28 09-29 09-30 10-02 10-03 10-09 12-25",
	2024: "01-01 02-09 02-10 02-11 02-12 03-01 04-10 05-05 05-06 05-15 06-06 08-15 09-16 09-17 09-18 10-01 10-03 10-09 12-25",
	2025: "01-01 01-27 01-28 01-29 01-30 03-01 03-03 05-05 05-06 06-03 06-06 08-15 10-03 10-05 10-06 10-07 10-08 10-09 12-25",
	2026: "01-01 02-16 02-17 02-18 03-01 03-02 05-01 05-05 05-24 05-25 06-03 06-06 07-17 08-15 08-17 09-24 09-25 09-26 10-03 10-05 10-09 12-25",
}

// The days are those of the table, and of the official files if they are given.
func TestKorea(t *testing.T) {
	for year, days := range koreanDays {
		if got, want := on(t, "KR", year), strings.Fields(days); !slices.Equal(got, want) {
			t.Errorf("%d:\n got %v\nwant %v", year, got, want)
		}
	}
	for year, want := range officialDays(t) {
		if got := on(t, "KR", year); !slices.Equal(got, want) {
			t.Errorf("official files, %d:\n got %v\nwant %v", year, got, want)
		}
	}
}

// officialDays reads the folder that is given with -official.
func officialDays(t *testing.T) map[int][]string {
	if *official == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(*official, "kr-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", *official, err)
	}
	all := map[int][]string{}
	for _, file := range files {
		var year int
		if _, err := fmt.Sscanf(filepath.Base(file), "kr-%d.json", &year); err != nil {
			t.Fatal(file, err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dates map[string][]string
		if err := json.Unmarshal(text, &dates); err != nil {
			t.Fatal(file, err)
		}
		for date := range dates {
			all[year] = append(all[year], strings.TrimPrefix(date, fmt.Sprint(year, "-")))
		}
		slices.Sort(all[year])
	}
	return all
}

func TestKoreaNames(t *testing.T) {
	for date, want := range map[string]string{
		"1998-01-02": "New Year holiday",
		"2005-04-05": "Arbor Day",
		"2006-04-05": "",
		"2007-07-17": "Constitution Day",
		"2008-07-17": "",
		"2012-10-09": "",
		"2014-09-10": "Substitute holiday for Chuseok", // its eve was a Sunday
		"2015-09-29": "Substitute holiday for Chuseok",
		"2016-02-10": "Substitute holiday for Seollal",
		"2017-01-30": "Substitute holiday for Seollal",
		"2017-10-03": "Chuseok (eve), National Foundation Day",
		"2017-10-06": "Substitute holiday for Chuseok",
		"2021-12-27": "", // Christmas on a Saturday, before 2023
		"2023-05-29": "Substitute holiday for Buddha's Birthday",
		"2024-04-10": "National Assembly election",
		"2025-05-05": "Children's Day, Buddha's Birthday",
		"2025-05-06": "Substitute holiday for Buddha's Birthday",
		"2025-05-07": "", // one day is lost when two meet on a working day
		"2025-06-03": "Presidential election",
		"2027-02-09": "Substitute holiday for Seollal",
		"2027-05-03": "Substitute holiday for Labour Day",
		"2027-07-19": "Substitute holiday for Constitution Day",
		"2027-12-27": "Substitute holiday for Christmas Day",
		"2028-10-05": "Substitute holiday for Chuseok", // with National Foundation Day
		"2039-10-04": "Substitute holiday for Chuseok", // Chuseok on a Sunday,
		"2039-10-05": "Substitute holiday for Chuseok", // and its third day on 3 October
	} {
		if got := name(t, "KR", date); got != want {
			t.Errorf("%s: got %q, want %q", date, got, want)
		}
	}
}

// TestLunar has dates in which the Korean calendar differs from the Chinese, years
// with a leap month and the disputed year 2033.
func TestLunar(t *testing.T) {
	for date, want := range map[string]string{
		"1992-02-04": "Seollal",
		"1995-01-31": "Seollal", // leap month 8 in 1995
		"1997-02-08": "Seollal", // 7 February in China
		"2000-02-05": "Seollal",
		"2001-05-01": "Buddha's Birthday", // 30 April in China
		"2004-01-22": "Seollal",
		"2012-05-28": "Buddha's Birthday", // the Chinese leap month comes a month later
		"2023-05-27": "Buddha's Birthday",
		"2027-02-07": "Seollal",
		"2028-01-27": "Seollal",
		"2033-09-08": "Chuseok",
		"2034-02-19": "Seollal", // after a leap month 11
		"2040-09-21": "Chuseok",
		"2050-01-23": "Seollal",
		"2061-01-22": "Seollal",
		"2099-01-21": "Seollal",
	} {
		if got := name(t, "KR", date); got != want {
			t.Errorf("%s: got %q, want %q", date, got, want)
		}
	}
}

// on returns the holidays of a year as "12-25".
func on(t *testing.T, region string, year int) []string {
	t.Helper()
	var out []string
	for _, d := range in(t, region, year, year) {
		out = append(out, d.Date[len("2026-"):])
	}
	return out
}

// name returns the name of the holiday on a date, "" if it is none.
func name(t *testing.T, region, date string) string {
	t.Helper()
	var year int
	if _, err := fmt.Sscanf(date, "%d-", &year); err != nil {
		t.Fatal(err)
	}
	for _, d := range in(t, region, year, year) {
		if d.Date == date {
			return d.Name
		}
	}
	return ""
}

func in(t *testing.T, region string, from, to int) []calendar.Day {
	t.Helper()
	days, err := holidays.In(region, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return days
}
