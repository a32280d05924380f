package holidays_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/sla/holidays"
	"github.com/rickar/cal/v2"
)

func TestRegions(t *testing.T) {
	regions := holidays.Regions()
	if !slices.IsSorted(regions) || len(slices.Compact(slices.Clone(regions))) != len(regions) {
		t.Errorf("not sorted or not unique: %v", regions)
	}
	for _, want := range []string{"AT", "AU-NSW", "CH-ZH", "DE", "DE-BY", "FR", "GB-ENG", "JP", "KR", "US", "ZA"} {
		if !slices.Contains(regions, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, region := range regions {
		from := 1900
		if region == "KR" {
			from = 1991
		}
		days := in(t, region, from, 2099)
		if len(days) < 3*(2100-from) {
			t.Errorf("%s: %d days in %d..2099", region, len(days), from)
		}
		for i, d := range days {
			if d.Name == "" || len(d.Name) > 200 || d.Spans != nil || i > 0 && d.Date <= days[i-1].Date {
				t.Errorf("%s: %v after %v", region, d, days[max(i-1, 0)])
			}
		}
		if len(days) > 10000 { // more than a calendar holds
			t.Errorf("%s: %d days", region, len(days))
		}
		if _, err := calendar.New("UTC", holidays.Closed(days[:200]...)); err != nil {
			t.Errorf("%s: %v", region, err)
		}
	}
}

// TestYears asks for years one by one and all at once.
func TestYears(t *testing.T) {
	for _, region := range []string{"US", "GB-SCT", "JP", "KR", "DE-BE"} {
		var single []calendar.Day
		for year := 2009; year <= 2031; year++ {
			single = append(single, in(t, region, year, year)...)
		}
		if all := in(t, region, 2009, 2031); !slices.EqualFunc(all, single, equalDay) {
			t.Errorf("%s: all at once differ", region)
		}
	}
}

func equalDay(a, b calendar.Day) bool { return a.Date == b.Date && a.Name == b.Name }

func TestCountries(t *testing.T) {
	for _, c := range []struct{ region, date, want string }{
		{"AT", "2026-10-26", "Nationalfeiertag"},
		{"CH", "2026-08-01", "Bundesfeiertag"},
		{"CH", "2026-03-19", ""}, // a holiday of some cantons only
		{"CH-LU", "2026-03-19", "Josefstag"},
		{"DK", "2023-05-05", "Store bededag"},
		{"DK", "2024-04-26", ""},
		{"FR", "2026-07-14", "Fête Nationale"},
		{"GB", "2026-04-06", ""}, // not in Scotland
		{"GB-ENG", "2026-04-06", "Easter Monday"},
		{"GB-ENG", "2022-01-03", "New Year's Day (observed)"},
		{"GB-WLS", "2022-09-19", "State Funeral of Queen Elizabeth II"},
		{"GB-SCT", "2022-01-04", "2 January (observed)"},
		{"GB-SCT", "2026-08-03", "Summer Bank Holiday"},
		{"GB-SCT", "2024-12-02", "Saint Andrew's Day (observed)"},
		{"GB-NIR", "2026-07-13", "Battle of the Boyne (observed)"},
		{"GB-SCT", "2026-06-15", "World Cup"},
		{"BR", "2023-11-20", ""},
		{"BR", "2024-11-20", "Dia Nacional de Zumbi e da Consciência Negra"},
		{"IT", "2025-10-04", ""},
		{"IT", "2027-10-04", "San Francesco d'Assisi"},
		{"NZ", "2026-07-10", "Matariki"},
		{"RO", "2024-01-07", "Soborul Sfântului Ioan Botezătorul"},
		{"SK", "2023-09-01", "Deň Ústavy Slovenskej republiky"},
		{"SK", "2024-09-01", ""},
		{"SK", "2024-11-17", "Deň boja za slobodu a demokraciu"},
		{"SK", "2025-11-17", ""},
		{"SK", "2026-05-08", ""},
		{"SK", "2027-05-08", "Deň víťazstva nad fašizmom"},
		{"JP", "2019-12-23", ""},
		{"JP", "2021-08-09", "Mountain Day (observed)"},
		{"JP", "2021-08-11", ""},
		{"JP", "2024-08-12", "Mountain Day (observed)"},
		{"PL", "2024-12-24", ""},
		{"PL", "2025-12-24", "Wigilia Bożego Narodzenia"},
		{"SE", "2026-12-24", ""}, // customary
		{"US", "2026-07-03", "Independence Day (observed)"},
		{"US", "2026-07-04", "Independence Day"},
		{"US", "2021-12-31", "New Year's Day (observed)"}, // of 2022
		{"US", "2020-06-19", ""},
		{"US", "2026-11-26", "Thanksgiving Day"},
	} {
		if got := name(t, c.region, c.date); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.region, c.date, got, c.want)
		}
	}
}

// TestMatariki: the schedule of the act names Fridays.
func TestMatariki(t *testing.T) {
	count := 0
	for _, d := range in(t, "NZ", 2022, 2052) {
		if d.Name == "Matariki" {
			on, err := time.Parse(time.DateOnly, d.Date)
			if err != nil || on.Weekday() != time.Friday {
				t.Errorf("%v, %v", on, err)
			}
			count++
		}
	}
	if count != 31 {
		t.Errorf("%d of 31", count)
	}
}

func TestInErrors(t *testing.T) {
	for _, c := range []struct {
		region   string
		from, to int
		want     []string
	}{
		{"DE-XX", 2026, 2026, []string{`"DE-XX" is unknown`, "DE-BY", "DE-TH"}},
		{"AU", 2026, 2026, []string{"AU-NSW"}},
		{"de", 2026, 2026, []string{"DE-BY"}},
		{"", 2026, 2026, []string{"AT, ", "KR, "}},
		{"Atlantis", 2027, 2026, []string{"AT, ", "2027..2026"}}, // both problems
		{"US", 1899, 2026, []string{"1900..2099"}},
		{"US", 2026, 2100, []string{"1900..2099"}},
		{"KR", 1990, 2026, []string{"from 1991 on"}},
	} {
		_, err := holidays.In(c.region, c.from, c.to)
		if !errors.Is(err, calendar.ErrInvalid) {
			t.Errorf("%s %d..%d: %v", c.region, c.from, c.to, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s %d..%d: no %q in %v", c.region, c.from, c.to, want, err)
			}
		}
	}
}

// TestHostZone puts the host into zones in which some midnights do not exist.
func TestHostZone(t *testing.T) {
	home := cal.DefaultLoc
	defer func() { cal.DefaultLoc = home }()
	for _, region := range []string{"AR", "BR", "JP", "US", "ZA"} {
		cal.DefaultLoc = time.UTC
		want := in(t, region, 1990, 2020)
		for _, zone := range []string{"America/Sao_Paulo", "America/Havana", "Pacific/Apia"} {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			cal.DefaultLoc = loc
			if got := in(t, region, 1990, 2020); !slices.EqualFunc(got, want, equalDay) {
				t.Errorf("%s: other days in %s", region, zone)
			}
		}
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		for _, region := range []string{"JP", "US", "DE-BB", "KR"} {
			group.Go(func() {
				if _, err := holidays.In(region, 2020, 2030); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
}

func TestClosed(t *testing.T) {
	days := in(t, "DE-BE", 2026, 2026)
	option := holidays.Closed(days...)
	days[0].Date = "changed later"
	hours, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Sunday, "00:00-24:00"), option)
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	reason := hours.Reason(time.Date(2026, 3, 8, 12, 0, 0, 0, berlin))
	if reason.Open || reason.Name != "Frauentag" {
		t.Errorf("got %v", reason)
	}
}
