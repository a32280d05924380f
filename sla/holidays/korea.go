package holidays

import (
	"slices"
	"time"
)

// koreaFirst is the first year whose holidays the tables below know in full.
const koreaFirst = 1991

// statutory is a holiday of article 2 of Korea's Regulations on Holidays of
// Public Offices, which the Act on Public Holidays extends to everybody.
type statutory struct {
	name        string
	lunar       bool // month and day are those of the lunar calendar
	month       time.Month
	day         int
	long        bool // the days before and after are holidays as well
	from, until int  // years; 0 is open
	// Since this year a day that is lost to another holiday or to a Sunday is
	// made up for by a substitute (article 3), and one lost to a Saturday if
	// saturday is set; 0 is never.
	substitute int
	saturday   bool
}

// korean lists the holidays of article 2 since 1991. Article 3 came into force
// with Seollal, Chuseok and Children's Day for 2014, was extended to the national
// days on 15 August 2021, to Buddha's Birthday and Christmas in 2023 and, by the
// amendments of 2026, to Labour Day and Constitution Day. No day makes up for New
// Year's Day and Memorial Day.
func korean() []statutory {
	return []statutory{
		{name: "New Year's Day", month: time.January, day: 1},
		{name: "New Year holiday", month: time.January, day: 2, until: 1998},
		{name: "Seollal", lunar: true, month: time.January, day: 1, long: true, substitute: 2014},
		{name: "Independence Movement Day", month: time.March, day: 1, substitute: 2021, saturday: true},
		{name: "Arbor Day", month: time.April, day: 5, until: 2005},
		{name: "Labour Day", month: time.May, day: 1, from: 2026, substitute: 2026, saturday: true},
		{name: "Children's Day", month: time.May, day: 5, substitute: 2014, saturday: true},
		{name: "Buddha's Birthday", lunar: true, month: time.April, day: 8, substitute: 2023, saturday: true},
		{name: "Memorial Day", month: time.June, day: 6},
		{name: "Constitution Day", month: time.July, day: 17, until: 2007},
		{name: "Constitution Day", month: time.July, day: 17, from: 2026, substitute: 2026, saturday: true},
		{name: "Liberation Day", month: time.August, day: 15, substitute: 2021, saturday: true},
		{name: "Chuseok", lunar: true, month: time.August, day: 15, long: true, substitute: 2014},
		{name: "National Foundation Day", month: time.October, day: 3, substitute: 2021, saturday: true},
		{name: "Hangul Day", month: time.October, day: 9, from: 2013, substitute: 2021, saturday: true},
		{name: "Christmas Day", month: time.December, day: 25, substitute: 2023, saturday: true},
	}
}

// declared lists the days of Korea that no rule gives: elections, and temporary
// holidays that the government announced one by one. It is complete from 1991 to
// 2026; later ones are not known before they are announced.
func declared() []entry {
	const (
		local, assembly, president = "Local elections", "National Assembly election", "Presidential election"
		temporary                  = "Temporary holiday"
	)
	return []entry{
		{date(1991, 3, 26), local},
		{date(1991, 6, 20), local},
		{date(1992, 3, 24), assembly},
		{date(1992, 12, 18), president},
		{date(1995, 6, 27), local},
		{date(1996, 4, 11), assembly},
		{date(1997, 12, 18), president},
		{date(1998, 6, 4), local},
		{date(2000, 4, 13), assembly},
		{date(2002, 6, 13), local},
		{date(2002, 7, 1), temporary}, // after the World Cup
		{date(2002, 12, 19), president},
		{date(2004, 4, 15), assembly},
		{date(2006, 5, 31), local},
		{date(2007, 12, 19), president},
		{date(2008, 4, 9), assembly},
		{date(2010, 6, 2), local},
		{date(2012, 4, 11), assembly},
		{date(2012, 12, 19), president},
		{date(2014, 6, 4), local},
		{date(2015, 8, 14), temporary}, // 70 years after the liberation
		{date(2016, 4, 13), assembly},
		{date(2016, 5, 6), temporary},
		{date(2017, 5, 9), president},
		{date(2017, 10, 2), temporary},
		{date(2018, 6, 13), local},
		{date(2020, 4, 15), assembly},
		{date(2020, 8, 17), temporary},
		{date(2022, 3, 9), president},
		{date(2022, 6, 1), local},
		{date(2023, 10, 2), temporary},
		{date(2024, 4, 10), assembly},
		{date(2024, 10, 1), temporary},
		{date(2025, 1, 27), temporary},
		{date(2025, 6, 3), president},
		{date(2026, 6, 3), local},
	}
}

// occasion is one day of a holiday.
type occasion struct {
	statutory
	on time.Time
}

// korea returns the holidays of a year with their substitutes.
func korea(year int) []entry {
	var list []entry
	var all []occasion
	for _, h := range korean() {
		if year < h.from || h.until != 0 && year > h.until {
			continue
		}
		for _, e := range h.in(year) {
			list = append(list, e)
			all = append(all, occasion{h, e.date})
		}
	}
	for _, e := range declared() {
		if e.date.Year() == year {
			list = append(list, e)
		}
	}
	for _, o := range lost(all) {
		list = append(list, entry{nextFree(o.on, list), "Substitute holiday for " + o.name})
	}
	return list
}

// in returns the days of the holiday in a year.
func (h statutory) in(year int) []entry {
	on := date(year, h.month, h.day)
	if h.lunar {
		on = koreanLunar(year, int(h.month), h.day)
	}
	if !h.long {
		return []entry{{on, h.name}}
	}
	return []entry{
		{on.AddDate(0, 0, -1), h.name + " (eve)"},
		{on, h.name},
		{on.AddDate(0, 0, 1), h.name + " (day after)"},
	}
}

// lost returns the occasions that article 3 makes up for, by date. On a weekend
// each is lost for itself. On a working day of two holidays one is lost, and it
// goes by the name of the one that moves.
func lost(all []occasion) []occasion {
	slices.SortStableFunc(all, func(a, b occasion) int { return a.on.Compare(b.on) })
	var out []occasion
	for i, o := range all {
		made := o.substitute != 0 && o.on.Year() >= o.substitute
		switch o.on.Weekday() {
		case time.Sunday:
		case time.Saturday:
			made = made && o.saturday
		default:
			made = made && o.lunar && shared(all, i)
		}
		if made {
			out = append(out, o)
		}
	}
	return out
}

// shared reports whether another holiday falls on the day of the i-th. Of the
// fixed ones no two do.
func shared(all []occasion, i int) bool {
	return i > 0 && all[i-1].on.Equal(all[i].on) || i+1 < len(all) && all[i+1].on.Equal(all[i].on)
}

// nextFree returns the first day after on that is neither a holiday nor on a
// weekend.
func nextFree(on time.Time, taken []entry) time.Time {
	for {
		on = on.AddDate(0, 0, 1)
		if w := on.Weekday(); w != time.Saturday && w != time.Sunday &&
			!slices.ContainsFunc(taken, func(e entry) bool { return e.date.Equal(on) }) {
			return on
		}
	}
}
